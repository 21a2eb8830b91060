"""One leader, a clock that jumps, a month switched off: cleaning up does the right thing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline.adapters.memory import StoppedClock
from pipeline.domain.call import Call, CallStatus, Intake
from pipeline.domain.clock_check import LONGEST_PAUSE, TOLERANCE, ClockState, judge_clock
from pipeline.domain.errors import ServiceUnavailable
from pipeline.domain.recording import SealedRecording
from pipeline.usecases.clean_up import (
    BATCH,
    ENFORCE_RETENTION,
    EXPIRE_TRANSCRIPTS,
    LEASE_TIME,
    REAP_KEYS,
    STEPS,
    WATERMARK,
    Leadership,
    Step,
    StepResult,
    clean_up,
    confirm_clock,
    look_at_clock,
    take_step,
)
from pipeline.usecases.deck import Deck
from pipeline.usecases.reap_orphans import GRACE, reap_keys
from tests.builders import ACME, NOON, call, claim_one, customer, outcome, push
from tests.decks import disk_deck, memory_deck

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(NOON)


@pytest.fixture(params=["memory", "disk"])
def deck(request: pytest.FixtureRequest, clock: StoppedClock, tmp_path: Path) -> Deck:
    made = memory_deck(clock) if request.param == "memory" else disk_deck(tmp_path, clock)
    made.calls.add_customer(customer(), "hash")
    return made


def stored(deck: Deck, lives: timedelta | None) -> Call:
    now = deck.clock.now()
    end = None if lives is None else now + lives
    new = replace(call(received_at=now), transcript_until=end)
    push(deck.calls, new)
    return deck.calls.complete(claim_one(deck.calls, new.id, now), outcome(), now)


def result(results: tuple[StepResult, ...], step: Step) -> StepResult:
    (found,) = (each for each in results if each.name == step.name)
    return found


def erased(deck: Deck, of: Call) -> bool:
    return deck.calls.call(of.id).erased_at is not None


@pytest.mark.parametrize(
    ("moved", "state"),
    [
        (timedelta(0), ClockState.RIGHT),
        (-TOLERANCE, ClockState.RIGHT),
        (-TOLERANCE - SECOND, ClockState.BEHIND),
        (LONGEST_PAUSE, ClockState.RIGHT),
        (LONGEST_PAUSE + SECOND, ClockState.AHEAD),
    ],
)
def test_how_a_clock_is_judged(moved: timedelta, state: ClockState) -> None:
    assert judge_clock(NOON, NOON + moved) is state
    assert judge_clock(None, NOON + moved) is ClockState.RIGHT


def test_a_month_switched_off_is_made_up_for_in_one_go(deck: Deck, clock: StoppedClock) -> None:
    clean_up(deck, Leadership("before"))
    due, later = stored(deck, 10 * DAY), stored(deck, 90 * DAY)
    waiting = push(deck.calls, call())
    clock.turn(31 * DAY)
    results = clean_up(deck, Leadership("after"))
    assert all(each.skipped is None and each.failed is None for each in results)
    assert erased(deck, due) and not erased(deck, later)
    assert deck.calls.call(waiting.id).failure == "audio_cap_reached"
    assert deck.deletions.pending() == ()
    assert all(each.count == 0 for each in clean_up(deck, Leadership("after")))


def test_more_than_a_batch_is_done_to_its_end(clock: StoppedClock) -> None:
    deck, left = memory_deck(clock), [BATCH, BATCH, 7]
    step = Step("busy", lambda _: left.pop(0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.usecases.clean_up.STEPS", (step,))
        assert clean_up(deck, Leadership("one")) == (StepResult("busy", 2 * BATCH + 7),)


def test_a_step_that_fails_keeps_no_other_from_its_turn(clock: StoppedClock) -> None:
    def gone(_: Deck) -> int:
        raise ServiceUnavailable("Redis cannot be reached")

    steps = (Step("gone", gone), Step("fine", lambda _: 3))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.usecases.clean_up.STEPS", steps)
        results = clean_up(memory_deck(clock), Leadership("one"))
    assert results == (StepResult("gone", failed="service_unavailable"), StepResult("fine", 3))


class TestRetentionKeys:
    """A worker makes one before it commits the row that names it, and may die in between."""

    def retained(self, deck: Deck, commit: bool = True) -> tuple[Call, str]:
        now = deck.clock.now()
        new = call(received_at=now)
        sealed = deck.recordings.seal(new.id, now, [b"audio"])
        deck.calls.add_call(new, Intake(ACME), sealed, None)
        key = deck.recordings.retain(new.id, sealed, now + 90 * DAY)
        if commit:
            new = deck.calls.complete(claim_one(deck.calls, new.id, now), outcome(key), now)
        return new, key.key_name

    def names(self, deck: Deck) -> set[str]:
        return {name for name, _ in deck.keys.retention_keys()}

    def test_one_that_no_row_names_goes_and_the_others_stay(
        self, deck: Deck, clock: StoppedClock
    ) -> None:
        done, kept = self.retained(deck)
        lost, orphan = self.retained(deck, commit=False)
        clock.turn(deck.policy.orphan_grace + TOLERANCE - SECOND)
        assert result(clean_up(deck, Leadership("one")), REAP_KEYS).count == 0
        assert self.names(deck) == {kept, orphan}
        clock.turn(SECOND)
        assert result(clean_up(deck, Leadership("one")), REAP_KEYS).count == 1
        assert result(clean_up(deck, Leadership("one")), REAP_KEYS).count == 0
        assert self.names(deck) == {kept}
        for each in (done, lost):  # the one by its retention key, the other by its day's
            assert deck.recordings.open(each.id, deck.calls.recording(each.id)) == b"audio"

    def test_one_whose_deletion_is_not_finished_is_left_to_it(
        self, deck: Deck, clock: StoppedClock
    ) -> None:
        done, ending = self.retained(deck)
        deck.calls.destroy_audio(done.id, "consent_withdrawn", NOON)
        clock.turn(DAY)
        assert take_step(REAP_KEYS, deck, Leadership("one")).count == 0
        assert self.names(deck) == {ending}
        clean_up(deck, Leadership("one"))
        assert self.names(deck) == set()
        bodies = [each.body for each in deck.deletions.receipts(call_id=done.id)]
        assert "'keys:retained'" in str(bodies)

    def test_a_row_that_is_committed_while_it_looks_keeps_its_key(
        self, deck: Deck, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        new, name = self.retained(deck, commit=False)
        sealed = deck.calls.recording(new.id)
        assert isinstance(sealed, SealedRecording)
        key = deck.recordings.retain(new.id, sealed, NOON + DAY)
        real = deck.keys.retention_keys

        def commit_after_the_look() -> tuple[tuple[str, datetime], ...]:
            found = real()
            deck.calls.complete(claim_one(deck.calls, new.id, NOON), outcome(key), NOON)
            return found

        monkeypatch.setattr(deck.keys, "retention_keys", commit_after_the_look)
        gone = reap_keys(deck.calls, deck.recordings, deck.keys, NOON + 2 * GRACE)
        assert gone == (name,)
        assert deck.recordings.open(new.id, deck.calls.recording(new.id)) == b"audio"

    def test_with_a_clock_that_jumped_they_wait(self, deck: Deck, clock: StoppedClock) -> None:
        clean_up(deck, Leadership("one"))
        clock.turn(LONGEST_PAUSE + DAY)
        _, orphan = self.retained(deck, commit=False)
        assert take_step(REAP_KEYS, deck, Leadership("one")).skipped == "clock_ahead"
        assert self.names(deck) == {orphan}


class TestLeader:
    def test_only_the_leader_cleans_up(self, deck: Deck, clock: StoppedClock) -> None:
        due = stored(deck, DAY)
        first, second = Leadership("first"), Leadership("second")
        assert first.held(deck)
        clock.turn(DAY)
        assert first.held(deck)
        results = clean_up(deck, second)
        led = {step.name for step in STEPS if step.led}
        assert {each.name for each in results if each.skipped == "led_elsewhere"} == led
        assert not erased(deck, due)
        clean_up(deck, first)
        assert erased(deck, due)

    def test_another_leads_when_the_leader_died(self, deck: Deck, clock: StoppedClock) -> None:
        assert Leadership("dead").held(deck)
        heir = Leadership("heir")
        clock.turn(LEASE_TIME - SECOND)
        assert not heir.held(deck)
        clock.turn(SECOND)
        assert heir.held(deck)

    def test_the_leader_stays_by_renewing(self, deck: Deck, clock: StoppedClock) -> None:
        leader, other = Leadership("leader"), Leadership("other")
        for _ in range(6):
            assert leader.held(deck)
            clock.turn(LEASE_TIME / 2)
            assert not other.held(deck)

    def test_who_slept_too_long_finds_another_leader(self, deck: Deck, clock: StoppedClock) -> None:
        sleeper, other = Leadership("sleeper"), Leadership("other")
        assert sleeper.held(deck)
        clock.turn(LEASE_TIME)
        assert other.held(deck)
        assert not sleeper.held(deck)

    def test_who_stops_lets_another_lead_at_once(self, deck: Deck) -> None:
        first, second = Leadership("first"), Leadership("second")
        assert first.held(deck)
        second.give_up(deck)
        assert not second.held(deck)
        first.give_up(deck)
        assert second.held(deck)
        assert not first.held(deck)

    def test_a_clock_set_back_asks_for_the_lease_anew(
        self, deck: Deck, clock: StoppedClock
    ) -> None:
        first, second = Leadership("first"), Leadership("second")
        assert first.held(deck)
        clock.turn(-2 * DAY)
        assert second.held(deck)
        assert not first.held(deck)


class TestClock:
    """Audio ends by any clock; transcripts wait for one that can be believed."""

    @pytest.fixture
    def leader(self, deck: Deck) -> Leadership:
        leader = Leadership("leader")
        clean_up(deck, leader)
        return leader

    def test_an_hour_behind_is_no_matter(
        self, deck: Deck, clock: StoppedClock, leader: Leadership
    ) -> None:
        due = stored(deck, -TOLERANCE)
        clock.turn(-TOLERANCE)
        assert result(clean_up(deck, leader), EXPIRE_TRANSCRIPTS).count == 1
        assert erased(deck, due)
        assert deck.watermarks.latest(WATERMARK) == NOON

    def test_further_behind_transcripts_wait_and_the_log_says_so(
        self,
        deck: Deck,
        clock: StoppedClock,
        leader: Leadership,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        due = stored(deck, -2 * DAY)
        clock.turn(-TOLERANCE - SECOND)
        results = clean_up(deck, leader)
        assert result(results, EXPIRE_TRANSCRIPTS).skipped == "clock_behind"
        assert result(results, ENFORCE_RETENTION).skipped is None
        assert not erased(deck, due)
        assert {record.message for record in caplog.records} == {"clock_behind"}
        clock.turn(2 * SECOND)
        clean_up(deck, leader)
        assert erased(deck, due)

    def test_far_ahead_audio_goes_and_transcripts_wait_for_an_operator(
        self, deck: Deck, clock: StoppedClock, leader: Leadership
    ) -> None:
        due, waiting = stored(deck, 30 * DAY), push(deck.calls, call())
        clock.turn(LONGEST_PAUSE + DAY)
        for _ in range(2):
            results = clean_up(deck, leader)
            assert result(results, EXPIRE_TRANSCRIPTS).skipped == "clock_ahead"
        assert deck.calls.call(waiting.id).status is CallStatus.FAILED
        assert not erased(deck, due)
        assert confirm_clock(deck) is ClockState.AHEAD
        assert result(clean_up(deck, leader), EXPIRE_TRANSCRIPTS).count == 1
        assert erased(deck, due)

    def test_a_clock_that_comes_back_finds_all_transcripts(
        self, deck: Deck, clock: StoppedClock, leader: Leadership
    ) -> None:
        due = stored(deck, 30 * DAY)
        clock.turn(LONGEST_PAUSE + DAY)
        clean_up(deck, leader)
        clock.turn(-LONGEST_PAUSE - DAY + SECOND)
        assert result(clean_up(deck, leader), EXPIRE_TRANSCRIPTS) == StepResult(
            EXPIRE_TRANSCRIPTS.name
        )
        assert not erased(deck, due)

    def test_an_operator_can_take_back_a_wrong_moment(
        self, deck: Deck, clock: StoppedClock, leader: Leadership
    ) -> None:
        clock.turn(300 * DAY)
        clean_up(deck, leader)
        clock.turn(-300 * DAY)
        due = stored(deck, timedelta(0))
        assert take_step(EXPIRE_TRANSCRIPTS, deck, leader).skipped == "clock_behind"
        assert confirm_clock(deck) is ClockState.BEHIND
        assert take_step(EXPIRE_TRANSCRIPTS, deck, leader).count == 1
        assert erased(deck, due)

    def test_a_clock_that_is_right_needs_no_confirmation(
        self, deck: Deck, leader: Leadership
    ) -> None:
        assert confirm_clock(deck) is ClockState.RIGHT
        assert deck.watermarks.latest(WATERMARK) == NOON

    def test_the_latest_moment_is_written_once_a_minute(
        self, deck: Deck, clock: StoppedClock, leader: Leadership
    ) -> None:
        clock.turn(59 * SECOND)
        assert look_at_clock(deck) is ClockState.RIGHT
        assert deck.watermarks.latest(WATERMARK) == NOON
        clock.turn(SECOND)
        look_at_clock(deck)
        assert deck.watermarks.latest(WATERMARK) == NOON + timedelta(minutes=1)
