"""`deckname detect` and `deckname redact`: JSON lines in, JSON lines out, as a co-process too."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.console import open_deck, open_transcriber
from pipeline.cli.json_lines import Question, converse

if TYPE_CHECKING:
    from pipeline.domain.privacy import PiiSpan
    from pipeline.usecases.deck import Transcriber

Customer = Annotated[
    str | None, typer.Option(metavar="ID", help="Whose rules hold; by default the general ones.")
]


def detect(customer: Customer = None) -> int:
    """Find PII in texts. Reads {"id","text","lang","known"} a line, writes {"id","spans"}."""
    transcriber = _transcriber(customer)

    def answer(question: Question) -> dict[str, Any]:
        return {
            "spans": [
                {
                    "start": span.start,
                    "end": span.end,
                    "type": str(span.type),
                    "score": round(span.score, 4),
                }
                for span in _spans(question, transcriber)
            ]
        }

    return converse(sys.stdin.buffer, sys.stdout.buffer, answer)


def redact() -> int:
    """Replace PII in texts. Reads as detect does, writes {"id","text","pseudonyms"} a line."""
    from pipeline.stages.redact import redact_text

    transcriber = _transcriber(None)

    def answer(question: Question) -> dict[str, Any]:
        text, pseudonyms = redact_text(
            question.text, _spans(question, transcriber), question.language
        )
        return {
            "text": text,
            "pseudonyms": {token: str(kind) for token, kind in pseudonyms.items()},
        }

    return converse(sys.stdin.buffer, sys.stdout.buffer, answer)


def _transcriber(customer: str | None) -> Transcriber:
    """Models only; with a customer also the store, to refuse one that does not exist."""
    if customer is None:
        return open_transcriber()
    from pipeline.domain.ids import CustomerId

    deck = open_deck()
    deck.calls.customer(CustomerId(customer))
    return deck.transcriber


def _spans(question: Question, transcriber: Transcriber) -> tuple[PiiSpan, ...]:
    from pipeline.stages.detect_pii import detect_text

    detector = transcriber.detector()
    return detect_text(question.text, question.language, detector, question.known)
