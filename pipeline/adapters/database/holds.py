"""Legal holds: rows that keep other rows. Whoever deletes asks `erasures`, in its transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, or_, select, update

from pipeline.adapters.database import customers as accounts
from pipeline.adapters.database.audit_log import append_event
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
        query = select(legal_holds).where(legal_holds.c.customer_id == customer_id, in_force(now))
        if call_id is not None:
            query = query.where(
                or_(legal_holds.c.call_id.is_(None), legal_holds.c.call_id == call_id)
            )
        return self._read(query)

    def in_force(self, now: datetime) -> tuple[LegalHold, ...]:
        """Oldest first."""
        return self._read(select(legal_holds).where(in_force(now)))

    def _read(self, query: Select[Any]) -> tuple[LegalHold, ...]:
        query = query.order_by(legal_holds.c.placed_at, legal_holds.c.id)
        with self._database.read() as connection:
            return tuple(_hold(row) for row in connection.execute(query))


def holds_that_ended(
    connection: Connection, customer_id: str, call_id: str, now: datetime
) -> tuple[LegalHold, ...]:
    """Those that kept the call and keep it no more."""
    query = select(legal_holds).where(
        legal_holds.c.customer_id == customer_id,
        or_(legal_holds.c.call_id.is_(None), legal_holds.c.call_id == call_id),
        ~in_force(now),
    )
    return tuple(_hold(row) for row in connection.execute(query))


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
