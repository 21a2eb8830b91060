"""(e) Resident memory over many calls, and for one long call, each in a fresh process."""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.throughput.corpus import corpus, write_call
from benchmarks.throughput.engine import CUSTOMER, Engine
from benchmarks.throughput.plan import Plan
from pipeline.domain.call import Intake
from pipeline.settings import Settings
from pipeline.usecases.submit_call import submit_call

_STEPS = 10
_CHUNK = 1 << 20
_MEGABYTE = 1e6


def measure(plan: Plan, tick: Callable[[str], None]) -> Any:
    """Megabytes: after each tenth of many calls, and at most during one long call."""
    seconds, count = plan.many
    many = _apart(_many, plan.settings, seconds, count)
    tick(f"{count} calls of {seconds:g} s")
    long = _apart(_long, plan.settings, plan.long)
    tick(f"one call of {plan.long:g} s")
    return {"many": many, "long": long}


def _apart(work: Callable[..., Any], *arguments: Any) -> Any:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as pool:
        return pool.submit(work, *arguments).result()


def _many(settings: Settings, seconds: float, count: int) -> dict[str, Any]:
    calls = corpus(seconds, min(count, 32))
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(settings, Path(folder))
        loaded, after = resident(), []
        for step in range(_STEPS):
            numbers = range(step * count // _STEPS, (step + 1) * count // _STEPS)
            engine.run(calls[number % len(calls)] for number in numbers)
            after.append({"calls": (step + 1) * count // _STEPS, "megabytes": resident()})
    return {"seconds": seconds, "loaded": loaded, "after": after, "peak": peak()}


def _long(settings: Settings, seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        recording = Path(folder) / "long.wav"
        with recording.open("w+b") as sink:
            write_call(sink, seconds, seed=5)
        engine = Engine(settings, Path(folder) / "store")
        engine.run(corpus(60.0, 1))
        before = peak()
        with recording.open("rb") as source:
            chunks = iter(lambda: source.read(_CHUNK), b"")
            call = submit_call(Intake(CUSTOMER, language="de"), chunks, engine.deck)
        engine.finish({call.id})
    return {"seconds": seconds, "before": before, "peak": peak()}


def resident() -> float:
    """Megabytes of this process in memory now; its peak where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text("utf-8").split()[1])
    except OSError:
        return peak()
    return pages * resource.getpagesize() / _MEGABYTE


def peak() -> float:
    """Megabytes of this process in memory, at most so far."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most * (1 if sys.platform == "darwin" else 1024) / _MEGABYTE
