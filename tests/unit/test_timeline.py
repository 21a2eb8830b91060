"""Packing speech into windows and merging channels into turns."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.call import ChannelLayout
from pipeline.domain.transcript import Segment, Speaker, TimeSpan, Word
from pipeline.ports import Recognised
from pipeline.stages.attribute_speakers import PAUSE_SECONDS, attribute_speakers
from pipeline.stages.detect_speech import WINDOW_SECONDS, pack

AGENT_LEFT = ChannelLayout.AGENT_LEFT


def channel(*words: tuple[float, float, str]) -> Recognised:
    placed, text = [], ""
    for start, end, word in words:
        text += " " if text else ""
        placed.append(Word(start, end, 0.9, len(text), word))
        text += word
    if not placed:
        return Recognised("de", 1.0, ())
    segment = Segment(Speaker.UNKNOWN, placed[0].start, placed[-1].end, text, tuple(placed))
    return Recognised("de", 1.0, (segment,))


def spoken(*channels: Recognised, layout: ChannelLayout = AGENT_LEFT) -> list[tuple[str, str]]:
    return [(s.speaker.value, s.text) for s in attribute_speakers(channels, layout)]


def test_turns_alternate_by_time() -> None:
    agent = channel((0.0, 0.4, "Guten"), (0.4, 0.8, "Tag."), (3.0, 3.4, "Danke."))
    caller = channel((1.2, 1.6, "Hallo,"), (1.6, 2.0, "Vogt."))
    assert spoken(agent, caller) == [
        ("agent", "Guten Tag."),
        ("caller", "Hallo, Vogt."),
        ("agent", "Danke."),
    ]


def test_a_murmur_does_not_cut_a_number_in_two() -> None:
    caller = channel((0.0, 0.5, "null"), (0.5, 1.0, "eins"), (1.8, 2.3, "fünf"), (2.3, 2.8, "zwei"))
    agent = channel((1.1, 1.4, "mhm"))
    assert spoken(agent, caller) == [("caller", "null eins fünf zwei"), ("agent", "mhm")]


def test_an_answer_between_two_sentences_ends_the_turn() -> None:
    agent = channel((0.0, 0.5, "Straße?"), (4.0, 4.5, "Nummer?"))
    caller = channel((1.0, 1.3, "Am"), (1.3, 1.6, "alten"), (1.6, 2.0, "Hof."))
    assert [text for _, text in spoken(agent, caller)] == ["Straße?", "Am alten Hof.", "Nummer?"]


def test_a_long_pause_ends_a_turn() -> None:
    after = 1.0 + PAUSE_SECONDS + 0.1
    assert len(spoken(channel((0.0, 1.0, "Moment."), (after, after + 1, "So.")))) == 2


def test_the_layout_names_the_sides_and_one_channel_names_nobody() -> None:
    one, other = channel((0.0, 0.5, "a")), channel((1.0, 1.5, "b"))
    assert spoken(one, other, layout=ChannelLayout.CALLER_LEFT) == [("caller", "a"), ("agent", "b")]
    assert spoken(one) == [("unknown", "a")]


def test_nothing_said_gives_no_turns() -> None:
    assert spoken(channel(), channel()) == []


words = st.lists(
    st.tuples(st.floats(0, 100), st.floats(0.01, 1), st.text("abcäöü.", min_size=1, max_size=6)),
    max_size=30,
).map(lambda found: channel(*sorted((s, s + d, w) for s, d, w in found)))


@given(words, words)
def test_no_word_is_lost_and_offsets_are_exact(left: Recognised, right: Recognised) -> None:
    segments = attribute_speakers((left, right), AGENT_LEFT)
    said = sorted(w.text for c in (left, right) for s in c.segments for w in s.words)
    assert sorted(w.text for s in segments for w in s.words) == said
    for segment in segments:
        assert segment.text == " ".join(word.text for word in segment.words)
        for word in segment.words:
            assert segment.text[word.at : word.at + len(word.text)] == word.text
        assert segment.start <= segment.end
    starts = [segment.start for segment in segments]
    assert starts == sorted(starts)


spans = st.lists(st.floats(0.05, 90.0), max_size=40).map(
    lambda lengths: tuple(
        TimeSpan(sum(lengths[:i]) + i, sum(lengths[: i + 1]) + i) for i in range(len(lengths))
    )
)


@given(spans)
def test_windows_hold_all_speech_once_in_order_and_never_too_much(
    speech: tuple[TimeSpan, ...],
) -> None:
    windows = pack(speech)
    packed = [span for window in windows for span in window.spans]
    assert all(window.seconds <= WINDOW_SECONDS + 1e-6 for window in windows)
    assert all(a.end <= b.start + 1e-9 for a, b in pairwise(packed))
    total = sum(span.end - span.start for span in speech)
    assert abs(sum(window.seconds for window in windows) - total) < 1e-6


def test_short_turns_share_a_window() -> None:
    turns = tuple(TimeSpan(10.0 * i, 10.0 * i + 4.0) for i in range(7))
    assert [len(window.spans) for window in pack(turns)] == [7]
