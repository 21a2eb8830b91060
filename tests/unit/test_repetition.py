"""Loops of a speech model, and what people do say again."""

from __future__ import annotations

import pytest

from pipeline.stages.repetition import loops


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("", False),
        ("ja", False),
        ("ja ja ja ja ja", False),
        ("ja ja ja ja ja ja", True),
        ("null null null null vier vier null null null null", False),
        ("vielen Dank " * 6, True),
        ("vielen Dank " * 5, False),
        ("Guten Tag " + "vielen Dank " * 6 + "und", True),
        ("a b c d e f g h i j " * 6, True),
        ("a b c d e f g h i j k " * 6, False),
        # One loop in a long text is what somebody said, or the lesser part of it.
        (" ".join(map(str, range(20))) + " ja" * 8, False),
        ("eins zwei drei vier fünf sechs sieben acht neun zehn", False),
    ],
)
def test_loops_are_told_from_what_people_repeat(said: str, expected: bool) -> None:
    assert loops(said.split()) is expected
