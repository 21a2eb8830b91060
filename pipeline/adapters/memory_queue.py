"""`ports.JobQueue` in memory, for tests and for one process."""

from __future__ import annotations

import threading

from pipeline.domain.ids import CallId


class MemoryJobQueue:
    """See `ports.JobQueue`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[CallId, None] = {}

    def ring(self, call_id: CallId) -> None:
        """See `ports.JobQueue`."""
        with self._lock:
            self._waiting.setdefault(call_id)

    def waiting(self) -> int:
        """See `ports.JobQueue`."""
        return len(self._waiting)

    def forget(self, call_id: CallId) -> bool:
        """See `ports.JobQueue`."""
        with self._lock:
            return self._waiting.pop(call_id, 0) is None

    def answer(self, most: int) -> int:
        """See `ports.JobQueue`."""
        with self._lock:
            answered = list(self._waiting)[:most]
            for call_id in answered:
                del self._waiting[call_id]
            return len(answered)

    def take(self) -> CallId | None:
        """Answer the oldest doorbell; None where none waits."""
        with self._lock:
            oldest = next(iter(self._waiting), None)
            if oldest is not None:
                del self._waiting[oldest]
            return oldest
