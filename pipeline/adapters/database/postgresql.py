"""What PostgreSQL needs: sessions that end, row-level security, and one writer of evidence.

Every transaction says for whom it is made (`deckname.customer`); the policies of migration 0007
show rows of that customer only, or all for `*`, or none where nothing was said. SQLite has one
writer at a time, and what is written here relies on it; so has PostgreSQL, by an advisory lock,
but for what claims calls and keeps leases (decision 0017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, URL, BigInteger, Connection, String, bindparam, text

from pipeline.domain.errors import ConfigurationError
from pipeline.domain.ids import CustomerId

ALL = "*"
"""No customer has this id."""
APPEND_ONLY = frozenset({"audit_log", "consent_entries"})
"""Whoever uses the tables, but does not own them, may add rows to these and change none; what is
over goes by `drop_entries` and `drop_consents`."""
_FUNCTIONS = (
    "deckname_chain_head()",
    "deckname_drop_entries(bigint[])",
    "deckname_drop_consents(varchar[])",
)
READ_ONLY = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

DISK_FULL = "53100"
BUSY = frozenset({"55P03", "57014", "40001", "40P01", "53300"})
"""A lock or a statement took too long, two waited for each other, no connection is left."""

_WRITE_LOCK = 0x61756474  # any constant: the name of the advisory lock
_SESSION = {
    "lock_timeout": "30s",
    "statement_timeout": "60s",
    # Who holds the write lock and went silent without closing the connection.
    "idle_in_transaction_session_timeout": "60s",
}
_DROP_ENTRIES = text("SELECT deckname_drop_entries(:going)").bindparams(
    bindparam("going", type_=ARRAY(BigInteger))
)
_DROP_CONSENTS = text("SELECT deckname_drop_consents(:ended)").bindparams(
    bindparam("ended", type_=ARRAY(String))
)
_ENTER = text("SELECT set_config('deckname.customer', :customer, true)")
_ENTER_ALONE = text(
    "SELECT set_config('deckname.customer', :customer, true), pg_advisory_xact_lock(:lock)"
)


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """`version` is like 16.4; `owns_tables` is of the role that is connected."""

    version: str
    owns_tables: bool
    is_durable: bool


def describe(connection: Connection) -> ServerFacts:
    """Of the server at the other end."""
    query = (
        "SELECT split_part(current_setting('server_version'), ' ', 1), pg_has_role((SELECT"
        " tableowner FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'calls'),"
        " 'USAGE'), current_setting('fsync') = 'on'"
    )
    return ServerFacts(*connection.execute(text(query)).one())


def is_meant(url: URL) -> bool:
    """Whether `url` is one of PostgreSQL."""
    return url.get_backend_name() == "postgresql"


def is_spoken(connection: Connection) -> bool:
    """Whether PostgreSQL is at the other end."""
    return connection.dialect.name == "postgresql"


def engine_options(url: URL) -> dict[str, Any]:
    """For `create_engine`. What the URL itself says wins. Raises `ConfigurationError` for another
    driver than psycopg 3."""
    if url.drivername != "postgresql+psycopg":
        raise ConfigurationError(
            "DECKNAME_DATABASE_URL: write postgresql+psycopg://USER@HOST/DATABASE"
        )
    wanted: dict[str, Any] = {
        "application_name": "deckname",
        "connect_timeout": 10,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
    }
    return {
        "pool_pre_ping": True,  # a connection that died while it waited is replaced
        "pool_size": 5,
        "max_overflow": 25,
        "connect_args": {name: wanted[name] for name in wanted if name not in url.query},
    }


def set_up(connection: Any, _record: Any) -> None:
    """A new connection: nothing waits for ever, and a commit is durable where the server's own
    default says that it is not."""
    connection.autocommit = True
    pairs = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in _SESSION.items())
    connection.execute(f"SELECT {pairs}")
    connection.execute(
        "SELECT set_config('synchronous_commit', 'on', false)"
        " WHERE current_setting('synchronous_commit') = 'off'"
    )
    connection.autocommit = False


def enter(connection: Connection, customer: CustomerId | None, *, exclusive: bool) -> None:
    """Say for whom the transaction that has just begun is made; then, if `exclusive`, wait until
    no other such transaction is open."""
    chosen: dict[str, Any] = {"customer": ALL if customer is None else customer}
    if exclusive:
        connection.execute(_ENTER_ALONE, chosen | {"lock": _WRITE_LOCK})
    else:
        connection.execute(_ENTER, chosen)


def one_at_a_time(connection: Connection, lock: int) -> None:
    """Wait until no other transaction has asked for the same `lock`. SQLite has but one writer."""
    if is_spoken(connection):
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})


def drop_entries(connection: Connection, positions: Sequence[int]) -> None:
    """Remove entries of the audit log: the last one must be the anchor that tells of it."""
    connection.execute(_DROP_ENTRIES, {"going": list(positions)})


def drop_consents(connection: Connection, call_ids: Sequence[str]) -> None:
    """Remove the consents of ended calls; those of others stay."""
    connection.execute(_DROP_CONSENTS, {"ended": list(call_ids)})


def check_role(connection: Connection) -> None:
    """Raises `ConfigurationError` where row-level security would not hold for this role."""
    if not is_spoken(connection):
        return
    query = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    if connection.scalar(text(query)):
        raise ConfigurationError(
            "the role of DECKNAME_DATABASE_URL is a superuser or has BYPASSRLS, and would see the"
            " calls of all customers in every query: use a role of its own, see"
            " docs/how-to/postgresql.md"
        )


def check_owner(connection: Connection) -> None:
    """Before the schema is upgraded, which may take its time. Raises `ConfigurationError` where
    this role may not."""
    if not is_spoken(connection):
        return
    query = (
        "SELECT has_schema_privilege(current_schema(), 'CREATE') AND pg_has_role(coalesce(("
        "SELECT tableowner FROM pg_tables WHERE schemaname = current_schema()"
        " AND tablename = 'alembic_version'), current_user), 'USAGE')"
    )
    if not connection.scalar(text(query)):
        raise ConfigurationError(
            "the tables are to be made or upgraded, and the role of DECKNAME_DATABASE_URL may not:"
            " let DECKNAME_DATABASE_OWNER_URL name the role that owns them"
        )
    connection.execute(text("SET LOCAL statement_timeout = 0"))


def grant(connection: Connection, user: str) -> None:
    """Let `user` use the tables that the role of `connection` owns: no more than it needs."""
    quote = connection.dialect.identifier_preparer.quote
    role, schema = quote(user), quote(str(connection.scalar(text("SELECT current_schema()"))))
    query = text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    connection.execute(text(f"GRANT USAGE ON SCHEMA {schema} TO {role}"))
    for function in _FUNCTIONS:
        connection.execute(text(f"GRANT EXECUTE ON FUNCTION {function} TO {role}"))
    connection.execute(text(f"GRANT USAGE, UPDATE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}"))
    for table in sorted(connection.scalars(query)):
        rights = "SELECT, INSERT, UPDATE, DELETE"
        if table == "alembic_version":
            rights = "SELECT"
        elif table in APPEND_ONLY:
            rights = "SELECT, INSERT"
        connection.execute(text(f"GRANT {rights} ON {quote(table)} TO {role}"))
