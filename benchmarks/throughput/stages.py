"""(b) Where the time goes, one call at a time, so that every second belongs to one stage."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from benchmarks.throughput.contenders import whisper_of
from benchmarks.throughput.corpus import corpus
from benchmarks.throughput.engine import Engine
from benchmarks.throughput.plan import Plan
from benchmarks.throughput.stopwatch import Stopwatch, Timed
from pipeline.ports import AudioDecoder, Recogniser
from pipeline.usecases import process_calls
from pipeline.usecases.deck import Deck, Transcriber
from pipeline.usecases.transcribe_recording import redact_recording

STAGES = (
    "seal", "store", "queue", "decode", "VAD", "features", "encode", "generate", "align", "PII",
)  # fmt: skip
MODEL = frozenset({"decode", "VAD", "features", "encode", "generate", "align"})
"""Transcription; the rest of the named stages is what keeping it costs."""


def measure(plan: Plan, engine: Engine, tick: Callable[[str], None]) -> Any:
    """Wall and CPU seconds of each stage, and of the rest: between stages, and waiting."""
    seconds, count = plan.staged
    calls = corpus(seconds, count)
    engine.run(calls[:1])
    watch, whole = Stopwatch(), engine.deck
    with _watched(engine, watch):
        wall, cpu = time.perf_counter(), time.process_time()
        for call in calls:
            engine.run([call])
            tick(f"call of {seconds:g} s by stage")
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    engine.deck = whole
    rows = {name: {"wall": watch.wall[name], "cpu": watch.cpu[name]} for name in STAGES}
    rows["rest"] = {
        "wall": wall - sum(watch.wall.values()),
        "cpu": cpu - sum(watch.cpu.values()),
    }
    model = {kind: sum(rows[name][kind] for name in MODEL) for kind in ("wall", "cpu")}
    return {
        "calls": count,
        "seconds": seconds,
        "wall": wall,
        "cpu": cpu,
        "stages": rows,
        "overhead": {
            "wall": (wall - model["wall"]) / model["wall"],
            "cpu": (cpu - model["cpu"]) / model["cpu"],
        },
    }


@contextmanager
def _watched(engine: Engine, watch: Stopwatch) -> Iterator[None]:
    deck = engine.deck
    engine.deck = replace(
        deck,
        policy=replace(deck.policy, calls_at_once=1),
        recordings=_sealing(deck, watch),
        transcripts=Timed(deck.transcripts, watch, {"*": "seal"}),
        calls=Timed(deck.calls, watch, {"*": "store"}),
        queue=Timed(deck.queue, watch, {"*": "queue"}),
        transcriber=_transcriber(deck.transcriber, watch),
    )
    model = whisper_of(deck.transcriber.recogniser())
    with ExitStack() as patched:
        for target, name, value in (
            (model, "encode", watch.timed("encode", model.encode)),
            (model, "model", Timed(model.model, watch, {"generate": "generate", "align": "align"})),
            (process_calls, "redact_recording", watch.timed("PII", redact_recording)),
        ):
            patched.enter_context(patch.object(target, name, value))
        yield


def _sealing(deck: Deck, watch: Stopwatch) -> Any:
    return _Vault(deck.recordings, watch, dict.fromkeys(("seal", "retain", "unlink"), "seal"))


class _Vault(Timed):
    """What the decoder reads is opened while it reads."""

    @contextmanager
    def reader(self, *arguments: Any) -> Iterator[Any]:
        with ExitStack() as opened:
            with self._watch.stage("seal"):
                file = opened.enter_context(self._inner.reader(*arguments))
            yield Timed(file, self._watch, dict.fromkeys(("read", "readinto", "seek"), "seal"))


def _transcriber(transcriber: Transcriber, watch: Stopwatch) -> Transcriber:
    ears = Timed(transcriber.speech_detector(), watch, {"detect": "VAD"})
    recogniser: Recogniser = Timed(transcriber.recogniser(), watch, {"row": "features"})
    decoders: Mapping[str, AudioDecoder] = {
        name: _Decoder(decoder, watch) for name, decoder in transcriber.decoders.items()
    }
    return replace(
        transcriber,
        decoders=decoders,
        speech_detector=lambda: ears,
        recogniser=lambda: recogniser,
    )


class _Decoder:
    def __init__(self, inner: AudioDecoder, watch: Stopwatch) -> None:
        self._inner, self._watch = inner, watch

    def decode(self, *arguments: Any) -> Iterator[Any]:
        return self._watch.each("decode", iter(self._inner.decode(*arguments)))
