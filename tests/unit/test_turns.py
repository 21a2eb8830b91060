"""Whose call is next."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.turns import Waiting, next_turns
from tests.builders import NOON


def waiting(name: str, customer: str, minute: int = 0, priority: int = 0) -> Waiting:
    since = NOON + timedelta(minutes=minute)
    return Waiting(CallId(name), CustomerId(customer), priority, since)


def test_a_thousand_calls_of_one_customer_delay_nobody_else() -> None:
    many = [waiting(f"a{at:04}", "a", at) for at in range(1000)]
    assert next_turns([*many, waiting("b", "b", 2000)], {}, 3) == ("a0000", "b", "a0001")


def test_who_has_calls_running_comes_after_who_has_none() -> None:
    both = [waiting("a", "a", 0), waiting("b", "b", 5)]
    assert next_turns(both, {CustomerId("a"): 2}, 2) == ("b", "a")


def test_urgent_calls_come_first_whosever_they_are() -> None:
    calls = [waiting("a1", "a", 0), waiting("a2", "a", 1, priority=5), waiting("b", "b", 0)]
    assert next_turns(calls, {CustomerId("a"): 9}, 3) == ("a2", "b", "a1")


def test_nothing_waits() -> None:
    assert next_turns([], {}, 4) == ()


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 5), st.integers(0, 2)), max_size=30),
    st.integers(0, 40),
)
def test_each_is_chosen_once_and_no_customer_gets_two_more_than_one_who_waits(
    calls: list[tuple[str, int, int]], most: int
) -> None:
    every = [waiting(f"{at:03}", name, minute, 0) for at, (name, minute, _) in enumerate(calls)]
    chosen = next_turns(every, {}, most)
    assert len(chosen) == len(set(chosen)) == min(most, len(every))
    of = {each.call_id: each.customer_id for each in every}
    counts = {name: sum(of[c] == name for c in chosen) for name in set(of.values())}
    for name, count in counts.items():
        if count < sum(each.customer_id == name for each in every):  # it still waits
            assert all(other <= count + 1 for other in counts.values())
