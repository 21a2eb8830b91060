"""What more machines would do: a discrete-event simulation of Deckname's engine.

A machine that works on n calls gives each the same share of its model (rows take turns), and a
batch costs `overhead` + n · `each` seconds: the linear model of batched inference (Inoue, "Queueing
analysis of GPU-based inference servers with dynamic batching", 2021). So with n calls at work each
of them gets on by 1 / (overhead + n · each) of a mean call a second. Calls beyond `at_once` a
machine wait, first come, first served; a call goes to the machine that has the fewest.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

_UNKNOWN = float("inf")


@dataclass(frozen=True, slots=True)
class Machine:
    """Seconds, measured on one: `overhead` of a mean call that is alone, and what it costs `each`
    where many wait; `at_once` calls are at work at most."""

    overhead: float
    each: float
    at_once: int = 16

    @classmethod
    def measured(cls, alone: float, capacity: float, at_once: int) -> Machine:
        """From the seconds that a lone mean call takes and from calls a second where all wait."""
        each = 1.0 / capacity
        return cls(max(0.0, alone - each), each, at_once)

    def pace(self, calls: int) -> float:
        """Mean calls a second that each of `calls` gets on by."""
        return 1.0 / (self.overhead + calls * self.each)


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a call comes, in seconds, and its work, in mean calls."""

    at: float
    work: float = 1.0


@dataclass(slots=True)
class _Working:
    """One machine in time: `done` is how far a call that was always there would be."""

    machine: Machine
    done: float = 0.0
    since: float = 0.0
    calls: list[tuple[float, int]] = field(default_factory=list)

    def until(self, now: float) -> None:
        """Work on, up to `now`."""
        if self.calls:
            self.done += (now - self.since) * self.machine.pace(len(self.calls))
        self.since = now

    def begin(self, number: int, work: float) -> None:
        """Take one more in, now."""
        heappush(self.calls, (self.done + work, number))

    @property
    def next(self) -> float:
        """When the next call is ready, if nothing comes."""
        if not self.calls:
            return _UNKNOWN
        left = max(0.0, self.calls[0][0] - self.done)
        return self.since + left / self.machine.pace(len(self.calls))


def simulate(arrivals: Sequence[Arrival], machine: Machine, machines: int = 1) -> list[float]:
    """Seconds from each arrival, in order of time, to its transcript."""
    working = [_Working(machine) for _ in range(machines)]
    waiting: deque[int] = deque()
    ready = [0.0] * len(arrivals)
    coming = 0
    while coming < len(arrivals) or waiting or any(each.calls for each in working):
        first = min(working, key=lambda each: each.next)
        comes = arrivals[coming].at if coming < len(arrivals) else _UNKNOWN
        now = min(first.next, comes)
        for each in working:
            each.until(now)
        if comes <= first.next:
            waiting.append(coming)
            coming += 1
        else:
            ready[heappop(first.calls)[1]] = now
        _take_in(waiting, working, arrivals)
    return [end - arrival.at for end, arrival in zip(ready, arrivals, strict=True)]


def _take_in(waiting: deque[int], working: Sequence[_Working], arrivals: Sequence[Arrival]) -> None:
    while waiting:
        least = min(working, key=lambda each: len(each.calls))
        if len(least.calls) >= least.machine.at_once:
            return
        number = waiting.popleft()
        least.begin(number, arrivals[number].work)


def poisson(rate: float, count: int, seed: int) -> list[float]:
    """Times of `count` arrivals that know nothing of each other, `rate` a second."""
    source, now = random.Random(seed), 0.0
    times = []
    for _ in range(count):
        now += source.expovariate(rate)
        times.append(now)
    return times
