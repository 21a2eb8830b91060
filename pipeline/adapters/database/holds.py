"""Legal holds: rows that keep other rows. Whoever deletes asks `erasures`, in its transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, insert, select, update

from pipeline.adapters.database import customers as accounts
from pipeline.adapters.database.audit_log import append_event
from pipeline.adapters.database.call_rows import ID_BATCH
from pipeline.adapters.database.engine import Database
from pipeline.adapters.database.erasures import in_force
from pipeline.adapters.database.tables import calls, legal_holds
from pipeline.domain.errors import Conflict, NotFound
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.rights import LegalHold, placed_event, released_event


class SqlLegalHolds:
    """See `LegalHolds` for every method."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def place(self, hold: LegalHold, tell: Callable[[], object] | None = None) -> None:
        """Raises `NotFound`, `Conflict`."""
        with self._database.write() as connection:
            accounts.open_account(connection, hold.customer_id)
            if hold.call_id is not None:
                own = calls.c.customer_id == hold.customer_id
                query = select(calls.c.erased_at).where(calls.c.id == hold.call_id, own)
                row = connection.execute(query.with_for_update()).first()
                if row is None:
                    raise NotFound("there is no such call")
                if row.erased_at is not None:
                    raise Conflict("the call was erased: there is nothing left to hold")
            connection.execute(
                insert(legal_holds).values(
                    id=hold.id,
                    customer_id=hold.customer_id,
                    call_id=hold.call_id,
                    reason=hold.reason,
                    placed_by=hold.placed_by,
                    placed_at=hold.placed_at,
                    until=hold.until,
                    released_at=hold.released_at,
                )
            )
            append_event(connection, placed_event(hold))
            if tell is not None:
                tell()

    def release(
        self,
        hold_id: str,
        by: str,
        now: datetime,
        tell: Callable[[LegalHold], object] | None = None,
    ) -> LegalHold:
        """Raises `NotFound`, `Conflict`."""
        with self._database.write() as connection:
            query = select(legal_holds).where(legal_holds.c.id == hold_id)
            row = connection.execute(query.with_for_update()).first()
            if row is None:
                raise NotFound("there is no such legal hold")
            if row.released_at is not None:
                raise Conflict("this legal hold was released before")
            connection.execute(
                update(legal_holds).where(legal_holds.c.id == hold_id).values(released_at=now)
            )
            hold = _hold(connection.execute(query).one())
            append_event(connection, released_event(hold, by, now))
            if tell is not None:
                tell(hold)
        return hold

    def of(
        self, customer_id: CustomerId, call_id: CallId | None, now: datetime
    ) -> tuple[LegalHold, ...]:
        """Oldest first."""
        own = select(legal_holds).where(legal_holds.c.customer_id == customer_id, in_force(now))
        column = legal_holds.c.call_id
        if call_id is None:
            return self._read(own)
        return self._read(own.where(column.is_(None)), own.where(column == call_id))

    def in_force(self, now: datetime) -> tuple[LegalHold, ...]:
        """Oldest first."""
        return self._read(select(legal_holds).where(in_force(now)))

    def _read(self, *queries: Select[Any]) -> tuple[LegalHold, ...]:
        with self._database.read() as connection:
            holds = [_hold(row) for query in queries for row in connection.execute(query)]
        return tuple(sorted(holds, key=lambda hold: (hold.placed_at, hold.id)))


def ends_of_holds(
    connection: Connection, owners: Mapping[CallId, CustomerId], now: datetime
) -> Mapping[CallId, datetime]:
    """When the last hold ended that kept a call and keeps it no more; without calls that none kept.
    `owners` says whose each one is."""
    column = legal_holds.c.call_id
    whole = _last_ends(
        connection, legal_holds.c.customer_id, owners.values(), now, column.is_(None)
    )
    single = _last_ends(connection, column, owners, now)
    ends = ((each, (single.get(each), whole.get(owner))) for each, owner in owners.items())
    known = ((each, [end for end in both if end is not None]) for each, both in ends)
    return {each: max(both) for each, both in known if both}


def _last_ends(
    connection: Connection,
    column: Column[Any],
    wanted: Iterable[str],
    now: datetime,
    *conditions: ColumnElement[bool],
) -> dict[str, datetime]:
    """By the value of `column`."""
    ids, ends = list(dict.fromkeys(wanted)), dict[str, datetime]()
    for start in range(0, len(ids), ID_BATCH):
        batch = column.in_(ids[start : start + ID_BATCH])
        query = select(legal_holds, column.label("whose"))
        for row in connection.execute(query.where(batch, ~in_force(now), *conditions)):
            if (end := _hold(row).end) is not None:
                ends[row.whose] = max(end, ends.get(row.whose, end))
    return ends


def _hold(row: Row[Any]) -> LegalHold:
    return LegalHold(
        id=row.id,
        customer_id=CustomerId(row.customer_id),
        call_id=None if row.call_id is None else CallId(row.call_id),
        reason=row.reason,
        placed_by=row.placed_by,
        placed_at=row.placed_at,
        until=row.until,
        released_at=row.released_at,
    )
