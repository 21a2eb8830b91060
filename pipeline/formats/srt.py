"""SubRip subtitles."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.domain.transcript import RedactedTranscript
from pipeline.formats.cues import cues, timestamp


def render(redacted: RedactedTranscript, revealed: Sequence[str] | None = None) -> str:
    """Numbered cues from 1 on, the speaker before each text."""
    return "".join(
        f"{number}\n{timestamp(cue.start, ',')} --> {timestamp(cue.end, ',')}\n"
        f"{cue.speaker.capitalize()}: {_inert(cue.text)}\n\n"
        for number, cue in enumerate(cues(redacted, revealed), start=1)
    )


def _inert(text: str) -> str:
    # SubRip knows no escape; what players would read as a tag or a time line is spaced apart.
    return text.replace("-->", "-- >").replace("<", "< ")
