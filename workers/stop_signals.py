"""SIGTERM or Ctrl-C once: finish what is at hand. Twice: leave at once.

A Python signal handler has to wait for a native call to return, minutes perhaps, and two signals
melt into one meanwhile. So a thread reads them from the wake-up pipe, which the C handler fills.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

from pipeline.logging import log_event

log = logging.getLogger(__name__)

STOPPING = (signal.SIGTERM, signal.SIGINT)


class StopSignals:
    """Installed from the main thread, once a process.

    `on_stop` is called in the main thread at every signal; it may raise to get out of a wait.
    `on_hurry` is called in another thread at the second one.
    """

    def __init__(
        self, on_stop: Callable[[], None] | None = None, on_hurry: Callable[[], None] | None = None
    ) -> None:
        self.on_stop = on_stop
        self.on_hurry = on_hurry
        self._stopping = threading.Event()

    def install(self) -> None:
        """Take over the signals."""
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        threading.Thread(target=self._listen, args=(reader,), name="signals", daemon=True).start()
        for number in STOPPING:
            signal.signal(number, self._stop)

    @property
    def stopping(self) -> bool:
        """Whether a signal came."""
        return self._stopping.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for a signal, `seconds` at most; whether one came."""
        return self._stopping.wait(seconds)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping.set()
        if self.on_stop is not None:
            self.on_stop()

    def _listen(self, reader: int) -> None:
        received = 0
        while True:
            before = received
            received += sum(number in STOPPING for number in os.read(reader, 64))
            if received > before == 0:
                self._stopping.set()
                log_event(log, "stop_requested", pid=os.getpid())
            if received > 1 and self.on_hurry is not None:
                self.on_hurry()
