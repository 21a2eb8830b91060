"""Leases and watermarks in dicts."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from pipeline.adapters.memory.audit_log import MemoryAuditLog
from pipeline.domain.audit import AuditEvent
from pipeline.domain.clock_check import TOLERANCE


class MemoryLeaderLease:
    """See `LeaderLease` for every method."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, datetime]] = {}
        self._lock = threading.Lock()

    def acquire(self, name: str, owner: str, now: datetime, ttl: timedelta) -> bool:
        """False where another owner has it."""
        with self._lock:
            holder, until = self._held.get(name, (owner, now))
            if holder != owner and now < until <= now + ttl + TOLERANCE:
                return False
            self._held[name] = owner, now + ttl
            return True

    def release(self, name: str, owner: str) -> None:
        """Nothing where another owner has it."""
        with self._lock:
            if name in self._held and self._held[name][0] == owner:
                del self._held[name]


class MemoryWatermarks:
    """See `Watermarks` for every method."""

    def __init__(self, audit: MemoryAuditLog) -> None:
        self._audit = audit
        self._seen: dict[str, datetime] = {}

    def latest(self, name: str) -> datetime | None:
        """None before the first."""
        return self._seen.get(name)

    def raise_to(self, name: str, moment: datetime) -> None:
        """Nothing where a later one was seen."""
        self._seen[name] = max(moment, self._seen.get(name, moment))

    def reset(self, name: str, moment: datetime) -> None:
        """With an audit event."""
        seen = self._seen.get(name)
        self._seen[name] = moment
        facts = {"seen": None if seen is None else seen.isoformat()}
        self._audit.append(AuditEvent("clock_confirmed", moment, None, None, facts))
