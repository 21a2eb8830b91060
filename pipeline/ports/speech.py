"""From recordings to words and what in them is personal: models and codecs."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.privacy import KnownParty, PiiSpan
from pipeline.domain.recording import RecordingLimits
from pipeline.domain.transcript import TimeSpan, Word

Samples = NDArray[np.float32]


SAMPLE_RATE = 16_000
"""Hz. Everything after decoding is at this rate."""


BLOCK_SECONDS = 120
"""Decoders hand out audio in blocks of this length, so that memory does not grow with a call."""


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
class Windowing:
    """How a model wants speech cut: at most `seconds` of it in a window; `mixed` where both sides
    of a call share windows in time order; up to `batch` windows are recognised at once."""

    seconds: float = 28.0
    mixed: bool = True
    batch: int = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One window made ready: `features` is what its recogniser reads. Only rows of one `shape` may
    share a batch, so that what a row becomes does not depend on its neighbours."""

    seconds: float
    language: str
    shape: Hashable
    features: Any = field(repr=False)


class AudioDecoder(Protocol):
    """Turns an encoded recording into samples, in memory, without temp files."""

    def decode(self, source: BinaryIO, limits: RecordingLimits) -> Iterator[Waveform]:
        """Decode all of `source` (seekable), in blocks of `BLOCK_SECONDS`, the last one shorter.
        Raises `RecordingRejected`, also after blocks: then the recording is bad as a whole."""
        ...


class SpeechDetector(Protocol):
    """Voice activity detection."""

    def detect(self, samples: Samples) -> tuple[TimeSpan, ...]:
        """Where somebody speaks, in order, without overlap."""
        ...


class Recogniser(Protocol):
    """A speech recognition model, resident in memory. Every method may be called from any
    thread."""

    @property
    def windowing(self) -> Windowing:
        """How it wants speech cut."""
        ...

    def knows(self, language: str) -> bool:
        """Whether it transcribes that language."""
        ...

    def language(self, samples: Samples) -> str:
        """The language spoken in `samples`, about a minute of speech."""
        ...

    def row(self, samples: Samples, language: str) -> Row:
        """Make one window ready, no longer than `windowing` says."""
        ...

    def recognise(self, rows: Sequence[Row]) -> tuple[tuple[Word, ...], ...]:
        """The words of each row, with times in seconds of the row; `rows` are of one shape and
        `windowing.batch` at most."""
        ...


class PiiDetector(Protocol):
    """Finds PII in the turns of one call."""

    def detect(
        self, turns: Sequence[str], language: str, known: Sequence[KnownParty] = ()
    ) -> tuple[tuple[PiiSpan, ...], ...]:
        """Spans per turn, sorted, not overlapping. `turns` are in time order: what one asks makes
        the next one sensitive. Offsets are characters of the given text."""
        ...
