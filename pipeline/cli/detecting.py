"""`deckname detect` and `deckname redact`: JSON lines in, JSON lines out, as a co-process too."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.console import open_deck, open_transcriber, remark
from pipeline.cli.json_lines import Question, converse

if TYPE_CHECKING:
    from pipeline.domain.privacy import PiiSpan
    from pipeline.domain.redaction_policy import RedactionPolicy
    from pipeline.usecases.deck import Transcriber

Customer = Annotated[
    str | None, typer.Option(metavar="ID", help="Whose lists hold; by default nobody's.")
]


def detect(customer: Customer = None) -> int:
    """Find PII in texts. Reads {"id","text","lang","known"} a line, writes {"id","spans"}."""
    transcriber, policy = _opened(customer)
    told: set[str] = set()

    def answer(question: Question) -> dict[str, Any]:
        return {
            "spans": [
                {
                    "start": span.start,
                    "end": span.end,
                    "type": str(span.type),
                    "score": round(span.score, 4),
                }
                for span in _spans(question, transcriber, policy)
            ],
            **_noted(question, told),
        }

    return converse(sys.stdin.buffer, sys.stdout.buffer, answer)


def redact(customer: Customer = None) -> int:
    """Replace PII in texts. Reads as detect does, writes {"id","text","pseudonyms"} a line."""
    from pipeline.stages.redact import redact_text

    transcriber, policy = _opened(customer)
    told: set[str] = set()

    def answer(question: Question) -> dict[str, Any]:
        text, pseudonyms = redact_text(
            question.text, _spans(question, transcriber, policy), question.language
        )
        return {
            "text": text,
            "pseudonyms": {token: str(kind) for token, kind in pseudonyms.items()},
            **_noted(question, told),
        }

    return converse(sys.stdin.buffer, sys.stdout.buffer, answer)


def _opened(customer: str | None) -> tuple[Transcriber, RedactionPolicy]:
    """Models only; with a customer also the store, for the lists as they are now."""
    from pipeline.domain.ids import CustomerId
    from pipeline.domain.redaction_policy import RedactionPolicy
    from pipeline.usecases.redaction_policy import read_policy

    if customer is None:
        return open_transcriber(), RedactionPolicy()
    deck = open_deck()
    return deck.transcriber, read_policy(CustomerId(customer), deck)


def _noted(question: Question, told: set[str]) -> dict[str, str]:
    """A `note` where the rules were not made for the language; said aloud once a language."""
    from pipeline.stages.detect_pii import shortfall

    note = shortfall(question.language)
    if note is None:
        return {}
    if note not in told:
        told.add(note)
        remark(note)
    return {"note": note}


def _spans(
    question: Question, transcriber: Transcriber, policy: RedactionPolicy
) -> tuple[PiiSpan, ...]:
    from pipeline.stages.allowances import without_allowed
    from pipeline.stages.detect_pii import detect_text

    text, language, named = question.text, question.language, (*question.known, *policy.deny)
    spans = detect_text(text, language, transcriber.detector(), named)
    return without_allowed([text], [spans], language, policy.allow, named)[0]
