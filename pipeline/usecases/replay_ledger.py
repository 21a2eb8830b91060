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
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain, islice

from pipeline.domain.deletion import LedgerEntry, Receipt
from pipeline.domain.errors import (
    ConfigurationError,
    Conflict,
    DecknameError,
    NotFound,
    SealBroken,
    TransientError,
)
from pipeline.domain.ids import CallId
from pipeline.domain.ledger import (
    START,
    Kind,
    LedgerMark,
    answered_by,
    begun_id,
    committed,
    is_awaiting,
    outcome_told,
    overtaken,
    receipt_in,
    settles,
)
from pipeline.logging import log_event
from pipeline.usecases.deck import Deck

log = logging.getLogger(__name__)

_TAIL = 256
"""Entries at the end that a start looks at anyway."""
_BATCH = 500
_SETTLING = timedelta(minutes=1)
"""Whoever told the ledger of something has long committed it by then, or was killed."""
_ALL = 1_000_000_000
_WAY_OUT = (
    "put back the copy of DECKNAME_KEYS/ledger that is kept apart from backups; where there is"
    " none, `deckname backup remake-ledger` writes one from what the database knows, and what was"
    " deleted since the backup it came from stays readable in it"
)
_CUT = f"the deletion ledger was cut or is an older copy: {_WAY_OUT}"


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many entries were done again, and how many recordings went with them. `strangers` are
    the ids of open requests of customers that this database does not have; `reopened` those of
    requests that were answered with a correction, which this database lacks."""

    entries: int = 0
    recordings: int = 0
    strangers: tuple[str, ...] = ()
    reopened: tuple[str, ...] = ()


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
    the end of the audit log, was altered or cut; what was done again by then stays done. Raises
    `Conflict` where the database is older than what the ledger still tells.
    """
    stretch = _stretch(deck)
    _check_ledger(stretch, deck)
    _check_audit(deck.ledger.latest(_TAIL), deck)
    news = _news(stretch, deck)
    receipts = (each for each in stretch.entries(deck) if each.id in news.receipts)
    destroy = _spared if keeping_keys else deck.recordings.destroy_retained
    done = _done_again(chain(receipts, news.entries()), deck, destroy)
    _tell_outcomes(news, deck)
    # What cannot be done again here never can: of a customer that is not here another may be
    # added under the same id, and nothing of this is about that one.
    if news.found:
        deck.replay.mark(stretch.end, done.entries, stretch.read_at)
    else:
        with suppress(TransientError):  # whoever only looks need not wait for others that write
            _note(news, stretch, deck)
    return done


def note_reached(deck: Deck) -> int:
    """While the store is at work: move its mark to the end of what the ledger tells, if the
    database has all of it, so that an older copy of the ledger is told apart from it. What was told
    lately may still be committed; what was told before and is not here waits for nobody who lives,
    and is caught up with. How many entries there were. Raises as `catch_up`."""
    stretch = _stretch(deck)
    _check_ledger(stretch, deck)
    news = _news(stretch, deck)
    told = news.oldest_open()
    if told is None:
        return _note(news, stretch, deck)
    return 0 if told > stretch.read_at - _SETTLING else catch_up(deck).entries


def count_due(deck: Deck) -> int:
    """How many entries `catch_up` would do again; nothing is changed. Raises as it does."""
    stretch = _stretch(deck)
    _check_ledger(stretch, deck)
    _check_audit(deck.ledger.latest(_TAIL), deck)
    news = _news(stretch, deck)
    return len(news.receipts) + sum(1 for _ in news.entries())


def _stretch(deck: Deck) -> _Stretch:
    # The end is read first: what is told meanwhile is left to the next start.
    now, end, reached = deck.clock.now(), deck.ledger.end(), deck.replay.replayed_to()
    if reached is not None and reached[0].position < deck.ledger.start().position:
        raise Conflict(
            "the database is older than what the deletion ledger remembers, so nobody can tell what"
            " was deleted since: nothing was opened; put a younger copy in its place"
        )
    if reached is None:
        return _Stretch(START, end, now, None)
    mark, since = reached
    if not deck.ledger.holds(mark):
        _check_remade(end, since, deck)
        return _Stretch(START, end, now, None)
    return _Stretch(mark, end, now, since)


