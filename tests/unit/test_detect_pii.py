"""The detection stage: offsets of the given text, whatever it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.privacy import EntityType, KnownParty, PiiSpan
from pipeline.stages.detect_pii import detect_pii, detect_text, resolve, rules_of, shortfall


class Finds:
    """A detector that finds one word, wherever it stands."""

    def __init__(self, word: str) -> None:
        self.word = word

    def detect(
        self, turns: Sequence[str], language: str, known: Sequence[KnownParty] = ()
    ) -> tuple[tuple[PiiSpan, ...], ...]:
        found = []
        for turn in turns:
            at = turn.find(self.word)
            end = at + len(self.word)
            found.append((PiiSpan(at, end, EntityType.PERSON, 0.9),) if at >= 0 else ())
        return tuple(found)


@pytest.mark.parametrize(
    "surface", ["Müller", "Mu\u0308ller", "Mül\u00adler", "M\u200düller", "Müll\u200ber"]
)
def test_offsets_are_of_the_given_text(surface: str) -> None:
    turns = ("guten tag", f"Frau {surface} bitte 🙂")
    _, (span,) = detect_pii(turns, "de", Finds("Müller"))
    assert turns[1][span.start : span.end] == surface


def test_lines_are_turns() -> None:
    text = "erste\nFrau Müller\n\nMüller"
    assert [text[span.start : span.end] for span in detect_text(text, "de", Finds("Müller"))] == [
        "Müller",
        "Müller",
    ]


@pytest.mark.parametrize("surface", ["Mül🙂ler", "Mül\x00ler", "🙂Müller", "Mu\u0308🙂\u200dller"])
def test_a_value_may_have_emoji_inside(surface: str) -> None:
    turns = (f"Frau {surface}🙂 bitte", "Müller", "ohne 🙂")
    (span,), (plain,), nothing = detect_pii(turns, "de", Finds("Müller"))
    assert turns[0][span.start : span.end] == surface.removeprefix("🙂")
    assert (plain.start, plain.end) == (0, 6)
    assert nothing == ()


def test_a_value_may_have_emoji_around() -> None:
    (span,) = detect_text("Frau🙂Müller🙂ja", "de", Finds("Müller"))
    assert (span.start, span.end) == (5, 11)


@pytest.mark.parametrize(
    ("language", "rules"),
    [
        ("de", ("de",)),
        ("de-AT", ("de",)),
        ("DE_ch", ("de",)),
        ("deu", ("de",)),
        ("ger", ("de",)),
        ("en-GB", ("en",)),
        ("eng", ("en",)),
        ("fr", ("de", "en")),
        ("den", ("de", "en")),
        ("", ("de", "en")),
    ],
)
def test_whose_rules_hold(language: str, rules: tuple[str, ...]) -> None:
    assert rules_of(language) == rules
    note = shortfall(language)
    assert (note is None) == (len(rules) == 1)
    if note is not None:
        assert note.startswith(f"language {language}: ")
        assert "names and addresses may remain" in note and "\n" not in note


def _span(start: int, end: int, kind: EntityType, score: float) -> PiiSpan:
    return PiiSpan(start, end, kind, score)


def test_the_most_certain_type_wins_and_nothing_is_uncovered() -> None:
    text = "anna müller aus ulm"
    person = _span(0, 11, EntityType.PERSON, 0.9)
    place = _span(5, 19, EntityType.LOCATION, 0.6)
    assert resolve(text, [place, person]) == (
        person,
        _span(12, 19, EntityType.LOCATION, 0.6),
    )


def test_parts_of_one_type_become_one_span() -> None:
    text = "null eins fünf zwei"
    assert resolve(
        text,
        [_span(0, 9, EntityType.PHONE_NUMBER, 0.9), _span(5, 19, EntityType.PHONE_NUMBER, 0.5)],
    ) == (_span(0, 19, EntityType.PHONE_NUMBER, 0.9),)


def test_edges_are_trimmed() -> None:
    assert resolve("ja, Anna.", [_span(2, 9, EntityType.PERSON, 0.9)]) == (
        _span(4, 8, EntityType.PERSON, 0.9),
    )
    assert resolve("...", [_span(0, 3, EntityType.PERSON, 0.9)]) == ()
    assert resolve(".\u0301An\u0303.\u0301", [_span(0, 7, EntityType.PERSON, 0.9)]) == (
        _span(2, 5, EntityType.PERSON, 0.9),
    )
    assert resolve("\u00adAnna\u200d", [_span(0, 6, EntityType.PERSON, 0.9)]) == (
        _span(1, 5, EntityType.PERSON, 0.9),
    )
    assert resolve("\u0301\u0301", [_span(0, 2, EntityType.PERSON, 0.9)]) == ()


SPANS = st.lists(
    st.builds(
        lambda start, length, kind, score: PiiSpan(start, start + length, kind, score),
        st.integers(0, 25),
        st.integers(1, 12),
        st.sampled_from(EntityType),
        st.sampled_from([0.4, 0.6, 0.9, 1.0]),
    ),
    max_size=8,
)


@given(st.text("ab 1,.", min_size=30, max_size=30), SPANS)
def test_resolved_spans_are_apart_and_cover_every_letter(text: str, spans: list[PiiSpan]) -> None:
    found = resolve(text, spans)
    assert list(found) == sorted(found)
    assert all(left.end <= right.start for left, right in pairwise(found))
    covered = {at for span in found for at in range(span.start, span.end)}
    wanted = {at for span in spans for at in range(span.start, min(span.end, 30))}
    assert {at for at in wanted if text[at].isalnum()} <= covered
    assert {at for at in covered if text[at].isalnum()} <= wanted
    assert resolve(text, reversed(spans)) == found or len({s.score for s in spans}) < len(spans)
