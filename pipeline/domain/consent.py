"""Consent: a recorded declaration for one purpose. Absent means no.

The register is append-only: somebody consents, refuses or withdraws, each time in an entry of its
own, and the last entry of a purpose counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from pipeline.domain.audit import AuditEvent
from pipeline.domain.errors import Conflict
from pipeline.domain.ids import CallId, CustomerId


class Purpose(StrEnum):
    """What somebody can consent to. Nothing is ever implied by another purpose."""

    AUDIO_RETENTION = "audio_retention"
    MODEL_TRAINING = "model_training"
    LLM_OUTSIDE_EU = "llm_outside_eu"


class ConsentAct(StrEnum):
    """`unsupported`: a push said that the caller consented, and nobody asked in the call."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    UNSUPPORTED = "unsupported"


class ConsentSource(StrEnum):
    """How we know."""

    API_FLAG = "api_flag"
    SPOKEN = "spoken"
    PORTAL = "portal"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class ConsentClaim:
    """What a push says was consented to. `duration` is how long; None where it has no end."""

    purpose: Purpose
    duration: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where it was said: the segment of the redacted transcript, its redacted text and the SHA-256
    of that text. Never the voice."""

    segment: int
    digest: str
    quote: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ConsentEntry:
    """One entry of the register. `until` ends what was given; None means that it has no end.
    `segment` and `digest` are those of the evidence, whose quote is sealed beside them."""

    customer_id: CustomerId
    call_id: CallId
    purpose: Purpose
    act: ConsentAct
    source: ConsentSource
    at: datetime
    until: datetime | None = None
    segment: int | None = None
    digest: str | None = None


_DECLARED = (ConsentSource.PORTAL, ConsentSource.OPERATOR)


def last_of(entries: Iterable[ConsentEntry], purpose: Purpose) -> ConsentEntry | None:
    """The entry of `purpose` that counts, of `entries` as they were recorded, for clocks may be
    wrong: the last one. But what a call or its push says takes back no withdrawal that somebody
    declared: a worker may write down a yes after its caller has withdrawn it elsewhere."""
    last: ConsentEntry | None = None
    withdrawn: ConsentEntry | None = None
    for entry in entries:
        if entry.purpose is not purpose:
            continue
        last = entry
        if entry.source in _DECLARED:
            withdrawn = entry if entry.act is ConsentAct.WITHDRAWN else None
    return withdrawn or last


def withdrawn_before(entries: Iterable[ConsentEntry], entry: ConsentEntry) -> bool:
    """Whether `entry` withdraws, without a word that was heard, what somebody declared to be
    withdrawn before, and nobody consented to since: the register learns nothing from it."""
    last = last_of(entries, entry.purpose)
    again = entry.act is ConsentAct.WITHDRAWN and entry.source in _DECLARED
    stands = last is not None and last.act is ConsentAct.WITHDRAWN and last.source in _DECLARED
    return again and stands


def taken_back(entries: Iterable[ConsentEntry], purpose: Purpose) -> bool:
    """Whether the entry of `purpose` that counts is a refusal or a withdrawal."""
    last = last_of(entries, purpose)
    return last is not None and last.act in (ConsentAct.WITHDRAWN, ConsentAct.REFUSED)


def in_force(entries: Iterable[ConsentEntry], purpose: Purpose, now: datetime) -> bool:
    """Whether the last entry of `purpose` lets it happen at `now`."""
    last = last_of(entries, purpose)
    if last is None or last.act is not ConsentAct.GIVEN:
        return False
    return last.until is None or now < last.until


def refuse_for_owed(entry: ConsentEntry, owed_since: datetime | None) -> None:
    """Raises `Conflict` where `entry` is a consent and its call is to be erased: nothing may be
    kept for that any more."""
    if owed_since is not None and entry.act is ConsentAct.GIVEN:
        raise Conflict(
            "the call is to be erased as soon as its legal hold ends: no consent was recorded; one"
            " can be once the data subject has taken the erasure back (`deckname erase --lift`)"
        )


def consent_event(entry: ConsentEntry) -> AuditEvent:
    """What the audit log chains of an entry: no word of the quote."""
    facts = {
        "purpose": str(entry.purpose),
        "act": str(entry.act),
        "source": str(entry.source),
        "until": None if entry.until is None else entry.until.isoformat(),
        "segment": entry.segment,
        "digest": entry.digest,
    }
    return AuditEvent("consent", entry.at, entry.call_id, entry.customer_id, facts)
