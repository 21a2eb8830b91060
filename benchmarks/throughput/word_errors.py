"""Word error rate, over all sides of all calls together."""

from __future__ import annotations

import re
from collections.abc import Sequence

import jiwer

Said = tuple[str, str]
"""The words of the left and of the right side of one call."""


def word_error_rate(said: Sequence[Said], heard: Sequence[Said]) -> float:
    """Substituted, lost and added words ÷ words said; case and punctuation count for nothing."""
    wrong = words = 0
    for expected, got in zip(said, heard, strict=True):
        for reference, hypothesis in zip(expected, got, strict=True):
            wrong += _errors(_plain(reference), _plain(hypothesis))
            words += len(_plain(reference).split())
    return wrong / words


def _errors(reference: str, hypothesis: str) -> int:
    if not reference:
        return len(hypothesis.split())
    counted = jiwer.process_words(reference, hypothesis)
    return counted.substitutions + counted.deletions + counted.insertions


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w']+", " ", text.lower()).split())
