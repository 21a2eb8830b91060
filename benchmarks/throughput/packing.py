"""(f) How much of what the encoder works on is speech.

The seconds of speech are those of the sentences that a corpus is made of, so that all contenders
are divided by the same number. A second try for a doubtful window counts as encoded again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from faster_whisper import WhisperModel

from benchmarks.throughput.contenders import BATCHED, OURS, batched, counting, whisper_of
from benchmarks.throughput.corpus import corpus
from benchmarks.throughput.engine import Engine
from benchmarks.throughput.plan import Plan


def measure(plan: Plan, engine: Engine, tick: Callable[[str], None]) -> Any:
    """A list, one entry for each length of calls: who encoded how much for it."""
    recogniser = engine.deck.transcriber.recogniser()
    model, size = whisper_of(recogniser), recogniser.windowing.batch
    found = []
    for seconds, count in plan.packed:
        calls = corpus(seconds, count)
        speech = sum(call.speech for call in calls)
        ways: dict[str, Callable[[], object]] = {
            OURS: partial(engine.run, calls),
            BATCHED: partial(batched, model, plan.settings.beam_size, size, calls),
        }
        counts = {name: _counted(run, model, speech, size) for name, run in ways.items()}
        tick(f"{count} calls of {seconds:g} s")
        found.append({"seconds": seconds, "calls": count, "speech": speech, "contenders": counts})
    return found


def _counted(
    run: Callable[[], object], model: WhisperModel, speech: float, size: int
) -> dict[str, float]:
    """`efficiency` is speech ÷ encoded, `fill` how full batches of `size` windows were."""
    with counting(model) as encoded:
        run()
    return {
        "windows": encoded.windows,
        "encoded": encoded.seconds,
        "efficiency": speech / encoded.seconds,
        "fill": encoded.windows / (encoded.batches * size),
    }