def _check_remade(end: LedgerMark, since: datetime, deck: Deck) -> None:
    """A ledger lacks the place that the database reached at `since`: only one may that was made
    anew after that."""
    if end == START:
        raise ConfigurationError(f"the deletion ledger is missing: {_WAY_OUT}")
    entries = deck.ledger.entries(START, end)
    if not any(entry.kind == Kind.REMADE and entry.at > since for entry in entries):
        raise ConfigurationError(_CUT)


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
        raise ConfigurationError(_CUT)


def _check_audit(tail: Iterable[LedgerEntry], deck: Deck) -> None:
    """The audit log must still hold what the last receipt says of it: nobody cut its end."""
    receipts = [receipt_in(entry) for entry in tail if entry.kind == Kind.RECEIPT]
    if receipts and not deck.replay.has_in_audit(receipts[-1]):
        raise SealBroken(
            "the audit log was cut: it lacks what the last deletion receipt says of it; restore"
            " the database from a backup"
        )


@dataclass(slots=True)
class _News:
    """What the database does not know or has not finished: the ids of `receipts`, which are many
    and large, and when they were told; and the other entries. `untold` are known ones whose commit
    was not told, or was told to be undone."""

    begun: set[str]
    count: int = 0
    doubted: set[str] = field(default_factory=set)
    receipts: dict[str, datetime] = field(default_factory=dict)
    unknown: dict[str, LedgerEntry] = field(default_factory=dict)
    undone: set[str] = field(default_factory=set)
    known: dict[str, LedgerEntry] = field(default_factory=dict)
    untold: dict[str, LedgerEntry] = field(default_factory=dict)

    @property
    def found(self) -> bool:
        return bool(self.receipts or self.unknown)

    def doubting(self, entries: Iterable[LedgerEntry]) -> Iterator[LedgerEntry]:
        """The same; those among them that were ever told to be undone are remembered."""
        for entry in entries:
            if entry.kind == Kind.UNDONE:
                self.doubted.add(settles(entry))
            yield entry

    def take(self, entry: LedgerEntry, known: bool) -> None:
        self.count += 1
        if entry.kind == Kind.RECEIPT:
            self._take_receipt(entry, known)
        elif entry.kind == Kind.COMMITTED:
            self._take_commit(settles(entry))
        elif entry.kind == Kind.UNDONE:
            self._take_undoing(settles(entry))
        elif not known:
            self._take_unknown(entry)
        elif entry.kind == Kind.DELETED or is_awaiting(entry) or entry.id in self.doubted:
            self._take_known(entry)

    def entries(self) -> Iterator[LedgerEntry]:
        """In the order in which they are done again, behind receipts: deletions first. What a
        withdrawal ended is ended then, and gets no second receipt."""
        kept = [entry for entry in self.unknown.values() if entry.id not in self.undone]
        yield from (entry for entry in kept if entry.kind == Kind.DELETED)
        yield from (entry for entry in kept if entry.kind != Kind.DELETED)

    def oldest_open(self) -> datetime | None:
        """When the first was told that is still to be done, or whose outcome is still to be told;
        None where there is none."""
        entries = chain(self.entries(), self.untold.values())
        return min(chain(self.receipts.values(), (each.at for each in entries)), default=None)

    def _take_unknown(self, entry: LedgerEntry) -> None:
        # One that is told again, for it was undone before, counts from here.
        self.unknown.pop(entry.id, None)
        self.unknown[entry.id] = entry
        self.undone.discard(entry.id)

    def _take_known(self, entry: LedgerEntry) -> None:
        self.known[entry.id] = entry
        self.untold.pop(entry.id, None)
        if is_awaiting(entry):
            self.untold[entry.id] = entry

    def _take_receipt(self, entry: LedgerEntry, known: bool) -> None:
        if not known or entry.id in self.begun:
            self.receipts[entry.id] = entry.at
        for entries in (self.unknown, self.known, self.untold):
            entries.pop(begun_id(entry.id), None)

    def _take_commit(self, told: str) -> None:
        self.undone.discard(told)
        self.known.pop(told, None)
        self.untold.pop(told, None)
        if told in self.unknown:
            self.unknown[told] = committed(self.unknown[told])

    def _take_undoing(self, told: str) -> None:
        if told in self.known:  # its commit was answered by nobody, and happened
            self.untold[told] = self.known[told]
        elif told in self.unknown:
            self.undone.add(told)


