"""Which entries of the deletion ledger a database knows, inside an open transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, select

from pipeline.adapters.database.call_rows import ID_BATCH
from pipeline.adapters.database.tables import (
    calls,
    consent_entries,
    customers,
    deletions,
    legal_holds,
)
from pipeline.domain.deletion import LedgerEntry
from pipeline.domain.ledger import Kind, consent_in, held_by


def among(connection: Connection, entries: Sequence[LedgerEntry]) -> set[str]:
    """Ids of those that are known. A deletion that has begun is known."""
    told = [entry.id for entry in entries if entry.kind == Kind.RECEIPT]
    known: set[str] = set()
    for start in range(0, len(told), ID_BATCH):
        batch = told[start : start + ID_BATCH]
        known.update(connection.scalars(select(deletions.c.id).where(deletions.c.id.in_(batch))))
    known.update(_others(connection, entries))
    return known


def has_customer(connection: Connection, customer_id: str) -> bool:
    """Whether there is such a customer, open or closed."""
    query = select(customers.c.id).where(customers.c.id == customer_id)
    return connection.execute(query).first() is not None


def has_consent(connection: Connection, entry: LedgerEntry) -> bool:
    """Whether the register has what the entry tells. Raises `SealBroken`."""
    told = consent_in(entry)
    query = select(consent_entries.c.id).where(
        consent_entries.c.call_id == told.call_id,
        consent_entries.c.purpose == told.purpose.value,
        consent_entries.c.act == told.act.value,
        consent_entries.c.at == told.at,
    )
    return connection.execute(query.limit(1)).first() is not None


def bears_mark(connection: Connection, entry: LedgerEntry) -> bool | None:
    """Whether the call stands as the entry says, or was marked after it; None where there is
    no such call."""
    columns = select(calls.c.restricted_at, calls.c.objected_at, calls.c.erased_at)
    row = connection.execute(columns.where(calls.c.id == entry.call_id)).first()
    if row is None:
        return None
    if row.erased_at is not None:
        return True
    if entry.kind == Kind.OBJECT:
        return row.objected_at is not None
    if entry.kind == Kind.RESTRICT:
        return row.restricted_at is not None
    return row.restricted_at is None or bool(row.restricted_at > entry.at)


def _others(connection: Connection, entries: Sequence[LedgerEntry]) -> Iterator[str]:
    superseded = _superseded(entries)
    for entry in entries:
        if entry.id in superseded or _is_known(connection, entry):
            yield entry.id


def _is_known(connection: Connection, entry: LedgerEntry) -> bool:
    if entry.kind == Kind.CONSENT:
        return has_consent(connection, entry)
    if entry.kind == Kind.HOLD:
        return _has_hold(connection, entry)
    if entry.kind == Kind.RELEASE:
        return _has_hold(connection, entry, legal_holds.c.released_at.is_not(None))
    if entry.kind in (Kind.RESTRICT, Kind.LIFT, Kind.OBJECT):
        return bool(bears_mark(connection, entry))
    return entry.kind != Kind.RECEIPT


def _has_hold(connection: Connection, entry: LedgerEntry, *conditions: ColumnElement[bool]) -> bool:
    query = select(legal_holds.c.id).where(legal_holds.c.id == held_by(entry), *conditions)
    return connection.execute(query).first() is not None


def _superseded(entries: Sequence[LedgerEntry]) -> set[str]:
    """A restriction that was lifted later, and the other way round."""
    last: dict[str | None, str] = {}
    found = set()
    for entry in entries:
        if entry.kind in (Kind.RESTRICT, Kind.LIFT):
            if entry.call_id in last:
                found.add(last[entry.call_id])
            last[entry.call_id] = entry.id
    return found
