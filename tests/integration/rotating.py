"""A customer's content of every kind, and whether all of it opens; also a child process that
rotates until it is killed: `python -m tests.integration.rotating FOLDER NOW WHAT POINT`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

from pipeline.adapters.memory import StoppedClock
from pipeline.domain.call import Call, Intake, Outcome, Sealed
from pipeline.domain.consent import ConsentAct, ConsentEntry, ConsentSource, Purpose
from pipeline.domain.ids import CallId
from pipeline.domain.privacy import EntityType, KnownParty
from pipeline.domain.redaction_policy import ListName
from pipeline.usecases.customers import add_customer
from pipeline.usecases.deck import Deck
from pipeline.usecases.open_sealed import open_sealed, sealed_anew, settled
from pipeline.usecases.redaction_policy import add_values, read_policy
from pipeline.usecases.rotate_keys import rotate_customer_keys, rotate_master_keys
from pipeline.usecases.subject_index import index_secret
from pipeline.usecases.submit_call import submit_call
from tests.builders import ACME, LEASE
from tests.decks import WAV_HEAD, disk_deck

KNOWN = KnownParty(EntityType.PERSON, "Erika Beispiel")
QUOTE = b"[PERSON_1] ist einverstanden."


@dataclass(frozen=True)
class Filled:
    """Calls of a deck: some stored, one waiting with what its push knew."""

    stored: tuple[CallId, ...]
    waiting: CallId
    index: bytes


def fill(deck: Deck, calls: int = 3) -> Filled:
    add_customer(ACME, "Acme", deck)
    add_values(ACME, ListName.DENY, [KNOWN], deck)
    stored = tuple(store(deck, push(deck)).id for _ in range(calls))
    secret = index_secret(deck.calls.customer(ACME), deck)
    return Filled(stored, push(deck).id, secret)


def push(deck: Deck) -> Call:
    return submit_call(Intake(ACME, known=(KNOWN,)), [WAV_HEAD, b"samples"], deck)


def outcome(deck: Deck, call: Call) -> Outcome:
    customer, seal = deck.calls.customer(ACME), deck.transcripts.seal
    entry = ConsentEntry(
        ACME,
        call.id,
        Purpose.AUDIO_RETENTION,
        ConsentAct.GIVEN,
        ConsentSource.SPOKEN,
        call.received_at,
    )
    return Outcome(
        "de",
        3.5,
        seal(customer, call.id, "transcript", b"transcript of " + call.id.encode()),
        seal(customer, call.id, "vault", b"vault of " + call.id.encode()),
        (("PERSON", 1),),
        consents=((entry, seal(customer, call.id, "quote", QUOTE)),),
    )


def store(deck: Deck, call: Call, sealed: Outcome | None = None) -> Call:
    """As a worker does: what a rotation outran is sealed anew."""
    now = deck.clock.now()
    (claim,) = deck.calls.claim([call.id], "worker", now, LEASE)
    if sealed is not None:
        return deck.calls.complete(claim, sealed, now)
    return sealed_anew(
        lambda: deck.calls.complete(claim, settled(lambda: call, partial(outcome, deck)), now)
    )


def opened(deck: Deck, filled: Filled) -> Iterator[tuple[str, bytes]]:
    """Everything, opened; raises where anything does not."""
    calls = deck.calls
    reads: tuple[tuple[str, Callable[[CallId], Any]], ...] = (
        ("transcript", calls.transcript),
        ("vault", calls.vault),
        ("quote", lambda call_id: deck.consents.quotes(call_id)[0]),
    )
    for call_id in filled.stored:
        for purpose, read in reads:
            again = partial(read, call_id)
            yield purpose, open_sealed(ACME, call_id, purpose, again, deck)
    known = cast(Callable[[], Sealed], partial(calls.known, filled.waiting))
    yield "known", open_sealed(ACME, filled.waiting, "known", known, deck)
    assert read_policy(ACME, deck).deny == (KNOWN,)
    assert index_secret(calls.customer(ACME), deck) == filled.index
    recording = calls.recording(filled.waiting)
    yield "recording", deck.recordings.open(filled.waiting, recording)


def assert_all_opens(deck: Deck, filled: Filled) -> None:
    found = list(opened(deck, filled))
    assert len(found) == 3 * len(filled.stored) + 2
    for call_id in filled.stored:
        assert ("transcript", b"transcript of " + call_id.encode()) in found
        assert ("vault", b"vault of " + call_id.encode()) in found


class Dying:
    """Stands before a port and dies before, or right after, the nth call of a method."""

    def __init__(self, port: Any, method: str, nth: int, after: bool) -> None:
        self._port, self._method, self._left, self._after = port, method, nth, after

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if name != self._method:
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            self._left -= 1
            if self._left < 0 and not self._after:
                os.kill(os.getpid(), signal.SIGKILL)
            answer = found(*arguments, **named)
            if self._left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        return call


def dying(deck: Deck, point: str) -> Deck:
    """`point` is `port.method:nth:before|after`."""
    place, nth, when = point.split(":")
    port, method = place.split(".")
    doomed = Dying(getattr(deck, port), method, int(nth), when == "after")
    return replace(deck, **{port: doomed})


def main(folder: str, now: str, what: str, point: str) -> int:
    deck = disk_deck(Path(folder), StoppedClock(datetime.fromisoformat(now)))
    deck = dying(deck, point) if point != "none" else deck
    if what == "master":
        rotate_master_keys(deck)
    else:
        rotate_customer_keys(ACME, deck, batch=2)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
