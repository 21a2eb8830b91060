"""Gates on a call's way, at which a process can be held, and trouble that a recording brings.

In the folder `GATES`, a file `hold-POINT` (or `hold-POINT-PID`: for one process) makes a process
wait at that point until the file is gone. It says where it is by a file `at-POINT-CALL`, which
holds its process id. `poison-CALL` makes whoever opens that recording kill itself. `trouble` names
what happens, in native code, in a batch with a loud recording. `clock` holds
seconds by which the clock is wrong.
"""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.adapters.clock import SystemClock
from pipeline.domain.call import CallStatus, Claim
from pipeline.domain.ids import CallId, is_call_id
from pipeline.domain.transcript import TimeSpan, Word
from pipeline.ports import SAMPLE_RATE, AudioDecoder, Row, Samples
from pipeline.usecases.deck import Deck, Transcriber
from tests.scripted import ScriptedRecogniser, words_of
from workers.call_worker import CallWorker

GATES = Path(os.environ.get("GATES", "gates"))
ANY = "any"
"""In the place of a call's id, where a process does not know which it is at."""
LOUD = 0.5
"""The level, of 1, above which a recording brings trouble: no speech is as loud all the time."""
_READS = 4
"""Of a recording, before its decoder is in the middle of it."""


def gate(point: str, call_id: str = ANY) -> None:
    """Wait here as long as a test wants."""
    (GATES / f"at-{point}-{call_id}").write_text(str(os.getpid()))
    if point == "open" and (GATES / f"poison-{call_id}").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    while any((GATES / f"hold-{which}").exists() for which in (point, f"{point}-{os.getpid()}")):
        time.sleep(0.01)


class Gated:
    """A port with gates before some of its methods."""

    def __init__(self, port: Any, **points: str) -> None:
        self._port = port
        self._points = points

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        if name not in self._points:
            return method

        def gated(*arguments: Any, **named: Any) -> Any:
            for argument in arguments:
                for call_id in _call_ids(argument):
                    gate(self._points[name], call_id)
            return method(*arguments, **named)

        return gated


def _call_ids(argument: object) -> Sequence[str]:
    if isinstance(argument, Claim):
        return [argument.call.id]
    listed = argument if isinstance(argument, tuple) else (argument,)
    return [one for one in listed if isinstance(one, str) and is_call_id(one)]


class GatedCalls(Gated):
    """Whoever claims what waits has not said which calls: the gate is before each of them."""

    def claim_waiting(self, *arguments: Any, **named: Any) -> tuple[Claim, ...]:
        for status in (CallStatus.RECEIVED, CallStatus.PROCESSING):
            for call in self._port.calls(status=status):
                gate("claim", call.id)
        claims: tuple[Claim, ...] = self._port.claim_waiting(*arguments, **named)
        return claims


class GatedSource:
    """A recording with a gate in the middle of it."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self._reads = 0

    def __getattr__(self, name: str) -> Any:
        if name in ("read", "readinto"):
            self._reads += 1
            if self._reads == _READS:
                gate("decode")
        return getattr(self._source, name)


@dataclass(frozen=True)
class GatedDecoder:
    decoder: AudioDecoder

    def decode(self, source: Any, *limits: Any) -> Iterator[Any]:
        yield from self.decoder.decode(GatedSource(source), *limits)


class GatedCallWorker(CallWorker):
    """RQ's own steps around a call."""

    def execute_job(self, job: Any, queue: Any) -> None:
        gate("popped", job.id)
        super().execute_job(job, queue)

    def _process_and_count(self, call_id: CallId) -> None:
        super()._process_and_count(call_id)
        gate("acknowledge", call_id)


@dataclass
class Ears(ScriptedRecogniser):
    """Speech detector, recogniser and PII detector in one, ready at once: half a second of speech,
    in which `words` are said, and nothing personal."""

    words: str

    def detect(self, *arguments: Any) -> tuple[Any, ...]:
        if len(arguments) > 1:
            return tuple(() for _ in arguments[0])
        samples: Samples = arguments[0]
        return (TimeSpan(0.0, min(0.5, len(samples) / SAMPLE_RATE)),) if len(samples) else ()

    def said(self, samples: Samples) -> Sequence[Word]:
        return words_of(self.words)


@dataclass(frozen=True)
class Troubled:
    """A recogniser with a gate, and with trouble in native code."""

    recogniser: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.recogniser, name)

    def recognise(self, rows: Sequence[Row]) -> Any:
        gate("recognise")
        if any(_is_loud(row) for row in rows):
            TROUBLES[(GATES / "trouble").read_text()]()
        return self.recogniser.recognise(rows)


def _is_loud(row: Row) -> bool:
    samples = row.features
    return getattr(samples, "ndim", 0) == 1 and float(np.abs(samples).mean()) > LOUD


TROUBLES: Mapping[str, Callable[[], object]] = {
    "none": lambda: None,
    "segfault": lambda: ctypes.string_at(0),
    "killed for its memory": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "no memory": lambda: np.ones(1 << 44),
    "hang": lambda: ctypes.CDLL(None).sleep(100_000),
    "hang that lets no Python run": lambda: ctypes.PyDLL(None).sleep(100_000),
}


def turn_clocks() -> None:
    """From now on this process believes what the file `clock` says."""

    def now(_: SystemClock) -> datetime:
        with suppress(OSError, ValueError):
            return datetime.now(UTC) + timedelta(seconds=float((GATES / "clock").read_text()))
        return datetime.now(UTC)

    SystemClock.now = now  # type: ignore[method-assign]


def gated(deck: Deck) -> Deck:
    """The deck of a worker or of the API, with all gates."""
    narrowed, queue = deck.narrowed, Gated(deck.queue, ring="ring")
    assert narrowed is not None
    return replace(
        deck,
        calls=GatedCalls(deck.calls, renew="renew", complete="commit"),
        recordings=Gated(deck.recordings, reader="open", unlink="unlink"),
        transcripts=Gated(deck.transcripts, seal="seal"),
        queue=queue,
        transcriber=_transcriber(deck.transcriber),
        narrowed=lambda customer_id: replace(narrowed(customer_id), queue=queue),
    )


def _transcriber(real: Transcriber) -> Transcriber:
    decoders: Any = {name: GatedDecoder(decoder) for name, decoder in real.decoders.items()}
    if os.environ.get("MODELS") == "real":
        recogniser: Any = lambda: Troubled(real.recogniser())  # noqa: E731
        return replace(real, decoders=decoders, recogniser=recogniser)
    ears = Ears(os.environ["WORDS"])
    model: Any = lambda: ears  # noqa: E731
    troubled: Any = lambda: Troubled(ears)  # noqa: E731
    return replace(
        real, decoders=decoders, speech_detector=model, recogniser=troubled, detector=model
    )
