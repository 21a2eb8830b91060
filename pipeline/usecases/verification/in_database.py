"""What the rows say: audio that should not open, content that outlived its rule or is not sealed,
deletions without an end. Older schemas are read as far as they go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from pipeline.usecases.verification.findings import Finding, Grace, Looked, as_text, from_text
from pipeline.usecases.verification.row_checks import CHECKS, RowCheck
from pipeline.usecases.verification.rows import Rows

CAP = timedelta(days=30)
_CURRENT = "0008"
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


def verify_rows(
    rows: Rows, now: datetime, grace: Grace, since: str | None, looked: Looked
) -> Iterator[Finding]:
    """Every check that needs nothing but one query. `since` is when the first deletion that is
    known of began, as the database writes moments."""
    yield from rows.oddities(TABLES)
    moments: dict[str, Any] = {
        "now": as_text(now),
        "due": as_text(now - grace.sweep),
        "acted": as_text(now - grace.unlink),
        "unfinished": as_text(now - grace.receipt),
        "since": since,
        "cap": CAP.total_seconds(),
        "sealed": b"\1",
    }
    current = _is_current(rows)
    for check in CHECKS[rows.kind]:
        wanted = {name: value for name, value in moments.items() if f":{name}" in check.query}
        if rows.reads(check.query, wanted):
            yield from answers(rows, check, wanted, now)
        elif current:
            yield Finding("schema_incomplete", check.check, "what this check reads is not there")
    for table in TABLES:
        if rows.reads(query := f"SELECT count(*) FROM {table}"):  # noqa: S608
            looked[table] = rows.execute(query).fetchone()[0]


def answers(
    rows: Rows, check: RowCheck, wanted: Mapping[str, Any], now: datetime
) -> Iterator[Finding]:
    """The findings of one check; what `wanted` names are the moments of its query."""
    for place, *since in rows.execute(check.query, wanted):
        late = (now - from_text(since[0])).total_seconds() if since and since[0] else 0.0
        yield Finding(check.check, str(place), check.detail, max(late, 0.0))


def _is_current(rows: Rows) -> bool:
    query = "SELECT max(version_num) FROM alembic_version"
    version = rows.execute(query).fetchone()[0] if rows.reads(query) else None
    return version is not None and version >= _CURRENT