def _news(stretch: _Stretch, deck: Deck) -> _News:
    news = _News({deletion.id for deletion in deck.deletions.pending(_ALL)})
    old = overtaken(news.doubting(stretch.entries(deck)))
    entries = stretch.entries(deck)
    while batch := tuple(islice(entries, _BATCH)):
        fresh = [each for each in batch if each.id not in old]
        unknown = {entry.id for entry in deck.replay.unknown(fresh)}
        for entry in batch:
            news.take(entry, entry.id not in unknown)
    return news


def _note(news: _News, stretch: _Stretch, deck: Deck) -> int:
    """Nothing where the outcome of an entry is still to be told: the next start looks at it."""
    if not news.count or news.untold:
        return 0
    deck.replay.mark(stretch.end, 0, stretch.read_at)
    return news.count


def _tell_outcomes(news: _News, deck: Deck) -> None:
    """What a killed process could not tell: its commit happened, for its work is here; or not, for
    this database saw its claim and lacks its work. Of a process that is still at it this may be
    said too early: its own word comes later and counts."""
    awaiting = [entry for entry in news.entries() if is_awaiting(entry)]
    outcomes = [outcome_told(Kind.COMMITTED, entry) for entry in news.untold.values()]
    outcomes += [outcome_told(Kind.UNDONE, entry) for entry in deck.replay.unknown(awaiting)]
    with suppress(DecknameError):
        deck.ledger.append(*outcomes)


def _done_again(
    entries: Iterable[LedgerEntry], deck: Deck, destroy: Callable[[str], object]
) -> Replayed:
    done, gone, left = 0, set[CallId](), _Left()
    try:
        for entry in entries:
            calls = deck.replay.apply(entry, deck.clock.now(), destroy)
            done += calls is not None
            if calls is None:
                left.take(entry, deck)
            for call_id in calls or ():
                gone.add(call_id)
                _clear(call_id, deck)
    finally:
        if done:
            log_event(log, "ledger_replayed", logging.WARNING, count=done, unlinked=len(gone))
        left.log()
    return Replayed(done, len(gone), tuple(left.strangers), tuple(left.reopened))


@dataclass(frozen=True, slots=True)
class _Left:
    """Ids of requests that a person has to see to: see `Replayed`."""

    strangers: dict[str, None] = field(default_factory=dict)
    reopened: dict[str, None] = field(default_factory=dict)

    def take(self, entry: LedgerEntry, deck: Deck) -> None:
        """`entry` could not be done again."""
        if entry.kind == Kind.REQUEST:
            self.strangers[entry.id] = None
        elif entry.kind == Kind.ANSWER:
            request_id = answered_by(entry)
            self.strangers.pop(request_id, None)
            if _is_open(request_id, deck):
                self.reopened[request_id] = None

    def log(self) -> None:
        if self.strangers:
            count = len(self.strangers)
            log_event(log, "requests_of_strangers", logging.WARNING, count=count)
        if self.reopened:
            log_event(log, "corrections_lost", logging.WARNING, count=len(self.reopened))


def _is_open(request_id: str, deck: Deck) -> bool:
    with suppress(NotFound):
        return deck.rights.request(request_id).closed_at is None
    return False


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
