"""Deletions in a dict."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from pipeline.adapters.memory.audit_log import MemoryAuditLog
from pipeline.domain.audit import AuditEvent
from pipeline.domain.deletion import (
    Deletion,
    LedgerEntry,
    Place,
    Receipt,
    deletion_of,
    receipt_event,
)
from pipeline.domain.errors import NotFound
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.ledger import START, LedgerMark


class MemoryDeletionLog:
    """See `DeletionLog` for every method."""

    def __init__(self, audit: MemoryAuditLog) -> None:
        self.audit = audit
        self._lock = threading.RLock()
        self._begun: dict[str, Deletion] = {}
        self._receipts: dict[str, Receipt] = {}

    def begin(self, deletion: Deletion) -> None:
        """What the SQL twin does in the transaction that destroys the key."""
        self._begun[deletion.id] = deletion

    def pending(self, limit: int = 100, call_id: CallId | None = None) -> tuple[Deletion, ...]:
        """Oldest first."""
        found = [
            deletion
            for deletion in self._begun.values()
            if deletion.id not in self._receipts and call_id in (None, deletion.call_id)
        ]
        return tuple(sorted(found, key=_age)[:limit])

    def note(self, call_id: CallId, place: Place) -> None:
        """Nothing where no deletion of the call is pending."""
        with self._lock:
            for deletion in self.pending(len(self._begun), call_id):
                self._begun[deletion.id] = replace(deletion, places=(*deletion.places, place))

    def finish(
        self, deletion: Deletion, sign: Callable[[Deletion, int, str], Receipt], now: datetime
    ) -> Receipt:
        """Raises `NotFound`."""
        with self._lock:
            if deletion.id not in self._begun:
                raise NotFound("there is no such deletion")
            if deletion.id in self._receipts:
                return self._receipts[deletion.id]
            position, previous = self.audit.head()
            receipt = sign(deletion, position + 1, previous)
            self._begun[deletion.id] = replace(deletion, key_name=None)
            self._receipts[deletion.id] = receipt
            self.audit.append(receipt_event(deletion, receipt, now))
            return receipt

    def receipts(
        self,
        customer_id: CustomerId | None = None,
        call_id: CallId | None = None,
        limit: int = 100,
        before: str | None = None,
    ) -> tuple[Receipt, ...]:
        """Newest first."""
        newest = sorted((self._begun[each] for each in self._receipts), key=_age, reverse=True)
        if before is not None:
            if before not in self._begun:
                return ()
            newest = [each for each in newest if _age(each) < _age(self._begun[before])]
        found = (
            self._receipts[each.id]
            for each in newest
            if customer_id in (None, each.customer_id) and call_id in (None, each.call_id)
        )
        return tuple(found)[:limit]

    def receipt(self, receipt_id: str) -> Receipt:
        """Raises `NotFound`."""
        if receipt_id not in self._receipts:
            raise NotFound("there is no such receipt")
        return self._receipts[receipt_id]

    def has_receipt(self, receipt_id: str) -> bool:
        """Whether the deletion is known and finished."""
        return receipt_id in self._receipts

    def last(self) -> Receipt | None:
        """The receipt that was finished last."""
        return next(reversed(self._receipts.values()), None)

    def unknown(self, ids: Iterable[str]) -> tuple[str, ...]:
        """In the order of `ids`."""
        return tuple(each for each in dict.fromkeys(ids) if each not in self._begun)

    def adopt(self, receipt: Receipt, now: datetime) -> None:
        """Nothing where it is known and finished."""
        with self._lock:
            if receipt.id in self._receipts:
                return
            deletion = deletion_of(receipt)
            self._begun[receipt.id] = deletion
            self._receipts[receipt.id] = receipt
            facts = {"receipt": receipt.id, "digest": receipt.digest}
            self.audit.append(
                AuditEvent("receipt_adopted", now, deletion.call_id, deletion.customer_id, facts)
            )


class MemoryLedger:
    """A `DeletionLedger`."""

    def __init__(self) -> None:
        self._entries: dict[str, LedgerEntry] = {}

    def append(self, entry: LedgerEntry) -> None:
        """See `DeletionLedger`."""
        self._entries.setdefault(entry.id, entry)

    def entries(
        self, after: LedgerMark = START, until: LedgerMark | None = None
    ) -> Iterator[LedgerEntry]:
        """See `DeletionLedger`."""
        last = None if until is None else until.position
        yield from tuple(self._entries.values())[after.position : last]

    def end(self) -> LedgerMark:
        """See `DeletionLedger`. Positions count entries."""
        return self._mark(len(self._entries))

    def holds(self, mark: LedgerMark) -> bool:
        """See `DeletionLedger`."""
        return mark.position <= len(self._entries) and self._mark(mark.position) == mark

    def _mark(self, position: int) -> LedgerMark:
        before = " ".join(tuple(self._entries)[:position])
        if not before:
            return START
        return LedgerMark(position, hashlib.sha256(before.encode()).hexdigest())

    def latest(self, limit: int = 64) -> tuple[LedgerEntry, ...]:
        """See `DeletionLedger`."""
        return tuple(self._entries.values())[-limit:]


def _age(deletion: Deletion) -> tuple[datetime, str]:
    return deletion.begun, deletion.id
