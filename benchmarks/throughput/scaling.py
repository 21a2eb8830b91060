"""(d) The same calls with one worker process and with more, on one store, a thread each.

One after the other, not interleaved: two workers that wait for work do not slow the first one
down, but their models take memory.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.throughput.corpus import corpus
from benchmarks.throughput.plan import Plan
from benchmarks.throughput.processes import Workers
from benchmarks.throughput.rounds import Meter


def measure(plan: Plan, folder: Path, tick: Callable[[str], None]) -> Any:
    """A list: for each number of workers the best of the rounds, and how that scales."""
    calls = corpus(*plan.shared)
    settings = plan.settings.model_copy(update={"cpu_threads": 1})
    found: list[dict[str, Any]] = []
    for count in plan.workers:
        with Workers(settings, folder / f"workers-{count}", count) as workers:
            workers.run(calls[:count])
            meter, walls, cpus = Meter(workers.cpu), [], []
            for _ in range(max(2, plan.runs // 2)):
                with meter.running():
                    workers.run(calls)
                walls.append(meter.cost.wall)
                cpus.append(meter.cost.cpu)
                tick(f"{count} workers")
        found.append({"workers": count, "wall": min(walls), "cpu": min(cpus)})
    audio, first = sum(call.seconds for call in calls), found[0]
    for each in found:
        each["rtfx"] = audio / each["wall"]
        each["speedup"] = first["wall"] / each["wall"]
        each["efficiency"] = each["speedup"] * first["workers"] / each["workers"]
    return {"calls": len(calls), "seconds": plan.shared[0], "rows": found}
