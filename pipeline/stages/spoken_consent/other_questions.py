"""Whether an agent goes on to ask something else: then a bare "ja" may answer that."""

from __future__ import annotations

import re

from pipeline.stages.spoken_consent.questions import pointing_back
from pipeline.stages.spoken_consent.said import pattern

_ASKED = pattern(
    r"(?:sind|haben|hatten|möchten|wollen|brauchen|suchen|wohnen|rufen|kennen|heissen|kommen) sie",
    r"(?:do|are|have|did|were|would|could) you",
    r"(?:worum|womit|wie|was|wann|wo|welche[rsmn]?|wer|what|how|when|where|which|who) (?:geht|kann"
    r"|ist|heissen|lautet|war|haben|sind|dürfen|darf|can|is|are|do|does|did|may|seems|brings|führt"
    r"|wohnen|möchten|wäre|passt|es|time|day|name)",
    r"(?:nennen|sagen|geben) sie mir|(?:darf|dürfte|kann) ich (?:ihren|ihre|fragen|noch|erst)",
    r"(?:may|can|could) i (?:have|ask|get|take)|tell me",
    r"ihr (?:name|anliegen|geburtsdatum)|ihre (?:adresse|kundennummer|telefonnummer)"
    r"|your (?:name|address|number|account|date)",
)
_SENTENCES = re.compile(r"(?<=[.?])")
_YES_OR_NO = re.compile(r"\b(?:ja oder nein|yes or no|mit ja|with yes)\b")


def asks_something_else(text: str) -> bool:
    """Whether a normal form holds a question that is not about consent."""
    return any(
        (sentence.rstrip().endswith("?") or _ASKED.search(sentence) is not None)
        and not _YES_OR_NO.search(sentence)
        and len(sentence.split()) > 1
        and pointing_back(sentence) is None
        for sentence in _SENTENCES.split(text)
    )
