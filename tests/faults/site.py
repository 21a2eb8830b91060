"""The installation, seen from outside its processes, and what must hold of it in the end."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from pipeline.adapters.database import open_database
from pipeline.adapters.embedded_redis import EmbeddedRedis, connect
from pipeline.adapters.rq_queue import open_redis
from pipeline.bootstrap import bootstrap, database_url
from pipeline.cli.verifying import examine
from pipeline.domain.call import Call, CallStatus, Intake
from pipeline.domain.errors import DecknameError
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.privacy import EntityType, KnownParty
from pipeline.launcher import launched
from pipeline.settings import Settings
from pipeline.usecases.clean_up import Leadership, clean_up
from pipeline.usecases.customers import add_customer
from pipeline.usecases.deck import Deck
from pipeline.usecases.submit_call import submit_call
from pipeline.usecases.verification.canary_call import CanaryCall, make_canary
from pipeline.usecases.verification.traces import forms, in_files, in_redis

ROOT = Path(__file__).parents[2]
CUSTOMER = CustomerId("musterhaus")
EXAMPLE = ROOT / "examples" / "anfrage-wohnung.wav"
START_SECONDS = 90.0
"""A worker loads its models on a busy machine."""
ENDED = (CallStatus.STORED, CallStatus.FAILED)

Process = subprocess.Popen[bytes]


def until(condition: Callable[[], object], what: str, seconds: float = START_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds:g} s for {what}"
        time.sleep(0.02)


@dataclass
class Site:
    """`struck` is the moment of the fault, `recovered` the seconds from there to the end of the
    calls."""

    folder: Path
    settings: Settings
    deck: Deck
    redis: EmbeddedRedis
    key: str
    canary: CanaryCall
    words: str
    processes: list[Process] = field(default_factory=list)
    struck: float | None = None
    recovered: float | None = None

    @property
    def gates(self) -> Path:
        return self.folder / "gates"

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("DECKNAME_")}
        own = {
            f"DECKNAME_{name.upper()}": _plain(getattr(self.settings, name))
            for name in self.settings.model_fields_set
        }
        return (
            kept
            | own
            | {
                "GATES": str(self.gates),
                "WORDS": self.words,
                "TMPDIR": str(self.folder / "temp"),
                "PYTHONPATH": str(ROOT),
                "HF_HUB_OFFLINE": "1",
            }
        )

    def start(self, *module: str, **environment: str) -> Process:
        with (self.folder / "logs" / f"{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                launched([sys.executable, "-m", *module], signal.SIGKILL),
                env=self.environment | environment,
                cwd=self.folder / "temp",
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def worker(self, **environment: str) -> Process:
        return self.start("tests.faults.gated_process", "worker", **environment)

    def maintenance(self, **environment: str) -> Process:
        return self.start("tests.faults.gated_process", "maintenance", **environment)

    def api(self, **environment: str) -> Process:
        """It answers."""
        announced = self.settings.home_folder / "api-url"
        announced.unlink(missing_ok=True)
        process = self.start("tests.faults.gated_process", "api", **environment)
        until(lambda: self._answers(announced, process), "the API to answer", 60)
        return process

    def _answers(self, announced: Path, process: Process) -> bool:
        assert process.poll() is None, self.log()
        try:
            return httpx.get(f"{announced.read_text()}/healthz").is_success
        except (OSError, httpx.HTTPError, httpx.InvalidURL):
            return False

    def client(self) -> httpx.Client:
        """Of the customer."""
        return httpx.Client(
            base_url=(self.settings.home_folder / "api-url").read_text(),
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "audio/wav"},
            timeout=120,
        )

    def post(self, idempotency_key: str | None = None, content: Any = None) -> httpx.Response:
        """A push through the API. Raises `httpx.HTTPError` where nobody answered."""
        headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        with self.client() as client:
            return client.post(
                "/v1/calls", content=content or self.canary.recording, headers=headers
            )

    def push(self, recording: bytes | None = None, deck: Deck | None = None) -> CallId:
        """One without an API."""
        known = (KnownParty(EntityType.PERSON, self.canary.known[0]),)
        intake = Intake(CUSTOMER, known=known, idempotency_key=secrets.token_hex(8))
        return submit_call(intake, [recording or self.canary.recording], deck or self.deck).id

    def log(self) -> str:
        logs = sorted((self.folder / "logs").iterdir())
        return "".join(path.read_text("utf-8") for path in logs)

    def call(self, call_id: CallId) -> Call:
        return self.deck.calls.call(call_id)

    def hold(self, point: str) -> None:
        (self.gates / f"hold-{point}").touch()

    def let_go(self, point: str) -> None:
        (self.gates / f"hold-{point}").unlink()

    def at(self, point: str, call_id: str) -> int:
        """The process id of the process that came to `point` last; 0 for none."""
        try:
            return int((self.gates / f"at-{point}-{call_id}").read_text() or 0)
        except OSError:
            return 0

    def until_at(self, point: str, call_id: str, process: Process) -> None:
        def there() -> bool:
            assert process.poll() is None, self.log()
            return self.at(point, call_id) == process.pid

        until(there, f"the process to come to {point}")

    def turn_clock(self, seconds: int) -> None:
        """Of every process, from now on; those of this test go right."""
        (self.gates / "clock.new").write_text(str(seconds))
        (self.gates / "clock.new").replace(self.gates / "clock")

    def strike(self) -> None:
        """The fault happens now."""
        self.struck = time.monotonic()

    def kill(self, process: Process, number: signal.Signals = signal.SIGKILL) -> None:
        process.send_signal(number)
        process.wait(timeout=30)
        self.strike()

    def kill_redis(self) -> None:
        """SIGKILL, and wait until nothing answers."""
        os.kill(self.redis_pid, signal.SIGKILL)
        self.strike()
        until(lambda: not self.redis.runs, "the server to die", 10)

    @property
    def redis_pid(self) -> int:
        with connect(self.redis.socket) as client:
            return int(client.info("server")["process_id"])

    def until_ended(self, *call_ids: CallId, seconds: float = START_SECONDS) -> None:
        """Whoever kills workers may have to start them anew: see `until_ended_whatever_dies`."""
        try:
            until(lambda: self._ended(call_ids), "the end", seconds)
        except AssertionError:
            print(Counter(str(self.call(each).status) for each in call_ids), self.log()[-4000:])
            raise
        self._recover()

    def until_ended_whatever_dies(self, *call_ids: CallId, **environment: str) -> int:
        """As the supervisor does it, with one worker; how many of them ended."""
        workers = [self.worker(**environment)]

        def ended() -> bool:
            if workers[-1].poll() is not None:
                self.strike()
                workers.append(self.worker(**environment))
            return self._ended(call_ids)

        until(ended, "the end")
        self._recover()
        return len(workers) - 1

    def _ended(self, call_ids: tuple[CallId, ...]) -> bool:
        return all(self.call(each).status in ENDED for each in call_ids)

    def _recover(self) -> None:
        if self.struck is not None:
            self.recovered = time.monotonic() - self.struck

    def count(self, table: str, name: str, call_id: CallId) -> int:
        """How many rows of `audit_log` or `outbox` tell of it."""
        database = open_database(database_url(self.settings))
        query = f"SELECT count(*) FROM {table} WHERE name = '{name}' AND call_id = '{call_id}'"
        with database.read() as connection:
            return int(connection.exec_driver_sql(query).scalar_one())

    def readable(self, call_id: CallId) -> bool:
        try:
            self.deck.recordings.open(call_id, self.deck.calls.recording(call_id))
        except DecknameError:
            return False
        return True

    def blobs(self) -> list[CallId]:
        return [call_id for call_id, _ in self.deck.recordings.blobs()]

    def assert_stored_once(self, *call_ids: CallId) -> None:
        """One stored transcript, one delivery, no audio; and `assert_sound`."""
        for call_id in call_ids:
            call = self.call(call_id)
            assert (call.status, call.failure) == (CallStatus.STORED, None)
            assert self.count("audit_log", "call_stored", call_id) == 1
            assert self.deck.calls.transcript(call_id)
            assert not self.readable(call_id)
        until(lambda: not set(call_ids) & set(self.blobs()), "the blobs to be gone")
        for call_id in call_ids:
            told = [self.count("outbox", f"call_{end}", call_id) for end in ("stored", "failed")]
            assert told == [1, 0]
        self.assert_sound()

    def assert_failed(self, call_id: CallId, failure: str) -> None:
        """Ended, told once, and without audio."""
        call = self.call(call_id)
        assert (call.status, call.failure) == (CallStatus.FAILED, failure)
        assert self.count("outbox", "call_failed", call_id) == 1
        assert not self.readable(call_id)
        until(lambda: call_id not in self.blobs(), "the blob to be gone")

    def assert_sound(self) -> None:
        """Once maintenance had its turn the verifier finds nothing, nor a search for the canary."""
        clean_up(self.deck, Leadership("test"))
        findings = examine(self.settings, (*self.canary.known, self.words))
        assert not findings, findings
        traces = self.traces()
        assert not traces, traces

    @property
    def needles(self) -> dict[str, frozenset[bytes]]:
        """What was pushed, known and said."""
        return self.canary.needles | {"words": forms(self.words)}

    def traces(self) -> list[tuple[str, str]]:
        """Of the canary, in all files of this installation and in Redis."""
        found = [(kind, str(path)) for kind, path in in_files([self.folder], self.needles)]
        if self.redis.runs:
            with open_redis(self.settings) as redis:
                found += [(kind, "Redis") for kind in in_redis(redis, self.needles)]
        return found


def _plain(value: Any) -> str:
    return str(value.get_secret_value() if hasattr(value, "get_secret_value") else value)


@contextmanager
def opened_site(folder: Path, settings: Settings, redis: EmbeddedRedis) -> Iterator[Site]:
    """Its processes end with it."""
    for name in ("gates", "logs", "temp"):
        (folder / name).mkdir()
    deck = bootstrap(settings)
    _, key = add_customer(CUSTOMER, "Musterhaus", deck)
    words = " ".join(make_canary(EXAMPLE).known[0] for _ in range(2))
    made = Site(folder, settings, deck, redis, key, make_canary(EXAMPLE), words)
    try:
        yield made
    finally:
        for process in made.processes:
            process.kill()
            process.wait()
