"""Evidence has an end: twelve years after a customer left nothing is left but an anchor, and what
lives loses nothing that proves it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.adapters.memory import StoppedClock
from pipeline.domain.call import Call
from pipeline.domain.clock_check import TOLERANCE
from pipeline.domain.consent import ConsentAct, ConsentEntry, ConsentSource, Purpose
from pipeline.domain.deletion_concept import EVIDENCE_YEARS, MOST_EVIDENCE_YEARS, evidence_period
from pipeline.domain.errors import ConfigurationError, Conflict, DecknameError
from pipeline.domain.rights import LegalHold, Right, RightsRequest, new_hold_id
from pipeline.settings import load_settings
from pipeline.usecases.clean_up import PRUNE_EVIDENCE, Leadership, clean_up, confirm_clock
from pipeline.usecases.customers import close_customer
from pipeline.usecases.deck import Deck
from pipeline.usecases.finish_deletions import finish_deletions
from pipeline.usecases.prune_evidence import EVERY, prune_evidence
from pipeline.usecases.replay_ledger import catch_up
from tests.builders import ACME, NOON, call, claim_one, customer, outcome, push
from tests.databases import KINDS, database_url
from tests.decks import disk_deck, memory_deck

DAY, YEAR = timedelta(days=1), timedelta(days=365)
LIFE = evidence_period(EVIDENCE_YEARS)
LIMIT = 500


@dataclass
class Store:
    deck: Deck
    clock: StoppedClock
    reopened: Any
    """The same store, as the next process opens it."""


@pytest.fixture(params=["memory", *KINDS])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    clock = StoppedClock(NOON)
    if request.param == "memory":
        deck = memory_deck(clock)
        yield _with_customer(Store(deck, clock, lambda: deck))
    else:
        with database_url(request.param, tmp_path) as url:
            deck = disk_deck(tmp_path, clock, url)
            yield _with_customer(Store(deck, clock, lambda: disk_deck(tmp_path, clock, url)))


def _with_customer(store: Store) -> Store:
    store.deck.calls.add_customer(customer(), "hash")
    return store


def stored(store: Store) -> Call:
    new, now = call(received_at=store.clock.now()), store.clock.now()
    push(store.deck.calls, new)
    done = store.deck.calls.complete(claim_one(store.deck.calls, new.id, now), outcome(), now)
    finish_deletions(store.deck)
    return done


def erased(store: Store) -> Call:
    done = stored(store)
    store.deck.calls.erase_call(done.id, "erased_on_request", store.clock.now())
    finish_deletions(store.deck)
    return done


def all_of_it(store: Store) -> None:
    """Of each kind of evidence one, about a customer that leaves."""
    deck, of = store.deck, stored(store)
    refused = ConsentEntry(
        ACME, of.id, Purpose.MODEL_TRAINING, ConsentAct.REFUSED, ConsentSource.PORTAL, NOON
    )
    deck.consents.record(refused)
    hold = LegalHold(new_hold_id(), ACME, of.id, "a claim", "operator", NOON)
    deck.holds.place(hold)
    deck.holds.release(hold.id, "operator", NOON)
    asked = RightsRequest("req_" + "1" * 32, ACME, Right.EXPORT, NOON, NOON + 30 * DAY, 1)
    deck.rights.open(asked, NOON)
    erased(store)
    close_customer(ACME, deck)


def pruned(store: Store) -> int:
    """Until nothing is left to do."""
    removed = 0
    while count := prune_evidence(store.deck, LIMIT):
        removed += count
    return removed


def left(store: Store) -> dict[str, int]:
    deck = store.deck
    return {
        "calls": len(deck.calls.calls(limit=LIMIT)),
        "customers": len(deck.calls.customers()),
        "receipts": len(deck.deletions.receipts(limit=LIMIT)),
        "requests": len(deck.rights.requests()),
        "ledger": len(list(deck.ledger.entries())),
        "audit": deck.audit.verify(),
    }


NOTHING = {"calls": 0, "customers": 0, "receipts": 0, "requests": 0, "ledger": 0, "audit": 1}


def test_twelve_years_on_nothing_is_left_but_the_anchor(store: Store) -> None:
    all_of_it(store)
    assert all(left(store).values())
    for _ in range(12):
        store.clock.turn(YEAR + DAY)
        results = clean_up(store.deck, Leadership("one"))
        assert all(each.failed is None and each.skipped is None for each in results)
    assert left(store) == NOTHING
    assert catch_up(store.reopened()).entries == 0
    assert left(store) == NOTHING, "no start brings it back"


def test_switched_off_for_twelve_years(store: Store) -> None:
    all_of_it(store)
    clean_up(store.deck, Leadership("before"))
    store.clock.turn(12 * YEAR)
    [skipped] = [
        each for each in clean_up(store.deck, Leadership("one")) if each.name == PRUNE_EVIDENCE.name
    ]
    assert skipped.skipped == "clock_ahead" and left(store)["calls"]
    confirm_clock(store.deck)
    clean_up(store.deck, Leadership("one"))
    gone = left(store)
    assert gone | {"audit": 1} == NOTHING, gone


def test_a_day_before_its_time_is_over_all_is_there(store: Store) -> None:
    all_of_it(store)
    before = left(store)
    store.clock.turn(LIFE - DAY)
    assert pruned(store) == 0 and left(store) == before
    store.clock.turn(DAY + TOLERANCE)
    assert pruned(store) > 0 and left(store) == NOTHING


def test_what_lives_keeps_what_proves_it(store: Store) -> None:
    living, gone = stored(store), erased(store)
    store.clock.turn(LIFE + DAY)
    assert pruned(store) > 0
    deck = store.deck
    assert [each.id for each in deck.calls.calls()] == [living.id]
    [receipt] = deck.deletions.receipts()
    assert receipt.body["call"] == living.id and deck.replay.has_in_audit(receipt)
    assert list(deck.ledger.entries()) == [], "of backups as old as this none is restored"
    assert deck.audit.verify() > 3, "the call's entries, the customer's and the anchor"
    assert gone.id not in {each.id for each in deck.calls.calls()}
    assert catch_up(store.reopened()).entries == 0
    later = erased(store)
    assert deck.calls.call(later.id).erased_at == store.clock.now()
    assert catch_up(store.reopened()).entries == 0 and deck.audit.verify() > 6


def test_nothing_due_costs_one_look_a_day(store: Store) -> None:
    erased(store)
    assert pruned(store) == 0
    gone: Any = object()
    blind = replace(store.deck, ledger=gone, evidence=gone, replay=gone)
    store.clock.turn(EVERY - timedelta(seconds=1))
    assert prune_evidence(blind, LIMIT) == 0
    store.clock.turn(timedelta(seconds=1))
    with pytest.raises(AttributeError):
        prune_evidence(blind, LIMIT)


def test_a_clock_that_was_ahead_stops_nothing_for_years(store: Store) -> None:
    erased(store)
    store.deck.watermarks.raise_to("evidence", NOON + 50 * YEAR)
    store.clock.turn(LIFE + DAY)
    assert prune_evidence(store.deck, LIMIT) > 0 and pruned(store) == 0


def test_the_setting_moves_the_end(store: Store) -> None:
    erased(store)
    longest = evidence_period(MOST_EVIDENCE_YEARS)
    deck = replace(store.deck, policy=replace(store.deck.policy, keep_evidence=longest))
    store.clock.turn(longest)
    assert prune_evidence(deck, LIMIT) == 0
    store.clock.turn(DAY)
    assert prune_evidence(deck, LIMIT) > 0
    assert load_settings().keep_evidence == LIFE
    assert load_settings(evidence_years=10).keep_evidence == longest
    for years in (2, 11):
        with pytest.raises(ConfigurationError, match="DECKNAME_EVIDENCE_YEARS"):
            load_settings(evidence_years=years)


def test_a_database_that_is_older_than_the_ledger_is_not_opened(store: Store) -> None:
    erased(store)
    catch_up(store.deck)
    mark, at = store.deck.replay.replayed_to() or pytest.fail("no mark was set")
    store.clock.turn(DAY)
    erased(store)
    store.clock.turn(LIFE)
    pruned(store)
    store.deck.replay.mark(mark, 0, at)  # as in a copy of the database from three years ago
    with pytest.raises(Conflict, match="older than what the deletion ledger remembers"):
        catch_up(store.reopened())


def test_the_mark_moves_for_one_entry_and_for_none_it_stays(store: Store) -> None:
    erased(store)
    catch_up(store.deck)
    first = store.deck.replay.replayed_to()
    store.clock.turn(31 * DAY)
    catch_up(store.deck)
    assert store.deck.replay.replayed_to() == first, "nothing was told since: nothing is written"
    erased(store)
    catch_up(store.deck)
    assert store.deck.replay.replayed_to() == (store.deck.ledger.end(), store.clock.now())


class Killed(BaseException):
    """No `except Exception` stops it."""


@pytest.mark.parametrize(
    "step", ["forget", "prune_log", "prune_records", "prune_calls", "prune_customers"]
)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_kill_at_any_step_is_made_good(
    store: Store, step: str, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_of_it(store)
    store.clock.turn(LIFE + DAY)
    owner: Any = store.deck.ledger if step == "forget" else store.deck.evidence
    real = getattr(type(owner), step)

    def killed(*arguments: Any) -> None:
        if after:
            real(*arguments)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(type(owner), step, killed)
        with pytest.raises(Killed):
            prune_evidence(store.deck, LIMIT)
    assert store.deck.audit.verify() > 0
    try:
        assert catch_up(store.reopened()).entries == 0, "nothing is done again"
    except DecknameError as error:
        pytest.fail(f"it does not open: {error}")
    pruned(store)
    assert left(store) == NOTHING
