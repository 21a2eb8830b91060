"""Ends leases of the dead that a wrong clock made long.

A lease that was given before the clock jumped back, or by a machine whose clock is ahead, seems to
last for hours. Whoever lives renews it every few seconds, whatever the clock says: one that stays
as it is for the time of a lease, by a clock that only runs forward, is a dead worker's.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from pipeline.domain.call import Lease
from pipeline.usecases.deck import Deck


class LeaseWatch:
    """What one process has seen, and when: by `stopwatch`, in seconds."""

    def __init__(self, stopwatch: Callable[[], float] = time.monotonic) -> None:
        self._stopwatch = stopwatch
        self._seen: dict[Lease, float] = {}

    def end_dead(self, deck: Deck) -> int:
        """End those that nobody renews; how many. Raises `ServiceUnavailable`."""
        now, seen_now = deck.clock.now(), self._stopwatch()
        longer = deck.calls.leases_beyond(now + deck.policy.lease)
        self._seen = {lease: self._seen.get(lease, seen_now) for lease in longer}
        unchanged = seen_now - deck.policy.lease.total_seconds()
        dead = [lease for lease, since in self._seen.items() if since <= unchanged]
        return sum(deck.calls.end_lease(lease, now) for lease in dead)
