"""Evidence that outlived its time: what proves something is kept for some years after that ended,
and no longer."""

# ruff: noqa: S608 - every name in a query is a constant of this file

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from pipeline.usecases.verification.findings import Finding, Grace, as_text
from pipeline.usecases.verification.in_database import answers
from pipeline.usecases.verification.ledger import Ledger
from pipeline.usecases.verification.row_checks import DIALECTS, Dialect, RowCheck
from pipeline.usecases.verification.rows import Kind, Rows

LEAST_LIFE = timedelta(days=3 * 365)
"""What is younger may be missing nowhere, whatever the settings say."""

_CHECK = "evidence_overdue"
_ENDED = "coalesce(erased_at, closed_at)"
_YOUNG = "SELECT {0} FROM deletions WHERE {0} IS NOT NULL AND (done_at IS NULL OR done_at > :over)"
_OF_NOTHING = (
    "(call_id IS NOT NULL AND call_id NOT IN (SELECT id FROM calls) OR call_id IS NULL"
    " AND customer_id IS NOT NULL AND customer_id NOT IN (SELECT id FROM customers){})"
)


def _over(
    in_: Dialect, table: str, detail: str, end: str, where: str = "TRUE", of: str = ""
) -> RowCheck:
    since = in_.after(end, ":life")
    query = f"SELECT {table}.id, {since} FROM {table} {of} WHERE {end} <= :over AND {where}"
    return RowCheck(_CHECK, detail, query)


def _checks(in_: Dialect) -> tuple[RowCheck, ...]:
    return (
        _over(
            in_,
            "calls",
            "the call was erased long ago and its tombstone is still there",
            _ENDED,
            f"calls.id NOT IN ({_YOUNG.format('call_id')})",
            "JOIN customers ON customers.id = calls.customer_id",
        ),
        _over(
            in_,
            "customers",
            "the customer was closed long ago and its row is still there",
            "closed_at",
            "id NOT IN (SELECT customer_id FROM calls)"
            f" AND id NOT IN ({_YOUNG.format('customer_id')})",
        ),
        _over(
            in_,
            "deletions",
            "what the receipt is about was never here, and its time is over",
            "done_at",
            _OF_NOTHING.format(""),
        ),
        _over(
            in_,
            "legal_holds",
            "the legal hold ended long ago and is still there",
            f"{in_.least}(coalesce(released_at, {in_.never}), coalesce(until, {in_.never}))",
        ),
        _over(
            in_,
            "rights_requests",
            "the request was answered long ago and is still there",
            "closed_at",
        ),
        RowCheck(
            _CHECK,
            "the audit log tells of what ended long ago",
            f"SELECT 'entry ' || position, {in_.after('at', ':life')} FROM audit_log"
            " WHERE at <= :over AND"
            f" {_OF_NOTHING.format(' OR coalesce(call_id, customer_id) IS NULL')}"
            " AND position <> coalesce((SELECT max(position) FROM audit_log"
            " WHERE name = 'audit_pruned'), 0) ORDER BY audit_log.position LIMIT 1",
        ),
    )


CHECKS: Mapping[Kind, tuple[RowCheck, ...]] = {
    kind: _checks(dialect) for kind, dialect in DIALECTS.items()
}
"""By the kind of database. Of the audit log the first such entry is enough."""


def verify_evidence(rows: Rows, ledger: Ledger, now: datetime, grace: Grace) -> Iterator[Finding]:
    """Rows of all kinds, and the first line of the ledger, which is the oldest."""
    over = now - grace.evidence - grace.pruning
    wanted: dict[str, Any] = {"over": as_text(over), "life": grace.evidence.total_seconds()}
    for check in CHECKS[rows.kind]:
        if rows.reads(check.query, wanted):
            yield from answers(rows, check, wanted, now)
    yield from _in_ledger(ledger, over, now, grace)


def _in_ledger(ledger: Ledger, over: datetime, now: datetime, grace: Grace) -> Iterator[Finding]:
    try:
        told = datetime.fromisoformat(ledger.first_told or "")
        late = (now - grace.evidence - told).total_seconds()
        overdue = told <= over
    except (ValueError, TypeError):  # none, or one that does not follow: that is told of
        return
    if overdue:
        place = f"line {1 + ledger.shortened}"
        yield Finding("evidence_overdue", place, "the ledger tells of what ended long ago", late)
