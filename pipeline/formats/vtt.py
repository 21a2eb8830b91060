"""WebVTT subtitles (W3C): the speaker is the cue's voice."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.domain.transcript import RedactedTranscript
from pipeline.formats.cues import cues, timestamp


def render(redacted: RedactedTranscript, revealed: Sequence[str] | None = None) -> str:
    """A complete WebVTT file."""
    return "WEBVTT\n\n" + "".join(
        f"{timestamp(cue.start, '.')} --> {timestamp(cue.end, '.')}\n"
        f"<v {cue.speaker.capitalize()}>{_escaped(cue.text)}\n\n"
        for cue in cues(redacted, revealed)
    )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
