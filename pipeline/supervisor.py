"""`deckname up`: everything on this machine, in the foreground, and nothing of it afterwards.

Starts the embedded Redis, then the API, a worker and maintenance as child processes, which it
starts anew when they die. The pipeline names the worker's module as RQ does: it never imports it.
"""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.adapters.embedded_redis import EmbeddedRedis
from pipeline.adapters.log_folder import log_to_files
from pipeline.adapters.rq_queue import RqJobQueue
from pipeline.bootstrap import machine_plan, make_home
from pipeline.domain.errors import Conflict
from pipeline.domain.machine import Plan
from pipeline.launcher import forbid_core_dumps, launched
from pipeline.logging import configure_logging, log_event
from pipeline.settings import Settings

log = logging.getLogger(__name__)

POLL_SECONDS = 0.2
SETTLED_SECONDS = 10.0
"""A child that lived this long was started well."""
GRACE_SECONDS = 5.0
"""From "finish what is at hand" to "hand it back", and from there to SIGKILL."""
_LONGEST_WAIT = 30.0
_USAGE, _SERVICE_MISSING = 2, 3


@dataclass(frozen=True, slots=True)
class Role:
    """A child's name, the module it runs with its arguments, the signal that the kernel sends
    it when `up` is killed (the worker would go on for a whole call at a polite one), and variables
    that it gets besides those of `up`."""

    name: str
    module: tuple[str, ...]
    dies_by: signal.Signals = signal.SIGTERM
    environment: tuple[tuple[str, str], ...] = ()


ROLES = (
    Role("api", ("pipeline.web",)),
    Role("worker", ("workers.main", "worker"), signal.SIGKILL),
    Role("maintenance", ("workers.main", "maintenance")),
)


def planned_roles(plan: Plan, roles: Sequence[Role] = ROLES) -> tuple[Role, ...]:
    """`roles`, with as many workers as planned. What is shared out among them is told to each: by
    the time that one looks the others have taken their part."""
    told = (("DECKNAME_CPU_THREADS", plan.threads), ("DECKNAME_BATCH_SIZE", plan.batch))
    environment = tuple((name, str(number)) for name, number in told)
    return tuple(
        replace(role, environment=environment) if role.name == "worker" else role
        for role in roles
        for _ in range(plan.workers if role.name == "worker" else 1)
    )


OPENING = Role("opening", ("pipeline.opening",), signal.SIGKILL)
"""Before the others: what keeps the store from being opened is told once."""


class Child:
    """One role's process, and when to start it anew."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self._process: subprocess.Popen[bytes] | None = None
        self._since = 0.0
        self._restart_at: float | None = None
        self._wait = 0.5
        self._settled = False

    def start(self) -> None:
        """Run the module in a session of its own: Ctrl-C is for `up`, which passes it on."""
        self._process = subprocess.Popen(
            launched([sys.executable, "-m", *self.role.module], self.role.dies_by),
            stdin=subprocess.DEVNULL,
            env=os.environ | dict(self.role.environment),
            start_new_session=True,
        )
        self._since, self._restart_at = time.monotonic(), None
        log_event(log, "child_started", child=self.role.name, pid=self._process.pid)

    @property
    def runs(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def status(self) -> int:
        """How it ended; 1 where something killed it."""
        assert self._process is not None
        return self._process.returncode if self._process.returncode >= 0 else 1

    def watch(self) -> int | None:
        """Start the child anew where it is time to. The exit status of one that cannot work with
        these settings and told so, else None."""
        now = time.monotonic()
        if self.runs:
            if now - self._since > SETTLED_SECONDS:
                self._settled, self._wait = True, 0.5
        elif self._restart_at is None:
            assert self._process is not None
            status = self._process.returncode
            if status in (_USAGE, _SERVICE_MISSING) and not self._settled:
                return status
            log_event(log, "child_ended", logging.ERROR, child=self.role.name, exit_status=status)
            self._restart_at = now + self._wait
            self._wait = min(2 * self._wait, _LONGEST_WAIT)
        elif now >= self._restart_at:
            self.start()
        return None

    def send(self, number: signal.Signals) -> None:
        """Signal the process if it still lives."""
        if self._process is not None and self.runs:
            self._process.send_signal(number)

    def reap(self) -> None:
        """Wait for a process that was killed."""
        if self._process is not None:
            self._process.wait()


def run_up(
    settings: Settings, announce: Callable[[str], None], roles: Sequence[Role] | None = None
) -> int:
    """Run everything until SIGTERM, SIGHUP or Ctrl-C; the exit status. `roles` are those of the
    machine's plan where None.

    The store is opened once before; where that is refused, nothing else is started. `announce` gets
    the API's address once it listens. Raises `Conflict` where `up` runs in this
    data folder already, `ServiceUnavailable` where Redis does not start or answer.
    """
    forbid_core_dumps()
    configure_logging(settings)
    make_home(settings)
    roles = planned_roles(machine_plan(settings)) if roles is None else roles
    log_to_files(settings.home_folder / "logs", "up")
    stopped = _stop_event()
    with _only_one(settings.home_folder), _redis(settings) as redis:
        address = _Announcement(settings.home_folder / "api-url", announce)
        opening, children = Child(OPENING), [Child(role) for role in roles]
        try:
            opening.start()
            while opening.runs:
                if stopped.wait(POLL_SECONDS / 4):
                    return 0
            if opening.status:
                return opening.status
            for child in children:
                child.start()
            return _watch(children, redis, address, stopped)
        finally:
            stopped.clear()  # from now on it means: hurry
            _end([opening, *children], stopped)


def _watch(
    children: Sequence[Child],
    redis: EmbeddedRedis | None,
    address: _Announcement,
    stopped: threading.Event,
) -> int:
    while not stopped.wait(POLL_SECONDS):
        for child in children:
            status = child.watch()
            if status is not None:
                return status
        if redis is not None and not redis.runs:
            log_event(log, "redis_ended", logging.ERROR)
            redis.start()
        address.look()
    return 0


def _end(children: Sequence[Child], hurry: threading.Event) -> None:
    for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
        for child in children:
            child.send(number)
        end = time.monotonic() + GRACE_SECONDS
        while any(child.runs for child in children) and time.monotonic() < end:
            if hurry.wait(POLL_SECONDS / 4):
                hurry.clear()
                break
    for child in children:
        child.reap()


class _Announcement:
    """Tells the address once, when the API has written it."""

    def __init__(self, record: Path, announce: Callable[[str], None]) -> None:
        self._record = record
        self._announce: Callable[[str], None] | None = announce
        self._before = self._changed()

    def look(self) -> None:
        if self._announce is not None and self._changed() not in (self._before, None):
            self._announce(self._record.read_text("utf-8"))
            self._announce = None

    def _changed(self) -> int | None:
        try:
            return self._record.stat().st_mtime_ns
        except OSError:
            return None


def _stop_event() -> threading.Event:
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stopped.set())
    return stopped


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    lock = os.open(home / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Conflict("`deckname up` runs already in this data folder") from None
    else:
        yield
    finally:
        os.close(lock)


def _redis(settings: Settings) -> EmbeddedRedis | nullcontext[None]:
    if settings.redis_url is None:
        return EmbeddedRedis(settings.home_folder)
    RqJobQueue(settings).waiting()  # told once and at once, not by every child again and again
    return nullcontext()
