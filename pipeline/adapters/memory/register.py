"""The consent register in a list."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from pipeline.adapters.memory.audit_log import MemoryAuditLog
from pipeline.domain.call import Sealed
from pipeline.domain.consent import (
    ConsentEntry,
    consent_event,
    refuse_for_owed,
    withdrawn_before,
)
from pipeline.domain.ids import CallId, CustomerId


class MemoryConsentRegister:
    """See `ConsentRegister` for every method."""

    def __init__(self, audit: MemoryAuditLog) -> None:
        self.audit = audit
        self.check: Callable[[CustomerId, Sealed | None], None] = lambda *_: None
        self.owed_since: Callable[[CallId], datetime | None] = lambda _: None
        self._entries: list[tuple[ConsentEntry, Sealed | None]] = []
        self._lock = threading.Lock()

    def record(self, entry: ConsentEntry, quote: Sealed | None = None) -> bool:
        """See `ConsentRegister`."""
        with self._lock:
            self.check(entry.customer_id, quote)
            refuse_for_owed(entry, self.owed_since(entry.call_id))
            if withdrawn_before(self.of_call(entry.call_id), entry):
                return False
            self.insert(entry, quote)
            return True

    def insert(self, entry: ConsentEntry, quote: Sealed | None = None) -> None:
        """Add `entry` as it is, for the twins that do it inside a transaction of theirs."""
        self._entries.append((entry, quote))
        self.audit.append(consent_event(entry))

    def of_call(self, call_id: CallId) -> tuple[ConsentEntry, ...]:
        """See `ConsentRegister`."""
        return tuple(entry for entry, _ in self._entries if entry.call_id == call_id)

    def quotes(self, call_id: CallId) -> tuple[Sealed | None, ...]:
        """See `ConsentRegister`."""
        return tuple(quote for entry, quote in self._entries if entry.call_id == call_id)

    def all_quotes(self) -> list[tuple[int, ConsentEntry, Sealed]]:
        """Every quote with its position and its entry, for the twins that change it."""
        return [
            (position, entry, quote)
            for position, (entry, quote) in enumerate(self._entries)
            if quote is not None
        ]

    def put_quote(self, position: int, quote: Sealed) -> None:
        """`quote` in the place of the one at `position`."""
        self._entries[position] = (self._entries[position][0], quote)

    def forget(self, call_id: CallId) -> None:
        """All entries of a call."""
        self._entries = [each for each in self._entries if each[0].call_id != call_id]

    def forget_quotes(self, call_ids: set[CallId]) -> bool:
        """What the SQL twin does when calls are erased; False where there were none."""
        found = any(quote for entry, quote in self._entries if entry.call_id in call_ids)
        self._entries = [
            (entry, None if entry.call_id in call_ids else quote) for entry, quote in self._entries
        ]
        return found
