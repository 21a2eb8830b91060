"""The engine: SQLite set up for durability and deletion, PostgreSQL for isolation (see
`postgresql`), transactions that mean it."""

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
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    NoSuchModuleError,
    OperationalError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from pipeline.adapters.database import postgresql
from pipeline.adapters.database.schema import require_schema, upgrade_schema
from pipeline.adapters.durable_files import full_disk_reported, make_private_folder
from pipeline.domain.errors import (
    ConfigurationError,
    DecknameError,
    ServiceUnavailable,
    StorageFull,
)
from pipeline.domain.ids import CustomerId

BUSY_TIMEOUT_MS = 30_000
_CHECKPOINT_TIMEOUT_MS = 500
_READ_ONLY = "deckname_read_only"


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Database:
    """An open database whose schema is up to date. With `customer`, PostgreSQL shows the rows of
    that customer only, whatever is asked; SQLite leaves it to the query."""

    engine: Engine
    customer: CustomerId | None = None
    whole: Database | None = None

    def of(self, customer_id: CustomerId) -> Database:
        """The same database as that customer may see it."""
        return Database(self.engine, customer_id, self.whole or self)

    @contextmanager
    def write(self, exclusive: bool = True) -> Iterator[Connection]:
        """One transaction that holds the write lock from its start: nobody else writes meanwhile.
        What appends no evidence may do without on PostgreSQL, if it locks the rows it changes and
        waits for none while it holds another. Raises `ServiceUnavailable` and `StorageFull`; no
        driver error, with its SQL, gets out."""
        with _errors_translated(), self.engine.begin() as connection:
            if postgresql.is_spoken(connection):
                postgresql.enter(connection, self.customer, exclusive=exclusive)
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent snapshot. Raises like `write`."""
        if self.engine.dialect.name == "sqlite":
            reading = self.engine.execution_options(**{_READ_ONLY: True})
        else:
            reading = self.engine.execution_options(**postgresql.READ_ONLY)
        with _errors_translated(), reading.begin() as connection:
            if postgresql.is_spoken(connection):
                postgresql.enter(connection, self.customer, exclusive=False)
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


def open_database(url: str, owner_url: str | None = None, *, upgrading: bool = True) -> Database:
    """Connect, create what is missing and upgrade the schema; several processes may start at
    once. On PostgreSQL `owner_url` names the role that owns the tables, where that is not the one
    that uses them. Without `upgrading` nothing is changed, and the database must be there. Raises
    `ConfigurationError`, `UpgradeDue`, `ServiceUnavailable`, `StorageFull`."""
    parsed = _parsed(url)
    if upgrading and owner_url is not None:
        _upgrade_as_owner(_parsed(owner_url), user=str(parsed.username))
    engine = _engine(parsed)
    database = Database(engine)
    try:
        if upgrading:
            with _schema_lock(parsed), database.write() as connection:
                postgresql.check_role(connection)
                upgrade_schema(connection)
        else:
            with database.read() as connection:
                postgresql.check_role(connection)
                require_schema(connection)
    except BaseException:
        engine.dispose()
        raise
    # Whoever lets go of it need not remember to close it: Python 3.13 warns of open connections.
    weakref.finalize(database, engine.dispose)
    return database


def describe_server(database: Database) -> postgresql.ServerFacts | None:
    """None where there is no server. Raises `ServiceUnavailable`."""
    with database.read() as connection:
        return postgresql.describe(connection) if postgresql.is_spoken(connection) else None


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError:
        raise _unusable() from None


def _engine(url: URL) -> Engine:
    options = postgresql.engine_options(url) if postgresql.is_meant(url) else {}
    try:
        engine = create_engine(url, hide_parameters=True, **options)
    except (ArgumentError, NoSuchModuleError, ImportError):
        raise _unusable() from None
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine, url)
    else:
        event.listen(engine, "connect", postgresql.set_up)
    return engine


def _unusable() -> ConfigurationError:
    return ConfigurationError(
        "DECKNAME_DATABASE_URL is no SQLAlchemy URL for SQLite or PostgreSQL, or its driver is not"
        " installed"
    )


def _upgrade_as_owner(url: URL, user: str) -> None:
    if not postgresql.is_meant(url):
        raise ConfigurationError("DECKNAME_DATABASE_OWNER_URL: only PostgreSQL has owners")
    engine = _engine(url)
    try:
        with _errors_translated(), engine.begin() as connection:
            postgresql.enter(connection, None, exclusive=True)
            upgrade_schema(connection)
            postgresql.grant(connection, user)
    finally:
        engine.dispose()


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
    except NoConnectionFree:
        raise ServiceUnavailable("the database is busy: nothing was changed; try again") from None
    except DBAPIError as error:
        raise _translated(error) from None
    except StatementError as error:
        # A value that a column type refused: its own message, without the statement.
        raise (error.orig or error) from None


def _translated(error: DBAPIError) -> DecknameError:
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    state = getattr(error.orig, "sqlstate", None)
    if code == sqlite3.SQLITE_FULL or state == postgresql.DISK_FULL:
        return StorageFull("the database has no room left: nothing was changed; free some")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) or state in postgresql.BUSY:
        return ServiceUnavailable("the database is busy: nothing was changed; try again")
    if isinstance(error, OperationalError) and not code and state is None:
        return ServiceUnavailable("the database does not answer: nothing was changed; try again")
    return ServiceUnavailable(
        f"the database failed ({type(error.orig).__name__}): nothing was changed"
    )
