"""The audit log: one chain of hashes, extended inside the transaction that it tells of."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC
from typing import Any

from sqlalchemy import Connection, Row, insert, select, text

from pipeline.adapters.database import postgresql
from pipeline.adapters.database.engine import Database
from pipeline.adapters.database.tables import audit_log
from pipeline.domain.audit import (
    GENESIS,
    PRUNED,
    Anchor,
    AuditEvent,
    anchor_in,
    chain_hash,
    kept_digest,
)
from pipeline.domain.errors import SealBroken


def append_event(connection: Connection, event: AuditEvent) -> None:
    """Chain `event` to the last entry, in the open transaction of `connection`. Raises
    `ValueError` for a time without zone."""
    if event.at.tzinfo is None:
        raise ValueError("a datetime needs its time zone")
    last, previous = chain_head(connection)
    event = replace(event, at=event.at.astimezone(UTC))
    connection.execute(
        insert(audit_log).values(
            position=last + 1,
            name=event.name,
            at=event.at,
            call_id=event.call_id,
            customer_id=event.customer_id,
            facts=json.dumps(dict(event.facts), sort_keys=True, allow_nan=False),
            previous=previous,
            hash=chain_hash(previous, event),
        )
    )


def chain_head(connection: Connection) -> tuple[int, str]:
    """Position and hash of the last entry. The transaction holds the write lock from its start,
    so until it ends nobody else appends."""
    if postgresql.is_spoken(connection):
        # The entry before may be another customer's: a function sees it, and tells no more.
        last = connection.execute(text("SELECT position, hash FROM deckname_chain_head()")).first()
    else:
        last = connection.execute(
            select(audit_log.c.position, audit_log.c.hash)
            .order_by(audit_log.c.position.desc())
            .limit(1)
        ).first()
    return (last.position, last.hash) if last else (0, GENESIS)


def last_anchor(connection: Connection) -> tuple[int, Anchor]:
    """Where the unbroken chain begins, and at which position that is told; 0 where nothing was
    ever removed. Raises `SealBroken`."""
    row = connection.execute(
        select(audit_log.c.position, audit_log.c.facts)
        .where(audit_log.c.name == PRUNED)
        .order_by(audit_log.c.position.desc())
        .limit(1)
    ).first()
    if row is None:
        return 0, Anchor()
    try:
        anchor = anchor_in(json.loads(row.facts))
    except (ValueError, TypeError, AttributeError):
        anchor = None
    if anchor is None or anchor.position >= row.position:
        raise SealBroken(f"the audit log is broken at entry {row.position}: it is no anchor")
    return row.position, anchor


class SqlAuditLog:
    """An `AuditLog`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, event: AuditEvent) -> None:
        """See `AuditLog.append`."""
        with self._database.write() as connection:
            append_event(connection, event)

    def verify(self) -> int:
        """See `AuditLog.verify`."""
        query = select(audit_log).order_by(audit_log.c.position)
        query = query.execution_options(yield_per=1000)
        with self._database.read() as connection:
            _, anchor = last_anchor(connection)
            with connection.execute(query) as rows:
                return _checked(rows, anchor)


def _checked(rows: Iterable[Row[Any]], anchor: Anchor) -> int:
    """How many there are. Raises `SealBroken`."""
    count, kept = 0, list[tuple[int, str]]()
    position, previous = anchor.position, anchor.digest
    for row in rows:
        count += 1
        if row.position <= anchor.position:
            # What was before it is gone: its own hash must do, and the digest of all.
            whole = _follows(row, row.position, row.previous)
            kept.append((row.position, row.hash))
        else:
            position += 1
            whole, previous = _follows(row, position, previous), row.hash
        if not whole:
            at = min(row.position, position)
            raise SealBroken(f"the audit log is broken at entry {at}")
    if kept_digest(kept) != anchor.kept:
        raise SealBroken(f"the audit log is broken before entry {anchor.position + 1}")
    return count


def _follows(row: Row[Any], position: int, previous: str) -> bool:
    try:
        event = AuditEvent(row.name, row.at, row.call_id, row.customer_id, json.loads(row.facts))
        digest = chain_hash(previous, event)
    except (ValueError, TypeError):
        return False
    return bool(row.position == position and row.previous == previous and row.hash == digest)
