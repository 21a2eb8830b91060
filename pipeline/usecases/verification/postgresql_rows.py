"""The verifier's own reader of PostgreSQL: psycopg alone, one read-only transaction, and a look at
what the server itself could do with rows: show them to others, or copy them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from itertools import count

import psycopg
from psycopg import ClientCursor, Connection, IsolationLevel
from psycopg.adapt import Loader

from pipeline.domain.errors import ServiceUnavailable
from pipeline.usecases.verification.findings import Finding, Server
from pipeline.usecases.verification.rows import Answers, Kind, Wanted

_NAMED = re.compile(r"(?<![:\w]):([a-z_]+)")
_EVERYTHING = "SELECT set_config('deckname.customer', '*', false)"
_OPEN_TO_ALL = frozenset({"alembic_version", "leases", "store_mark", "watermarks"})
"""Tables that tell of no customer. All others show a transaction the rows of one."""

_RELATIONS = """
SELECT c.oid::bigint, c.relname, c.relkind::text, c.relnamespace = current_schema()::regnamespace,
    c.relrowsecurity AND c.relforcerowsecurity, (
        SELECT count(*) FILTER (WHERE p.permissive = 'PERMISSIVE' AND p.cmd = 'ALL'
            AND p.qual LIKE '%deckname.customer%' AND p.with_check = p.qual) - count(*) = 0
            AND count(*) = 1
        FROM pg_policies AS p WHERE p.schemaname = n.nspname AND p.tablename = c.relname)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT EXISTS (
        SELECT 1 FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
"""
_COPIERS = """
SELECT 'trigger', oid::bigint FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'rule', oid::bigint FROM pg_rewrite WHERE rulename <> '_RETURN'
    AND ev_class::regclass::text NOT LIKE 'pg\\_%'
UNION ALL SELECT 'publication', oid::bigint FROM pg_publication
"""
# All columns of a row, as bytes; a line feed apart.
_CONTENTS = r"""
SELECT quote_ident(table_name), string_agg(CASE data_type WHEN 'bytea'
    THEN format('coalesce(%1$I, '''') || ''\x0a''', column_name)
    ELSE format('convert_to(coalesce(%1$I::text, '''') || chr(10), ''UTF8'')', column_name) END,
    ' || ' ORDER BY ordinal_position)
FROM information_schema.columns WHERE table_schema = current_schema() GROUP BY table_name
ORDER BY table_name
"""
_KINDS = {"r": "table", "p": "table", "v": "view", "m": "materialised view", "f": "foreign table"}


@contextmanager
def postgresql_snapshot(server: Server) -> Iterator[PostgresqlRows]:
    """Raises `ServiceUnavailable`."""
    try:
        with psycopg.connect(
            server.address,
            autocommit=True,
            cursor_factory=ClientCursor,
            application_name="deckname verify",
        ) as connection:
            connection.adapters.register_loader("timestamp", _AsText)
            connection.execute("SELECT set_config('datestyle', 'ISO', false)")
            # Every policy shows all rows to whoever says so, and none to whoever says nothing.
            connection.execute(_EVERYTHING)
            connection.autocommit = False
            connection.isolation_level = IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            yield PostgresqlRows(connection)
            connection.rollback()
    except psycopg.Error as error:
        raise ServiceUnavailable(
            f"the database cannot be read ({type(error).__name__}): it was not verified"
        ) from None


class PostgresqlRows:
    """A `Rows`."""

    kind: Kind = "postgresql"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._numbers = count()

    def execute(self, query: str, wanted: Wanted = ()) -> Answers:
        """See `Rows.execute`."""
        return self._connection.execute(_as_psycopg(query, wanted), wanted or None)

    @contextmanager
    def stream(self, query: str) -> Iterator[Answers]:
        """See `Rows.stream`."""
        with self._connection.cursor(name=f"verify_{next(self._numbers)}") as cursor:
            cursor.itersize = 1000
            yield cursor.execute(query.encode())

    def reads(self, query: str, wanted: Wanted = ()) -> bool:
        """See `Rows.reads`."""
        try:
            with self._connection.transaction():
                self.execute(f"EXPLAIN {query}", wanted)
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
            return False
        return True

    def oddities(self, tables: Collection[str]) -> Iterator[Finding]:
        """See `Rows.oddities`."""
        for number, name, kind, here, forced, secured in self._connection.execute(_RELATIONS):
            place = f"schema entry {number}"
            if not here or name not in tables or _KINDS[kind] != "table":
                detail = f"there is a {_KINDS[kind]} that belongs to no class"
                yield Finding("table_unknown", place, detail)
            elif name not in _OPEN_TO_ALL and not (forced and secured):
                detail = f"the rows of {name} are shown to other customers"
                yield Finding("row_security_off", place, detail)
        for kind, number in self._connection.execute(_COPIERS):
            detail = f"there is a {kind} that belongs to no class"
            yield Finding("table_unknown", f"schema entry {number}", detail)

    def holding(self, values: Collection[bytes]) -> Iterator[str]:
        """See `Rows.holding`. What was deleted and is not vacuumed yet, nobody can ask for."""
        for table, content in self._connection.execute(_CONTENTS).fetchall():
            query = (
                f"SELECT EXISTS (SELECT 1 FROM {table}, unnest(%s::bytea[]) AS sought"  # noqa: S608
                f" WHERE position(sought IN {content}) > 0)"
            )
            row = self._connection.execute(query.encode(), (list(values),)).fetchone()
            if row == (True,):
                yield table


class _AsText(Loader):
    """Moments as SQLite has them: `2026-01-31 12:00:00.000000`."""

    def load(self, data: bytes | bytearray | memoryview) -> str:
        """Raises `ValueError` for infinity, which no row has."""
        return datetime.fromisoformat(bytes(data).decode()).isoformat(" ", "microseconds")


def _as_psycopg(query: str, wanted: Wanted) -> bytes:
    if not wanted:
        return query.encode()
    query = query.replace("%", "%%")
    if isinstance(wanted, Mapping):
        return _NAMED.sub(r"%(\1)s", query).encode()
    return query.replace("?", "%s").encode()
