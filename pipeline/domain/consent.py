"""Consent: a recorded declaration for one purpose. Absent means no."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Purpose(StrEnum):
    """What somebody can consent to. Nothing is ever implied by another purpose."""

    AUDIO_RETENTION = "audio_retention"
    MODEL_TRAINING = "model_training"
    LLM_OUTSIDE_EU = "llm_outside_eu"


@dataclass(frozen=True, slots=True)
class ConsentClaim:
    """What a push says was consented to. `duration` is how long; None where it has no end."""

    purpose: Purpose
    duration: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """One entry of the append-only register. `source` is e.g. `api_flag`, `spoken`, `portal`."""

    purpose: Purpose
    given_at: datetime
    until: datetime | None
    source: str
    withdrawn_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether the consent is in force at `now`."""
        return self.withdrawn_at is None and (self.until is None or now < self.until)
