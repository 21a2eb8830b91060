"""Contenders take turns, so that a machine that slows down slows all of them.

What is reported of two contenders is the ratio of their neighbouring runs: its median over the
rounds, its least and its greatest. Both of wall time and of CPU time: on a machine that others
use, too, the second is the steadier one.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

Clock = Callable[[], float]
"""Seconds of something."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of one run."""

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Spread:
    """Of several values."""

    median: float
    least: float
    greatest: float


@dataclass(slots=True)
class Meter:
    """Measures blocks; `cpu` tells the seconds of all processes that work."""

    cpu: Clock = time.process_time
    cost: Cost = Cost(0.0, 0.0)

    @contextmanager
    def running(self) -> Iterator[None]:
        """The block's cost is in `cost` afterwards."""
        wall, cpu = time.perf_counter(), self.cpu()
        yield
        self.cost = Cost(time.perf_counter() - wall, self.cpu() - cpu)


@dataclass(frozen=True, slots=True)
class Contender:
    """Something to measure, and the clock of its CPU time."""

    run: Callable[[], object]
    cpu: Clock = time.process_time


def interleaved(
    contenders: Mapping[str, Contender], runs: int, tick: Callable[[], None] = lambda: None
) -> dict[str, list[Cost]]:
    """Warm every contender up once, then measure `runs` rounds; each round begins with another
    one. `tick` is called after each run."""
    costs: dict[str, list[Cost]] = {name: [] for name in contenders}
    for number in range(-1, runs):
        for name in _rotated(list(contenders), max(0, number)):
            meter = Meter(contenders[name].cpu)
            with meter.running():
                contenders[name].run()
            if number >= 0:
                costs[name].append(meter.cost)
            tick()
    return costs


def spread(values: Sequence[float]) -> Spread:
    """Median, least and greatest."""
    return Spread(statistics.median(values), min(values), max(values))


def ratios(ours: Sequence[Cost], theirs: Sequence[Cost]) -> dict[str, Spread]:
    """Ours ÷ theirs, round by round, of wall and of CPU time."""
    pairs = list(zip(ours, theirs, strict=True))
    return {
        "wall": spread([a.wall / b.wall for a, b in pairs]),
        "cpu": spread([a.cpu / b.cpu for a, b in pairs]),
    }


def percentile(values: Sequence[float], share: float) -> float:
    """The least value that `share` of `values` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


def _rotated(names: list[str], by: int) -> list[str]:
    by %= len(names)
    return names[by:] + names[:by]
