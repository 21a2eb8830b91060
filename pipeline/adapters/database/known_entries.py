"""Which entries of the deletion ledger a database knows, inside an open transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, select

from pipeline.adapters.database import retention
from pipeline.adapters.database.call_rows import ID_BATCH
from pipeline.adapters.database.tables import (
    api_keys,
    calls,
    consent_entries,
    customers,
    deletions,
    legal_holds,
    rights_requests,
)
from pipeline.domain.deletion import LedgerEntry
from pipeline.domain.ids import CustomerId
from pipeline.domain.ledger import (
    LIFTS,
    MARKS,
    Kind,
    answered_by,
    consent_in,
    deletion_in,
    held_by,
    key_hash_in,
    retention_in,
    token_in,
)
from pipeline.domain.retention_policy import restored_policy


def among(connection: Connection, entries: Sequence[LedgerEntry]) -> set[str]:
    """Ids of those that are known. A deletion that has begun is known."""
    told = {entry.id: entry.id for entry in entries if entry.kind == Kind.RECEIPT}
    told |= {entry.id: deletion_in(entry).id for entry in entries if entry.kind == Kind.DELETED}
    begun = _begun(connection, sorted(set(told.values())))
    known = {entry_id for entry_id, deletion_id in told.items() if deletion_id in begun}
    known.update(entry.id for entry in entries if _is_known(connection, entry))
    return known


def _begun(connection: Connection, ids: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(ids), ID_BATCH):
        batch = ids[start : start + ID_BATCH]
        found.update(connection.scalars(select(deletions.c.id).where(deletions.c.id.in_(batch))))
    return found


def has_deletion(connection: Connection, deletion_id: str) -> bool:
    """Whether it has begun, or ended."""
    return bool(_begun(connection, [deletion_id]))


def saw_claim(connection: Connection, entry: LedgerEntry) -> bool:
    """Whether the entry awaits its commit, and this database saw the claim that it was part of: it
    is not older, so what it lacks was never committed."""
    token = token_in(entry)
    claimed = select(calls.c.token).where(calls.c.id == entry.call_id)
    return token is not None and (connection.scalar(claimed) or 0) >= token


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
    since = calls.c[MARKS[entry.kind].value].label("since")
    columns = select(since, calls.c.erased_at).where(calls.c.id == entry.call_id)
    row = connection.execute(columns).first()
    if row is None:
        return None
    if row.erased_at is not None:
        return True
    if entry.kind in LIFTS:
        return row.since is None or bool(row.since > entry.at)
    return row.since is not None


def keeps_rule(connection: Connection, entry: LedgerEntry) -> bool:
    """Whether the customer is closed, or its rule keeps nothing longer than the one told. Raises
    `SealBroken`."""
    told = retention_in(entry)
    if _is_closed(connection, entry.customer_id):
        return True
    here = retention.read(connection, CustomerId(entry.customer_id))
    return restored_policy(here, told) == here


def has_api_key(connection: Connection, entry: LedgerEntry) -> bool:
    """Whether the customer is closed, or has the key told. Raises `SealBroken`."""
    told = key_hash_in(entry)
    held = select(api_keys.c.key_hash).where(api_keys.c.customer_id == entry.customer_id)
    return _is_closed(connection, entry.customer_id) or connection.scalar(held) == told


def has_request(
    connection: Connection, entry: LedgerEntry, *conditions: ColumnElement[bool]
) -> bool:
    """Whether the request that the entry opens or closes is here."""
    own = rights_requests.c.id == answered_by(entry)
    query = select(rights_requests.c.id).where(own, *conditions)
    return connection.execute(query).first() is not None


def _is_closed(connection: Connection, customer_id: str) -> bool:
    query = select(customers.c.closed_at).where(customers.c.id == customer_id)
    return connection.scalar(query) is not None


def _is_known(connection: Connection, entry: LedgerEntry) -> bool:
    if entry.kind == Kind.CONSENT:
        return has_consent(connection, entry)
    if entry.kind == Kind.HOLD:
        return _has_hold(connection, entry)
    if entry.kind == Kind.RELEASE:
        return _has_hold(connection, entry, legal_holds.c.released_at.is_not(None))
    if entry.kind == Kind.REQUEST:
        return has_request(connection, entry)
    if entry.kind == Kind.ANSWER:
        return has_request(connection, entry, rights_requests.c.closed_at.is_not(None))
    if entry.kind in MARKS:
        return bool(bears_mark(connection, entry))
    if entry.kind == Kind.RETENTION:
        return keeps_rule(connection, entry)
    if entry.kind == Kind.API_KEY:
        return has_api_key(connection, entry)
    return entry.kind not in (Kind.RECEIPT, Kind.DELETED)


def _has_hold(connection: Connection, entry: LedgerEntry, *conditions: ColumnElement[bool]) -> bool:
    query = select(legal_holds.c.id).where(legal_holds.c.id == held_by(entry), *conditions)
    return connection.execute(query).first() is not None
