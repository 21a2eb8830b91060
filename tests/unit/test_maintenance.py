"""Maintenance and what a worker holds, over in-memory twins."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from pipeline.adapters.memory import MemoryCallRepository, StoppedClock
from pipeline.adapters.memory_queue import MemoryJobQueue
from pipeline.domain.call import CallStatus
from pipeline.domain.errors import LeaseLost, ServiceUnavailable
from pipeline.domain.ids import CallId
from pipeline.ports import CallRepository
from pipeline.usecases.clean_up import Leadership
from pipeline.usecases.deck import Deck
from pipeline.usecases.ring_stranded import ring_stranded
from tests.builders import call, customer, outcome, push
from tests.decks import memory_deck
from workers.held_claims import HeldClaims
from workers.maintenance import Chore, attempt, chores, maintain
from workers.retries import BackOff
from workers.stop_signals import StopSignals


@pytest.fixture
def deck() -> Iterator[Deck]:
    made = memory_deck()
    made.calls.add_customer(customer(), "hash")
    yield made


def turn(deck: Deck, by: timedelta) -> None:
    cast(StoppedClock, deck.clock).turn(by)


def pushed(deck: Deck) -> CallId:
    return push(deck.calls, call(received_at=deck.clock.now())).id


def rung(deck: Deck) -> list[CallId]:
    return list(iter(cast(MemoryJobQueue, deck.queue).take, None))


def test_a_call_that_just_arrived_is_not_stranded(deck: Deck) -> None:
    pushed(deck)
    assert ring_stranded(deck) == 0


def test_a_call_whose_doorbell_was_lost_is_rung_again_until_somebody_comes(deck: Deck) -> None:
    call_id = pushed(deck)
    turn(deck, deck.policy.ring_after)
    assert ring_stranded(deck) == 1
    assert ring_stranded(deck) == 1
    assert rung(deck) == [call_id]
    deck.calls.claim([call_id], "worker-1", deck.clock.now(), deck.policy.lease)
    assert ring_stranded(deck) == 0


def test_a_call_whose_worker_died_is_rung_when_its_lease_is_over(deck: Deck) -> None:
    call_id = pushed(deck)
    [claim] = deck.calls.claim([call_id], "worker-1", deck.clock.now(), deck.policy.lease)
    turn(deck, deck.policy.lease - timedelta(seconds=1))
    assert ring_stranded(deck) == 0
    deck.calls.renew(claim, deck.clock.now(), deck.policy.lease)
    turn(deck, deck.policy.lease - timedelta(seconds=1))
    assert ring_stranded(deck) == 0
    turn(deck, timedelta(seconds=1))
    assert ring_stranded(deck) == 1
    assert rung(deck) == [call_id]


def test_a_finished_call_is_never_rung(deck: Deck) -> None:
    call_id = pushed(deck)
    [claim] = deck.calls.claim([call_id], "worker-1", deck.clock.now(), deck.policy.lease)
    deck.calls.complete(claim, outcome(), deck.clock.now())
    turn(deck, timedelta(days=1))
    assert ring_stranded(deck) == 0


def test_a_chore_that_fails_does_not_keep_the_others_from_their_turn(deck: Deck) -> None:
    done: list[str] = []
    signals = StopSignals()

    def unreachable(_: Deck) -> int:
        done.append("unreachable")
        raise ServiceUnavailable("Redis cannot be reached")

    def broken(_: Deck) -> int:
        done.append("broken")
        raise KeyError("Traute Quarzsand")

    def last(_: Deck) -> int:
        done.append("last")
        if done.count("last") == 2:
            signals._stopping.set()
        return 1

    todo = [Chore(do.__name__, 0.0, do) for do in (unreachable, broken, last)]
    maintain(deck, todo, signals)
    assert done == ["unreachable", "broken", "last"] * 2


def test_all_real_chores_run_on_an_empty_store(
    deck: Deck, caplog: pytest.LogCaptureFixture
) -> None:
    for chore in chores(5.0, Leadership("one")):
        assert chore.due == 0.0
        attempt(chore, deck)
    assert caplog.records == []


def test_back_off_doubles_up_to_its_limit_and_is_forgotten() -> None:
    back_off, waits = BackOff(), []
    for _ in range(8):
        waits.append(back_off.seconds)
        back_off = back_off.failed()
    assert waits == [0, 1, 2, 4, 8, 16, 32, 60]
    assert back_off.succeeded().seconds == 0
    assert replace(back_off, failures=10_000).seconds == 60


class TestHeldClaims:
    """What is claimed and not finished can be handed back, once."""

    @pytest.fixture
    def held(self, deck: Deck) -> HeldClaims:
        return HeldClaims(deck.calls)

    def claimed(self, deck: Deck, held: HeldClaims) -> CallId:
        call_id = pushed(deck)
        held.claim([call_id], "worker-1", deck.clock.now(), deck.policy.lease)
        return call_id

    def test_it_hands_back_what_is_not_finished(self, deck: Deck, held: HeldClaims) -> None:
        at_hand = self.claimed(deck, held)
        for end in ("complete", "fail", "release"):
            call_id = pushed(deck)
            [claim] = held.claim([call_id], "worker-1", deck.clock.now(), deck.policy.lease)
            {
                "complete": lambda c: held.complete(c, outcome(), deck.clock.now()),
                "fail": lambda c: held.fail(c, "no_audio", deck.clock.now()),
                "release": lambda c: held.release(c, deck.clock.now()),
            }[end](claim)
        assert held.hand_back(deck.clock.now()) == 1
        assert held.hand_back(deck.clock.now()) == 0
        assert deck.calls.call(at_hand).status is CallStatus.RECEIVED
        assert deck.calls.call(at_hand).attempts == 0

    def test_the_thread_that_goes_on_can_commit_nothing_any_more(
        self, deck: Deck, held: HeldClaims
    ) -> None:
        call_id = pushed(deck)
        [claim] = held.claim([call_id], "worker-1", deck.clock.now(), deck.policy.lease)
        held.hand_back(deck.clock.now())
        with pytest.raises(LeaseLost):
            held.complete(claim, outcome(), deck.clock.now())

    def test_a_claim_lost_to_another_worker_is_no_obstacle(
        self, deck: Deck, held: HeldClaims
    ) -> None:
        call_id = self.claimed(deck, held)
        turn(deck, deck.policy.lease * 2)
        deck.calls.claim([call_id], "worker-2", deck.clock.now(), deck.policy.lease)
        assert held.hand_back(deck.clock.now()) == 0
        assert deck.calls.call(call_id).status is CallStatus.PROCESSING

    def test_everything_else_passes_through(self, deck: Deck, held: HeldClaims) -> None:
        call_id = self.claimed(deck, held)
        passed = cast(CallRepository, held)
        assert passed.call(call_id) == deck.calls.call(call_id)
        assert isinstance(deck.calls, MemoryCallRepository)


_STUCK = """
import ctypes, os
from workers.stop_signals import StopSignals
def hurry():
    print("hurry", flush=True)
    os._exit(0)
