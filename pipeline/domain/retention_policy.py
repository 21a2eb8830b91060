"""How long a customer's transcripts live, and what an unsupported consent flag does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MESSENGER_CAP = timedelta(days=183)
"""Voice notes that came by a messenger, and all that was made of them, end after six months."""


class Origin(StrEnum):
    """Which way a recording came; voice notes of a messenger live six months at most."""

    PHONE = "phone"
    MESSENGER = "messenger"


class UnsupportedConsent(StrEnum):
    """What becomes of audio whose push claims a consent that nobody asked for in the call."""

    DESTROY = "destroy"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """A customer's choices. `transcripts` None: until the contract ends or somebody asks.
    `version` grows with each change and stands on calls and receipts."""

    transcripts: timedelta | None = None
    unsupported: UnsupportedConsent = UnsupportedConsent.DESTROY
    version: int = 1

    def transcript_until(self, received_at: datetime, origin: Origin) -> datetime | None:
        """When the transcript of a call expires; None: with the contract."""
        periods = [self.transcripts] if self.transcripts is not None else []
        if origin is Origin.MESSENGER:
            periods.append(MESSENGER_CAP)
        return received_at + min(periods) if periods else None
