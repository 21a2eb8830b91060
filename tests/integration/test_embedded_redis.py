"""The embedded Redis, with the real server: private, durable, one a data folder, no orphan."""

from __future__ import annotations

import os
import resource
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.adapters import embedded_redis
from pipeline.adapters.embedded_redis import EmbeddedRedis, connect, recorded_socket
from pipeline.domain.errors import ServiceUnavailable

_OWNER = """
import sys
from pathlib import Path
from pipeline.adapters.embedded_redis import EmbeddedRedis
with EmbeddedRedis(Path(sys.argv[1])) as server:
    print(server.owner, server._server.pid if server.owner else "-", flush=True)
    sys.stdin.read()
"""


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition never held"
        time.sleep(0.01)


def runs(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False


def owner_process(home: Path) -> tuple[subprocess.Popen[str], bool, int]:
    process = subprocess.Popen(
        [sys.executable, "-c", _OWNER, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    owner, pid = process.stdout.readline().split()
    return process, owner == "True", 0 if pid == "-" else int(pid)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"


def test_only_its_owner_can_reach_it(home: Path) -> None:
    with EmbeddedRedis(home) as server:
        client = connect(server.socket)
        assert client.config_get("port") == {"port": "0"}
        assert stat.S_IMODE(server.socket.stat().st_mode) == 0o600
        assert stat.S_IMODE((home / "redis").stat().st_mode) == 0o700
        for path in (home / "redis").rglob("*"):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path.name
        client.close()


def test_it_never_forgets_by_policy_and_leaves_no_core(home: Path) -> None:
    with EmbeddedRedis(home) as server, connect(server.socket) as client:
        settings = client.config_get("*")
        assert settings["maxmemory-policy"] == "noeviction"
        assert settings["appendonly"] == "yes"
        assert settings["appendfsync"] == "everysec"
        assert settings["save"] == ""
        pid = client.info("server")["process_id"]
        assert resource.prlimit(pid, resource.RLIMIT_CORE) == (0, 0)


def test_a_restart_replays_the_append_only_file(home: Path) -> None:
    with EmbeddedRedis(home) as server, connect(server.socket) as client:
        client.rpush("bell", "one", "two")
    with EmbeddedRedis(home) as server, connect(server.socket) as client:
        assert client.lrange("bell", 0, -1) == [b"one", b"two"]


def test_a_killed_server_comes_back_with_its_keys(home: Path) -> None:
    with EmbeddedRedis(home) as server, connect(server.socket) as client:
        client.set("bell", "1")
        pid = client.info("server")["process_id"]
        os.kill(pid, signal.SIGKILL)
        until(lambda: not runs(pid))
        server.start()
        assert client.get("bell") == b"1"


def test_a_broken_append_only_file_costs_the_queue_not_the_start(home: Path) -> None:
    with EmbeddedRedis(home) as server, connect(server.socket) as client:
        for number in range(50):
            client.set(f"bell{number}", "1")
    [log] = (home / "redis" / "appendonlydir").glob("*.incr.aof")
    content = log.read_bytes()
    log.write_bytes(content[:100] + b"broken" * 20 + content[220:])
    with EmbeddedRedis(home) as server, connect(server.socket) as client:
        assert client.dbsize() == 0


def test_one_home_has_one_server(home: Path) -> None:
    with EmbeddedRedis(home) as first, EmbeddedRedis(home) as second:
        assert (first.owner, second.owner) == (True, False)
        assert first.socket == second.socket
        with connect(first.socket) as one, connect(second.socket) as two:
            assert one.info("server")["run_id"] == two.info("server")["run_id"]


def test_processes_that_start_at_once_share_one_server(home: Path) -> None:
    processes = [owner_process(home) for _ in range(3)]
    try:
        assert sorted(owner for _, owner, _ in processes) == [False, False, True]
    finally:
        for process, _, _ in processes:
            process.communicate("")
    assert all(process.returncode == 0 for process, _, _ in processes)


def test_kill_9_of_the_owner_leaves_no_server_and_no_stale_lock(home: Path) -> None:
    process, owner, server_pid = owner_process(home)
    assert owner and runs(server_pid)
    process.kill()
    process.communicate()
    until(lambda: not runs(server_pid))
    with EmbeddedRedis(home) as server:
        assert server.owner


def test_leaving_ends_the_server(home: Path) -> None:
    process, owner, server_pid = owner_process(home)
    assert owner
    process.communicate("")
    assert not runs(server_pid)


@pytest.mark.parametrize("runtime", [True, False], ids=["runtime-dir", "temporary"])
def test_a_long_home_gets_a_short_private_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: bool
) -> None:
    home = tmp_path / ("long" * 30)
    short = Path("/tmp") / f"dn{os.getpid()}"
    short.mkdir(mode=0o700)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(short))
    if runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
    try:
        with EmbeddedRedis(home) as server, connect(server.socket) as client:
            assert client.ping()
            assert server.socket.is_relative_to(short)
            assert stat.S_IMODE(server.socket.parent.stat().st_mode) == 0o700
            assert recorded_socket(home) == server.socket
        assert list(short.iterdir()) == []
    finally:
        short.rmdir()


def test_no_server_at_all_is_one_clear_line(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ServiceUnavailable, match="deckname up"):
        recorded_socket(home)

    def refuses() -> Path:
        return Path("/bin/false")

    monkeypatch.setattr(embedded_redis, "server_binary", refuses)
    with pytest.raises(ServiceUnavailable, match=r"redis/server\.log"):
        EmbeddedRedis(home).start()
