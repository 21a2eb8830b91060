"""How long audio may live: the cap of 30 days and what consent can change about it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from pipeline.domain.consent import ConsentClaim, Purpose
from pipeline.domain.retention_policy import MESSENGER_CAP, Origin

AUDIO_CAP = timedelta(days=30)
"""No recording without consent can be opened after this, whatever runs or does not run."""


def day_of(moment: datetime) -> str:
    """The ISO date (UTC) whose day key seals a recording that arrives at `moment`."""
    return moment.astimezone(UTC).date().isoformat()


def day_key_end(day: str) -> datetime:
    """When the key of `day` must be gone: the cap counted from the *first* instant of the day,
    so that even its earliest recording stays under the cap."""
    return datetime.combine(date.fromisoformat(day), time(), UTC) + AUDIO_CAP


def audio_until(
    received_at: datetime, claims: Iterable[ConsentClaim], origin: Origin = Origin.PHONE
) -> datetime | None:
    """Until when consent lets the audio live after transcription; None means: destroy at once.

    A claim without an end is read as the cap: retention is never open-ended. A voice note of a
    messenger ends after six months whatever was consented to.
    """
    ends = [
        received_at + (claim.duration if claim.duration is not None else AUDIO_CAP)
        for claim in claims
        if claim.purpose is Purpose.AUDIO_RETENTION
    ]
    if not ends:
        return None
    if origin is Origin.MESSENGER:
        return min(max(ends), received_at + MESSENGER_CAP)
    return max(ends)
