"""What the rows say: audio that should not open, content that outlived its rule or is not sealed,
deletions without an end. Older schemas are read as far as they go."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.domain.errors import ServiceUnavailable
from pipeline.usecases.verification.findings import Finding, Grace, Looked, as_text, from_text
from pipeline.usecases.verification.row_checks import CHECKS, RowCheck

CAP = timedelta(days=30)
_CURRENT = "0007"
"""The schema that every check here can read."""

TABLES: Mapping[str, str] = {
    "alembic_version": "operation",
    "api_keys": "customer",
    "audio_keys": "raw_audio",
    "audit_log": "evidence",
    "calls": "record",
    "consent_claims": "record",
    "consent_entries": "evidence",
    "consent_quotes": "transcript",
    "customers": "customer",
    "deletions": "evidence",
    "index_secrets": "customer",
    "known_parties": "intake",
    "leases": "operation",
    "legal_holds": "evidence",
    "outbox": "delivery",
    "redaction_policies": "customer",
    "retention_policies": "customer",
    "rights_requests": "evidence",
    "store_mark": "operation",
    "subject_index": "transcript",
    "transcripts": "transcript",
    "vaults": "transcript",
    "watermarks": "operation",
}
"""The class of every table there may be; the verifier's own list."""


@contextmanager
def snapshot(database: Path) -> Iterator[sqlite3.Connection | None]:
    """One consistent view, read-only; None where there is no database. Raises
    `ServiceUnavailable`."""
    if not database.exists():
        yield None
        return
    address = f"{database.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
            # What a query sorts stays in memory: a temporary file would be one more place.
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("BEGIN")
            yield connection
    except sqlite3.DatabaseError as error:
        raise ServiceUnavailable(
            f"the database cannot be read ({error.sqlite_errorname}): it was not verified"
        ) from None


def verify_rows(
    rows: sqlite3.Connection, now: datetime, grace: Grace, since: str | None, looked: Looked
) -> Iterator[Finding]:
    """Every check that needs nothing but one query. `since` is when the first deletion that is
    known of began, as the database writes moments."""
    if rows.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        yield Finding("database_damaged", "database", "SQLite finds the file damaged")
    yield from _unknown_tables(rows)
    moments: dict[str, Any] = {
        "now": as_text(now),
        "due": as_text(now - grace.sweep),
        "acted": as_text(now - grace.unlink),
        "unfinished": as_text(now - grace.receipt),
        "since": since,
        "cap": CAP.total_seconds(),
    }
    current = _is_current(rows)
    for check in CHECKS:
        wanted = {name: value for name, value in moments.items() if f":{name}" in check.query}
        if reads(rows, check.query, wanted):
            yield from answers(rows, check, wanted, now)
        elif current:
            yield Finding("schema_incomplete", check.check, "what this check reads is not there")
    for table in TABLES:
        if reads(rows, query := f"SELECT count(*) FROM {table}"):  # noqa: S608
            looked[table] = rows.execute(query).fetchone()[0]


def reads(rows: sqlite3.Connection, query: str, wanted: Mapping[str, Any] | None = None) -> bool:
    """Whether the schema has what `query` asks about: an older one lacks tables and columns."""
    try:
        rows.execute(f"EXPLAIN {query}", wanted or {})
    except sqlite3.OperationalError as error:
        if str(error).startswith(("no such table", "no such column")):
            return False
        raise
    return True


def answers(
    rows: sqlite3.Connection, check: RowCheck, wanted: Mapping[str, Any], now: datetime
) -> Iterator[Finding]:
    """The findings of one check; what `wanted` names are the moments of its query."""
    for place, *since in rows.execute(check.query, wanted):
        late = (now - from_text(since[0])).total_seconds() if since and since[0] else 0.0
        yield Finding(check.check, str(place), check.detail, max(late, 0.0))


def _is_current(rows: sqlite3.Connection) -> bool:
    query = "SELECT max(version_num) FROM alembic_version"
    version = rows.execute(query).fetchone()[0] if reads(rows, query) else None
    return version is not None and version >= _CURRENT


def _unknown_tables(rows: sqlite3.Connection) -> Iterator[Finding]:
    """Tables of no class; views and triggers, which could copy content, are never ours."""
    for kind, name, number in rows.execute("SELECT type, name, rowid FROM sqlite_master"):
        ours = name in TABLES or name.startswith("sqlite_")
        if kind in ("view", "trigger") or (kind == "table" and not ours):
            place = f"schema entry {number}"
            yield Finding("table_unknown", place, f"there is a {kind} that belongs to no class")
