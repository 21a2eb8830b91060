"""Transcription of all channels in one language, with a scripted recogniser."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.domain.transcript import Segment, Speaker, TimeSpan, Word
from pipeline.ports import Recognised, Samples, Waveform
from pipeline.stages.transcribe import transcribe


class Scripted:
    """Speech where samples are not zero; the first sample tells language and word."""

    def __init__(self) -> None:
        self.asked: list[str | None] = []

    def detect(self, samples: Samples) -> tuple[TimeSpan, ...]:
        return (TimeSpan(0.0, float(np.count_nonzero(samples)) / 16_000),)

    def transcribe(
        self, samples: Samples, speech: Sequence[TimeSpan], language: str | None
    ) -> Recognised:
        self.asked.append(language)
        if not speech:
            return Recognised(language or "de", 0.0, ())
        english = samples[0] > 0.5
        said = Word(0.0, 0.5, 0.9, 0, "hello" if english else "hallo")
        found = language or ("en" if english else "de")
        return Recognised(found, 1.0, (Segment(Speaker.UNKNOWN, 0.0, 0.5, said.text, (said,)),))


def tone(seconds: float, value: float) -> Samples:
    return np.full(int(16_000 * seconds), value, np.float32)


def padded(*channels: Samples) -> Waveform:
    longest = max(map(len, channels))
    return Waveform(tuple(np.pad(c, (0, longest - len(c))) for c in channels))


def test_the_side_that_speaks_most_sets_the_language_of_the_call() -> None:
    script = Scripted()
    found = transcribe(padded(tone(1, 0.1), tone(2, 0.9)), script, script)
    assert (found.language, script.asked) == ("en", [None, "en"])
    assert {segment.speaker for segment in found.segments} == {Speaker.AGENT, Speaker.CALLER}


def test_a_given_language_is_kept() -> None:
    script = Scripted()
    found = transcribe(padded(tone(1, 0.9)), script, script, "de")
    assert (found.language, script.asked) == ("de", ["de"])


def test_silence_gives_a_transcript_without_words() -> None:
    script = Scripted()
    found = transcribe(padded(tone(1, 0.0), tone(1, 0.0)), script, script)
    assert (found.language, found.segments, found.duration) == ("de", (), 1.0)
