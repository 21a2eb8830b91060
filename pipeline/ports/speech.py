"""From recordings to words and what in them is personal: models and codecs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.privacy import KnownParty, PiiSpan
from pipeline.domain.recording import RecordingLimits
from pipeline.domain.transcript import Segment, TimeSpan

Samples = NDArray[np.float32]


SAMPLE_RATE = 16_000
"""Hz. Everything after decoding is at this rate."""


@dataclass(frozen=True, slots=True)
class Waveform:
    """Decoded audio: `channels` are mono float32 arrays in [-1, 1] at `SAMPLE_RATE`, all of one
    length."""

    channels: tuple[Samples, ...] = field(repr=False)

    @property
    def duration(self) -> float:
        """Seconds."""
        return float(len(self.channels[0]) / SAMPLE_RATE)


@dataclass(frozen=True, slots=True)
class Recognised:
    """One channel as recognised. The speaker of its segments is not known yet."""

    language: str
    language_probability: float
    segments: tuple[Segment, ...] = field(repr=False)


class AudioDecoder(Protocol):
    """Turns an encoded recording into samples, in memory, without temp files."""

    def decode(self, source: BinaryIO, limits: RecordingLimits) -> Waveform:
        """Decode all of `source` (seekable). Raises `RecordingRejected`."""
        ...


class SpeechDetector(Protocol):
    """Voice activity detection."""

    def detect(self, samples: Samples) -> tuple[TimeSpan, ...]:
        """Where somebody speaks, in order, without overlap."""
        ...


class Recogniser(Protocol):
    """A speech recognition model, resident in memory."""

    def transcribe(
        self, samples: Samples, speech: Sequence[TimeSpan], language: str | None
    ) -> Recognised:
        """Words with times for the stretches in `speech`; `language` None means: detect it."""
        ...


class PiiDetector(Protocol):
    """Finds PII in the turns of one call."""

    def detect(
        self, turns: Sequence[str], language: str, known: Sequence[KnownParty] = ()
    ) -> tuple[tuple[PiiSpan, ...], ...]:
        """Spans per turn, sorted, not overlapping. `turns` are in time order: what one asks makes
        the next one sensitive. Offsets are characters of the given text."""
        ...
