"""The simulation against cases with a known answer."""

from __future__ import annotations

import random

import pytest

from benchmarks.throughput.capacity import plan_capacity, simulation_error, sustained
from benchmarks.throughput.simulation import Arrival, Machine, poisson, simulate


def test_a_lone_call_takes_overhead_and_its_own_time() -> None:
    assert simulate([Arrival(3.0)], Machine(0.5, 1.0)) == pytest.approx([1.5])


def test_two_calls_share_a_batch_and_its_overhead() -> None:
    both = [Arrival(0.0), Arrival(0.0)]
    assert simulate(both, Machine(0.5, 1.0)) == pytest.approx([2.5, 2.5])


def test_a_call_that_comes_later_slows_the_first_one_down() -> None:
    # Half of the first is done at 0.5; from there each gets on by 1/2: 1.5, then the other alone.
    found = simulate([Arrival(0.0), Arrival(0.5)], Machine(0.0, 1.0))
    assert found == pytest.approx([1.5, 1.5])


def test_longer_calls_take_longer() -> None:
    found = simulate([Arrival(0.0, work=1.0), Arrival(0.0, work=3.0)], Machine(0.0, 1.0))
    assert found == pytest.approx([2.0, 4.0])


def test_calls_beyond_the_room_wait_in_order() -> None:
    calls = [Arrival(0.0), Arrival(0.0), Arrival(0.0)]
    assert simulate(calls, Machine(0.0, 1.0, at_once=1)) == pytest.approx([1.0, 2.0, 3.0])


def test_two_machines_take_a_call_each() -> None:
    calls = [Arrival(0.0), Arrival(0.0)]
    assert simulate(calls, Machine(0.5, 1.0), machines=2) == pytest.approx([1.5, 1.5])


def test_agrees_with_queueing_theory() -> None:
    """Processor sharing with Poisson arrivals takes 1 / (1 - load) on average, whatever the work
    is spread like (Kleinrock, Queueing Systems II, 4.4)."""
    source, load = random.Random(5), 0.7
    arrivals = [Arrival(at, source.expovariate(1.0)) for at in poisson(load, 40_000, seed=2)]
    found = simulate(arrivals, Machine(0.0, 1.0, at_once=10_000))
    assert sum(found) / len(found) == pytest.approx(1 / (1 - load), rel=0.06)


def test_poisson_arrivals_are_in_order_repeatable_and_as_many_a_second_as_asked_for() -> None:
    times = poisson(5.0, 20_000, seed=1)
    assert times == sorted(times) == poisson(5.0, 20_000, seed=1)
    assert times[-1] == pytest.approx(20_000 / 5.0, rel=0.03)
    assert times != poisson(5.0, 20_000, seed=2)


def test_a_machine_is_what_was_measured_of_it() -> None:
    machine = Machine.measured(alone=0.8, capacity=2.0, at_once=16)
    assert (machine.overhead, machine.each) == pytest.approx((0.3, 0.5))
    assert Machine.measured(alone=0.4, capacity=2.0, at_once=16).overhead == 0.0


def test_more_machines_sustain_more() -> None:
    machine = Machine(0.2, 1.0)
    one, two = (sustained(machine, count, within=5.0) for count in (1, 2))
    assert 0.3 < one < 0.9 and 2 * one < two < 1.8  # whoever shares waits less


def test_nobody_plans_with_a_full_machine() -> None:
    assert sustained(Machine(0.0, 1.0), 1, within=1e9) == pytest.approx(0.9, rel=0.01)


def test_the_capacity_page_counts_calls_an_hour() -> None:
    loads = [
        {"simulated": {"p95": 1.1}, "measured": {"p95": 1.0}},
        {"simulated": {"p95": 1.0}, "measured": {"p95": 2.0}},
    ]
    load = {"seconds": 60.0, "alone": 1.0, "capacity": 2.0, "at_once": 16, "loads": loads}
    found = plan_capacity(load)
    assert found["most"] == 7200
    assert simulation_error(loads) == found["simulation_error"] == 0.5
    hourly = [each["calls_an_hour"] for each in found["machines"]]
    assert hourly == sorted(hourly) and hourly[0] <= 0.9 * found["most"]
