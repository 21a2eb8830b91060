"""JSON: everything a machine wants, times in seconds, probabilities between 0 and 1."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pipeline.domain.transcript import RedactedTranscript, Segment

SCHEMA = "deckname.transcript/1"


def render(redacted: RedactedTranscript, revealed: Sequence[str] | None = None) -> str:
    """One JSON object, indented, ending in a line break. `links` and `generalised` are there only
    where the customer's policy made some."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "language": redacted.language,
        "duration": round(redacted.duration, 3),
        "segments": [
            _segment(segment, None if revealed is None else revealed[index])
            for index, segment in enumerate(redacted.segments)
        ],
        "pseudonyms": {token: str(kind) for token, kind in redacted.pseudonyms.items()},
    }
    for name, notes in (("links", redacted.links), ("generalised", redacted.generalised)):
        if notes:
            document[name] = dict(notes)
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _segment(segment: Segment, revealed: str | None) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "speaker": str(segment.speaker),
        "start": round(segment.start, 3),
        "end": round(segment.end, 3),
        "text": segment.text if revealed is None else revealed,
    }
    if revealed is None:
        fields["words"] = [
            {
                "start": round(word.start, 3),
                "end": round(word.end, 3),
                "probability": round(word.probability, 3),
                "text": word.text,
            }
            for word in segment.words
        ]
    return fields
