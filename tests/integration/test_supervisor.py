"""`run_up` with real processes and signals: restarts, ends, leaves no orphan."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis.exceptions import RedisError

from pipeline.adapters.embedded_redis import connect, recorded_socket
from pipeline.domain.errors import ServiceUnavailable
from pipeline.supervisor import Child, Role

_UP = """
import sys
from pipeline.domain.errors import DecknameError
from pipeline.settings import load_settings
from pipeline.supervisor import Role, run_up
roles = [Role(kind, ("tests.integration.children", kind)) for kind in sys.argv[1:]]
try:
    sys.exit(run_up(load_settings(), lambda url: print(url, flush=True), roles))
except DecknameError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_status)
"""


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition never held"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False


@dataclass(frozen=True)
class Up:
    """A running `run_up` and what it runs."""

    process: subprocess.Popen[str]
    home: Path

    def pid(self, kind: str) -> int:
        try:
            return int((self.home / f"{kind}.pid").read_text())
        except OSError:
            return 0

    def redis(self) -> int:
        try:
            with connect(recorded_socket(self.home)) as client:
                return int(client.info("server")["process_id"])
        except (RedisError, ServiceUnavailable):
            return 0

    def everything(self, *kinds: str) -> list[int]:
        until(lambda: self.redis() and all(self.pid(kind) for kind in kinds))
        return [self.process.pid, self.redis(), *(self.pid(kind) for kind in kinds)]

    def end(self, number: signal.Signals) -> str:
        self.process.send_signal(number)
        return self.process.communicate(timeout=60)[1]


Start = Callable[..., Up]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    begun: list[Up] = []

    def begin(*kinds: str) -> Up:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("DECKNAME_")}
        process = subprocess.Popen(
            [sys.executable, "-c", _UP, *kinds],
            env=environment | {"DECKNAME_HOME": str(tmp_path / "home")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        begun.append(Up(process, tmp_path / "home"))
        return begun[-1]

    yield begin
    for up in begun:
        up.process.kill()
        up.process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything_cleanly(start: Start, number: signal.Signals) -> None:
    up = start("announcing", "patient")
    pids = up.everything("announcing", "patient")
    assert up.process.stdout is not None
    assert up.process.stdout.readline() == "http://127.0.0.1:4711\n"
    begun = time.monotonic()
    up.end(number)
    assert time.monotonic() - begun < 15
    assert up.process.returncode == 0
    assert not any(alive(pid) for pid in pids)


def test_kill_9_leaves_no_orphan(start: Start) -> None:
    up = start("patient")
    pids = up.everything("patient")
    up.end(signal.SIGKILL)
    until(lambda: not any(alive(pid) for pid in pids))


def test_a_child_that_dies_is_started_anew(start: Start) -> None:
    up = start("patient")
    up.everything("patient")
    first = up.pid("patient")
    os.kill(first, signal.SIGKILL)
    until(lambda: up.pid("patient") != first and alive(up.pid("patient")))
    log = up.end(signal.SIGTERM)
    assert "child_ended child=patient exit_status=-9" in log
    assert up.process.returncode == 0


def test_a_killed_redis_comes_back_while_the_children_go_on(start: Start) -> None:
    up = start("patient")
    _, server, child = up.everything("patient")
    os.kill(server, signal.SIGKILL)
    until(lambda: up.redis() not in (0, server))
    assert alive(child)
    up.end(signal.SIGTERM)
    assert up.process.returncode == 0


def test_a_child_that_cannot_work_here_ends_it_all_with_its_status(start: Start) -> None:
    up = start("misconfigured", "patient")
    log = up.process.communicate(timeout=60)[1]
    assert up.process.returncode == 3
    assert "deckname: there is no such model" in log
    assert "Traceback" not in log
    assert not alive(up.pid("patient"))


def test_a_store_that_does_not_open_is_told_once_and_starts_nothing(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "home-keys" / "days").mkdir(parents=True, mode=0o700)
    (tmp_path / "home-keys" / "days" / "2026-01-31.key").write_bytes(b"{}")  # of some other store
    up = start("patient", "announcing")
    log = up.process.communicate(timeout=60)[1]
    assert up.process.returncode == 3
    assert log.count("deckname: ") == log.count("the database is new") == 1
    assert up.pid("patient") == up.pid("announcing") == 0


def test_what_is_stopped_while_it_opens_starts_nothing(start: Start, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir(mode=0o700)
    with (tmp_path / "home" / "deckname.db.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        up = start("patient")
        until(lambda: up.redis())
        up.end(signal.SIGTERM)
    assert up.process.returncode == 0 and up.pid("patient") == 0


def test_a_stubborn_child_is_killed_in_the_end(start: Start) -> None:
    up = start("stubborn")
    pids = up.everything("stubborn")
    up.process.send_signal(signal.SIGTERM)
    up.process.send_signal(signal.SIGTERM)
    until(lambda: not any(alive(pid) for pid in pids))
    assert up.process.wait(timeout=60) == 0


def test_one_data_folder_has_one_up(start: Start) -> None:
    first = start("patient")
    first.everything("patient")
    second = start("patient")
    assert "runs already" in second.process.communicate(timeout=60)[1]
    assert second.process.returncode == 1
    assert alive(first.pid("patient"))
    first.end(signal.SIGTERM)


def test_children_leave_no_core_and_private_files(start: Start) -> None:
    up = start("patient")
    up.everything("patient")
    limits = Path(f"/proc/{up.pid('patient')}/limits").read_text()
    [core] = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert core.split()[4:6] == ["0", "0"]
    status = Path(f"/proc/{up.pid('patient')}/status").read_text()
    assert "Umask:\t0077" in status
    up.end(signal.SIGTERM)


def test_a_child_is_told_its_share_of_the_machine(tmp_path: Path) -> None:
    shares = (("DECKNAME_HOME", str(tmp_path)), ("DECKNAME_CPU_THREADS", "3"))
    child = Child(Role("worker", ("tests.integration.children", "worker"), environment=shares))
    child.start()
    try:
        until(lambda: (tmp_path / "worker.pid").exists())
        pid = (tmp_path / "worker.pid").read_text()
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    finally:
        child.send(signal.SIGKILL)
        child.reap()
    assert b"DECKNAME_CPU_THREADS=3" in environment
    assert any(each.startswith(b"PATH=") for each in environment), "besides those of `up`"
