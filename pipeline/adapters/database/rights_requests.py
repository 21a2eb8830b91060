"""Requests of data subjects: who asked is not in them, only what, when, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from pipeline.adapters.database import customers as accounts
from pipeline.adapters.database.audit_log import append_event
from pipeline.adapters.database.engine import Database
from pipeline.adapters.database.tables import rights_requests
from pipeline.domain.errors import Conflict, NotFound
from pipeline.domain.ids import CustomerId
from pipeline.domain.rights import Right, RightsRequest, closed_event, opened_event


class SqlRightsRequests:
    """See `RightsRequests` for every method."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(
        self, request: RightsRequest, now: datetime, tell: Callable[[], object] | None = None
    ) -> None:
        """Raises `NotFound`, `Conflict`."""
        with self._database.write() as connection:
            accounts.open_account(connection, request.customer_id)
            insert_request(connection, request)
            append_event(connection, opened_event(request, now))
            if tell is not None:
                tell()

    def close(
        self,
        request_id: str,
        outcome: str,
        calls: int,
        now: datetime,
        tell: Callable[[RightsRequest], object] | None = None,
    ) -> RightsRequest:
        """Raises `NotFound`, `Conflict`."""
        with self._database.write() as connection:
            query = select(rights_requests).where(rights_requests.c.id == request_id)
            row = connection.execute(query.with_for_update()).first()
            if row is None:
                raise NotFound("there is no such request")
            if row.closed_at is not None:
                raise Conflict("this request was closed before")
            connection.execute(
                update(rights_requests)
                .where(rights_requests.c.id == request_id)
                .values(closed_at=now, outcome=outcome, calls=calls)
            )
            closed = _request(connection.execute(query).one())
            append_event(connection, closed_event(closed, now))
            if tell is not None:
                tell(closed)
        return closed

    def request(self, request_id: str) -> RightsRequest:
        """Raises `NotFound`."""
        query = select(rights_requests).where(rights_requests.c.id == request_id)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound("there is no such request")
        return _request(row)

    def requests(
        self, customer_id: CustomerId | None = None, open_only: bool = False
    ) -> tuple[RightsRequest, ...]:
        """Soonest due first."""
        query = select(rights_requests).order_by(rights_requests.c.due_at, rights_requests.c.id)
        if customer_id is not None:
            query = query.where(rights_requests.c.customer_id == customer_id)
        if open_only:
            query = query.where(rights_requests.c.closed_at.is_(None))
        with self._database.read() as connection:
            return tuple(_request(row) for row in connection.execute(query))


def insert_request(connection: Connection, request: RightsRequest) -> None:
    """Inside the open transaction."""
    connection.execute(
        insert(rights_requests).values(
            id=request.id,
            customer_id=request.customer_id,
            right=request.right.value,
            received_at=request.received_at,
            due_at=request.due_at,
            calls=request.calls,
            subject=request.subject,
            closed_at=request.closed_at,
            outcome=request.outcome,
        )
    )


def _request(row: Row[Any]) -> RightsRequest:
    return RightsRequest(
        id=row.id,
        customer_id=CustomerId(row.customer_id),
        right=Right(row.right),
        received_at=row.received_at,
        due_at=row.due_at,
        calls=row.calls,
        subject=row.subject,
        closed_at=row.closed_at,
        outcome=row.outcome,
    )
