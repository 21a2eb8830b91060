"""The audit log as a list."""

from __future__ import annotations

from datetime import UTC

from pipeline.domain.audit import GENESIS, AuditEvent, chain_hash
from pipeline.domain.errors import SealBroken


class MemoryAuditLog:
    """An `AuditLog`."""

    def __init__(self) -> None:
        self.entries: list[tuple[AuditEvent, str]] = []

    def append(self, event: AuditEvent) -> None:
        """See `AuditLog.append`. Raises `ValueError` for a time without zone."""
        if event.at.tzinfo is None:
            raise ValueError("a datetime needs its time zone")
        previous = self.entries[-1][1] if self.entries else GENESIS
        self.entries.append((event, chain_hash(previous, _in_utc(event))))

    def head(self) -> tuple[int, str]:
        """Position and hash of the last entry."""
        return len(self.entries), self.entries[-1][1] if self.entries else GENESIS

    def verify(self) -> int:
        """See `AuditLog.verify`."""
        previous = GENESIS
        for position, (event, digest) in enumerate(self.entries, start=1):
            if digest != chain_hash(previous, _in_utc(event)):
                raise SealBroken(f"the audit log is broken at entry {position}")
            previous = digest
        return len(self.entries)


def _in_utc(event: AuditEvent) -> AuditEvent:
    at = event.at.astimezone(UTC)
    return AuditEvent(event.name, at, event.call_id, event.customer_id, event.facts)
