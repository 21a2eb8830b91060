"""Waveform → rows that a recogniser takes, and their words → verbatim transcript.

In between, rows of many calls may be recognised together: `usecases.pack_calls`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from pipeline.domain.call import ChannelLayout
from pipeline.domain.transcript import TimeSpan, VerbatimTranscript, Word
from pipeline.ports import Recogniser, Row, Samples, SpeechDetector, Waveform
from pipeline.stages.attribute_speakers import attribute_speakers
from pipeline.stages.detect_speech import Piece, SpeechWindow, detect_speech, pack

DEFAULT_LANGUAGE = "de"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A recording ready to be recognised: one row for each of its windows."""

    language: str
    duration: float
    channels: int
    windows: tuple[SpeechWindow, ...] = field(repr=False)
    rows: tuple[Row, ...] = field(repr=False)


def prepare(
    waveform: Waveform,
    speech_detector: SpeechDetector,
    recogniser: Recogniser,
    language: str | None = None,
) -> Prepared:
    """Find speech on all channels and make rows of it, all in one language: `language` if the
    model knows it, else the one detected on the channel with the most speech."""
    speech = detect_speech(waveform.channels, speech_detector)
    windows = pack(speech, recogniser.windowing)
    if windows and (language is None or not recogniser.knows(language)):
        language = recogniser.language(_most_speech(waveform.channels, speech))
    language = language or DEFAULT_LANGUAGE
    rows = tuple(recogniser.row(window.cut(waveform.channels), language) for window in windows)
    return Prepared(language, waveform.duration, len(speech), windows, rows)


def recognise(rows: Sequence[Row], recogniser: Recogniser) -> list[tuple[Word, ...]]:
    """The words of each row, rows of one shape in one batch."""
    found: dict[int, tuple[Word, ...]] = {}
    order = sorted(range(len(rows)), key=lambda at: (str(rows[at].shape), at))
    for _, same in groupby(order, key=lambda at: rows[at].shape):
        for batch in _batches(list(same), recogniser.windowing.batch):
            heard = recogniser.recognise([rows[at] for at in batch])
            found.update(zip(batch, heard, strict=True))
    return [found[at] for at in range(len(rows))]


def timeline(
    prepared: Prepared, words: Sequence[Iterable[Word]], layout: ChannelLayout
) -> VerbatimTranscript:
    """Put the words of each row back where they were said, and merge the channels by time. A
    recording without speech gives a transcript without segments."""
    channels: list[list[Word]] = [[] for _ in range(prepared.channels)]
    for window, said in zip(prepared.windows, words, strict=True):
        for channel, word in window.place(said):
            channels[channel].append(word)
    segments = attribute_speakers(channels, layout)
    return VerbatimTranscript(prepared.language, prepared.duration, segments)


def transcribe(
    waveform: Waveform,
    speech_detector: SpeechDetector,
    recogniser: Recogniser,
    language: str | None = None,
    layout: ChannelLayout = ChannelLayout.AGENT_LEFT,
) -> VerbatimTranscript:
    """One recording alone, all the way."""
    prepared = prepare(waveform, speech_detector, recogniser, language)
    return timeline(prepared, recognise(prepared.rows, recogniser), layout)


def _most_speech(channels: Sequence[Samples], speech: Sequence[Sequence[TimeSpan]]) -> Samples:
    most = max(range(len(speech)), key=lambda at: sum(s.end - s.start for s in speech[at]))
    return SpeechWindow(tuple(Piece(most, span) for span in speech[most])).cut(channels)


def _batches(ordered: Sequence[int], size: int) -> Iterable[Sequence[int]]:
    return (ordered[at : at + size] for at in range(0, len(ordered), size))
