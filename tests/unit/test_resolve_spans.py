"""Where recognisers disagree: which span stays, and what becomes of the rest."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.domain.privacy import EntityType, KnownParty, PiiSpan
from pipeline.stages.detect_pii import detect_pii, detect_text, resolve

PERSON, PLACE, STREET, OTHER = (
    EntityType.PERSON,
    EntityType.LOCATION,
    EntityType.STREET_ADDRESS,
    EntityType.OTHER_ID,
)


class PatternDetector:
    """Finds what matches, and remembers what it was asked."""

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern)
        self.asked: list[tuple[Sequence[str], str, Sequence[KnownParty]]] = []

    def detect(
        self, turns: Sequence[str], language: str, known: Sequence[KnownParty] = ()
    ) -> tuple[tuple[PiiSpan, ...], ...]:
        self.asked.append((turns, language, known))
        return tuple(
            tuple(PiiSpan(*match.span(), PERSON, 0.9) for match in self._pattern.finditer(turn))
            for turn in turns
        )


def test_the_detector_sees_clean_turns_and_what_is_known() -> None:
    detector = PatternDetector("Müller")
    known = (KnownParty(PERSON, "Anna"),)
    turns = ["\ufeffFrau\u00a0Müllеr", "", "ja"]
    assert detect_pii(turns, "en", detector, known) == ((PiiSpan(6, 12, PERSON, 0.9),), (), ())
    assert detector.asked == [(["Frau Müller", "", "ja"], "en", known)]


def test_a_text_without_anything() -> None:
    assert detect_text("", "de", PatternDetector("x")) == ()
    assert detect_pii([], "de", PatternDetector("x")) == ()


def found(text: str, *spans: tuple[int, int, EntityType, float]) -> list[tuple[str, EntityType]]:
    resolved = resolve(text, [PiiSpan(*span) for span in spans])
    return [(text[span.start : span.end], span.type) for span in resolved]


TEXT = "Anna Müller, Hauptstraße 12, Köln"
ANNA, MUELLER, BOTH = (0, 4), (5, 11), (0, 11)
STREET_AT, NUMBER_TOO, KOELN = (13, 24), (13, 27), (29, 33)
ALL = (0, 33)


@pytest.mark.parametrize(
    ("spans", "kept"),
    [
        ([], []),
        # apart: both, in order
        ([(*KOELN, PLACE, 0.5), (*ANNA, PERSON, 0.9)], [("Anna", PERSON), ("Köln", PLACE)]),
        # one inside the other, or the same twice: the more certain, then the longer
        ([(*BOTH, PERSON, 0.9), (*ANNA, PLACE, 0.4)], [("Anna Müller", PERSON)]),
        ([(*ANNA, PERSON, 0.9), (*ANNA, PERSON, 0.9)], [("Anna", PERSON)]),
        ([(*ANNA, PERSON, 0.51), (*BOTH, PERSON, 0.49)], [("Anna Müller", PERSON)]),
        # the same stretch as two types: the one that says more
        (
            [(*NUMBER_TOO, PLACE, 0.8), (*NUMBER_TOO, STREET, 0.8)],
            [("Hauptstraße 12", STREET)],
        ),
        # a weaker span's rest stays covered: on its own, or with a neighbour of its type
        ([(*ANNA, PLACE, 0.9), (*BOTH, PERSON, 0.5)], [("Anna", PLACE), ("Müller", PERSON)]),
        ([(*ANNA, PERSON, 0.9), (*BOTH, PERSON, 0.5)], [("Anna Müller", PERSON)]),
        (
            [(*STREET_AT, PLACE, 0.9), (0, 33, PERSON, 0.5)],
            [("Anna Müller", PERSON), ("Hauptstraße", PLACE), ("12, Köln", PERSON)],
        ),
        (
            [(*STREET_AT, STREET, 0.9), (20, 27, STREET, 0.5), (*NUMBER_TOO, OTHER, 0.4)],
            [("Hauptstraße 12", STREET)],
        ),
        # a rest far from the neighbour of its type stands alone
        (
            [(*ANNA, PERSON, 0.9), (20, 24, PLACE, 0.9), (18, 24, PERSON, 0.5), (*ALL, OTHER, 0.3)],
            [
                ("Anna", PERSON),
                ("Müller, Haupt", OTHER),
                ("st", PERSON),
                ("raße", PLACE),
                ("12, Köln", OTHER),
            ],
        ),
        # a rest that touches its type on both sides makes one span of all; of another type, not
        ([(5, 7, PERSON, 0.9), (9, 11, PERSON, 0.9), (5, 11, PERSON, 0.5)], [("Müller", PERSON)]),
        (
            [(5, 7, PERSON, 0.9), (9, 11, PLACE, 0.9), (5, 11, PERSON, 0.5)],
            [("Müll", PERSON), ("er", PLACE)],
        ),
        # a rest that is only punctuation needs no cover
        ([(*BOTH, PERSON, 0.9), (0, 12, PLACE, 0.5)], [("Anna Müller", PERSON)]),
        (
            [(*ANNA, PERSON, 0.9), (*MUELLER, PERSON, 0.9), (*BOTH, PLACE, 0.5)],
            [("Anna", PERSON), ("Müller", PERSON)],
        ),
        # punctuation and white space at the edges go
        ([(0, 13, PERSON, 0.9)], [("Anna Müller", PERSON)]),
        ([(11, 13, PERSON, 0.9)], []),
        # a span that reaches past the text is cut there
        ([(29, 99, PLACE, 0.9)], [("Köln", PLACE)]),
        ([(40, 99, PLACE, 0.9)], []),
    ],
)
def test_overlaps_are_settled(
    spans: list[tuple[int, int, EntityType, float]], kept: list[tuple[str, EntityType]]
) -> None:
    assert found(TEXT, *spans) == kept


def test_a_joined_span_keeps_the_stronger_score() -> None:
    spans = [PiiSpan(0, 4, PERSON, 0.9), PiiSpan(0, 11, PERSON, 0.5)]
    assert resolve(TEXT, spans) == (PiiSpan(0, 11, PERSON, 0.9),)


def test_a_rest_is_not_joined_across_another_span() -> None:
    spans = ((1, 2, PLACE, 0.5), (0, 1, PERSON, 0.5), (0, 3, PERSON, 0.4))
    assert found("abc", *spans) == [("a", PERSON), ("b", PLACE), ("c", PERSON)]


@st.composite
def overlapping(draw: st.DrawFn) -> tuple[str, list[PiiSpan]]:
    text = draw(st.text("ab12 .,-ü", min_size=1, max_size=24))
    spans = []
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text) + 2))
        score = draw(st.sampled_from([0.4, 0.5, 0.85, 0.9, 1.0]))
        kind = draw(st.sampled_from([PERSON, PLACE, STREET, OTHER]))
        spans.append(PiiSpan(start, end, kind, score))
    return text, spans


@given(overlapping())
def test_spans_say_nothing_new_and_begin_and_end_with_a_word(
    drawn: tuple[str, list[PiiSpan]],
) -> None:
    text, spans = drawn
    resolved = resolve(text, spans)
    assert {span.type for span in resolved} <= {span.type for span in spans}
    assert {span.score for span in resolved} <= {span.score for span in spans}
    for span in resolved:
        assert not {text[span.start], text[span.end - 1]} & set(" .,-")


@given(overlapping())
def test_what_is_settled_stays_as_it_is(drawn: tuple[str, list[PiiSpan]]) -> None:
    text, spans = drawn
    resolved = resolve(text, spans)
    assert resolve(text, resolved) == resolved


_PARTS = st.sampled_from(["Anna", "Mu\u0308ller", "\u00ad", " ", ",", "x", "\n", "о", "²"])


@given(st.lists(_PARTS).map("".join))
@example("\u00adMu\u0308\u00adller\u00ad")
def test_offsets_are_of_the_given_text_whatever_it_holds(text: str) -> None:
    for span in detect_text(text, "de", PatternDetector("Anna|Müller")):
        surface = text[span.start : span.end]
        assert surface.replace("\u00ad", "") in {"Anna", "Mu\u0308ller"}
