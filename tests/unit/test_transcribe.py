"""Waveform → rows → transcript of all channels in one language, with a scripted recogniser."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from pipeline.domain.transcript import Speaker, TimeSpan, Word
from pipeline.ports import Row, Samples, Waveform, Windowing
from pipeline.stages.transcribe import prepare, recognise, transcribe
from tests.scripted import ScriptedRecogniser


class Scripted(ScriptedRecogniser):
    """Speech where samples are not zero; the first sample tells language and word."""

    def __init__(self) -> None:
        self.detected = 0
        self.batches: list[int] = []

    def detect(self, samples: Samples) -> tuple[TimeSpan, ...]:
        return (TimeSpan(0.0, float(np.count_nonzero(samples)) / 16_000),)

    def said(self, samples: Samples) -> Sequence[Word]:
        return (Word(0.0, 0.5, 0.9, 0, "hello" if samples[0] > 0.5 else "hallo"),)

    def knows(self, language: str) -> bool:
        return language in {"de", "en"}

    def language(self, samples: Samples) -> str:
        self.detected += 1
        return "en" if samples[0] > 0.5 else "de"

    def recognise(self, rows: Sequence[Row]) -> tuple[tuple[Word, ...], ...]:
        self.batches.append(len(rows))
        return super().recognise(rows)


def tone(seconds: float, value: float) -> Samples:
    return np.full(int(16_000 * seconds), value, np.float32)


def padded(*channels: Samples) -> Waveform:
    longest = max(map(len, channels))
    return Waveform(tuple(np.pad(c, (0, longest - len(c))) for c in channels))


def test_the_side_that_speaks_most_sets_the_language_of_the_call() -> None:
    script = Scripted()
    found = transcribe(padded(tone(1, 0.1), tone(2, 0.9)), script, script)
    assert (found.language, script.detected) == ("en", 1)
    assert {segment.speaker for segment in found.segments} == {Speaker.AGENT, Speaker.CALLER}


@pytest.mark.parametrize(("given", "found", "detected"), [("de", "de", 0), ("fi", "en", 1)])
def test_a_language_that_the_model_knows_is_kept(given: str, found: str, detected: int) -> None:
    script = Scripted()
    transcript = transcribe(padded(tone(1, 0.9)), script, script, given)
    assert (transcript.language, script.detected) == (found, detected)


def test_silence_gives_a_transcript_without_words() -> None:
    script = Scripted()
    found = transcribe(padded(tone(1, 0.0), tone(1, 0.0)), script, script)
    assert (found.language, found.segments, found.duration) == ("de", (), 1.0)
    assert script.batches == [] and script.detected == 0


def test_mixed_windows_put_both_sides_in_one_row_and_words_back_on_their_side() -> None:
    class Mixed(Scripted):
        windowing = Windowing(28.0, mixed=True)

        def said(self, samples: Samples) -> Sequence[Word]:
            return (Word(0.2, 0.9, 0.9, 0, "links"), Word(1.0, 1.8, 0.9, 0, "rechts"))

    script = Mixed()
    right = np.concatenate([tone(1, 0.0), tone(1, 0.1)])

    class Ears:
        def detect(self, samples: Samples) -> tuple[TimeSpan, ...]:
            return (TimeSpan(0.0, 1.0),) if samples[0] else (TimeSpan(1.0, 2.0),)

    found = transcribe(padded(tone(1, 0.1), right), Ears(), script, "de")
    assert [(s.speaker, s.text, s.start) for s in found.segments] == [
        (Speaker.AGENT, "links", 0.2),
        (Speaker.CALLER, "rechts", 1.0),
    ]
    assert script.batches == [1]


def test_rows_of_one_shape_share_batches_and_words_come_in_the_order_of_rows() -> None:
    script = Scripted()
    rows = [
        Row(1.0, "de", shape, tone(1, value))
        for shape, value in zip("ababaa", (0.1, 0.9, 0.1, 0.9, 0.1, 0.9), strict=True)
    ]
    rows += [Row(1.0, "de", "a", tone(1, 0.9))]
    heard = [words[0].text for words in recognise(rows, script)]
    assert heard == ["hallo", "hello", "hallo", "hello", "hallo", "hello", "hello"]
    assert sorted(script.batches) == [1, 2, 4]


def test_a_prepared_call_shows_no_speech() -> None:
    script = Scripted()
    prepared = prepare(padded(tone(1, 0.9)), script, script)
    assert "0.9" not in repr(prepared) and "features" not in repr(prepared)
