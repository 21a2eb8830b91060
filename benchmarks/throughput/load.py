"""(c) How long a call waits for its transcript, when calls come as they like; and a lone one.

First the capacity: calls a second where all of them wait. Then calls arrive by chance at a share of
that (Poisson), and the time runs from the moment at which a call was to arrive until it is stored:
an API that falls behind counts, too. The simulation gets the same arrivals, so that the capacity
page stands on something.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.throughput.contenders import ALONE, BATCHED, OURS, batched, one_by_one, whisper_of
from benchmarks.throughput.corpus import TestCall, corpus
from benchmarks.throughput.engine import Engine, Serving, push
from benchmarks.throughput.plan import Plan
from benchmarks.throughput.rounds import Contender, interleaved, percentile, ratios, spread
from benchmarks.throughput.simulation import Arrival, Machine, poisson, simulate

SHARES = (0.5, 0.9, 0.95, 0.99)
_DIFFERENT = 32
"""Recordings that are different; then they come again."""


def measure(plan: Plan, engine: Engine, tick: Callable[[str], None]) -> Any:
    """Capacity, percentiles at each load, measured and simulated, and the lone call."""
    calls = corpus(plan.arriving, min(_DIFFERENT, plan.arrivals))
    capacity, alone = _capacity(engine, calls, tick), _alone(engine, calls, tick)
    machine = Machine.measured(alone, capacity, engine.deck.policy.calls_at_once)
    loads = []
    for load in plan.loads:
        times = poisson(load * capacity, plan.arrivals, seed=11)
        waited = _serve(engine, [calls[n % len(calls)] for n in range(len(times))], times)
        expected = simulate([Arrival(at) for at in times], machine)
        loads.append(
            {"load": load, "measured": _percentiles(waited), "simulated": _percentiles(expected)}
        )
        tick(f"load of {load:.0%}")
    return {
        "seconds": plan.arriving,
        "arrivals": plan.arrivals,
        "capacity": capacity,
        "alone": alone,
        "at_once": machine.at_once,
        "loads": loads,
        "lone": _lone(plan, engine, tick),
    }


def _capacity(engine: Engine, calls: Sequence[TestCall], tick: Callable[[str], None]) -> float:
    engine.run(calls[:2])
    seconds = [_seconds(lambda: engine.run(calls)) for _ in range(2)]
    tick("capacity")
    return len(calls) / statistics.median(seconds)


def _alone(engine: Engine, calls: Sequence[TestCall], tick: Callable[[str], None]) -> float:
    def run(call: TestCall) -> float:
        return _seconds(lambda: engine.run([call]))

    seconds = [run(call) for call in calls[:8]]
    tick("calls alone")
    return statistics.fmean(seconds)


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def _serve(engine: Engine, calls: Sequence[TestCall], times: Sequence[float]) -> list[float]:
    """Seconds from each call's time to arrive to its transcript."""
    nobody = threading.Event()
    with Serving(engine) as serving:
        start = time.perf_counter()
        pushed = []
        for call, at in zip(calls, times, strict=True):
            nobody.wait(max(0.0, start + at - time.perf_counter()))
            pushed.append(push(call, engine.deck))
        stored = serving.stored(pushed, patience=60.0 + 10 * times[-1])
    return [end - (start + at) for end, at in zip(stored, times, strict=True)]


def _percentiles(seconds: Sequence[float]) -> dict[str, float]:
    return {f"p{100 * share:g}": percentile(seconds, share) for share in SHARES}


def _lone(plan: Plan, engine: Engine, tick: Callable[[str], None]) -> Any:
    """A call of 30 s on an idle machine, from push to stored, and faster-whisper alone."""
    (call,) = corpus(30.0, 1)
    recogniser, beam = engine.deck.transcriber.recogniser(), plan.settings.beam_size
    model, size = whisper_of(recogniser), recogniser.windowing.batch
    contenders = {
        OURS: Contender(lambda: engine.run([call])),
        BATCHED: Contender(lambda: batched(model, beam, size, [call])),
        ALONE: Contender(lambda: one_by_one(model, beam, [call])),
    }
    costs = interleaved(contenders, plan.lone, lambda: tick("a lone call"))
    return {
        "seconds": {
            name: spread([run.wall for run in runs]).median for name, runs in costs.items()
        },
        "ratios": {
            f"{OURS} ÷ {name}": {
                kind: asdict(value) for kind, value in ratios(costs[OURS], costs[name]).items()
            }
            for name in (BATCHED, ALONE)
        },
    }
