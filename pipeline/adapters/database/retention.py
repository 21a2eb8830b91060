"""Customers' retention rules, and the calls whose transcript has run out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, insert, or_, select

from pipeline.adapters.database.audit_log import append_event
from pipeline.adapters.database.erasures import in_force
from pipeline.adapters.database.holds import ends_of_holds
from pipeline.adapters.database.tables import (
    audio_keys,
    calls,
    consent_entries,
    customers,
    deletions,
    legal_holds,
    outbox,
    retention_policies,
)
from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import CallStatus
from pipeline.domain.consent import ConsentAct, Purpose
from pipeline.domain.errors import Conflict
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.retention_policy import (
    Origin,
    RetentionPolicy,
    UnsupportedConsent,
    changed_policy,
    policy_facts,
    transcript_end,
)

_UNFINISHED = (CallStatus.RECEIVED.value, CallStatus.PROCESSING.value)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""Told by what it is later than: SQLite would walk all calls to find those where it is not NULL."""
_OBJECTIONS = (ConsentAct.REFUSED.value, ConsentAct.WITHDRAWN.value)


def read(connection: Connection, customer_id: CustomerId) -> RetentionPolicy:
    """The defaults where none was set, and for a customer that does not exist."""
    own = retention_policies.c.customer_id == customer_id
    row = connection.execute(select(retention_policies).where(own)).first()
    if row is None:
        return RetentionPolicy()
    return RetentionPolicy(
        _period(row.transcript_seconds), UnsupportedConsent(row.unsupported), row.version
    )


def change(
    connection: Connection,
    customer_id: CustomerId,
    before: RetentionPolicy,
    after: RetentionPolicy,
    at: datetime,
) -> RetentionPolicy:
    """Raises `Conflict` where somebody else changed it since `before` was read."""
    # One at a time, also where transactions run side by side (SQLite has but one writer).
    connection.execute(
        select(customers.c.id).where(customers.c.id == customer_id).with_for_update()
    )
    if read(connection, customer_id) != before:
        raise Conflict("somebody changed this customer's retention just now; try again")
    stored = changed_policy(before, after)
    store(connection, customer_id, stored, at)
    return stored


def store(
    connection: Connection, customer_id: CustomerId, policy: RetentionPolicy, at: datetime
) -> None:
    """Put `policy` in the place of what was set before, with an audit event."""
    period = policy.transcripts
    connection.execute(
        delete(retention_policies).where(retention_policies.c.customer_id == customer_id)
    )
    connection.execute(
        insert(retention_policies).values(
            customer_id=customer_id,
            transcript_seconds=None if period is None else int(period.total_seconds()),
            unsupported=policy.unsupported.value,
            version=policy.version,
        )
    )
    event = AuditEvent("retention_changed", at, None, customer_id, policy_facts(policy))
    append_event(connection, event)


def expired(
    connection: Connection, now: datetime, limit: int
) -> tuple[tuple[CallId, datetime], ...]:
    """Ended calls past the promise of their intake, or past what their customer wants today;
    each with the moment it was due."""
    found: dict[str, datetime] = {}
    for condition, order in _conditions(connection, now):
        if len(found) >= limit:
            break
        query = _living(condition, now).order_by(*order).limit(limit)
        for row in connection.execute(query):
            today = RetentionPolicy(_period(row.transcript_seconds))
            due = transcript_end(row.received_at, Origin(row.origin), row.transcript_until, today)
            if due is not None:
                found[row.id] = due
    oldest = sorted(found.items(), key=lambda item: (item[1], item[0]))
    return tuple((CallId(call_id), due) for call_id, due in oldest[:limit])


def owed(connection: Connection, now: datetime, limit: int) -> tuple[tuple[CallId, datetime], ...]:
    """Calls that are to be erased and that neither a legal hold nor a restriction keeps, each since
    when."""
    query = (
        select(calls.c.id, calls.c.customer_id, calls.c.erasure_owed_at)
        .where(calls.c.erasure_owed_at > _LONG_AGO, calls.c.restricted_at.is_(None), *_unheld(now))
        .order_by(calls.c.erasure_owed_at, calls.c.id)
        .limit(limit)
    )
    since = {CallId(row.id): row for row in connection.execute(query)}
    owners = {call_id: CustomerId(row.customer_id) for call_id, row in since.items()}
    ends = ends_of_holds(connection, owners, now)
    return tuple(
        (call_id, max(row.erasure_owed_at, ends.get(call_id, row.erasure_owed_at)))
        for call_id, row in since.items()
    )


