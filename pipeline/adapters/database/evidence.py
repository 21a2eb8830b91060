"""Evidence whose time is over. What is about a call or a customer goes so long after that has
ended; the row of a call goes with its receipts, that of a customer when nothing refers to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    and_,
    delete,
    exists,
    func,
    not_,
    or_,
    select,
)

from pipeline.adapters.database import postgresql
from pipeline.adapters.database.audit_log import append_event, chain_head, last_anchor
from pipeline.adapters.database.engine import Database
from pipeline.adapters.database.tables import (
    audit_log,
    calls,
    consent_entries,
    customers,
    deletions,
    legal_holds,
    metadata,
    rights_requests,
)
from pipeline.domain.audit import Anchor, anchor_event, kept_digest


class SqlEvidence:
    """See `Evidence` for every method."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def prune_log(self, before: datetime, now: datetime, limit: int) -> int:
        """One transaction: the new anchor is chained, then the entries go."""
        with self._database.write() as connection:
            removed = _prune_log(connection, before, now, limit)
        return self._forgotten(removed)

    def prune_records(self, before: datetime, limit: int) -> int:
        """One transaction."""
        with self._database.write() as connection:
            removed = sum(
                connection.execute(
                    delete(own.table).where(
                        own.in_(select(own).where(is_over).order_by(own).limit(limit))
                    )
                ).rowcount
                for own, is_over in (
                    (legal_holds.c.id, _hold_over(before)),
                    (rights_requests.c.id, rights_requests.c.closed_at <= before),
                    (deletions.c.id, and_(deletions.c.done_at <= before, _about_nobody())),
                )
            )
        return self._forgotten(removed)

    def prune_calls(self, before: datetime, limit: int) -> int:
        """One transaction."""
        query = select(calls.c.id).join(customers).where(_call_over(before))
        open_ends = exists().where(deletions.c.call_id == calls.c.id, _unfinished(before))
        with self._database.write() as connection:
            gone = connection.scalars(query.where(~open_ends).order_by(calls.c.id).limit(limit))
            removed = _remove(connection, calls.c.id, deletions.c.call_id, gone.all())
        return self._forgotten(removed)

    def prune_customers(self, before: datetime, limit: int) -> int:
        """One transaction."""
        own = customers.c.id
        query = select(own).where(
            customers.c.closed_at <= before,
            ~exists().where(calls.c.customer_id == own),
            ~exists().where(deletions.c.customer_id == own, _unfinished(before)),
        )
        with self._database.write() as connection:
            gone = connection.scalars(query.order_by(own).limit(limit)).all()
            removed = _remove(connection, own, deletions.c.customer_id, gone)
        return self._forgotten(removed)

    def _forgotten(self, removed: int) -> int:
        if removed:
            self._database.forget_deleted()
        return removed


def _prune_log(connection: Connection, before: datetime, now: datetime, limit: int) -> int:
    chain_head(connection)  # nobody appends until this has ended
    told_at, anchor = last_anchor(connection)
    position, due = audit_log.c.position, _entry_over(before)
    # The last anchor is no reason for a new one.
    first = select(position).where(due, position != told_at).order_by(position).limit(limit)
    end = connection.scalar(select(func.max(first.subquery().c.position)))
    if end is None:
        return 0
    going = and_(due, position <= end)
    if end > anchor.position:
        digest = connection.scalar(select(audit_log.c.hash).where(position == end))
        anchor = Anchor(end, str(digest))
    left = select(position, audit_log.c.hash).where(position <= anchor.position, not_(going))
    rows = connection.execute(left.order_by(position))
    kept = kept_digest((row.position, row.hash) for row in rows)
    removed = connection.scalar(select(func.count()).select_from(audit_log).where(going)) or 0
    append_event(
        connection, anchor_event(Anchor(anchor.position, anchor.digest, kept), removed, now)
    )
    if postgresql.is_spoken(connection):
        postgresql.drop_entries(connection, connection.scalars(select(position).where(going)).all())
    else:
        connection.execute(delete(audit_log).where(going))
    return removed


def _remove(
    connection: Connection, own: Column[str], deletion_of: Column[str], ids: Sequence[str]
) -> int:
    """Delete the rows `ids` of a table, their receipts, and whatever refers to them."""
    connection.execute(delete(deletions).where(deletion_of.in_(ids)))
    for table in reversed(metadata.sorted_tables):
        for column in table.columns:
            if any(key.column is own for key in column.foreign_keys):
                _drop(connection, column, ids)
    return connection.execute(delete(own.table).where(own.in_(ids))).rowcount


def _drop(connection: Connection, column: Column[Any], ids: Sequence[str]) -> None:
    if column.table is not consent_entries or not postgresql.is_spoken(connection):
        connection.execute(delete(column.table).where(column.in_(ids)))
    elif column is consent_entries.c.call_id:
        postgresql.drop_consents(connection, ids)  # a customer that goes has no call left


def _call_over(before: datetime) -> ColumnElement[bool]:
    """Of a call joined to its customer. Before there were receipts, closing left no tombstones."""
    return func.coalesce(calls.c.erased_at, customers.c.closed_at) <= before


def _unfinished(before: datetime) -> ColumnElement[bool]:
    """Of a deletion: it has no receipt, or a young one."""
    return or_(deletions.c.done_at.is_(None), deletions.c.done_at > before)


def _about_nobody() -> ColumnElement[bool]:
    """Of a deletion: a restore took it in, and what it is about was never here."""
    no_call = ~exists().where(calls.c.id == deletions.c.call_id)
    no_customer = ~exists().where(customers.c.id == deletions.c.customer_id)
    return or_(
        and_(deletions.c.call_id.is_not(None), no_call),
        and_(deletions.c.call_id.is_(None), no_customer),
    )


def _hold_over(before: datetime) -> ColumnElement[bool]:
    return or_(legal_holds.c.released_at <= before, legal_holds.c.until <= before)


def _entry_over(before: datetime) -> ColumnElement[bool]:
    """Of an entry of the audit log: it is old, and so is the end of what it is about."""
    call_id, customer_id = audit_log.c.call_id, audit_log.c.customer_id
    ended = func.coalesce(calls.c.erased_at, customers.c.closed_at)
    own = select(calls.c.id).join(customers).where(calls.c.id == call_id)
    living_call = exists(own.where(or_(ended.is_(None), ended > before)))
    living_customer = exists().where(
        customers.c.id == customer_id,
        or_(customers.c.closed_at.is_(None), customers.c.closed_at > before),
    )
    return and_(
        audit_log.c.at <= before,
        or_(
            and_(call_id.is_not(None), ~living_call),
            and_(call_id.is_(None), customer_id.is_not(None), ~living_customer),
            and_(call_id.is_(None), customer_id.is_(None)),
        ),
    )
