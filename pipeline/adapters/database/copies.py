"""All rows of a PostgreSQL store into an SQLite file, and back: what a backup of it is made of.

So a backup is the same file whatever the database is, and is restored to either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, delete, event, insert, select, text

from pipeline.adapters.database.engine import Database
from pipeline.adapters.database.schema import upgrade_schema
from pipeline.adapters.database.tables import (
    audit_log,
    customers,
    leases,
    metadata,
    store_mark,
    watermarks,
)
from pipeline.domain.errors import Conflict

_BATCH = 500


class PostgresqlCopies:
    """`opened` connects to the server: a backup may be made of a store that is not looked at
    otherwise. Every method raises `ServiceUnavailable`."""

    def __init__(self, opened: Callable[[], Database]) -> None:
        self._opened = opened

    def write(self, path: Path) -> None:
        """One consistent view of the server's rows into the empty file `path`."""
        with (
            closing(self._opened()) as server,
            _sqlite(path) as engine,
            server.read() as source,
            engine.begin() as target,
        ):
            upgrade_schema(target)
            _copy(source, target)

    def read(self, path: Path) -> None:
        """The rows of the file `path` into the server, in one transaction. Raises `Conflict` where
        it holds a store."""
        with (
            closing(self._opened()) as server,
            _sqlite(path) as engine,
            engine.begin() as source,
            server.write() as target,
        ):
            if not _is_empty(target):
                raise Conflict(
                    "the database of DECKNAME_DATABASE_URL holds a store: name an empty one;"
                    " nothing was changed"
                )
            for table in (leases, store_mark, watermarks):
                target.execute(delete(table))  # left by a first start
            _copy(source, target)
            _count_on(target)

    def is_empty(self) -> bool:
        """Whether the server holds no store yet."""
        with closing(self._opened()) as server, server.read() as connection:
            return _is_empty(connection)


def _is_empty(connection: Connection) -> bool:
    return not any(
        connection.execute(select(table).limit(1)).first() for table in (customers, audit_log)
    )


def _copy(source: Connection, target: Connection) -> None:
    for table in metadata.sorted_tables:
        query = select(table).execution_options(yield_per=_BATCH)
        with source.execute(query) as rows:
            for batch in rows.mappings().partitions():
                target.execute(insert(table), [dict(row) for row in batch])


def _count_on(connection: Connection) -> None:
    """New rows get numbers behind those that came."""
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            name = f"'{table.name}', '{column.name}'"
            query = f"SELECT setval(pg_get_serial_sequence({name}), max(id)) FROM {table.name}"  # noqa: S608
            connection.execute(text(f"{query} HAVING max(id) IS NOT NULL"))


@contextmanager
def _sqlite(path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{path}", hide_parameters=True)
    event.listen(engine, "connect", _without_other_files)
    try:
        yield engine
    finally:
        engine.dispose()


def _without_other_files(connection: object, _record: object) -> None:
    """Nobody else reads it, and a copy that was cut short is thrown away."""
    connection.execute("PRAGMA journal_mode=MEMORY")  # type: ignore[attr-defined]
    connection.execute("PRAGMA temp_store=MEMORY")  # type: ignore[attr-defined]
