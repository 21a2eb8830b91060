"""Real worker processes on one store, with an embedded Redis: calls go the whole way of production
but for HTTP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from benchmarks.throughput.corpus import TestCall
from benchmarks.throughput.engine import CUSTOMER, NotStored, push
from pipeline.adapters.embedded_redis import EmbeddedRedis, connect
from pipeline.bootstrap import bootstrap
from pipeline.domain.call import CallStatus
from pipeline.domain.ids import CallId
from pipeline.launcher import launched
from pipeline.settings import Settings
from pipeline.usecases.customers import add_customer

ROOT = Path(__file__).parents[2]
_CHOSEN = ("home", "keys", "model", "device", "compute_type", "cpu_threads", "beam_size")
_START_SECONDS = 300.0
_POLL_SECONDS = 0.02


class Workers:
    """A context: `count` workers that have loaded their models. Raises `NotStored` where they do
    not start."""

    def __init__(self, settings: Settings, folder: Path, count: int) -> None:
        own = {"home": folder / "home", "keys": folder / "keys"}
        self._settings = settings.model_copy(update=own)
        self._environment = _environment(self._settings)
        self._folder, self._count = folder, count
        self._processes: list[subprocess.Popen[bytes]] = []
        self._opened = ExitStack()

    def __enter__(self) -> Workers:
        self._folder.mkdir(parents=True)
        with self._opened as opened:
            self._redis = opened.enter_context(EmbeddedRedis(self._settings.home_folder))
            self._deck = bootstrap(self._settings)
            add_customer(CUSTOMER, "Bench", self._deck)
            opened.callback(self._end)
            for number in range(self._count):
                self._start(self._folder / f"worker-{number}.log")
            self._until(lambda: self._registered() == self._count, _START_SECONDS)
            self._opened = opened.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._opened.close()

    def run(self, calls: Sequence[TestCall]) -> None:
        """Push all of them and wait until all are stored. Raises `NotStored`."""
        waiting = [push(call, self._deck) for call in calls]

        def all_stored() -> bool:
            while waiting and self._is_stored(waiting[-1]):
                waiting.pop()
            return not waiting

        patience = 600.0 + 10 * sum(call.seconds for call in calls)
        self._until(all_stored, patience)

    def cpu(self) -> float:
        """CPU seconds of the workers and of this process, up to now; 0 where the system does not
        tell (no /proc)."""
        own = time.process_time()
        try:
            return own + sum(_cpu_seconds(process.pid) for process in self._processes)
        except OSError:
            return 0.0

    def _is_stored(self, call_id: CallId) -> bool:
        call = self._deck.calls.call(call_id)
        if call.status is CallStatus.FAILED:
            raise NotStored(f"a call failed ({call.failure})")
        return call.status is CallStatus.STORED

    def _start(self, log: Path) -> None:
        with log.open("wb") as sink:
            self._processes.append(
                subprocess.Popen(
                    launched([sys.executable, "-m", "workers.main", "worker"], signal.SIGKILL),
                    cwd=ROOT,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=sink,
                    stderr=sink,
                )
            )

    def _registered(self) -> int:
        with connect(self._redis.socket) as client:
            return int(client.scard("rq:workers"))

    def _until(self, condition: Callable[[], bool], patience: float) -> None:
        end = time.monotonic() + patience
        while not condition():
            if any(process.poll() is not None for process in self._processes):
                raise NotStored("a worker process ended: its log says why")
            if time.monotonic() > end:
                raise NotStored(f"the workers were not done within {patience:g} s")
            time.sleep(_POLL_SECONDS)

    def _end(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _environment(settings: Settings) -> dict[str, str]:
    """The settings that a benchmark chooses, as variables; none of the caller's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DECKNAME_")}
    told = {f"DECKNAME_{name.upper()}": str(getattr(settings, name)) for name in _CHOSEN}
    return kept | told | {"HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT)}


def _cpu_seconds(pid: int) -> float:
    # Behind the name, which may hold blanks: utime and stime are the 14th and 15th field.
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
