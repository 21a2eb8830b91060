"""Segments as people read them: coarse values stand inside their pseudonyms, `[POSTCODE_1 80***]`.

The stored text keeps the bare pseudonym, so what parses `[TYPE_n]` never meets a coarse value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from pipeline.domain.transcript import RedactedTranscript, Segment


def shown_segments(redacted: RedactedTranscript) -> Iterator[Segment]:
    """The segments of `redacted`, words included, with coarse values where there are any."""
    wider = {
        pseudonym: f"{pseudonym[:-1]} {value}]" for pseudonym, value in redacted.generalised.items()
    }
    for segment in redacted.segments:
        yield _shown(segment, wider) if wider else segment


def _shown(segment: Segment, wider: Mapping[str, str]) -> Segment:
    words = tuple(
        replace(
            word, at=len(_widened(segment.text[: word.at], wider)), text=_widened(word.text, wider)
        )
        for word in segment.words
    )
    return replace(segment, text=_widened(segment.text, wider), words=words)


def _widened(text: str, wider: Mapping[str, str]) -> str:
    # No pseudonym is part of another, and none that was really said is ever handed out.
    for pseudonym, shown in wider.items():
        text = text.replace(pseudonym, shown)
    return text
