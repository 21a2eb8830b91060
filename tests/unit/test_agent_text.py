"""The agent's text instead of what a recogniser would have heard: how it is read, and where its
words lie."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.agent_text import AgentTurn
from pipeline.domain.errors import UsageError
from pipeline.domain.privacy import EntityType, KnownParty
from pipeline.domain.transcript import TimeSpan
from pipeline.stages.agent_text import agent_words
from pipeline.usecases.known_parties import Brought, brought_to_json, open_brought
from pipeline.usecases.parse_agent_text import MAX_CHARACTERS, MAX_TURNS, parse_agent_text


def placed(turns: list[AgentTurn], speech: list[TimeSpan], duration: float = 60.0) -> list[Any]:
    return [
        (word.text, round(word.start, 2), round(word.end, 2))
        for word in agent_words(turns, speech, duration)
    ]


def test_a_turn_lies_where_the_push_says() -> None:
    turns = [AgentTurn("Guten Tag", 1.0, 3.0), AgentTurn("Ja", 10.0, 10.5)]
    assert placed(turns, []) == [("Guten", 1.0, 2.2), ("Tag", 2.2, 3.0), ("Ja", 10.0, 10.5)]


def test_a_turn_without_an_end_lasts_as_long_as_it_takes_and_not_into_the_next() -> None:
    turns = [AgentTurn("a" * 30, 1.0), AgentTurn("b" * 30, 2.0), AgentTurn("c" * 300, 50.0)]
    assert placed(turns, []) == [
        ("a" * 30, 1.0, 2.0),
        ("b" * 30, 2.0, 4.0),
        ("c" * 300, 50.0, 60.0),
    ]


def test_words_without_times_are_laid_over_the_agents_speech() -> None:
    speech = [TimeSpan(1.0, 2.0), TimeSpan(5.0, 8.0)]
    turns = [AgentTurn("abc"), AgentTurn("def ghi"), AgentTurn("jkl")]
    assert placed(turns, speech) == [
        ("abc", 1.0, 2.0),
        ("def", 5.0, 6.0),
        ("ghi", 6.0, 7.0),
        ("jkl", 7.0, 8.0),
    ]
    # No word is drawn over the silence between.
    assert placed([AgentTurn("abcdefg hij")], speech) == [("abcdefg", 1.0, 2.0), ("hij", 6.67, 8.0)]


def test_an_agent_that_was_not_heard_speaks_all_along() -> None:
    assert placed([AgentTurn("ja ja")], [], 4.0) == [("ja", 0.0, 2.0), ("ja", 2.0, 4.0)]


def test_no_turns_are_no_words() -> None:
    assert placed([], [TimeSpan(0.0, 1.0)]) == []


turn_lists = st.one_of(
    st.lists(st.builds(AgentTurn, st.text(max_size=20)), max_size=5),
    st.lists(
        st.tuples(st.floats(0, 100), st.none() | st.floats(0, 30), st.text(max_size=20)), max_size=5
    ).map(
        lambda turns: [
            AgentTurn(text, start, None if length is None else start + length)
            for start, length, text in sorted(turns, key=lambda turn: turn[0])
        ]
    ),
)


@given(
    turn_lists, st.lists(st.tuples(st.floats(0, 9), st.floats(0, 9)), max_size=4), st.floats(40, 80)
)
def test_every_word_is_kept_inside_the_recording(
    turns: list[AgentTurn], speech: list[tuple[float, float]], duration: float
) -> None:
    at, spans = 0.0, []
    for silence, length in speech:
        spans.append(TimeSpan(at + silence, at + silence + length))
        at = spans[-1].end
    words = agent_words(turns, spans, duration)
    assert [word.text for word in words] == " ".join(turn.text for turn in turns).split()
    assert all(0.0 <= word.start <= word.end <= max(duration, at) for word in words)


@pytest.mark.parametrize(
    ("content", "turns"),
    [
        (b"Guten Tag.\n\n  Wie  bitte?\r\n", [AgentTurn("Guten Tag."), AgentTurn("Wie bitte?")]),
        (b'["Ja.", {"text": "Nein."}]', [AgentTurn("Ja."), AgentTurn("Nein.")]),
        (
            b' [{"text": "Ja.", "start": 1, "end": 2.5}, {"text": "Nein.", "start": 3}]',
            [AgentTurn("Ja.", 1.0, 2.5), AgentTurn("Nein.", 3.0)],
        ),
        ("\x1b[31mGrüße\x00".encode(), [AgentTurn("[31mGrüße")]),
        (b"", []),
        (b"[]", []),
    ],
)
def test_texts_and_lists_are_read(content: bytes, turns: list[AgentTurn]) -> None:
    assert parse_agent_text(content) == tuple(turns)


SECRET = "Quarzsand"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff" + SECRET.encode(), "not UTF-8"),
        (f"[{SECRET}".encode(), "not JSON"),
        (b"[" * 50_000, "not JSON"),
        (f'[["{SECRET}"]]', "neither a string"),
        ([{"words": SECRET}], "neither a string"),
        ([{"text": SECRET, "start": "1"}], "not a number"),
        ([{"text": SECRET, "start": True}], "not a number"),
        ([{"text": SECRET, "start": -1}], "not a number"),
        (f'[{{"text": "{SECRET}", "start": NaN}}]', "not a number"),
        ([{"text": SECRET, "end": 1}], "no start before"),
        ([{"text": SECRET, "start": 2, "end": 1}], "no start before"),
        ([{"text": SECRET, "start": 2}, {"text": SECRET, "start": 1}], "order of time"),
        ([{"text": SECRET, "start": 2}, SECRET], "others have none"),
        ([SECRET] * (MAX_TURNS + 1), "more than"),
        (SECRET * (MAX_CHARACTERS // 9 + 1), "more than"),
    ],
)
def test_what_is_no_agents_text_is_refused_without_a_quote(content: Any, told: str) -> None:
    if isinstance(content, list):
        content = json.dumps(content)
    with pytest.raises(UsageError, match=told) as caught:
        parse_agent_text(content if isinstance(content, bytes) else content.encode())
    assert SECRET not in str(caught.value)


def test_what_a_push_brings_is_sealed_and_opened_as_it_was() -> None:
    known = (KnownParty(EntityType.PERSON, "Traute Quarzsand"),)
    agent = (AgentTurn("Ja.", 1.0, 2.0), AgentTurn("Nein.", 3.0))
    for brought in (Brought(known, agent), Brought((), agent), Brought(known), Brought()):
        assert open_brought(brought_to_json(brought.known, brought.agent)) == brought
    assert open_brought(b'[["PERSON", "Traute Quarzsand"]]') == Brought(known), "of version 1"
    assert "Quarzsand" not in repr(Brought(known, agent)) and "Ja." not in repr(agent)
