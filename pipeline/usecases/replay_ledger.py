"""Bring a database up to date that is older than the deletion ledger: a restored one. What the
ledger tells is done again before anybody gets to see anything.

The database holds a mark: up to where it has all that the ledger tells. A backup holds the mark of
its time, so whatever the ledger gained since lies behind it. The mark moves when a replay has
come to its end and not before: one that is killed begins again at the same place.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice

from pipeline.domain.deletion import LedgerEntry, Receipt
from pipeline.domain.errors import ConfigurationError, SealBroken, TransientError
from pipeline.domain.ids import CallId
from pipeline.domain.ledger import START, Kind, LedgerMark, overtaken, receipt_in
from pipeline.logging import log_event
from pipeline.usecases.deck import Deck

log = logging.getLogger(__name__)

_TAIL = 64
"""Entries that a start looks at anyway; the mark does not move for fewer new ones."""

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


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The part of the ledger that the database may not know, as it was at `read_at`. `since` is
    when the mark before it was reached; None where there is no mark, or one of another ledger:
    then this is all of it."""

    start: LedgerMark
    end: LedgerMark
    read_at: datetime
    since: datetime | None

    def entries(self, deck: Deck) -> Iterator[LedgerEntry]:
        return deck.ledger.entries(self.start, self.end)


def catch_up(deck: Deck, *, keeping_keys: bool = False) -> Replayed:
    """What every start does first: do again whatever the ledger tells and the database does not
    know, at a cost that does not grow with the ledger where that is nothing. `keeping_keys` touches
    no retention key: another store uses them.

    Raises `ConfigurationError` where the ledger is missing or was cut, `SealBroken` where it, or
    the end of the audit log, was altered or cut; what was done again by then stays done.
    """
    stretch = _stretch(deck)
    _check_ledger(stretch, deck)
    _check_audit(deck.ledger.latest(_TAIL), deck)
    count, receipts, others = _news(stretch, deck)
    # Receipts first: what a withdrawal ended has its receipt then, and gets no second one.
    again = chain((each for each in stretch.entries(deck) if each.id in receipts), others)
    done = _done_again(again, deck, _spared if keeping_keys else deck.recordings.destroy_retained)
    if done.entries or count > (0 if stretch.since is None else _TAIL):
        deck.replay.mark(stretch.end, done.entries, stretch.read_at)
    return done


def _stretch(deck: Deck) -> _Stretch:
    # The end is read first: what is told meanwhile is left to the next start.
    now, end, reached = deck.clock.now(), deck.ledger.end(), deck.replay.replayed_to()
    if reached is None or not deck.ledger.holds(reached[0]):
        return _Stretch(START, end, now, None)
    mark, since = reached
    return _Stretch(mark, end, now, since)


def _check_ledger(stretch: _Stretch, deck: Deck) -> None:
    """The last receipt of the database must be in the ledger."""
    receipt = deck.replay.last_receipt()
    if receipt is None or (stretch.since is not None and _done_at(receipt) < stretch.since):
        return
    if stretch.end == START:
        raise ConfigurationError(f"the deletion ledger is missing: {_WAY_OUT}")
    # Behind the mark first, where it should be; clocks that differ may have put it before.
    told = chain(stretch.entries(deck), deck.ledger.entries())
    if not any(entry.id == receipt.id for entry in told):
        raise ConfigurationError(f"the deletion ledger was cut or is an older copy: {_WAY_OUT}")


def _check_audit(tail: Iterable[LedgerEntry], deck: Deck) -> None:
    """The audit log must still hold what the last receipt says of it: nobody cut its end."""
    receipts = [receipt_in(entry) for entry in tail if entry.kind == Kind.RECEIPT]
    if receipts and not deck.replay.has_in_audit(receipts[-1]):
        raise SealBroken(
            "the audit log was cut: it lacks what the last deletion receipt says of it; restore"
            " the database from a backup"
        )


def _news(stretch: _Stretch, deck: Deck) -> tuple[int, set[str], list[LedgerEntry]]:
    """How many entries there are, and which of them the database does not know or has not
    finished: the ids of receipts, which are many and large, and the other entries."""
    begun = {deletion.id for deletion in deck.deletions.pending(_ALL)}
    old = overtaken(stretch.entries(deck))
    count, receipts, others = 0, set[str](), list[LedgerEntry]()
    entries = stretch.entries(deck)
    while batch := tuple(islice(entries, _BATCH)):
        count += len(batch)
        receipts.update(entry.id for entry in batch if entry.id in begun)
        for entry in deck.replay.unknown([each for each in batch if each.id not in old]):
            if entry.kind == Kind.RECEIPT:
                receipts.add(entry.id)
            else:
                others.append(entry)
    return count, receipts, others


def _done_again(
    entries: Iterable[LedgerEntry], deck: Deck, destroy: Callable[[str], object]
) -> Replayed:
    done, gone = 0, set[CallId]()
    try:
        for entry in entries:
            calls = deck.replay.apply(entry, deck.clock.now(), destroy)
            done += calls is not None
            for call_id in calls or ():
                gone.add(call_id)
                _clear(call_id, deck)
    finally:
        if done:
            log_event(log, "ledger_replayed", logging.WARNING, count=done, unlinked=len(gone))
    return Replayed(done, len(gone))


def _done_at(receipt: Receipt) -> datetime:
    try:
        return datetime.fromisoformat(str(receipt.body["done"]))
    except (KeyError, ValueError):
        return datetime.max.replace(tzinfo=UTC)  # then the whole ledger is asked


def _spared(key_name: str) -> None:
    """The key goes with the deletion that is begun here, or went with that of the receipt."""


def _clear(call_id: CallId, deck: Deck) -> None:
    deck.recordings.unlink(call_id)
    with suppress(TransientError):
        deck.queue.forget(call_id)
