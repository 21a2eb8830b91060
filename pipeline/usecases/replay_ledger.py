"""Bring a database up to date that is older than the deletion ledger: a restored one. What the
ledger tells is done again before anybody gets to see anything.

Whether that is needed shows at the ledger's end: a backup lacks all that came after it. So a start
with a database that is no backup costs a look at a few lines.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice

from pipeline.domain.deletion import LedgerEntry
from pipeline.domain.errors import ConfigurationError, SealBroken, TransientError
from pipeline.domain.ids import CallId
from pipeline.domain.ledger import Kind, receipt_in
from pipeline.logging import log_event
from pipeline.usecases.deck import Deck

log = logging.getLogger(__name__)

_TAIL = 64
_BATCH = 500
_ALL = 1_000_000_000
_WAY_OUT = (
    "put back the copy of DECKNAME_KEYS/ledger that is kept apart from backups; where there is"
    " none, `deckname backup remake-ledger` writes one from what the database knows, and what was"
    " deleted since the backup it came from stays readable in it"
)


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many entries were done again, and how many recordings went with them."""

    entries: int = 0
    recordings: int = 0


def catch_up(deck: Deck) -> Replayed:
    """What every start does first. Raises `ConfigurationError` where the ledger is missing or was
    cut, `SealBroken` where it, or the end of the audit log, was altered or cut; then nothing was
    opened."""
    tail = deck.ledger.latest(_TAIL)
    check_ledger(tail, deck)
    new = _after(deck.replay.replayed_to(), tail)
    if deck.replay.unknown(new):
        return replay_ledger(deck)
    check_audit(new, deck)
    begun = {deletion.id for deletion in deck.deletions.pending(_ALL)}
    return _done_again((entry for entry in new if entry.id in begun), deck)


def replay_ledger(deck: Deck) -> Replayed:
    """Do again whatever the ledger tells and the database does not know. Raises `SealBroken`; what
    was done again by then stays done."""
    receipts, others = _news(deck)
    # Receipts first: what a withdrawal ended has its receipt then, and gets no second one.
    done = _done_again(chain(_of(receipts, deck), others), deck)
    for entry in deck.ledger.latest(1):
        deck.replay.mark(entry.id, done.entries, deck.clock.now())
    return done


def check_ledger(tail: Sequence[LedgerEntry], deck: Deck) -> None:
    """The last receipt of the database must be in the ledger. Raises `ConfigurationError`."""
    receipt = deck.replay.last_receipt()
    if receipt is None or any(entry.id == receipt.id for entry in tail):
        return
    if not tail:
        raise ConfigurationError(f"the deletion ledger is missing: {_WAY_OUT}")
    if not any(entry.id == receipt.id for entry in deck.ledger.entries()):
        raise ConfigurationError(f"the deletion ledger was cut or is an older copy: {_WAY_OUT}")


def check_audit(tail: Sequence[LedgerEntry], deck: Deck) -> None:
    """The audit log must still hold what the last receipts say of it: nobody cut its end. Raises
    `SealBroken`."""
    receipts = [receipt_in(entry) for entry in tail if entry.kind == Kind.RECEIPT]
    if receipts and not deck.replay.has_in_audit(receipts[-1]):
        raise SealBroken(
            "the audit log was cut: it lacks what the last deletion receipt says of it; restore"
            " the database from a backup"
        )


def _done_again(entries: Iterable[LedgerEntry], deck: Deck) -> Replayed:
    done, gone = 0, set[CallId]()
    for entry in entries:
        calls = deck.replay.apply(entry, deck.clock.now(), deck.recordings.destroy_retained)
        done += calls is not None
        for call_id in calls or ():
            gone.add(call_id)
            _clear(call_id, deck)
    if done:
        log_event(log, "ledger_replayed", logging.WARNING, count=done, unlinked=len(gone))
    return Replayed(done, len(gone))


def _news(deck: Deck) -> tuple[set[str], list[LedgerEntry]]:
    """What the database does not know, or has not finished: ids of receipts, which are many and
    large, and the other entries."""
    begun = {deletion.id for deletion in deck.deletions.pending(_ALL)}
    receipts: set[str] = set()
    others: list[LedgerEntry] = []
    entries = deck.ledger.entries()
    while batch := tuple(islice(entries, _BATCH)):
        receipts.update(entry.id for entry in batch if entry.id in begun)
        for entry in deck.replay.unknown(batch):
            if entry.kind == Kind.RECEIPT:
                receipts.add(entry.id)
            else:
                others.append(entry)
    return receipts, others


def _of(ids: set[str], deck: Deck) -> Iterator[LedgerEntry]:
    return (entry for entry in deck.ledger.entries() if entry.id in ids)


def _after(mark: str | None, tail: Sequence[LedgerEntry]) -> Sequence[LedgerEntry]:
    """Those behind the last replay; all where it is further back."""
    ids = [entry.id for entry in tail]
    return tail[ids.index(mark) + 1 :] if mark in ids else tail


def _clear(call_id: CallId, deck: Deck) -> None:
    deck.recordings.unlink(call_id)
    with suppress(TransientError):
        deck.queue.forget(call_id)
