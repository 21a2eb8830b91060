"""Where somebody speaks, packed into the windows a recogniser takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.domain.transcript import TimeSpan
from pipeline.ports import Samples, SpeechDetector

WINDOW_SECONDS = 28.0
"""Speech per window: Whisper's 30 s less a margin, because the last word wants air behind it."""


@dataclass(frozen=True, slots=True)
class SpeechWindow:
    """Stretches of one channel that are recognised together, the silence between them left out.

    `spans` are in seconds of the recording, in order; their sum is at most `WINDOW_SECONDS`.
    """

    spans: tuple[TimeSpan, ...]

    @property
    def seconds(self) -> float:
        """Seconds of audio in the window."""
        return sum(span.end - span.start for span in self.spans)


def detect_speech(
    channels: Sequence[Samples], detector: SpeechDetector
) -> tuple[tuple[TimeSpan, ...], ...]:
    """Speech of each channel. A digitally silent channel costs nothing."""
    return tuple(detector.detect(samples) if samples.any() else () for samples in channels)


def pack(spans: Iterable[TimeSpan], window: float = WINDOW_SECONDS) -> tuple[SpeechWindow, ...]:
    """Fill windows with whole spans, in order; a span longer than a window is cut into equal
    parts."""
    windows: list[SpeechWindow] = []
    current: list[TimeSpan] = []
    room = window
    for span in (part for whole in spans for part in _parts(whole, window)):
        length = span.end - span.start
        if current and length > room:
            windows.append(SpeechWindow(tuple(current)))
            current, room = [], window
        current.append(span)
        room -= length
    if current:
        windows.append(SpeechWindow(tuple(current)))
    return tuple(windows)


def _parts(span: TimeSpan, window: float) -> tuple[TimeSpan, ...]:
    length = span.end - span.start
    count = max(1, -int(-length // window))
    edges = [span.start + length * index / count for index in range(count)] + [span.end]
    return tuple(TimeSpan(a, b) for a, b in pairwise(edges))
