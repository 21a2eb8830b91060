"""The audit log: one chain of hashes, extended inside the transaction that it tells of."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC
from typing import Any

from sqlalchemy import Connection, Row, insert, select, text

from pipeline.adapters.database import postgresql
from pipeline.adapters.database.engine import Database
from pipeline.adapters.database.tables import audit_log
from pipeline.domain.audit import GENESIS, AuditEvent, chain_hash
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
        previous, count = GENESIS, 0
        query = select(audit_log).order_by(audit_log.c.position)
        query = query.execution_options(yield_per=1000)
        with self._database.read() as connection, connection.execute(query) as rows:
            for row in rows:
                count += 1
                if not _follows(row, count, previous):
                    raise SealBroken(f"the audit log is broken at entry {count}")
                previous = row.hash
        return count


def _follows(row: Row[Any], position: int, previous: str) -> bool:
    try:
        event = AuditEvent(row.name, row.at, row.call_id, row.customer_id, json.loads(row.facts))
        digest = chain_hash(previous, event)
    except (ValueError, TypeError):
        return False
    return bool(row.position == position and row.previous == previous and row.hash == digest)
