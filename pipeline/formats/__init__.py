"""Transcript formats, one a file. Each renders a redacted transcript as text and reads nothing.

Where somebody may see the originals, `revealed` holds the restored text of every segment; the
times of words are left out then, for they belong to the redacted text. Coarse values that a
customer's policy asks for stand inside the pseudonyms, in json in a field of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from pipeline.domain.errors import UsageError
from pipeline.domain.transcript import RedactedTranscript
from pipeline.formats import json, srt, txt, vtt


class Render(Protocol):
    """A format's one function."""

    def __call__(self, redacted: RedactedTranscript, revealed: Sequence[str] | None = None) -> str:
        """The whole transcript as text."""
        ...


@dataclass(frozen=True, slots=True)
class Format:
    """A format: `name` is what people ask for and the file extension alike."""

    name: str
    media_type: str
    render: Render


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            Format("json", "application/json", json.render),
            Format("txt", "text/plain; charset=utf-8", txt.render),
            Format("srt", "application/x-subrip; charset=utf-8", srt.render),
            Format("vtt", "text/vtt; charset=utf-8", vtt.render),
        )
    }
)


def format_named(name: str) -> Format:
    """The format `name`. Raises `UsageError`."""
    try:
        return FORMATS[name]
    except KeyError:
        raise UsageError(f"no such format; there are: {', '.join(FORMATS)}") from None
