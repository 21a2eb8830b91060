"""How many calls an hour this machine carries, and how many more machines would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.throughput.rounds import percentile
from benchmarks.throughput.simulation import Arrival, Machine, poisson, simulate

MACHINES = (1, 2, 4, 8)
_ARRIVALS, _SEED, _STEPS = 4000, 23, 10
_FULLEST = 0.9
"""Load beyond which nobody should plan: there the queue grows with every longer look at it."""
_HOUR = 3600.0


def plan_capacity(load: Any) -> dict[str, Any]:
    """From what (c) measured: calls an hour of that length where all wait, and for each number of
    machines those at which 95 % are transcribed within `within` seconds of their arrival."""
    machine = Machine.measured(load["alone"], load["capacity"], load["at_once"])
    within = max(60.0, 5 * load["alone"])
    return {
        "seconds": load["seconds"],
        "most": _HOUR * load["capacity"],
        "within": within,
        "fullest": _FULLEST,
        "simulation_error": simulation_error(load["loads"]),
        "machines": [
            {"machines": count, "calls_an_hour": _HOUR * sustained(machine, count, within)}
            for count in MACHINES
        ],
    }


def sustained(machine: Machine, machines: int, within: float) -> float:
    """The highest rate of arrivals, a second, at which 95 % of the calls take `within` seconds at
    most, and no more than `_FULLEST` of what they carry; by bisection."""
    low, high = 0.0, _FULLEST * machines / machine.each
    for _ in range(_STEPS):
        rate = (low + high) / 2
        times = [Arrival(at) for at in poisson(rate, _ARRIVALS, _SEED)]
        if percentile(simulate(times, machine, machines), 0.95) <= within:
            low = rate
        else:
            high = rate
    return low


def simulation_error(loads: Sequence[Any]) -> float:
    """Simulated ÷ measured 95th percentile, of the load where they differ most."""
    found: list[float] = [each["simulated"]["p95"] / each["measured"]["p95"] for each in loads]
    return max(found, key=lambda ratio: max(ratio, 1 / ratio))
