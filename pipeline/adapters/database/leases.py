"""Leases that make one of many instances the leader, and the latest moment that was seen."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from pipeline.adapters.database.audit_log import append_event
from pipeline.adapters.database.engine import Database
from pipeline.adapters.database.tables import leases, watermarks
from pipeline.domain.audit import AuditEvent
from pipeline.domain.clock_check import TOLERANCE


class SqlLeaderLease:
    """See `LeaderLease` for every method."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, name: str, owner: str, now: datetime, ttl: timedelta) -> bool:
        """One statement decides; two first takers meet at the primary key."""
        free = or_(
            leases.c.owner == owner,
            leases.c.until <= now,
            leases.c.until > now + ttl + TOLERANCE,
        )
        with self._database.write(exclusive=False) as connection:
            taken = connection.execute(
                update(leases)
                .where(leases.c.name == name, free)
                .values(owner=owner, until=now + ttl)
            )
            if taken.rowcount:
                return True
            try:
                with connection.begin_nested():
                    connection.execute(
                        insert(leases).values(name=name, owner=owner, until=now + ttl)
                    )
            except IntegrityError:
                return False
        return True

    def release(self, name: str, owner: str) -> None:
        """Nothing where another owner has it."""
        with self._database.write(exclusive=False) as connection:
            connection.execute(delete(leases).where(leases.c.name == name, leases.c.owner == owner))


class SqlWatermarks:
    """See `Watermarks` for every method."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def latest(self, name: str) -> datetime | None:
        """None before the first."""
        with self._database.read() as connection:
            return connection.scalar(select(watermarks.c.at).where(watermarks.c.name == name))

    def raise_to(self, name: str, moment: datetime) -> None:
        """Nothing where a later one was seen."""
        with self._database.write(exclusive=False) as connection:
            seen = connection.scalar(
                select(watermarks.c.at).where(watermarks.c.name == name).with_for_update()
            )
            if seen is not None:
                later = watermarks.c.name == name, watermarks.c.at < moment
                connection.execute(update(watermarks).where(*later).values(at=moment))
                return
            try:
                with connection.begin_nested():
                    connection.execute(insert(watermarks).values(name=name, at=moment))
            except IntegrityError:
                return  # another instance saw its first moment just now

    def reset(self, name: str, moment: datetime) -> None:
        """With an audit event."""
        with self._database.write() as connection:
            mark = watermarks.c.name == name
            seen = connection.scalar(select(watermarks.c.at).where(mark).with_for_update())
            connection.execute(delete(watermarks).where(mark))
            connection.execute(insert(watermarks).values(name=name, at=moment))
            facts = {"seen": None if seen is None else seen.isoformat()}
            append_event(connection, AuditEvent("clock_confirmed", moment, None, None, facts))
