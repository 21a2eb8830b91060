"""Telephone calls of any length, made of the spoken sentences that the tests have.

Both sides take turns, with pauses of 0.2 to 1.2 s, in 8 kHz µ-law stereo WAV. The same seed gives
the same bytes.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
from numpy.typing import NDArray

FIXTURES = Path(__file__).parents[2] / "tests" / "fixtures" / "speech"
RATE = 8000
_PAUSE = (0.2, 1.2)


@dataclass(frozen=True, slots=True)
class Spoken:
    """One sentence: 8 kHz samples in [-1, 1] and its words."""

    samples: NDArray[np.float32] = field(repr=False)
    text: str


@dataclass(frozen=True, slots=True)
class TestCall:
    """A recording, how long it is, how many seconds of it somebody speaks, and what is said on the
    left and on the right."""

    wav: bytes = field(repr=False)
    seconds: float
    speech: float
    language: str
    said: tuple[str, str] = field(repr=False)

    __test__ = False  # it is none of pytest's


@cache
def sentences(language: str) -> tuple[Spoken, ...]:
    """Those of voices that the bundled model was trained on."""
    manifest = json.loads((FIXTURES / "manifest.json").read_text("utf-8"))
    chosen = [each for each in manifest if each["lang"] == language and each["seen"]]
    return tuple(Spoken(_samples(FIXTURES / each["file"]), each["text"]) for each in chosen)


def corpus(seconds: float, count: int, language: str = "de") -> tuple[TestCall, ...]:
    """`count` different calls of that length each."""
    return tuple(make_call(seconds, seed, language) for seed in range(count))


def make_call(seconds: float, seed: int, language: str = "de") -> TestCall:
    """One call."""
    sink = io.BytesIO()
    speech, said = write_call(sink, seconds, seed, language)
    return TestCall(sink.getvalue(), seconds, speech, language, said)


def write_call(
    sink: BinaryIO, seconds: float, seed: int, language: str = "de"
) -> tuple[float, tuple[str, str]]:
    """Write the WAV, however long, turn by turn. Seconds of speech and what each side says."""
    said: tuple[list[str], list[str]] = ([], [])
    speech = 0
    with soundfile.SoundFile(
        sink, "w", samplerate=RATE, channels=2, format="WAV", subtype="ULAW"
    ) as file:
        for side, spoken, pause in _turns(round(seconds * RATE), seed, language):
            block = np.zeros((len(spoken.samples) + pause, 2), np.float32)
            block[: len(spoken.samples), side] = spoken.samples
            file.write(block)
            said[side].append(spoken.text)
            speech += len(spoken.samples)
        file.write(np.zeros((round(seconds * RATE) - file.frames, 2), np.float32))
    return speech / RATE, (" ".join(said[0]), " ".join(said[1]))


def _turns(room: int, seed: int, language: str) -> Iterator[tuple[int, Spoken, int]]:
    """Whose turn, what is said, and samples of silence after it, while sentences fit."""
    random, chosen = np.random.default_rng(seed), sentences(language)
    side = 0
    while True:
        spoken = chosen[random.integers(len(chosen))]
        pause = round(random.uniform(*_PAUSE) * RATE)
        room -= len(spoken.samples) + pause
        if room < 0:
            return
        yield side, spoken, pause
        side = 1 - side


def _samples(path: Path) -> NDArray[np.float32]:
    samples: NDArray[np.float32]
    samples, rate = soundfile.read(path, dtype="float32")
    if rate != RATE:
        raise ValueError(f"{path.name} is not at {RATE} Hz")
    return samples
