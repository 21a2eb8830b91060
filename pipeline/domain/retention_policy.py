"""How long a customer's transcripts live, and what an unsupported consent flag does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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


def transcript_end(
    received_at: datetime, origin: Origin, promised: datetime | None, today: RetentionPolicy
) -> datetime | None:
    """When the transcript of a call expires: as `promised` at its intake, or earlier where the
    customer's rules of `today` say so, never later. None: with the contract."""
    ends = (promised, today.transcript_until(received_at, origin))
    return min((end for end in ends if end is not None), default=None)


def keeps_unsupported(promised: UnsupportedConsent, today: RetentionPolicy) -> bool:
    """Whether a flag that nobody asked about in the call keeps its audio: only where the rules of
    the call's intake said so, which `promised` it, and those of `today` still do."""
    return promised is UnsupportedConsent.KEEP and today.unsupported is UnsupportedConsent.KEEP


def changed_policy(before: RetentionPolicy, after: RetentionPolicy) -> RetentionPolicy:
    """`after` as the version that follows `before`."""
    return replace(after, version=before.version + 1)


def stricter(one: RetentionPolicy, other: RetentionPolicy) -> RetentionPolicy:
    """What keeps no transcript and no audio longer than either of both; the later version."""
    periods = [each.transcripts for each in (one, other) if each.transcripts is not None]
    destroys = UnsupportedConsent.DESTROY in (one.unsupported, other.unsupported)
    return RetentionPolicy(
        min(periods, default=None),
        UnsupportedConsent.DESTROY if destroys else UnsupportedConsent.KEEP,
        max(one.version, other.version),
    )


def restored_policy(here: RetentionPolicy, told: RetentionPolicy) -> RetentionPolicy:
    """The rule after a restore, where the ledger tells of one that was set later: the stricter of
    both. One that is neither gets a version that no receipt names."""
    wanted = stricter(here, told)
    return wanted if wanted in (here, told) else replace(wanted, version=wanted.version + 1)


def policy_facts(policy: RetentionPolicy) -> Mapping[str, str | int | None]:
    """What the audit log keeps of a policy that was set."""
    period = policy.transcripts
    return {
        "transcript_seconds": None if period is None else int(period.total_seconds()),
        "unsupported": str(policy.unsupported),
        "version": policy.version,
    }
