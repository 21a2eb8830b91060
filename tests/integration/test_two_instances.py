"""Two instances of maintenance at once, in threads, on one real store: nothing is done twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from pipeline.adapters.database import open_database
from pipeline.adapters.database.tables import audit_log
from pipeline.adapters.memory import StoppedClock
from pipeline.domain.call import Intake
from pipeline.domain.ledger import Kind
from pipeline.usecases.clean_up import (
    EXPIRE_TRANSCRIPTS,
    REAP_KEYS,
    STEPS,
    Leadership,
    StepResult,
    clean_up,
)
from pipeline.usecases.deck import Deck
from tests.builders import ACME, NOON, call, claim_one, customer, outcome
from tests.databases import KINDS, database_url
from tests.decks import disk_deck

DAY, CALLS, INSTANCES = timedelta(days=1), 12, 2


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(NOON)


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database_url(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def deck(tmp_path: Path, clock: StoppedClock, url: str) -> Deck:
    """A third of its calls expires, a third is kept under consent, and of a third the worker died
    before it committed; then it was switched off for a month."""
    deck = disk_deck(tmp_path, clock, url)
    deck.calls.add_customer(customer(), "hash")
    for number in range(CALLS):
        new = replace(call(), transcript_until=NOON + 10 * DAY if number % 3 == 0 else None)
        sealed = deck.recordings.seal(new.id, NOON, [b"audio"])
        deck.calls.add_call(new, Intake(ACME), sealed, None)
        kept = (
            deck.recordings.retain(new.id, sealed, NOON + (9, 90)[number % 3 - 1] * DAY)
            if number % 3
            else None
        )
        if number % 3 < 2:
            deck.calls.complete(claim_one(deck.calls, new.id), outcome(kept), NOON)
    clock.turn(31 * DAY)
    return deck


def at_once(work: Callable[[int], tuple[StepResult, ...]]) -> list[tuple[StepResult, ...]]:
    start, done = threading.Barrier(INSTANCES), []

    def run(number: int) -> None:
        start.wait()
        done.append(work(number))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(INSTANCES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == INSTANCES, "an instance broke"
    return done


def check(deck: Deck, url: str) -> None:
    """Everything is done, and each thing has one receipt."""
    assert deck.deletions.pending() == ()
    calls = deck.calls.calls(limit=CALLS)
    assert sum(each.erased_at is not None for each in calls) == CALLS // 3
    assert not any(deck.calls.has_audio_key([each.id for each in calls]).values())
    assert list(deck.recordings.blobs()) == [] and deck.keys.retention_keys() == ()
    receipts = deck.deletions.receipts(limit=10 * CALLS)
    of_call = Counter((each.body["call"], each.body["class"]) for each in receipts)
    assert max(of_call.values()) == 1
    assert len(of_call) == CALLS + CALLS // 3  # the audio of each, the transcripts that expired
    told = Counter(str(entry.kind) for entry in deck.ledger.entries())
    assert told[Kind.RECEIPT] == told[Kind.DELETED] == len(receipts)
    assert deck.audit.verify()
    told = select(func.count()).where(audit_log.c.name == "deletion_receipt")
    with closing(open_database(url)) as database, database.read() as connection:
        assert connection.scalar(told) == len(receipts)


def test_one_leads_and_the_other_leaves_it_alone(deck: Deck, tmp_path: Path, url: str) -> None:
    clock = StoppedClock(deck.clock.now())
    decks = [disk_deck(tmp_path, clock, url) for _ in range(INSTANCES)]
    results = at_once(lambda n: clean_up(decks[n], Leadership(f"instance-{n}")))
    led = {step.name for step in STEPS if step.led}
    skipped = [{each.name for each in of if each.skipped} for of in results]
    assert sorted(skipped, key=len) == [set(), led]
    check(deck, url)


def meet(decks: list[Deck]) -> None:
    """All instances see the same work before any of them begins it: each waits for the others
    when it has looked for the first time."""
    for port, name in (
        ("calls", "retained_due"),
        ("calls", "overdue_audio"),
        ("calls", "expired"),
        ("calls", "retention_keys_named"),
        ("deletions", "pending"),
    ):
        together = threading.Barrier(len(decks), timeout=30)
        for deck in decks:
            of = getattr(deck, port)
            setattr(of, name, partial(_look, getattr(of, name), together, []))


def _look(
    look: Callable[..., Any], together: threading.Barrier, before: list[Any], *at: Any
) -> Any:
    found = look(*at)
    if not before:
        before.append(found)
        together.wait()
    return found


def test_where_both_believe_to_lead_nothing_is_done_twice(
    deck: Deck, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Leadership, "held", lambda *_: True)
    clock = StoppedClock(deck.clock.now())
    decks = [disk_deck(tmp_path, clock, url) for _ in range(INSTANCES)]
    meet(decks)
    results = at_once(lambda n: clean_up(decks[n], Leadership(f"instance-{n}")))
    assert [each for of in results for each in of if each.failed] == []
    for step in (EXPIRE_TRANSCRIPTS, REAP_KEYS):
        done = sum(each.count for of in results for each in of if each.name == step.name)
        assert done == CALLS // 3, step.name
    check(deck, url)
