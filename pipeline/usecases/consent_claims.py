"""Consent as a push writes it: `audio_retention=30d`."""

from __future__ import annotations

import re
from datetime import timedelta

from pipeline.domain.consent import ConsentClaim, Purpose
from pipeline.domain.errors import UsageError

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_DURATION = re.compile(r"([1-9][0-9]{0,4})([hdw])\Z")
LONGEST = timedelta(days=3653)


def parse_consent(text: str) -> ConsentClaim:
    """`PURPOSE` or `PURPOSE=DURATION` with a duration such as 12h, 30d or 4w. Raises
    `UsageError`."""
    name, _, duration = text.partition("=")
    try:
        purpose = Purpose(name.strip())
    except ValueError:
        purposes = ", ".join(Purpose)
        raise UsageError(f"consent is PURPOSE=DURATION; the purposes are {purposes}") from None
    return ConsentClaim(purpose, _duration(duration.strip()) if duration else None)


def _duration(text: str) -> timedelta:
    match = _DURATION.match(text)
    if match is None or int(match[1]) * _UNITS[match[2]] > LONGEST:
        raise UsageError("a consent's duration is a number and h, d or w, ten years at most")
    return int(match[1]) * _UNITS[match[2]]
