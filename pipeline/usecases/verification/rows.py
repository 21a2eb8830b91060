"""How the verifier reads rows: SQLite from its file, PostgreSQL over a connection of its own. Both
give one consistent view that changes nothing, and moments as the same text."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol

from pipeline.domain.errors import ServiceUnavailable
from pipeline.usecases.verification.findings import Finding, Server

Wanted = Mapping[str, Any] | Sequence[Any]
Kind = Literal["sqlite", "postgresql"]


class Answers(Protocol):
    """Rows of a query: all, or the next."""

    def __iter__(self) -> Iterator[Any]: ...

    def fetchone(self) -> Any:
        """None where there is no other."""
        ...


class Rows(Protocol):
    """Values stand for `?` or `:name` in a query."""

    @property
    def kind(self) -> Kind:
        """Whose SQL a query is to be written in."""
        ...

    def execute(self, query: str, wanted: Wanted = ()) -> Answers:
        """All rows of a query."""
        ...

    def stream(self, query: str) -> AbstractContextManager[Answers]:
        """Rows that do not fit into memory together."""
        ...

    def reads(self, query: str, wanted: Wanted = ()) -> bool:
        """Whether the schema has what `query` asks about: an older one lacks tables, columns."""
        ...

    def oddities(self, tables: Collection[str]) -> Iterator[Finding]:
        """What is wrong with the schema itself, where `tables` are all that there may be."""
        ...

    def holding(self, values: Collection[bytes]) -> Iterator[str]:
        """Tables in whose rows any of `values` is; none for a file, whose bytes are searched."""
        ...


@contextmanager
def snapshot(database: Path | Server) -> Iterator[Rows | None]:
    """One consistent view, read-only; None where there is no file. Raises
    `ServiceUnavailable`."""
    if isinstance(database, Server):
        from pipeline.usecases.verification.postgresql_rows import postgresql_snapshot

        with postgresql_snapshot(database) as rows:
            yield rows
        return
    if not database.exists():
        yield None
        return
    address = f"{database.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
            # What a query sorts stays in memory: a temporary file would be one more place.
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("BEGIN")
            yield _SqliteRows(connection)
    except sqlite3.DatabaseError as error:
        raise ServiceUnavailable(
            f"the database cannot be read ({error.sqlite_errorname}): it was not verified"
        ) from None


class _SqliteRows:
    """See `Rows` for every method."""

    kind: Kind = "sqlite"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, query: str, wanted: Wanted = ()) -> Answers:
        return self._connection.execute(query, wanted)

    @contextmanager
    def stream(self, query: str) -> Iterator[Answers]:
        yield self._connection.execute(query)

    def reads(self, query: str, wanted: Wanted = ()) -> bool:
        try:
            self._connection.execute(f"EXPLAIN {query}", wanted)
        except sqlite3.OperationalError as error:
            if str(error).startswith(("no such table", "no such column")):
                return False
            raise
        return True

    def oddities(self, tables: Collection[str]) -> Iterator[Finding]:
        if self._connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            yield Finding("database_damaged", "database", "SQLite finds the file damaged")
        query = "SELECT type, name, rowid FROM sqlite_master"
        for kind, name, number in self._connection.execute(query):
            ours = name in tables or name.startswith("sqlite_")
            if kind in ("view", "trigger") or (kind == "table" and not ours):
                place = f"schema entry {number}"
                detail = f"there is a {kind} that belongs to no class"
                yield Finding("table_unknown", place, detail)

    def holding(self, values: Collection[bytes]) -> Iterator[str]:
        yield from ()
