"""A consistent copy of the database as SQLite while others write, without what was deleted."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.adapters.durable_files import create_private, full_disk_reported
from pipeline.domain.audit import GENESIS
from pipeline.domain.errors import Conflict, ServiceUnavailable, StorageFull
from pipeline.domain.ids import CallId

SNAPSHOT = "snapshot.db"
"""In the data folder, for as long as a backup is made."""

_BUSY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Counted:
    """What a database says of itself."""

    schema: str
    customers: int
    calls: int
    audit_position: int
    audit_head: str
    with_audio: tuple[CallId, ...]


class ServerRows(Protocol):
    """A database that is no file. Every method raises `ServiceUnavailable`."""

    def write(self, path: Path) -> None:
        """All rows into the empty file `path`, as SQLite."""
        ...

    def read(self, path: Path) -> None:
        """The rows of such a file into the server. Raises `Conflict` where it holds a store."""
        ...

    def is_empty(self) -> bool:
        """Whether the server holds no store yet."""
        ...


@contextmanager
def snapshot(database: Path | ServerRows, home: Path) -> Iterator[Path]:
    """A copy of `database` in `home`, gone afterwards. Raises `Conflict` where somebody else makes
    one, `StorageFull`, `ServiceUnavailable`."""
    reap_snapshot(home)
    path = home / SNAPSHOT
    with full_disk_reported():
        try:
            descriptor = create_private(path)
        except FileExistsError:
            raise Conflict("another backup is being made of this store: wait for it") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if isinstance(database, Path):
            _copy(database, path)
        else:
            database.write(path)
        yield path
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def reap_snapshot(home: Path) -> None:
    """Remove what a backup left that was killed."""
    path = home / SNAPSHOT
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    except BlockingIOError:
        return
    finally:
        os.close(descriptor)


def counted(database: Path) -> Counted:
    """Looks at a database that nobody else has open. Raises `ServiceUnavailable`."""
    with _opened(f"{database.absolute().as_uri()}?mode=ro&immutable=1") as rows:
        (schema,) = rows.execute("SELECT version_num FROM alembic_version").fetchone()
        (customers,) = rows.execute("SELECT count(*) FROM customers").fetchone()
        (calls,) = rows.execute("SELECT count(*) FROM calls").fetchone()
        last = rows.execute("SELECT position, hash FROM audit_log ORDER BY position DESC LIMIT 1")
        position, head = last.fetchone() or (0, GENESIS)
        ids = rows.execute("SELECT call_id FROM audio_keys ORDER BY call_id")
        with_audio = tuple(CallId(call_id) for (call_id,) in ids)
    return Counted(schema, customers, calls, position, head, with_audio)


def _copy(database: Path, path: Path) -> None:
    # Unlike the online backup API this is done at once, and copies no page that is free.
    with _opened(f"{database.absolute().as_uri()}?mode=rw") as source:
        source.execute("VACUUM INTO ?", (str(path),))


@contextmanager
def _opened(address: str) -> Iterator[sqlite3.Connection]:
    try:
        with closing(
            sqlite3.connect(address, _BUSY_SECONDS, isolation_level=None, uri=True)
        ) as connection:
            yield connection
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
            raise StorageFull("no room left on the disk: no backup was made; free some") from None
        raise ServiceUnavailable("the database cannot be read: no backup was made") from None
