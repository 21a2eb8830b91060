"""Whether another call may be taken in: what is taken in is kept, so it is refused in time."""

from __future__ import annotations

import threading
import time

from pipeline.domain.backup import RECORDINGS
from pipeline.domain.errors import Overloaded
from pipeline.usecases.deck import Deck

_COUNT_GOOD_FOR = 1.0
"""Seconds. Counting costs more the more calls wait, and must not be paid by each of them."""


class Admission:
    """The gate of one process. `deck` sees all customers' calls."""

    def __init__(self, deck: Deck) -> None:
        self._deck = deck
        self._lock = threading.Lock()
        self._counted_at = float("-inf")
        self._backlog = 0

    def check(self, size: int = 0) -> None:
        """Raises `Overloaded` where too many calls wait, or a recording of `size` bytes would leave
        too little of the disk; `ServiceUnavailable`."""
        policy = self._deck.policy
        if self._deck.disk.free() - self._needed(size) < policy.spare_bytes:
            raise Overloaded(
                "the disk is nearly full: nothing was kept; push again later, and free some room"
            )
        if self._waiting() >= policy.most_waiting:
            raise Overloaded("too many calls wait already: nothing was kept; push again later")

    def _needed(self, size: int) -> int:
        """On the disk here. What is too large is refused for that: pushing it later is no use."""
        here = self._deck.recordings.place == RECORDINGS
        return size if here and size <= self._deck.policy.limits.max_bytes else 0

    def _waiting(self) -> int:
        with self._lock:
            now = time.monotonic()
            if now - self._counted_at > _COUNT_GOOD_FOR:
                self._backlog = self._deck.calls.backlog(self._deck.policy.most_waiting)
                self._counted_at = now
            return self._backlog
