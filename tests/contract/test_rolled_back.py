"""What was told to the ledger and then rolled back never happens: whoever was told that nothing
was changed finds it so, also behind the next start; and what is done after all is told anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select

from pipeline.adapters.database import Database
from pipeline.adapters.database.tables import metadata
from pipeline.adapters.memory import StoppedClock
from pipeline.domain.call import Call
from pipeline.domain.consent import ConsentClaim, ConsentSource, Purpose
from pipeline.domain.errors import StorageFull
from pipeline.domain.ids import CallId
from pipeline.domain.ledger import Kind, outcome_told
from pipeline.domain.rights import Right
from pipeline.usecases.deck import Deck
from pipeline.usecases.find_subject import Search
from pipeline.usecases.hold_calls import place_hold, release_hold
from pipeline.usecases.mark_subject import (
    lift_restriction,
    owe_erasure,
    restrict_subject,
    take_back_erasure,
)
from pipeline.usecases.record_consent import record_consent, withdraw_consent
from pipeline.usecases.replay_ledger import Replayed, catch_up, count_due, note_reached
from pipeline.usecases.retention_policy import set_retention
from pipeline.usecases.rights_requests import close_request, open_request
from tests.builders import ACME, NOON, call, claim_one, customer, outcome, push
from tests.databases import KINDS, database_url
from tests.decks import disk_deck, memory_deck

CALL = CallId("call_" + "7" * 32)
Act = Callable[[], object]


@dataclass
class Disk:
    deck: Deck

    @property
    def database(self) -> Database:
        return self.deck.calls._database  # type: ignore[attr-defined, no-any-return]

    def rows(self) -> dict[str, list[str]]:
        """What is committed in each table."""
        with self.database.read() as connection:
            return {
                table.name: sorted(map(repr, connection.execute(select(table))))
                for table in metadata.sorted_tables
                if table.name != "watermarks"
            }

    def without_commit(self, act: Act) -> None:
        """`act`, whose commit fails for want of room, as soon as the ledger was told."""
        before = self.deck.ledger.end()

        def fail(_: object) -> None:
            if self.deck.ledger.end() != before:
                raise StorageFull("the database has no room left: nothing was changed")

        event.listen(self.database.engine, "commit", fail)
        try:
            with pytest.raises(StorageFull):
                act()
        finally:
            event.remove(self.database.engine, "commit", fail)

    def told(self) -> list[str]:
        return [str(entry.kind) for entry in self.deck.ledger.entries()]


@pytest.fixture(params=KINDS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    with database_url(request.param, tmp_path) as url:
        yield Disk(_with_a_call(disk_deck(tmp_path, StoppedClock(NOON), url)))


def _with_a_call(deck: Deck) -> Deck:
    deck.calls.add_customer(customer(), "hash")
    push(deck.calls, call(call_id=CALL))
    deck.calls.complete(claim_one(deck.calls, CALL), outcome(), NOON)
    return deck


def _search() -> Search:
    return Search(ACME, call_ids=(CALL,))


def _call(deck: Deck) -> Call:
    return deck.calls.call(CALL)


def _hold(deck: Deck) -> Act:
    return lambda: place_hold(ACME, CALL, "HGB § 257", "lawyer", deck)


def _release(deck: Deck) -> Act:
    hold = place_hold(ACME, CALL, "HGB § 257", "lawyer", deck)
    return lambda: release_hold(hold.id, "lawyer", deck)


def _request(deck: Deck) -> Act:
    return lambda: open_request(ACME, Right.ACCESS, deck)


def _answer(deck: Deck) -> Act:
    request = open_request(ACME, Right.ACCESS, deck)
    return lambda: close_request(request.id, "refused", deck)


def _restrict(deck: Deck) -> Act:
    request = open_request(ACME, Right.RESTRICT, deck)
    return lambda: restrict_subject(_search(), deck, "operator", request.id)


def _lift(deck: Deck) -> Act:
    restrict_subject(_search(), deck, "operator")
    return lambda: lift_restriction(_search(), deck, "operator")


def _owe(deck: Deck) -> Act:
    place_hold(ACME, CALL, "HGB § 257", "lawyer", deck)
    return lambda: owe_erasure(_call(deck), deck, {})


def _take_back(deck: Deck) -> Act:
    _owe(deck)()
    return lambda: take_back_erasure(_search(), deck, "operator")


def _withdraw(deck: Deck) -> Act:
    training = ConsentClaim(Purpose.MODEL_TRAINING)
    record_consent(CALL, training, deck, ConsentSource.PORTAL)
    return lambda: withdraw_consent(CALL, Purpose.MODEL_TRAINING, deck, ConsentSource.PORTAL)


def _shorter_rule(deck: Deck) -> Act:
    return lambda: set_retention(ACME, deck, "30d")


ACTS = [
    _hold,
    _release,
    _request,
    _answer,
    _restrict,
    _lift,
    _owe,
    _take_back,
    _withdraw,
    _shorter_rule,
]


def facts(deck: Deck) -> tuple[object, ...]:
    """What a restored copy must have of all that, without words that the ledger has not."""
    found = _call(deck)
    return (
        (found.restricted_at, found.objected_at, found.erasure_owed_at),
        [(each.id, each.call_id) for each in deck.holds.in_force(NOON)],
        deck.rights.requests(),
        deck.calls.retention_policy(ACME).transcripts,
        [each.act for each in deck.consents.of_call(CALL) if each.act != "given"],
    )


@pytest.mark.parametrize("prepare", ACTS)
def test_what_was_rolled_back_is_not_done_by_the_next_start(
    disk: Disk, prepare: Callable[[Deck], Act]
) -> None:
    act = prepare(disk.deck)
    catch_up(disk.deck)
    before, told = disk.rows(), len(disk.told())
    disk.without_commit(act)
    assert disk.rows() == before
    assert disk.told()[told + 1 :] == ["undone"]
    assert count_due(disk.deck) == 0
    assert note_reached(disk.deck) == 2, "and it stands in no one's way"
    assert catch_up(disk.deck) == Replayed()
    assert disk.rows() == before


@pytest.mark.parametrize("prepare", ACTS)
def test_what_is_done_at_the_second_attempt_comes_back_with_a_restore(
    disk: Disk, prepare: Callable[[Deck], Act]
) -> None:
    act = prepare(disk.deck)
    disk.without_commit(act)
    undone = _restored(disk.deck)
    assert facts(undone) == facts(disk.deck)
    act()
    assert facts(_restored(disk.deck)) == facts(disk.deck) != facts(undone)
    assert catch_up(disk.deck) == Replayed()


def _restored(deck: Deck) -> Deck:
    older = replace(_with_a_call(memory_deck(StoppedClock(NOON))), ledger=deck.ledger)
    catch_up(older)
    return older


def test_a_taking_back_that_never_was_hides_no_debt(disk: Disk) -> None:
    disk.without_commit(_take_back(disk.deck))
    assert facts(_restored(disk.deck)) == facts(disk.deck)
    assert _call(disk.deck).erasure_owed_at == NOON


def test_a_commit_that_was_answered_by_nobody_and_happened_is_told_by_the_next_start(
    disk: Disk,
) -> None:
    """Its connection broke behind it: whoever asked was told that nobody knows."""
    restrict_subject(_search(), disk.deck, "operator")
    (told,) = (each for each in disk.deck.ledger.entries() if each.kind == Kind.RESTRICT)
    disk.deck.ledger.append(outcome_told(Kind.UNDONE, told))
    assert _call(_restored(disk.deck)).restricted_at is None
    assert catch_up(disk.deck) == Replayed() and disk.told()[-1] == "committed"
    assert facts(_restored(disk.deck)) == facts(disk.deck)
    assert note_reached(disk.deck) == len(disk.told()) == 7, "all of it is settled"


# A process that was killed tells nothing any more.


@pytest.mark.parametrize("late", [timedelta(0), timedelta(minutes=2)])
def test_what_a_killed_process_told_is_caught_up_with_on_a_later_turn(
    disk: Disk, late: timedelta
) -> None:
    clock = disk.deck.clock
    assert isinstance(clock, StoppedClock)
    catch_up(disk.deck)
    mark = disk.deck.replay.replayed_to()
    other = _with_a_call(memory_deck(StoppedClock(NOON)))
    restrict_subject(_search(), replace(other, ledger=disk.deck.ledger), "operator")
    clock.turn(late)
    done = note_reached(disk.deck)
    if late:
        assert done == 3, "the request, the restriction and the answer"
        assert _call(disk.deck).restricted_at == NOON
        assert disk.deck.replay.replayed_to() == (disk.deck.ledger.end(), clock.now())
        assert note_reached(disk.deck) == 0
    else:
        assert done == 0, "somebody may still commit it"
        assert _call(disk.deck).restricted_at is None
        assert disk.deck.replay.replayed_to() == mark


def test_an_answer_that_was_a_correction_is_not_taken_over_without_it(disk: Disk) -> None:
    """A database that lacks the answer lacks the correction; of other rights the answer holds."""
    asked = [open_request(ACME, right, disk.deck) for right in (Right.RECTIFY, Right.ACCESS)]
    younger = replace(_with_a_call(memory_deck(StoppedClock(NOON))), ledger=disk.deck.ledger)
    for each in asked:
        younger.rights.open(each, NOON)
        close_request(each.id, "done", younger, 1)
    assert catch_up(disk.deck) == Replayed(1, reopened=(asked[0].id,))
    assert disk.deck.rights.requests(open_only=True) == (asked[0],)
    assert catch_up(disk.deck) == Replayed()
    close_request(asked[0].id, "done", disk.deck, 1)
    assert set(disk.deck.rights.requests()) == set(younger.rights.requests())
