"""What the rows say: audio that should not open, content that is not sealed, a broken chain."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.domain.audit import GENESIS, AuditEvent, chain_hash
from pipeline.domain.errors import ServiceUnavailable
from pipeline.usecases.verification.findings import Finding, Grace

_CAP = timedelta(days=30)
_ENDED = "('stored', 'failed')"
_UNSEALED = (
    "SELECT {} FROM {} WHERE length(ciphertext) < 33 OR hex(substr(ciphertext, 1, 1)) <> '01'"
)

# A database that an older Deckname made and this one has not opened yet lacks tables and columns.
_NEWER = ("redaction_policies", "erased_at")
_IS_CURRENT = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'deletions'"

_QUERIES = (
    (
        "audio_key_beside_transcript",
        "SELECT call_id FROM audio_keys JOIN transcripts USING (call_id) WHERE kind <> 'retained'",
        "a transcript is stored and its audio can still be opened",
    ),
    (
        "audio_key_of_ended_call",
        "SELECT call_id FROM audio_keys JOIN calls ON calls.id = call_id"
        " WHERE status = 'failed' OR (status = 'stored' AND kind <> 'retained')",
        "the call has ended and its audio can still be opened",
    ),
    (
        "retained_without_consent",
        "SELECT call_id FROM audio_keys WHERE kind = 'retained' AND call_id NOT IN"
        " (SELECT call_id FROM consent_claims WHERE purpose = 'audio_retention')",
        "the audio is kept and nobody consented to it",
    ),
    (
        "audio_overdue",
        "SELECT call_id FROM audio_keys JOIN calls ON calls.id = call_id"
        " WHERE until <= :due OR (kind = 'day' AND received_at <= :cap)",
        "the audio's time is over and its key row is still there",
    ),
    (
        "known_parties_of_ended_call",
        "SELECT call_id FROM known_parties JOIN calls ON calls.id = call_id"
        " WHERE status IN ('stored', 'failed')",
        "what the push knew is kept after the call has ended",
    ),
    (
        "stored_without_transcript",
        "SELECT id FROM calls WHERE status = 'stored' AND erased_at IS NULL"
        " AND id NOT IN (SELECT call_id FROM transcripts)",
        "the call counts as stored and has no transcript",
    ),
    *(
        (
            "content_unsealed",
            _UNSEALED.format(owner, table),
            f"a row of {table} is not sealed",
        )
        for table, owner in (
            ("transcripts", "call_id"),
            ("vaults", "call_id"),
            ("known_parties", "call_id"),
            ("redaction_policies", "customer_id"),
        )
    ),
    (
        "key_of_closed_customer",
        "SELECT id FROM customers WHERE closed_at IS NOT NULL AND"
        " (length(wrapped_key) + length(wrapped_vault_key) + length(salt) > 0"
        " OR id IN (SELECT customer_id FROM api_keys))",
        "the customer is closed and has keys left",
    ),
    (
        "policy_of_closed_customer",
        "SELECT id FROM customers JOIN redaction_policies ON customer_id = id"
        " WHERE closed_at IS NOT NULL",
        "the customer is closed and its lists are still there",
    ),
)


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
            connection.execute("BEGIN")
            yield connection
    except sqlite3.DatabaseError as error:
        raise ServiceUnavailable(
            f"the database cannot be read ({error.sqlite_errorname}): it was not verified"
        ) from None


def verify_rows(connection: sqlite3.Connection, now: datetime, grace: Grace) -> Iterator[Finding]:
    """Every check that needs nothing but rows."""
    if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        yield Finding("database_damaged", "database", "SQLite finds the file damaged")
    moments = {"due": as_text(now - grace.sweep), "cap": as_text(now - _CAP - grace.sweep)}
    older = not connection.execute(_IS_CURRENT).fetchone()
    for check, query, detail in _QUERIES:
        if older and any(name in query for name in _NEWER):
            continue
        wanted = {name: text for name, text in moments.items() if f":{name}" in query}
        for (place,) in connection.execute(query, wanted):
            yield Finding(check, place, detail)
    yield from _beyond_consent(connection)
    yield from _chain(connection)


def as_text(moment: datetime) -> str:
    """As the database writes moments."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _beyond_consent(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Retained audio whose end is later than the longest consent allows."""
    query = (
        "SELECT call_id, received_at, until,"
        " max(coalesce(duration_seconds, :cap)) AS longest"
        " FROM audio_keys JOIN calls ON calls.id = call_id"
        " JOIN consent_claims USING (call_id)"
        " WHERE kind = 'retained' AND purpose = 'audio_retention' GROUP BY call_id"
    )
    for call_id, received_at, until, longest in connection.execute(
        query, {"cap": _CAP.total_seconds()}
    ):
        allowed = datetime.fromisoformat(received_at) + timedelta(seconds=longest)
        if datetime.fromisoformat(until) > allowed:
            yield Finding(
                "retained_beyond_consent", call_id, "the audio is kept longer than consented"
            )


def _chain(connection: sqlite3.Connection) -> Iterator[Finding]:
    previous = GENESIS
    query = (
        "SELECT position, name, at, call_id, customer_id, facts, previous, hash"
        " FROM audit_log ORDER BY position"
    )
    for count, row in enumerate(connection.execute(query), start=1):
        position, name, at, call_id, customer_id, facts, stated, digest = row
        try:
            moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
            event = AuditEvent(name, moment, call_id, customer_id, json.loads(facts))
            whole = chain_hash(previous, event) == digest
        except (ValueError, TypeError):
            whole = False
        if not whole or stated != previous or position != count:
            yield Finding("audit_chain_broken", f"entry {count}", "the entry does not follow")
            return
        previous = digest
