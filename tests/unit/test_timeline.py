"""Packing speech into windows and merging channels into turns."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.call import ChannelLayout
from pipeline.domain.transcript import TimeSpan, Word
from pipeline.ports import Windowing
from pipeline.stages.attribute_speakers import PAUSE_SECONDS, attribute_speakers
from pipeline.stages.detect_speech import pack

AGENT_LEFT = ChannelLayout.AGENT_LEFT


Channel = tuple[Word, ...]


def channel(*words: tuple[float, float, str]) -> Channel:
    return tuple(Word(start, end, 0.9, 0, word) for start, end, word in words)


def spoken(*channels: Channel, layout: ChannelLayout = AGENT_LEFT) -> list[tuple[str, str]]:
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
def test_no_word_is_lost_and_offsets_are_exact(left: Channel, right: Channel) -> None:
    segments = attribute_speakers((left, right), AGENT_LEFT)
    said = sorted(word.text for word in (*left, *right))
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


@given(st.lists(spans, min_size=1, max_size=3), st.booleans(), st.sampled_from([12.0, 28.0]))
def test_windows_hold_all_speech_once_in_order_and_never_too_much(
    speech: list[tuple[TimeSpan, ...]], mixed: bool, seconds: float
) -> None:
    windows = pack(speech, Windowing(seconds, mixed))
    assert all(window.seconds <= seconds + 1e-6 for window in windows)
    for channel_number, spans_of_it in enumerate(speech):
        packed = [
            piece.span
            for window in windows
            for piece in window.pieces
            if piece.channel == channel_number
        ]
        assert all(a.end <= b.start + 1e-9 for a, b in pairwise(packed))
        total = sum(span.end - span.start for span in spans_of_it)
        assert abs(sum(span.end - span.start for span in packed) - total) < 1e-6
    for window in windows:
        starts = [piece.span.start for piece in window.pieces]
        assert starts == sorted(starts)
        assert mixed or len({piece.channel for piece in window.pieces}) == 1


def test_short_turns_share_a_window() -> None:
    turns = tuple(TimeSpan(10.0 * i, 10.0 * i + 4.0) for i in range(7))
    assert [len(each.pieces) for each in pack([turns], Windowing(28.0))] == [7]


@given(st.lists(spans, min_size=1, max_size=2), st.floats(0, 1), st.floats(0, 1))
def test_words_come_back_inside_the_piece_they_were_said_in(
    speech: list[tuple[TimeSpan, ...]], at: float, length: float
) -> None:
    for window in pack(speech, Windowing(28.0, mixed=True)):
        start = at * window.seconds
        end = start + length * (window.seconds - start)
        [(side, word)] = window.place([Word(start, end, 0.9, 0, "ja")])
        inside = [p for p in window.pieces if p.channel == side]
        assert any(
            p.span.start - 1e-6 <= word.start <= word.end <= p.span.end + 1e-6 for p in inside
        )


def test_a_word_that_reaches_over_a_gap_belongs_behind_it() -> None:
    window = pack([(TimeSpan(0.0, 1.0), TimeSpan(5.0, 6.0))], Windowing(28.0))[0]
    placed = window.place([Word(0.1, 0.6, 0.9, 0, "eins"), Word(0.9, 1.5, 0.9, 0, "zwei")])
    assert [(round(w.start, 6), round(w.end, 6)) for _, w in placed] == [(0.1, 0.6), (5.0, 5.5)]
