"""Deletions in a dict."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import takewhile

from pipeline.adapters.memory.audit_log import MemoryAuditLog
from pipeline.adapters.told_ids import ToldIds
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
        self._done: dict[str, datetime] = {}

    def begin(self, deletion: Deletion) -> None:
        """What the SQL twin does in the transaction that destroys the key."""
        self._begun[deletion.id] = deletion

    def pending(
        self,
        limit: int = 100,
        call_id: CallId | None = None,
        customer_id: CustomerId | None = None,
    ) -> tuple[Deletion, ...]:
        """Oldest first."""
        found = [
            deletion
            for deletion in self._begun.values()
            if deletion.id not in self._receipts
            and call_id in (None, deletion.call_id)
            and customer_id in (None, deletion.customer_id)
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
            self._done[deletion.id] = now
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
            self._done[receipt.id] = now
            facts = {"receipt": receipt.id, "digest": receipt.digest}
            self.audit.append(
                AuditEvent("receipt_adopted", now, deletion.call_id, deletion.customer_id, facts)
            )

    def finished(self) -> list[tuple[Receipt, Deletion, datetime]]:
        """Each receipt with its deletion, and when it was finished or taken in."""
        return [(r, self._begun[r.id], self._done[r.id]) for r in self._receipts.values()]

    def open_ended(
        self,
        before: datetime,
        call_id: CallId | None = None,
        customer_id: CustomerId | None = None,
    ) -> bool:
        """Whether a deletion of the call, or of the customer, has no receipt, or a younger one."""
        return any(
            deletion.id not in self._done or self._done[deletion.id] > before
            for deletion in self._begun.values()
            if call_id in (None, deletion.call_id) and customer_id in (None, deletion.customer_id)
        )

    def forget(self, ids: Iterable[str]) -> None:
        """Receipts whose time is over."""
        for deletion_id in tuple(ids):
            del self._begun[deletion_id], self._receipts[deletion_id], self._done[deletion_id]


class MemoryLedger:
    """A `DeletionLedger`."""

    def __init__(self) -> None:
        self._entries: list[LedgerEntry] = []
        self._told = ToldIds()
        self._forgotten: list[str] = []

    def append(self, *entries: LedgerEntry, lasting: bool = True) -> None:
        """See `DeletionLedger`."""
        for entry in entries:
            if entry.id not in self._told:
                self._entries.append(entry)
                self._told.take(entry.id)

    def entries(
        self, after: LedgerMark = START, until: LedgerMark | None = None
    ) -> Iterator[LedgerEntry]:
        """See `DeletionLedger`."""
        gone = len(self._forgotten)
        last = None if until is None else until.position - gone
        yield from tuple(self._entries)[max(after.position - gone, 0) : last]

    def end(self) -> LedgerMark:
        """See `DeletionLedger`. Positions count entries."""
        return self._mark(len(self._forgotten) + len(self._entries))

    def start(self) -> LedgerMark:
        """See `DeletionLedger`."""
        return self._mark(len(self._forgotten))

    def holds(self, mark: LedgerMark) -> bool:
        """See `DeletionLedger`."""
        first, last = self.start().position, self.end().position
        return first <= mark.position <= last and self._mark(mark.position) == mark

    def mark_before(self, moment: datetime) -> LedgerMark:
        """See `DeletionLedger`."""
        old = takewhile(lambda entry: entry.at <= moment, self._entries)
        return self._mark(len(self._forgotten) + sum(1 for _ in old))

    def forget(self, until: LedgerMark) -> None:
        """See `DeletionLedger`."""
        if self.holds(until):
            count, self._told = until.position - len(self._forgotten), ToldIds()
            self._forgotten += [entry.id for entry in self._entries[:count]]
            del self._entries[:count]
            for entry in self._entries:
                self._told.take(entry.id)

    def _mark(self, position: int) -> LedgerMark:
        before = " ".join((*self._forgotten, *(each.id for each in self._entries))[:position])
        if not before:
            return START
        return LedgerMark(position, hashlib.sha256(before.encode()).hexdigest())

    def latest(self, limit: int = 64) -> tuple[LedgerEntry, ...]:
        """See `DeletionLedger`."""
        return tuple(self._entries)[-limit:]


def _age(deletion: Deletion) -> tuple[datetime, str]:
    return deletion.begun, deletion.id
