"""Waveform → rows → transcript of all channels in one language, with a scripted recogniser."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.domain.agent_text import AgentTurn
from pipeline.domain.call import ChannelLayout
from pipeline.domain.transcript import Speaker, TimeSpan, Word
from pipeline.ports import Row, Samples, Waveform, Windowing
from pipeline.stages.detect_speech import speech_blocks
from pipeline.stages.transcribe import Listening, prepare, recognise, transcribe
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
    found = transcribe([padded(tone(1, 0.1), tone(2, 0.9))], script, script)
    assert (found.language, script.detected) == ("en", 1)
    assert {segment.speaker for segment in found.segments} == {Speaker.AGENT, Speaker.CALLER}


@pytest.mark.parametrize(("given", "found", "detected"), [("de", "de", 0), ("fi", "en", 1)])
def test_a_language_that_the_model_knows_is_kept(given: str, found: str, detected: int) -> None:
    script = Scripted()
    transcript = transcribe([padded(tone(1, 0.9))], script, script, given)
    assert (transcript.language, script.detected) == (found, detected)


def test_silence_gives_a_transcript_without_words() -> None:
    script = Scripted()
    found = transcribe([padded(tone(1, 0.0), tone(1, 0.0))], script, script)
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

    found = transcribe([padded(tone(1, 0.1), right)], Ears(), script, "de")
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
    [part] = prepare([padded(tone(1, 0.9))], script, script)
    assert "features" not in repr(part) and "array" not in repr(part)


class Loud:
    """One span for each stretch of samples that are not zero."""

    def detect(self, samples: Samples) -> tuple[TimeSpan, ...]:
        edges = np.flatnonzero(np.diff(np.concatenate([[False], samples != 0, [False]])))
        pairs = (edges.reshape(-1, 2) / 16_000).tolist()
        return tuple(TimeSpan(start, end) for start, end in pairs)


def test_a_recording_of_many_blocks_has_the_times_of_the_recording() -> None:
    script = Scripted()
    quiet = np.concatenate([tone(0.6, 0.1), tone(1.4, 0.0)])
    found = transcribe([padded(quiet)] * 3, Loud(), script, "de")
    assert found.duration == 6.0
    assert [word.start for s in found.segments for word in s.words] == [0.0, 2.0, 4.0]


@example([(1.0, 1.0)], 0.99999, 1.0)
@given(
    st.lists(st.tuples(st.floats(0.2, 3.0), st.floats(0.6, 3.0)), min_size=1, max_size=8),
    st.floats(0.0, 1.0),
    st.floats(0.5, 4.0),
)
@settings(max_examples=60, deadline=None)
def test_blocks_cut_nobody_off_and_lose_nothing(
    turns: list[tuple[float, float]], shift: float, seconds: float
) -> None:
    left = np.concatenate([np.concatenate([tone(a, 0.1), tone(b, 0.0)]) for a, b in turns])
    right = np.roll(left, int(shift * len(left)))
    step = int(seconds * 16_000)
    blocks = [
        Waveform((left[at : at + step], right[at : at + step])) for at in range(0, len(left), step)
    ]
    found = [
        (channel, span.start + block.offset, span.end + block.offset)
        for block in speech_blocks(blocks, Loud())
        for channel, spans in enumerate(block.speech)
        for span in spans
    ]
    expected = [
        (channel, span.start, span.end)
        for channel, samples in enumerate((left, right))
        for span in Loud().detect(samples)
    ]
    assert np.array(sorted(found)) == pytest.approx(np.array(sorted(expected)), abs=1e-3)


def test_who_speaks_on_and_on_is_cut_at_the_end_of_a_block() -> None:
    blocks = [Waveform((tone(60, 0.1),))] * 2
    assert [block.end for block in speech_blocks(blocks, Loud())] == [60.0, 120.0]


def test_no_blocks_are_no_speech() -> None:
    assert list(speech_blocks([], Loud())) == []


def test_the_channel_of_an_agent_whose_words_are_known_makes_no_rows() -> None:
    script, quiet = Scripted(), tone(1, 0.0)
    agent = np.concatenate([quiet, tone(2, 0.9), quiet])
    blocks = [padded(agent, tone(1, 0.1))] * 2  # the second one is 4 s later
    listening, parts = Listening(), []
    for part in prepare(blocks, Loud(), script, None, ChannelLayout.AGENT_LEFT):
        parts.append(part)
        first = listening.add(part)
        for at, words in enumerate(recognise(part.rows, script), start=first):
            listening.hear(at, words)
    assert [len(part.rows) for part in parts] == [1, 1]
    # Its speech still tells the language, and where its words lie.
    assert (script.detected, listening.language) == (1, "en")
    assert [span for part in parts for span in part.unheard] == [
        TimeSpan(1.0, 3.0),
        TimeSpan(5.0, 7.0),
    ]
    said = [AgentTurn("abc"), AgentTurn("def"), AgentTurn("ghi"), AgentTurn("jkl")]
    found = listening.verbatim(ChannelLayout.AGENT_LEFT, said)
    assert [(s.speaker, s.text, s.start) for s in found.segments] == [
        (Speaker.CALLER, "hallo", 0.0),
        (Speaker.AGENT, "abc def", 1.0),
        (Speaker.CALLER, "hallo", 4.0),
        (Speaker.AGENT, "ghi jkl", 5.0),
    ]


def test_on_a_single_channel_both_sides_are_heard() -> None:
    script = Scripted()
    listening = Listening()
    [part] = prepare([padded(tone(1, 0.1))], script, script, None, ChannelLayout.AGENT_LEFT)
    listening.add(part)
    for at, words in enumerate(recognise(part.rows, script)):
        listening.hear(at, words)
    found = listening.verbatim(ChannelLayout.AGENT_LEFT, [AgentTurn("abc")])
    assert [(s.speaker, s.text) for s in found.segments] == [(Speaker.UNKNOWN, "hallo")]
    assert part.unheard == () and listening.duration == 1.0
