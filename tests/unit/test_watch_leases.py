"""A lease that a wrong clock made long ends when nobody renews it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import cast

import pytest

from pipeline.adapters.memory.clock import StoppedClock
from pipeline.domain.call import Claim
from pipeline.domain.errors import LeaseLost
from pipeline.usecases.deck import Deck
from pipeline.usecases.watch_leases import LeaseWatch
from tests.builders import call, customer, outcome, push
from tests.decks import memory_deck

HOUR = timedelta(hours=1)


class Stopwatch:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def deck() -> Deck:
    made = memory_deck()
    made.calls.add_customer(customer(), "hash")
    return made


@pytest.fixture
def stopwatch() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
def end_dead(deck: Deck, stopwatch: Stopwatch) -> Callable[[float], int]:
    watch = LeaseWatch(stopwatch)

    def after(seconds: float) -> int:
        stopwatch.seconds += seconds
        return watch.end_dead(deck)

    return after


def claimed(deck: Deck) -> Claim:
    pushed = push(deck.calls, call(received_at=deck.clock.now()))
    (claim,) = deck.calls.claim([pushed.id], "worker", deck.clock.now(), deck.policy.lease)
    return claim


def turned_back(deck: Deck) -> None:
    cast(StoppedClock, deck.clock).turn(-HOUR)


def test_a_dead_worker_of_before_the_jump_is_found_within_a_lease(
    deck: Deck, end_dead: Callable[[float], int]
) -> None:
    claim = claimed(deck)
    turned_back(deck)
    lease = deck.policy.lease.total_seconds()
    assert [end_dead(0), end_dead(lease - 0.1), end_dead(0.1), end_dead(lease)] == [0, 0, 1, 0]
    assert deck.calls.stranded(deck.clock.now(), HOUR) == (claim.call.id,)
    (again,) = deck.calls.claim([claim.call.id], "other", deck.clock.now(), deck.policy.lease)
    with pytest.raises(LeaseLost):
        deck.calls.complete(claim, outcome(), deck.clock.now())
    assert deck.calls.complete(again, outcome(), deck.clock.now()).attempts == 2


def test_who_renews_keeps_it_though_its_clock_is_ahead(
    deck: Deck, end_dead: Callable[[float], int]
) -> None:
    claim = claimed(deck)
    ahead = deck.clock.now()
    turned_back(deck)
    for beat in range(1, 20):
        deck.calls.renew(claim, ahead + beat * deck.policy.renew_every, deck.policy.lease)
        assert end_dead(deck.policy.renew_every.total_seconds()) == 0
    assert deck.calls.complete(claim, outcome(), ahead).attempts == 1


def test_right_clocks_give_it_nothing_to_do(deck: Deck, end_dead: Callable[[float], int]) -> None:
    claimed(deck)
    assert [end_dead(0), end_dead(3600)] == [0, 0]
