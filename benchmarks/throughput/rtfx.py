"""(a) Deckname, everything included, against faster-whisper and against the floor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.throughput.contenders import (
    ALONE,
    BATCHED,
    FLOOR,
    OURS,
    Floor,
    batched,
    one_by_one,
    verbatim,
    whisper_of,
)
from benchmarks.throughput.corpus import TestCall, corpus
from benchmarks.throughput.engine import Engine
from benchmarks.throughput.plan import Plan
from benchmarks.throughput.processes import Workers
from benchmarks.throughput.rounds import Contender, Cost, interleaved, ratios, spread
from benchmarks.throughput.word_errors import Said, word_error_rate

WORKER = "Deckname, worker process"


def measure(plan: Plan, engine: Engine, folder: Path, tick: Callable[[str], None]) -> Any:
    """A list, one entry for each length of calls."""
    if not plan.worker:
        return [_length(plan, engine, None, *each, tick) for each in plan.corpora]
    with Workers(plan.settings, folder / "worker", 1) as workers:
        return [_length(plan, engine, workers, *each, tick) for each in plan.corpora]


def _length(
    plan: Plan,
    engine: Engine,
    workers: Workers | None,
    seconds: float,
    count: int,
    tick: Callable[[str], None],
) -> dict[str, Any]:
    calls = corpus(seconds, count)
    contenders = _contenders(plan, engine, calls)
    if workers is not None:
        contenders[WORKER] = Contender(lambda: workers.run(calls), workers.cpu)
    costs = interleaved(contenders, plan.runs, lambda: tick(f"{count} calls of {seconds:g} s"))
    audio = sum(call.seconds for call in calls)
    return {
        "seconds": seconds,
        "calls": count,
        "audio": audio,
        "speech": sum(call.speech for call in calls),
        "contenders": {name: _summary(audio, runs) for name, runs in costs.items()},
        "ratios": _ratios(costs),
        "word_error_rate": None if plan.synthetic else _errors(plan, engine, calls),
    }


def _contenders(plan: Plan, engine: Engine, calls: Sequence[TestCall]) -> dict[str, Contender]:
    transcriber, beam = engine.deck.transcriber, plan.settings.beam_size
    recogniser = transcriber.recogniser()
    model, size = whisper_of(recogniser), recogniser.windowing.batch
    return {
        OURS: Contender(lambda: engine.run(calls)),
        BATCHED: Contender(lambda: batched(model, beam, size, calls)),
        ALONE: Contender(lambda: one_by_one(model, beam, calls)),
        FLOOR: Contender(Floor(transcriber, beam, calls).run),
    }


def _summary(audio: float, runs: Sequence[Cost]) -> dict[str, Any]:
    wall, cpu = spread([run.wall for run in runs]), spread([run.cpu for run in runs])
    return {
        "rtfx": audio / wall.median,
        "rtfx_cpu": audio / cpu.median if cpu.median else None,
        "wall": asdict(wall),
        "cpu": asdict(cpu),
    }


def _ratios(costs: Mapping[str, Sequence[Cost]]) -> dict[str, Any]:
    """Of Deckname to each of the others; and of its worker process, where that ran, too."""
    ours = [name for name in (OURS, WORKER) if name in costs]
    others = [name for name in costs if name not in ours]
    return {
        f"{one} ÷ {other}": {k: asdict(v) for k, v in ratios(costs[one], costs[other]).items()}
        for one in ours
        for other in others
    }


def _errors(plan: Plan, engine: Engine, calls: Sequence[TestCall]) -> dict[str, float]:
    few = calls[: plan.heard]
    transcriber, beam = engine.deck.transcriber, plan.settings.beam_size
    recogniser = transcriber.recogniser()
    model, size = whisper_of(recogniser), recogniser.windowing.batch
    heard: dict[str, list[Said]] = {
        OURS: verbatim(transcriber, few),
        BATCHED: batched(model, beam, size, few),
        ALONE: one_by_one(model, beam, few),
    }
    said = [call.said for call in few]
    return {name: word_error_rate(said, words) for name, words in heard.items()}
