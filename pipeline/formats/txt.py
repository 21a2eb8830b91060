"""Plain text: one turn a line, with its time and who speaks."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.domain.transcript import RedactedTranscript
from pipeline.formats.cues import one_line
from pipeline.formats.shown import shown_segments


def render(redacted: RedactedTranscript, revealed: Sequence[str] | None = None) -> str:
    """Lines such as `[00:07] caller: My name is [PERSON_1].`; nothing for no speech."""
    texts = [segment.text for segment in shown_segments(redacted)] if revealed is None else revealed
    return "".join(
        f"[{clock(segment.start)}] {segment.speaker}: {one_line(text)}\n"
        for segment, text in zip(redacted.segments, texts, strict=True)
    )


def clock(seconds: float) -> str:
    """`MM:SS`, or `H:MM:SS` from one hour on."""
    whole = int(max(seconds, 0.0))
    minutes = f"{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{whole // 3600}:{minutes}" if whole >= 3600 else minutes
