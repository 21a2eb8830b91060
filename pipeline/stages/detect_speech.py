"""Where somebody speaks, packed into the windows a recogniser takes, and words put back."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain, pairwise

import numpy as np

from pipeline.domain.transcript import TimeSpan, Word
from pipeline.ports import SAMPLE_RATE, Samples, SpeechDetector, Windowing

_LAST_SOUND = 0.05
"""Seconds before the end of a word that surely are that word."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one channel, in seconds of the recording."""

    channel: int
    span: TimeSpan

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.span.end - self.span.start


@dataclass(frozen=True, slots=True)
class SpeechWindow:
    """Stretches that are recognised together, in order of time, the silence between left out."""

    pieces: tuple[Piece, ...]

    @property
    def seconds(self) -> float:
        """Seconds of audio in the window."""
        return sum(piece.seconds for piece in self.pieces)

    def cut(self, channels: Sequence[Samples]) -> Samples:
        """Its samples, `(seconds * SAMPLE_RATE,)`."""
        return np.concatenate(
            [
                channels[each.channel][
                    round(each.span.start * SAMPLE_RATE) : round(each.span.end * SAMPLE_RATE)
                ]
                for each in self.pieces
            ]
        )

    def place(self, words: Iterable[Word]) -> list[tuple[int, Word]]:
        """`words` with times of the window → channel and word with times of the recording.

        A word belongs where it ends: alignment gives the silence before a word to that word.
        """
        ends = list(accumulate(piece.seconds for piece in self.pieces))
        return [self._placed(word, ends) for word in words]

    def _placed(self, word: Word, ends: Sequence[float]) -> tuple[int, Word]:
        at = bisect_right(ends, max(word.start, word.end - _LAST_SOUND))
        at = min(at, len(ends) - 1)
        piece = self.pieces[at]
        shift = piece.span.start - (ends[at] - piece.seconds)
        start = min(max(piece.span.start, word.start + shift), piece.span.end)
        end = min(max(start, word.end + shift), piece.span.end)
        return piece.channel, replace(word, start=start, end=end)


def detect_speech(
    channels: Sequence[Samples], detector: SpeechDetector
) -> tuple[tuple[TimeSpan, ...], ...]:
    """Speech of each channel. A digitally silent channel costs nothing."""
    return tuple(detector.detect(samples) if samples.any() else () for samples in channels)


def pack(speech: Sequence[Sequence[TimeSpan]], windowing: Windowing) -> tuple[SpeechWindow, ...]:
    """Fill windows with whole spans of `speech` (spans of each channel), in order of time; a span
    longer than a window is cut into equal parts."""
    pieces = [
        [Piece(channel, part) for span in spans for part in _parts(span, windowing.seconds)]
        for channel, spans in enumerate(speech)
    ]
    if windowing.mixed:
        pieces = [sorted(chain(*pieces), key=lambda piece: (piece.span.start, piece.channel))]
    return tuple(window for each in pieces for window in _filled(each, windowing.seconds))


def _filled(pieces: Iterable[Piece], room: float) -> Iterable[SpeechWindow]:
    current: list[Piece] = []
    left = room
    for piece in pieces:
        if current and piece.seconds > left:
            yield SpeechWindow(tuple(current))
            current, left = [], room
        current.append(piece)
        left -= piece.seconds
    if current:
        yield SpeechWindow(tuple(current))


def _parts(span: TimeSpan, window: float) -> tuple[TimeSpan, ...]:
    length = span.end - span.start
    count = max(1, -int(-length // window))
    edges = [span.start + length * index / count for index in range(count)] + [span.end]
    return tuple(TimeSpan(a, b) for a, b in pairwise(edges))
