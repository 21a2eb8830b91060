"""The audit log as a list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from pipeline.domain.audit import (
    GENESIS,
    PRUNED,
    Anchor,
    AuditEvent,
    anchor_event,
    anchor_in,
    chain_hash,
    kept_digest,
)
from pipeline.domain.errors import SealBroken


class MemoryAuditLog:
    """An `AuditLog`. `places` are position and previous hash of each of the `entries`."""

    def __init__(self) -> None:
        self.entries: list[tuple[AuditEvent, str]] = []
        self.places: list[tuple[int, str]] = []

    def append(self, event: AuditEvent) -> None:
        """See `AuditLog.append`. Raises `ValueError` for a time without zone."""
        if event.at.tzinfo is None:
            raise ValueError("a datetime needs its time zone")
        position, previous = self.head()
        self.entries.append((event, chain_hash(previous, _in_utc(event))))
        self.places.append((position + 1, previous))

    def head(self) -> tuple[int, str]:
        """Position and hash of the last entry."""
        return (self.places[-1][0], self.entries[-1][1]) if self.entries else (0, GENESIS)

    def verify(self) -> int:
        """See `AuditLog.verify`."""
        _, anchor = self.anchor()
        kept, at, last = list[tuple[int, str]](), anchor.position, anchor.digest
        for (event, digest), (position, previous) in zip(self.entries, self.places, strict=False):
            if position <= anchor.position:
                kept.append((position, digest))
                whole = True
            else:
                at += 1
                whole, last = position == at and previous == last, digest
            if not whole or digest != chain_hash(previous, _in_utc(event)):
                raise SealBroken(f"the audit log is broken at entry {min(position, at)}")
        if kept_digest(kept) != anchor.kept or len(self.entries) != len(self.places):
            raise SealBroken(f"the audit log is broken before entry {anchor.position + 1}")
        return len(self.entries)

    def anchor(self) -> tuple[int, Anchor]:
        """Where the unbroken chain begins, and at which position that is told; 0 where nothing
        was ever removed. Raises `SealBroken`."""
        for (event, _), (position, _) in zip(self.entries[::-1], self.places[::-1], strict=False):
            if event.name == PRUNED:
                try:
                    return position, anchor_in(event.facts)
                except ValueError:
                    told = f"the audit log is broken at entry {position}: it is no anchor"
                    raise SealBroken(told) from None
        return 0, Anchor()

    def prune(self, is_over: Callable[[AuditEvent], bool], now: datetime, limit: int) -> int:
        """What the SQL twin does in one transaction; how many were removed."""
        told_at, anchor = self.anchor()
        over = [place for (event, _), (place, _) in self._placed() if is_over(event)]
        first = [place for place in over if place != told_at][:limit]
        if not first:
            return 0
        gone = {place for place in over if place <= first[-1]}
        left = [each for each in self._placed() if each[1][0] not in gone]
        if first[-1] > anchor.position:
            [digest] = [each[0][1] for each in self._placed() if each[1][0] == first[-1]]
            anchor = Anchor(first[-1], digest)
        kept = ((place, digest) for (_, digest), (place, _) in left if place <= anchor.position)
        self.append(anchor_event(replace(anchor, kept=kept_digest(kept)), len(gone), now))
        left.append((self.entries[-1], self.places[-1]))
        self.entries[:] = [entry for entry, _ in left]
        self.places[:] = [place for _, place in left]
        return len(gone)

    def _placed(self) -> list[tuple[tuple[AuditEvent, str], tuple[int, str]]]:
        return list(zip(self.entries, self.places, strict=True))


def _in_utc(event: AuditEvent) -> AuditEvent:
    at = event.at.astimezone(UTC)
    return AuditEvent(event.name, at, event.call_id, event.customer_id, event.facts)
