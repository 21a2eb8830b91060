"""Leases on calls that wait: which are free, and whose turn it is.

What it costs grows with the customers who have calls waiting, not with how many calls wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, or_, select, update
from sqlalchemy.sql import ColumnElement

from pipeline.adapters.database import postgresql
from pipeline.adapters.database.call_rows import read_call
from pipeline.adapters.database.tables import calls
from pipeline.domain.call import CallStatus, Claim
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.turns import Waiting, next_turns

_TURNS_LOCK = 0x7475726E  # any constant: the name of the advisory lock
_FRESH = and_(
    calls.c.status == CallStatus.RECEIVED.value,
    calls.c.attempts == 0,
    calls.c.restricted_at.is_(None),
)


def lease_over(now: datetime) -> ColumnElement[bool]:
    """Whose worker is dead, or so slow that somebody else may have the call."""
    return and_(calls.c.status == CallStatus.PROCESSING.value, calls.c.lease_until <= now)


def take(
    connection: Connection, wanted: Iterable[CallId], owner: str, now: datetime, lease: timedelta
) -> tuple[Claim, ...]:
    """Those of `wanted` that are free, in that order, now leased to `owner`."""
    wanted = list(dict.fromkeys(wanted))
    free = _locked(connection, wanted, now)
    return tuple(
        _leased(connection, call_id, owner, now + lease) for call_id in wanted if call_id in free
    )


def take_waiting(
    connection: Connection,
    most: int,
    owner: str,
    now: datetime,
    lease: timedelta,
    suspects: bool,
) -> tuple[Claim, ...]:
    """See `CallRepository.claim_waiting`."""
    # Two that look at once would want the same calls, and the second get none while others wait.
    postgresql.one_at_a_time(connection, _TURNS_LOCK)
    suspect = _suspect(connection, now)
    if suspect is not None:
        return take(connection, (suspect,), owner, now, lease) if suspects else ()
    chosen = next_turns(_heads(connection, most), _running(connection), most)
    return take(connection, chosen, owner, now, lease)


def _locked(connection: Connection, call_ids: Sequence[CallId], now: datetime) -> set[str]:
    query = (
        select(calls.c.id)
        .where(
            calls.c.id.in_(call_ids),
            calls.c.restricted_at.is_(None),
            or_(calls.c.status == CallStatus.RECEIVED.value, lease_over(now)),
        )
        .with_for_update(skip_locked=True)
    )
    return set(connection.scalars(query))


def _leased(connection: Connection, call_id: CallId, owner: str, until: datetime) -> Claim:
    token = connection.scalar(
        update(calls)
        .where(calls.c.id == call_id)
        .values(
            status=CallStatus.PROCESSING.value,
            attempts=calls.c.attempts + 1,
            token=calls.c.token + 1,
            lease_owner=owner,
            lease_until=until,
        )
        .returning(calls.c.token)
    )
    return Claim(read_call(connection, call_id), int(token or 0), until)


def _suspect(connection: Connection, now: datetime) -> CallId | None:
    """The call that waits longest among those whose worker died, or that were given back since."""
    tried = and_(calls.c.status == CallStatus.RECEIVED.value, calls.c.attempts > 0)
    query = (
        select(calls.c.id)
        .where(calls.c.restricted_at.is_(None), or_(tried, lease_over(now)))
        .order_by(calls.c.queued_at, calls.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    found = connection.scalar(query)
    return None if found is None else CallId(found)


def _heads(connection: Connection, most: int) -> list[Waiting]:
    """Of each customer who has calls waiting the first `most`."""
    columns = (calls.c.id, calls.c.customer_id, calls.c.priority, calls.c.queued_at)
    found: list[Waiting] = []
    for customer_id in _customers_waiting(connection):
        query = (
            select(*columns)
            .where(_FRESH, calls.c.customer_id == customer_id)
            .order_by(calls.c.priority.desc(), calls.c.queued_at, calls.c.id)
            .limit(most)
        )
        found += [
            Waiting(CallId(row.id), CustomerId(row.customer_id), row.priority, row.queued_at)
            for row in connection.execute(query)
        ]
    return found


def _customers_waiting(connection: Connection) -> list[str]:
    """By leaps through the index, from each customer to the next."""
    first = select(func.min(calls.c.customer_id).label("id")).where(_FRESH)
    leaps = first.cte("leaps", recursive=True)
    following = (
        select(func.min(calls.c.customer_id))
        .where(_FRESH, calls.c.customer_id > leaps.c.id)
        .scalar_subquery()
    )
    leaps = leaps.union_all(select(following).where(leaps.c.id.is_not(None)))
    return list(connection.scalars(select(leaps.c.id).where(leaps.c.id.is_not(None))))


def _running(connection: Connection) -> dict[CustomerId, int]:
    query = (
        select(calls.c.customer_id, func.count())
        .where(calls.c.status == CallStatus.PROCESSING.value)
        .group_by(calls.c.customer_id)
    )
    return {CustomerId(row[0]): int(row[1]) for row in connection.execute(query)}
