"""An installation whose processes a test kills: real store, real Redis, real workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipeline.adapters.database import open_database
from pipeline.adapters.embedded_redis import EmbeddedRedis, connect
from pipeline.bootstrap import bootstrap, database_url
from pipeline.domain.call import Call, CallStatus, Intake
from pipeline.domain.errors import DecknameError
from pipeline.domain.ids import CallId, CustomerId
from pipeline.launcher import launched
from pipeline.settings import Settings
from pipeline.usecases.customers import add_customer
from pipeline.usecases.deck import Deck
from pipeline.usecases.submit_call import submit_call

CUSTOMER = CustomerId("musterhaus")
EXAMPLE = Path(__file__).parents[2] / "examples" / "voice-note.ogg"
START_SECONDS = 240.0
"""A worker loads its models on a busy machine."""


def until(condition: Callable[[], object], what: str, seconds: float = START_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds:g} s for {what}"
        time.sleep(0.02)


@dataclass
class Site:
    """The installation, seen from outside its workers."""

    settings: Settings
    gates: Path
    deck: Deck
    redis: EmbeddedRedis
    logs: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("DECKNAME_")}
        own = {
            f"DECKNAME_{name.upper()}": str(getattr(self.settings, name))
            for name in self.settings.model_fields_set
        }
        return kept | own | {"GATES": str(self.gates), "HF_HUB_OFFLINE": "1"}

    def start(self, *module: str, **environment: str) -> subprocess.Popen[bytes]:
        with (self.logs / f"{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                launched([sys.executable, "-m", *module], signal.SIGKILL),
                env=self.environment | environment,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def worker(self, **environment: str) -> subprocess.Popen[bytes]:
        return self.start("tests.faults.gated_worker", **environment)

    def maintenance(self) -> subprocess.Popen[bytes]:
        return self.start("workers.main", "maintenance")

    def log(self) -> str:
        return "".join(path.read_text("utf-8") for path in sorted(self.logs.iterdir()))

    def push(self, audio: Path = EXAMPLE) -> CallId:
        recording = audio.read_bytes()
        intake = Intake(CUSTOMER)
        return submit_call(intake, [recording], self.deck).id

    def call(self, call_id: CallId) -> Call:
        return self.deck.calls.call(call_id)

    def hold(self, point: str) -> None:
        (self.gates / f"hold-{point}").touch()

    def let_go(self, point: str) -> None:
        (self.gates / f"hold-{point}").unlink()

    def at(self, point: str, call_id: CallId) -> int:
        """The process id of the worker that came to `point` last; 0 for none."""
        try:
            return int((self.gates / f"at-{point}-{call_id}").read_text() or 0)
        except OSError:
            return 0

    def until_at(self, point: str, call_id: CallId, worker: subprocess.Popen[bytes]) -> None:
        def there() -> bool:
            assert worker.poll() is None, self.log()
            return self.at(point, call_id) == worker.pid

        until(there, f"the worker to come to {point}")

    def until_ended(self, *call_ids: CallId, seconds: float = START_SECONDS) -> None:
        ended = (CallStatus.STORED, CallStatus.FAILED)
        until(lambda: all(self.call(i).status in ended for i in call_ids), "the end", seconds)

    def events(self, name: str, call_id: CallId) -> int:
        """How often the audit log tells of it."""
        database = open_database(database_url(self.settings))
        query = "SELECT count(*) FROM audit_log WHERE name = ? AND call_id = ?"
        with database.read() as connection:
            return int(connection.exec_driver_sql(query, (name, call_id)).scalar_one())

    def readable(self, call_id: CallId) -> bool:
        try:
            self.deck.recordings.open(call_id, self.deck.calls.recording(call_id))
        except DecknameError:
            return False
        return True

    def blobs(self) -> list[CallId]:
        return [call_id for call_id, _ in self.deck.recordings.blobs()]

    def assert_stored_once(self, call_id: CallId) -> None:
        call = self.call(call_id)
        assert (call.status, call.failure) == (CallStatus.STORED, None)
        assert self.events("call_stored", call_id) == 1
        assert self.deck.calls.transcript(call_id)
        assert not self.readable(call_id)
        until(lambda: call_id not in self.blobs(), "the blob to be gone")
        self.deck.audit.verify()


def kill(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGKILL) -> None:
    process.send_signal(number)
    process.wait(timeout=30)


def kill_redis(site: Site) -> None:
    """SIGKILL, and wait until nothing answers."""
    with connect(site.redis.socket) as client:
        pid = int(client.info("server")["process_id"])
    os.kill(pid, signal.SIGKILL)
    until(lambda: not site.redis.runs, "the server to die", 10)


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """With a lease of 3 s and a quick reconciler, unless the test's parameter says otherwise."""
    quick = {"lease_seconds": 3.0, "reconcile_seconds": 0.5}
    chosen = getattr(request, "param", quick)
    model = {"model": os.environ["DECKNAME_MODEL"]} if "DECKNAME_MODEL" in os.environ else {}
    settings = Settings(
        home=tmp_path / "home",
        keys=tmp_path / "keys",
        cpu_threads=1,
        beam_size=1,
        **model,
        **chosen,
    )
    for folder in ("gates", "logs"):
        (tmp_path / folder).mkdir()
    with EmbeddedRedis(settings.home_folder) as redis:
        deck = bootstrap(settings)
        add_customer(CUSTOMER, "Musterhaus", deck)
        made = Site(settings, tmp_path / "gates", deck, redis, tmp_path / "logs")
        yield made
        for process in made.processes:
            process.kill()
            process.wait()
