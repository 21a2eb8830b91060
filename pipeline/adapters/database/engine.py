"""The engine: SQLite set up for durability and deletion, transactions that mean it."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, StatementError

from pipeline.adapters.database.schema import require_schema, upgrade_schema
from pipeline.adapters.durable_files import full_disk_reported, make_private_folder
from pipeline.domain.errors import (
    ConfigurationError,
    DecknameError,
    ServiceUnavailable,
    StorageFull,
)

BUSY_TIMEOUT_MS = 30_000
_CHECKPOINT_TIMEOUT_MS = 500
_READ_ONLY = "deckname_read_only"


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Database:
    """An open database whose schema is up to date."""

    engine: Engine

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that holds the write lock from its start. Raises `ServiceUnavailable`
        and `StorageFull`; no driver error, with its SQL, gets out."""
        with _errors_translated(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent snapshot. Raises like `write`."""
        reading = self.engine.execution_options(**{_READ_ONLY: True})
        with _errors_translated(), reading.begin() as connection:
            yield connection

    def forget_deleted(self) -> bool:
        """Best effort: fold the write-ahead log into the database and cut it to nothing, so that
        a deleted key is in no file any more. False where readers were in the way."""
        if self.engine.dialect.name != "sqlite":
            return True
        try:
            with closing(self.engine.raw_connection()) as connection:
                cursor = connection.cursor()
                cursor.execute(f"PRAGMA busy_timeout={_CHECKPOINT_TIMEOUT_MS}")
                try:
                    row = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                finally:
                    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
                    cursor.close()
        except (sqlite3.OperationalError, DBAPIError):
            return False
        return bool(row is not None and row[0] == 0)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def open_database(url: str, upgrading: bool = True) -> Database:
    """Connect, create what is missing and upgrade the schema; several processes may start at
    once. Without `upgrading` nothing is changed, and the database must be there. Raises
    `ConfigurationError`, `UpgradeDue`, `ServiceUnavailable`, `StorageFull`."""
    try:
        parsed = make_url(url)
        engine = create_engine(parsed, hide_parameters=True)
    except (ArgumentError, NoSuchModuleError, ImportError):
        raise ConfigurationError(
            "DECKNAME_DATABASE_URL is no SQLAlchemy URL, or its driver is not installed"
        ) from None
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine, parsed)
    database = Database(engine)
    try:
        if upgrading:
            with _schema_lock(parsed), database.write() as connection:
                upgrade_schema(connection)
        else:
            with database.read() as connection:
                require_schema(connection)
    except BaseException:
        engine.dispose()
        raise
    # Whoever lets go of it need not remember to close it: Python 3.13 warns of open connections.
    weakref.finalize(database, engine.dispose)
    return database


def _prepare_sqlite(engine: Engine, url: URL) -> None:
    if url.database in (None, "", ":memory:"):
        raise ConfigurationError("DECKNAME_DATABASE_URL: SQLite needs a file")
    with full_disk_reported():
        make_private_folder(Path(str(url.database)).absolute().parent)
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)


def _set_pragmas(connection: Any, _record: Any) -> None:
    # Autocommit in the driver: `_begin` says when a transaction begins, and which kind.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A deferred transaction that turns into a writer fails at once under contention.
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


@contextmanager
def _schema_lock(url: URL) -> Iterator[None]:
    """On SQLite a file lock; elsewhere `upgrade_schema` takes an advisory lock."""
    if url.get_backend_name() != "sqlite":
        yield
        return
    with full_disk_reported():
        descriptor = os.open(f"{url.database}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        _make_private(Path(str(url.database)))
        yield
    finally:
        os.close(descriptor)


def _make_private(path: Path) -> None:
    """SQLite would create the file for all to read; its WAL copies the mode."""
    with full_disk_reported():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))


@contextmanager
def _errors_translated() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise _translated(error) from None
    except StatementError as error:
        # A value that a column type refused: its own message, without the statement.
        raise (error.orig or error) from None


def _translated(error: DBAPIError) -> DecknameError:
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL or getattr(error.orig, "sqlstate", None) == "53100":
        return StorageFull("the database has no room left: nothing was changed; free some")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return ServiceUnavailable("the database is busy: nothing was changed; try again")
    return ServiceUnavailable(
        f"the database failed ({type(error.orig).__name__}): nothing was changed"
    )