def objected(connection: Connection) -> tuple[CallId, ...]:
    """See `CallRepository.retained_objected`."""
    keep = UnsupportedConsent.KEEP.value
    destroys = or_(
        calls.c.unsupported != keep, retention_policies.c.unsupported.is_distinct_from(keep)
    )
    act = consent_entries.c.act
    against = (
        select(audio_keys.c.call_id)
        .join(consent_entries, consent_entries.c.call_id == audio_keys.c.call_id)
        .join(calls, calls.c.id == audio_keys.c.call_id)
        .outerjoin(retention_policies, retention_policies.c.customer_id == calls.c.customer_id)
        .where(
            audio_keys.c.kind == "retained",
            consent_entries.c.purpose == Purpose.AUDIO_RETENTION.value,
            or_(act.in_(_OBJECTIONS), (act == ConsentAct.UNSUPPORTED.value) & destroys),
        )
    )
    to_be_erased = (
        select(audio_keys.c.call_id)
        .join(calls, calls.c.id == audio_keys.c.call_id)
        .where(audio_keys.c.kind == "retained", calls.c.erasure_owed_at > _LONG_AGO)
    )
    found = connection.scalars(against.union(to_be_erased))
    return tuple(sorted(CallId(call_id) for call_id in found))


def drop_delivered(connection: Connection, before: datetime, limit: int) -> int:
    """How many notices were forgotten."""
    old = select(outbox.c.id).where(outbox.c.delivered_at < before).limit(limit)
    return connection.execute(delete(outbox).where(outbox.c.id.in_(old))).rowcount


def keys_named(connection: Connection) -> frozenset[str]:
    """Retention keys that audio, or a deletion that is not finished, refers to."""
    kept = select(audio_keys.c.key_name).where(audio_keys.c.key_name.is_not(None))
    ending = select(deletions.c.key_name).where(
        deletions.c.key_name.is_not(None), deletions.c.done_at.is_(None)
    )
    return frozenset(connection.scalars(kept.union(ending)))


def _conditions(
    connection: Connection, now: datetime
) -> Iterator[tuple[ColumnElement[bool], tuple[ColumnElement[Any], ...]]]:
    """The snapshot's, then one for each customer that chose a period: the cut-off is a parameter,
    for databases do not agree on how to add seconds to a moment. Each with the order of its
    index, so that neither the living nor the tombstones are walked through."""
    yield calls.c.transcript_until <= now, (calls.c.transcript_until,)
    indexed = (calls.c.customer_id, calls.c.erased_at, calls.c.received_at)
    seconds = retention_policies.c.transcript_seconds
    chose = select(retention_policies.c.customer_id, seconds).where(seconds.is_not(None))
    for customer_id, period in connection.execute(chose).all():
        cut_off = now - timedelta(seconds=period)
        yield (calls.c.customer_id == customer_id) & (calls.c.received_at <= cut_off), indexed


def _living(condition: ColumnElement[bool], now: datetime) -> Select[Any]:
    """Neither erased nor restricted (Art. 18 GDPR: it stays) nor under a legal hold. What is not
    transcribed yet is left to the cap of its audio: no recording is lost to a long queue."""
    return (
        select(
            calls.c.id,
            calls.c.received_at,
            calls.c.origin,
            calls.c.transcript_until,
            retention_policies.c.transcript_seconds,
        )
        .outerjoin(retention_policies, retention_policies.c.customer_id == calls.c.customer_id)
        .where(
            condition,
            calls.c.erased_at.is_(None),
            calls.c.restricted_at.is_(None),
            # Told by what it is not: SQLite would walk the index of the status otherwise.
            calls.c.status.not_in(_UNFINISHED),
            *_unheld(now),
        )
    )


def _unheld(now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """No hold in force keeps the call of the enclosing query. Two questions, each for an index: of
    one with OR every hold of the customer would be looked at, for every call."""
    own = select(legal_holds.c.id).where(
        legal_holds.c.customer_id == calls.c.customer_id, in_force(now)
    )
    whole = own.where(legal_holds.c.call_id.is_(None))
    return ~whole.exists(), ~own.where(legal_holds.c.call_id == calls.c.id).exists()


def _period(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
