"""Time, queue, logs, and what keeps many processes apart."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from pipeline.domain.audit import AuditEvent
from pipeline.domain.ids import CallId
from pipeline.domain.processing import Census


class Clock(Protocol):
    """Time, so that tests can turn it."""

    def now(self) -> datetime:
        """The present moment, with time zone UTC."""
        ...


class JobQueue(Protocol):
    """The doorbell. It holds ids only and may be lost at any time: the database is the truth."""

    def ring(self, call_id: CallId) -> None:
        """Ask for the call to be processed; ringing twice is harmless. Raises
        `ServiceUnavailable`."""
        ...

    def waiting(self) -> int:
        """How many doorbells wait."""
        ...

    def answer(self, most: int) -> int:
        """Take up to `most` doorbells, the oldest first, whose calls were claimed; how many."""
        ...

    def forget(self, call_id: CallId) -> bool:
        """Remove what the queue has of the call's job; False where it has nothing. Raises
        `ServiceUnavailable`, also while a worker is still at it."""
        ...


class AuditLog(Protocol):
    """Append-only and hash-chained."""

    def append(self, event: AuditEvent) -> None:
        """Add `event` in a transaction of its own."""
        ...

    def verify(self) -> int:
        """Number of entries, all chained, from the last anchor on; those before it are the ones
        that were kept. Raises `SealBroken` at the first break."""
        ...


class LeaderLease(Protocol):
    """Who does what only one should do at a time. Two at once must be harmless all the same:
    clocks may differ, and a lease may run out under somebody who still works."""

    def acquire(self, name: str, owner: str, now: datetime, ttl: timedelta) -> bool:
        """Take the lease, or renew it, until `now + ttl`. False where another owner has it. One
        that ends more than `ttl` and an hour ahead came from a wrong clock and counts for
        nothing."""
        ...

    def release(self, name: str, owner: str) -> None:
        """Give it back; nothing where another owner has it."""
        ...


class Watermarks(Protocol):
    """The latest moment that was seen, by name: what a clock that jumps is measured by."""

    def latest(self, name: str) -> datetime | None:
        """None before the first."""
        ...

    def raise_to(self, name: str, moment: datetime) -> None:
        """Nothing where a later one was seen."""
        ...

    def reset(self, name: str, moment: datetime) -> None:
        """Set it to `moment` whatever was seen, for an operator says what time it is; with an
        audit event."""
        ...


class LogFolder(Protocol):
    """The log files of this machine."""

    def drop_old(self, now: datetime, keep: timedelta) -> int:
        """Delete the files with lines that are older than `keep` (whole days), and those of days
        to come; how many. Their names say which day they are of."""
        ...


class DiskRoom(Protocol):
    """The disk that the data folder lies on: database, queue, logs, and blobs unless elsewhere."""

    def free(self) -> int:
        """Bytes that may still be written there."""
        ...


class StoreCensus(Protocol):
    """Counts what there is, for the papers. Reads no content."""

    def take(self) -> Census:
        """Of every customer, in one snapshot; holds and requests are counted elsewhere."""
        ...
