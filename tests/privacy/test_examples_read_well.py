"""The example calls, as they are scripted: what is PII is hidden, and the rest stays readable."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pipeline.adapters.presidio import PresidioDetector
from pipeline.stages.detect_pii import detect_pii

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.json"))


def letters(text: str) -> str:
    return re.sub(r"\W", "", text).lower()


@pytest.fixture(scope="module")
def detector() -> PresidioDetector:
    return PresidioDetector()


@pytest.mark.parametrize("lower", [False, True], ids=["cased", "lower"])
@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_just_the_pii_is_hidden(detector: PresidioDetector, file: Path, lower: bool) -> None:
    truth = json.loads(file.read_text("utf-8"))
    turns = [turn["text"] for turn in truth["turns"]]
    secrets = [(item["turn"], item["text"]) for item in truth["pii"]]
    if lower:
        turns = [re.sub("[,.]", "", turn).lower() for turn in turns]
        secrets = [(turn, re.sub("[,.]", "", text).lower()) for turn, text in secrets]
    found = detect_pii(turns, truth["language"], detector)
    for index, (turn, spans) in enumerate(zip(turns, found, strict=True)):
        hidden = "".join(letters(turn[span.start : span.end]) for span in spans)
        expected = "".join(
            letters(text)
            for at, text in sorted(secrets, key=lambda s: turn.find(s[1]))
            if at == index
        )
        assert hidden == expected, turn
