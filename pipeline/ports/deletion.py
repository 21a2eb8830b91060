"""Deletions, their receipts, their ledger, and backups that know them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pipeline.domain.backup import Manifest
from pipeline.domain.deletion import Deletion, LedgerEntry, Place, Receipt
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.ledger import START, LedgerMark


class DeletionLog(Protocol):
    """Deletions: begun by the transactions of the other ports, finished here with a receipt."""

    def pending(
        self,
        limit: int = 100,
        call_id: CallId | None = None,
        customer_id: CustomerId | None = None,
    ) -> tuple[Deletion, ...]:
        """Those without a receipt, oldest first."""
        ...

    def note(self, call_id: CallId, place: Place) -> None:
        """Add a place that was dealt with to the pending deletions of the call."""
        ...

    def finish(
        self, deletion: Deletion, sign: Callable[[Deletion, int, str], Receipt], now: datetime
    ) -> Receipt:
        """Store `deletion` as it is now with the receipt that `sign` makes of it, its position in
        the audit log and the hash before that; chain the receipt's digest there. Where it has a
        receipt already, that one. Raises `NotFound`."""
        ...

    def receipts(
        self,
        customer_id: CustomerId | None = None,
        call_id: CallId | None = None,
        limit: int = 100,
        before: str | None = None,
    ) -> tuple[Receipt, ...]:
        """Newest first; `before`, a receipt's id, continues a listing."""
        ...

    def receipt(self, receipt_id: str) -> Receipt:
        """Raises `NotFound`."""
        ...

    def unknown(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Those of `ids` that no deletion here has: what a restored backup does not know yet."""
        ...

    def adopt(self, receipt: Receipt, now: datetime) -> None:
        """Take in the receipt of a deletion that happened before a restore. Idempotent."""
        ...


class DeletionLedger(Protocol):
    """What must stay deleted, apart from data and backups: ids, codes and times. Append-only, but
    for what is older than evidence lives."""

    def append(self, *entries: LedgerEntry, lasting: bool = True) -> None:
        """All or none of them, in this order. Durable when it returns, unless it need not be
        `lasting`. An entry whose id is there already changes nothing, unless it was told to be
        undone since: then it counts anew, from here. One of `TOLD_FREELY` may stand there
        twice."""
        ...

    def entries(
        self, after: LedgerMark = START, until: LedgerMark | None = None
    ) -> Iterator[LedgerEntry]:
        """Those between two marks that the ledger holds, oldest first; all by default. Raises
        `SealBroken` where their chain is broken."""
        ...

    def end(self) -> LedgerMark:
        """Behind the last entry, at a cost that does not grow with the ledger; `START` where there
        is none. What lies before it is durable. Raises `SealBroken` where the last one cannot be
        read."""
        ...

    def holds(self, mark: LedgerMark) -> bool:
        """Whether `mark` is a place in this ledger, at the same cost. False where the ledger was
        cut before it, or is another."""
        ...

    def start(self) -> LedgerMark:
        """Before the first entry: `START`, or where older ones were forgotten."""
        ...

    def mark_before(self, moment: datetime) -> LedgerMark:
        """Behind the entries at the start that were told before `moment`; `start` where there are
        none. Raises `SealBroken`."""
        ...

    def forget(self, until: LedgerMark) -> None:
        """Remove all entries before `until`, at once; marks behind it stay what they are. Nothing
        where the ledger does not hold `until`."""
        ...

    def latest(self, limit: int = 64) -> tuple[LedgerEntry, ...]:
        """The last ones, oldest first, at a cost that does not grow with the ledger. Raises
        `SealBroken` where one of them was altered."""
        ...


class LedgerReplay(Protocol):
    """The database as a restored backup must be brought up to date: what the deletion ledger
    knows and the database does not is done again, one entry a transaction."""

    def unknown(self, entries: Sequence[LedgerEntry]) -> tuple[LedgerEntry, ...]:
        """Those that this database does not know, in their order, each looked at by itself: see
        `overtaken` for what later ones make of it."""
        ...

    def apply(
        self, entry: LedgerEntry, now: datetime, destroy: Callable[[str], object]
    ) -> tuple[CallId, ...] | None:
        """Do again what `entry` tells, all of it in one transaction; the calls whose audio is
        gone with it. None where nothing was to do: it is known, or what it tells of is not here.
        `destroy` is called with the name of each retention key before the commit. A receipt of
        the ledger is adopted; a deletion that has none yet is pending here too, under the same
        id. The answer that was a correction is not taken over: its request stays open, see
        `is_lasting`. What awaits its commit is not done in the database that saw its claim: there
        that transaction never ended. Raises `SealBroken` where the entry cannot be read; then
        nothing changed."""
        ...

    def replayed_to(self) -> tuple[LedgerMark, datetime] | None:
        """Up to where this database is known to have all that the ledger tells, and when that was
        found; None where it never was. A backup holds the mark of its time."""
        ...

    def mark(self, reached: LedgerMark, applied: int, now: datetime) -> None:
        """This database has all that the ledger tells up to `reached`. Where entries were
        `applied` for that, the audit log tells how many."""
        ...

    def last_receipt(self) -> Receipt | None:
        """The receipt that was finished last."""
        ...

    def has_in_audit(self, receipt: Receipt) -> bool:
        """Whether the audit log still holds what `receipt` says of it: its own entry at its
        position, behind the entry that it names; or that it was adopted after a restore. True
        also where this database never had it as its own."""
        ...


class Evidence(Protocol):
    """What proves things that have ended. What is about a call or a customer is over when that
    ended before the moment named; what ended later, or lives, keeps what is about it. Every method
    removes some of what is over, about `limit` at a time, and says how many."""

    def prune_log(self, before: datetime, now: datetime, limit: int) -> int:
        """Entries of the audit log that are older than `before`, and what they are about is over.
        An `audit_pruned` event is chained that `AuditLog.verify` begins at. Raises `SealBroken`
        where the last such event is none."""
        ...

    def prune_records(self, before: datetime, limit: int) -> int:
        """Legal holds and requests that ended, receipts of what this database never had."""
        ...

    def prune_calls(self, before: datetime, limit: int) -> int:
        """Tombstones of calls, with their receipts, consents and holds: all at once, and only
        where the last receipt is as old."""
        ...

    def prune_customers(self, before: datetime, limit: int) -> int:
        """Closed customers that have no call left, with their receipts, holds and requests."""
        ...


class ReceiptSigner(Protocol):
    """Ed25519. The private key lies in the key folder, apart from data and backups. The
    first use makes it; every use raises as `require`."""

    def require(self) -> None:
        """Raises `KeysElsewhere` where receipts were signed, and the key that did is missing."""
        ...

    def renew(self) -> None:
        """Make a new key pair, for the one before is lost. Raises `Conflict` where it is there."""
        ...

    @property
    def key_id(self) -> str:
        """Short name of the key pair: 16 hex digits of the public key's SHA-256."""
        ...

    def sign(self, document: bytes) -> bytes:
        """64 bytes."""
        ...

    def public_key(self) -> bytes:
        """PEM: what verifies receipts offline."""
        ...


class Backups(Protocol):
    """The store in one sealed file, without any key that opens it."""

    def create(self, target: Path, now: datetime) -> Manifest:
        """Write the new file `target`, whole or not at all, while others use the store. Raises
        `Conflict`, `UsageError`, `ConfigurationError`, `StorageFull`, `ServiceUnavailable`."""
        ...

    def unpacked(self, source: Path, home: Path) -> AbstractContextManager[tuple[Path, Manifest]]:
        """The store of the backup `source`, checked to the last byte, in a folder aside; gone at
        the end unless `place` was called. Raises `Conflict` where `home` is not empty or in use,
        `SealBroken`, `UsageError`, `ConfigurationError`, `StorageFull`."""
        ...

    def place(self, folder: Path) -> None:
        """Make the unpacked store the store of its data folder, at once."""
        ...
