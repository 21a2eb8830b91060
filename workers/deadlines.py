"""Ends a worker whose native code hangs: nothing else stops it.

Two clocks run. A thread of ours tells of the end and makes it. Where the native call holds the
interpreter's lock no thread of ours runs: then the kernel ends the process a little later, by
SIGALRM. Either way the lease runs out, and somebody tries again.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipeline.logging import log_event

log = logging.getLogger(__name__)

HUNG = 70
"""Exit status of a worker that its deadline ended."""
_START, _SLOWEST = 120.0, 60.0
"""Seconds, and seconds for each of audio, that no working machine needs."""
_LAST_WORDS = 5.0
"""Seconds that a thread has to tell of the end before the kernel makes it."""


@contextmanager
def deadline(longest: float, audio_seconds: float) -> Iterator[None]:
    """End the process if the block takes longer than so much audio can, or than `longest`."""
    seconds = min(longest, _START + _SLOWEST * audio_seconds)

    def end() -> None:
        log_event(log, "worker_hung", logging.CRITICAL, seconds=seconds)
        os._exit(HUNG)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    with _KERNEL.within(seconds + _LAST_WORDS):
        try:
            yield
        finally:
            timer.cancel()


class KernelDeadline:
    """A process has one such timer: it is set for the deadline that comes first of those of all
    threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: list[float] = []

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """The kernel ends the process if the block takes longer."""
        end = time.monotonic() + seconds
        self._change(self._ends.append, end)
        try:
            yield
        finally:
            self._change(self._ends.remove, end)

    def _change(self, ends: Callable[[float], None], end: float) -> None:
        with self._lock:
            ends(end)
            left = min(self._ends) - time.monotonic() if self._ends else None
            # 0 stops the timer: a moment that is over comes at once.
            signal.setitimer(signal.ITIMER_REAL, 0.0 if left is None else max(left, 1e-3))


_KERNEL = KernelDeadline()
