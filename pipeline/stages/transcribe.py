"""Blocks of audio → rows that a recogniser takes, and their words → verbatim transcript.

In between, rows of many calls may be recognised together: `usecases.pack_calls`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from pipeline.domain.agent_text import AgentTurn
from pipeline.domain.call import ChannelLayout
from pipeline.domain.transcript import Speaker, TimeSpan, VerbatimTranscript, Word
from pipeline.ports import Recogniser, Row, Samples, SpeechDetector, Waveform
from pipeline.stages.agent_text import agent_words
from pipeline.stages.attribute_speakers import attribute_speakers, speakers_of
from pipeline.stages.detect_speech import Piece, SpeechBlock, SpeechWindow, pack, speech_blocks

DEFAULT_LANGUAGE = "de"


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a recording, ready to be recognised: one row for each of its windows.
    `duration` is how long the recording is up to its end, in seconds. `unheard` is where somebody
    speaks whose words are known already, in seconds of the recording."""

    language: str
    duration: float
    channels: int
    windows: tuple[SpeechWindow, ...] = field(repr=False)
    rows: tuple[Row, ...] = field(repr=False)
    unheard: tuple[TimeSpan, ...] = ()

    @property
    def seconds(self) -> float:
        """Seconds of speech in it."""
        return sum(row.seconds for row in self.rows)


def prepare(
    blocks: Iterable[Waveform],
    speech_detector: SpeechDetector,
    recogniser: Recogniser,
    language: str | None = None,
    agent_on: ChannelLayout | None = None,
) -> Iterator[Part]:
    """Find speech on all channels and make rows of it, block by block and all in one language:
    `language` if the model knows it, else the one detected where somebody first speaks. Where
    `agent_on` is given the agent's words are known: of its own channel, if it has one, no rows are
    made."""
    if language is not None and not recogniser.knows(language):
        language = None
    for block in speech_blocks(blocks, speech_detector):
        if any(block.speech) and language is None:
            language = recogniser.language(_most_speech(block))
        known = _agent_channel(len(block.channels), agent_on)
        speech = [() if at == known else spans for at, spans in enumerate(block.speech)]
        windows = pack(speech, recogniser.windowing)
        spoken = language or DEFAULT_LANGUAGE
        rows = tuple(recogniser.row(window.cut(block.channels), spoken) for window in windows)
        moved = tuple(window.later(block.offset) for window in windows)
        unheard = () if known is None else block.speech[known]
        later = tuple(TimeSpan(s.start + block.offset, s.end + block.offset) for s in unheard)
        yield Part(spoken, block.end, len(block.channels), moved, rows, later)


class Listening:
    """One recording while it is being recognised; words come in any order."""

    def __init__(self) -> None:
        self.language, self._duration = DEFAULT_LANGUAGE, 0.0
        self._channels: list[list[Word]] = []
        self._waiting: dict[int, SpeechWindow] = {}
        self._unheard: list[TimeSpan] = []
        self._rows = 0

    def add(self, part: Part) -> int:
        """The next stretch; gives the number of its first row, counted over the recording."""
        first = self._rows
        self.language, self._duration = part.language, part.duration
        if not self._channels:
            self._channels = [[] for _ in range(part.channels)]
        self._waiting.update(enumerate(part.windows, start=first))
        self._rows += len(part.windows)
        self._unheard += part.unheard
        return first

    def hear(self, number: int, words: Iterable[Word]) -> None:
        """Put the words of a row back where they were said."""
        for channel, word in self._waiting.pop(number).place(words):
            self._channels[channel].append(word)

    @property
    def duration(self) -> float:
        """How long the recording is as far as it was prepared, in seconds."""
        return self._duration

    @property
    def waits(self) -> bool:
        """Whether there are rows whose words are not known yet."""
        return bool(self._waiting)

    def verbatim(
        self, layout: ChannelLayout, agent: Sequence[AgentTurn] = ()
    ) -> VerbatimTranscript:
        """What was said, the channels merged by time. A recording without speech gives a
        transcript without segments. `agent` are the words of an agent that has a channel of its
        own; on a single one they were heard with all others."""
        channels: list[Sequence[Word]] = list(self._channels)
        known = _agent_channel(len(channels), layout if agent else None)
        if known is not None:
            channels[known] = agent_words(agent, self._unheard, self._duration)
        segments = attribute_speakers(channels, layout)
        return VerbatimTranscript(self.language, self._duration, segments)


def recognise(rows: Sequence[Row], recogniser: Recogniser) -> list[tuple[Word, ...]]:
    """The words of each row, rows of one shape in one batch."""
    found: dict[int, tuple[Word, ...]] = {}
    order = sorted(range(len(rows)), key=lambda at: (str(rows[at].shape), at))
    for _, same in groupby(order, key=lambda at: rows[at].shape):
        for batch in _batches(list(same), recogniser.windowing.batch):
            heard = recogniser.recognise([rows[at] for at in batch])
            found.update(zip(batch, heard, strict=True))
    return [found[at] for at in range(len(rows))]


def transcribe(
    blocks: Iterable[Waveform],
    speech_detector: SpeechDetector,
    recogniser: Recogniser,
    language: str | None = None,
    layout: ChannelLayout = ChannelLayout.AGENT_LEFT,
) -> VerbatimTranscript:
    """One recording alone, all the way."""
    listening = Listening()
    for part in prepare(blocks, speech_detector, recogniser, language):
        first = listening.add(part)
        for number, words in enumerate(recognise(part.rows, recogniser), start=first):
            listening.hear(number, words)
    return listening.verbatim(layout)


def _agent_channel(count: int, layout: ChannelLayout | None) -> int | None:
    """On which of `count` channels nobody speaks but the agent; None where there is none."""
    if layout is None:
        return None
    speakers = speakers_of(count, layout)
    return speakers.index(Speaker.AGENT) if Speaker.AGENT in speakers else None


def _most_speech(block: SpeechBlock) -> Samples:
    def seconds(spans: Iterable[TimeSpan]) -> float:
        return sum(span.end - span.start for span in spans)

    most = max(range(len(block.speech)), key=lambda at: seconds(block.speech[at]))
    pieces = (Piece(most, span) for span in block.speech[most])
    return SpeechWindow(tuple(pieces)).cut(block.channels)


def _batches(ordered: Sequence[int], size: int) -> Iterable[Sequence[int]]:
    return (ordered[at : at + size] for at in range(0, len(ordered), size))
