"""Where somebody speaks, packed into the windows a recogniser takes, and words put back."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, chain, pairwise

import numpy as np

from pipeline.domain.transcript import TimeSpan, Word
from pipeline.ports import SAMPLE_RATE, Samples, SpeechDetector, Waveform, Windowing

_LAST_SOUND = 0.05
"""Seconds before the end of a word that surely are that word."""
_GOES_ON = 0.5
"""Who speaks so shortly before the end of a block, in seconds, may go on behind it."""
_CARRIED = 45.0
"""Seconds that the next block hears again, at most."""


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

    def later(self, seconds: float) -> SpeechWindow:
        """The same window that many seconds later."""
        return SpeechWindow(
            tuple(
                Piece(p.channel, TimeSpan(p.span.start + seconds, p.span.end + seconds))
                for p in self.pieces
            )
        )

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


@dataclass(frozen=True, slots=True)
class SpeechBlock:
    """A stretch of a recording that begins at `offset`, in seconds; `speech` of each channel is in
    seconds from there."""

    offset: float
    channels: tuple[Samples, ...] = field(repr=False)
    speech: tuple[tuple[TimeSpan, ...], ...]

    @property
    def end(self) -> float:
        """Where it ends, in seconds of the recording."""
        return self.offset + len(self.channels[0]) / SAMPLE_RATE


def speech_blocks(blocks: Iterable[Waveform], detector: SpeechDetector) -> Iterator[SpeechBlock]:
    """Where somebody speaks, block by block. What is being said at the end of a block is left to
    the next one, so that nobody is cut off in the middle of a word."""
    carried: tuple[Samples, ...] | None = None
    offset = 0
    for block, last in _marked(blocks):
        channels = block.channels if carried is None else _joined(carried, block.channels)
        speech = detect_speech(channels, detector)
        length = len(channels[0])
        cut = length if last else round(_pause(speech, length / SAMPLE_RATE) * SAMPLE_RATE)
        inside = tuple(
            tuple(span for span in spans if round(span.start * SAMPLE_RATE) < cut)
            for spans in speech
        )
        yield SpeechBlock(offset / SAMPLE_RATE, channels, inside)
        carried = tuple(samples[cut:].copy() for samples in channels)
        offset += cut


def _marked(blocks: Iterable[Waveform]) -> Iterator[tuple[Waveform, bool]]:
    """Each block, and whether it is the last one."""
    before: Waveform | None = None
    for block in blocks:
        if before is not None:
            yield before, False
        before = block
    if before is not None:
        yield before, True


def _joined(left: Sequence[Samples], right: Sequence[Samples]) -> tuple[Samples, ...]:
    return tuple(np.concatenate(pair) for pair in zip(left, right, strict=True))


def _pause(speech: Sequence[Sequence[TimeSpan]], end: float) -> float:
    """The last moment at which nobody speaks who may go on behind `end`; `end` itself where they
    have spoken for so long that it makes no difference."""
    last = (spans[-1] for spans in speech if spans)
    cut = min((span.start for span in last if span.end > end - _GOES_ON), default=end)
    while crossed := [s.start for spans in speech for s in spans if s.start < cut < s.end]:
        cut = min(crossed)
    return cut if end - cut <= _CARRIED else end


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