StopSignals(on_stop=lambda: print("stop", flush=True), on_hurry=hurry).install()
mutex = ctypes.create_string_buffer(64)
libc = ctypes.CDLL(None)
libc.pthread_mutex_lock(mutex)
print("ready", flush=True)
libc.pthread_mutex_lock(mutex)
"""


def test_the_second_signal_gets_through_to_a_native_call_that_hangs() -> None:
    """The main thread never comes back from C, so no Python handler runs: `stop` stays unsaid."""
    process = subprocess.Popen([sys.executable, "-c", _STUCK], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        state = Path(f"/proc/{process.pid}/stat")
        while state.read_text().rsplit(")", 1)[1].split()[0] != "S":
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30)[0] == "hurry\n"
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()


def test_a_chore_that_did_a_full_batch_is_due_again_at_once(deck: Deck) -> None:
    signals, left, turns = StopSignals(), [2, 2, 1], []

    def batch(_: Deck) -> int:
        turns.append("batch")
        if len(left) == 1:
            signals._stopping.set()
        return left.pop(0)

    def other(_: Deck) -> int:
        turns.append("other")
        return 2

    maintain(deck, [Chore("batch", 1e6, batch, full=2), Chore("other", 1e6, other)], signals)
    assert turns == ["batch", "other", "batch", "batch"]


def test_stranded_calls_are_rung_by_every_instance(deck: Deck) -> None:
    assert Leadership("another").held(deck)
    call_id = pushed(deck)
    turn(deck, timedelta(seconds=60))
    for chore in chores(5.0, Leadership("one")):
        attempt(chore, deck)
    assert rung(deck) == [call_id]


def test_what_another_instance_leads_is_left_to_it(deck: Deck) -> None:
    pushed(deck)
    turn(deck, timedelta(days=31))
    assert Leadership("another").held(deck)
    for chore in chores(5.0, Leadership("one")):
        attempt(chore, deck)
    assert [one.status for one in deck.calls.calls()] == [CallStatus.RECEIVED]
