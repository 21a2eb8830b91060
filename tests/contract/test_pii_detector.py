"""Every implementation of `PiiDetector` finds, per turn, exact spans that do not overlap."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pipeline.adapters.presidio import PresidioDetector
from pipeline.domain.privacy import EntityType, KnownParty
from pipeline.ports import PiiDetector


@pytest.fixture(scope="module", params=[PresidioDetector])
def detector(request: pytest.FixtureRequest) -> PiiDetector:
    return request.param()


def surfaces(detector: PiiDetector, language: str, *turns: str) -> list[list[tuple[str, str]]]:
    found = detector.detect(turns, language)
    return [
        [(turn[span.start : span.end], span.type.value) for span in spans]
        for turn, spans in zip(turns, found, strict=True)
    ]


def test_one_tuple_a_turn(detector: PiiDetector) -> None:
    assert detector.detect((), "de") == ()
    assert detector.detect(("", "ohne alles", "\n"), "de") == ((), (), ())


def test_a_question_makes_the_next_turns_sensitive(detector: PiiDetector) -> None:
    found = surfaces(
        detector, "de", "wie ist ihre telefonnummer", "null eins fünf zwei", "drei vier eins"
    )
    assert found == [
        [],
        [("null eins fünf zwei", "PHONE_NUMBER")],
        [("drei vier eins", "PHONE_NUMBER")],
    ]


def test_spans_are_sorted_and_apart(detector: PiiDetector) -> None:
    turn = "mein name ist anna müller aus hamburg, anna punkt müller ät gmail punkt com"
    for spans in detector.detect((turn,), "de"):
        assert [span.type for span in spans] == [
            EntityType.PERSON,
            EntityType.LOCATION,
            EntityType.EMAIL_ADDRESS,
        ]
        for left, right in pairwise(spans):
            assert left.end <= right.start


def test_known_values_are_found_however_they_are_spoken(detector: PiiDetector) -> None:
    known = (
        KnownParty(EntityType.PERSON, "Xaveria Brzęcki"),
        KnownParty(EntityType.PHONE_NUMBER, "+49 152 3456789"),
    )
    turns = ("die frau brzecki eben", "eins fünf zwei drei vier fünf sechs sieben acht neun")
    first, second = detector.detect(turns, "de", known)
    assert [turns[0][span.start : span.end] for span in first] == ["brzecki"]
    assert [span.type for span in second] == [EntityType.PHONE_NUMBER]


@pytest.mark.parametrize("language", ["fr", "", "xx-YY", "zh"])
def test_other_languages_get_the_rules_of_both(detector: PiiDetector, language: str) -> None:
    turns = ("null eins fünf zwei drei vier fünf sechs", "seven seven zero nine four five six two")
    assert all(detector.detect(turns, language))


def test_the_same_input_gives_the_same_output(detector: PiiDetector) -> None:
    turns = ("john smith, 12 baker street, seven seven zero nine four five six",)
    assert detector.detect(turns, "en") == detector.detect(turns, "en")
