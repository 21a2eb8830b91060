"""A call: its states, the claim a worker holds on it, and the sealed results."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pipeline.domain.agent_text import AgentTurn
from pipeline.domain.consent import ConsentAct, ConsentClaim, ConsentEntry, ConsentSource
from pipeline.domain.deletion import Trigger
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.privacy import KnownParty
from pipeline.domain.recording import AudioState, RetainedKey
from pipeline.domain.retention_policy import Origin, UnsupportedConsent

PRIORITIES = 9
"""A push may ask for so much more than 0, or less."""


class CallStatus(StrEnum):
    """received → processing → stored | failed → erased. Only the database says which. Of an
    erased call only its id, its customer and its times are left."""

    RECEIVED = "received"
    PROCESSING = "processing"
    STORED = "stored"
    FAILED = "failed"
    ERASED = "erased"


class ChannelLayout(StrEnum):
    """Who is on the left (first) channel of a stereo recording."""

    AGENT_LEFT = "agent_left"
    CALLER_LEFT = "caller_left"


@dataclass(frozen=True, slots=True)
class Intake:
    """What a push says about a call. Known parties and the agent's text are sealed at rest, like
    content."""

    customer_id: CustomerId
    language: str | None = None
    layout: ChannelLayout = ChannelLayout.AGENT_LEFT
    consents: tuple[ConsentClaim, ...] = ()
    known: tuple[KnownParty, ...] = field(repr=False, default=())
    origin: Origin = Origin.PHONE
    idempotency_key: str | None = field(repr=False, default=None)
    priority: int = 0
    agent: tuple[AgentTurn, ...] = field(repr=False, default=())


@dataclass(frozen=True, slots=True)
class Call:
    """One phone call as the database knows it: never its content.

    `duration` is in seconds, known once the audio was decoded. `failure` is an error code of
    `domain.errors` (for rejected recordings `recording_rejected:<reason>`). `transcript_until` and
    `unsupported` are what the customer's rules (their version is `rules_version`) said when the
    call came in.
    Of the calls that wait, those of the highest `priority` are next.
    """

    id: CallId
    customer_id: CustomerId
    status: CallStatus
    received_at: datetime
    audio: AudioState
    language: str | None = None
    layout: ChannelLayout = ChannelLayout.AGENT_LEFT
    consents: tuple[ConsentClaim, ...] = ()
    duration: float | None = None
    finished_at: datetime | None = None
    audio_until: datetime | None = None
    attempts: int = 0
    failure: str | None = None
    origin: Origin = Origin.PHONE
    rules_version: int = 1
    unsupported: UnsupportedConsent = UnsupportedConsent.DESTROY
    transcript_until: datetime | None = None
    restricted_at: datetime | None = None
    objected_at: datetime | None = None
    erasure_owed_at: datetime | None = None
    erased_at: datetime | None = None
    priority: int = 0


def flagged(call: Call, claim: ConsentClaim) -> ConsentEntry:
    """The register's entry for what the push of `call` says was consented to."""
    until = None if claim.duration is None else call.received_at + claim.duration
    return ConsentEntry(
        call.customer_id,
        call.id,
        claim.purpose,
        ConsentAct.GIVEN,
        ConsentSource.API_FLAG,
        call.received_at,
        until,
    )


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's lease on a call. `token` grows with each claim (fencing): a commit with a stale
    token is refused."""

    call: Call
    token: int
    until: datetime
    known: tuple[KnownParty, ...] = field(repr=False, default=())


@dataclass(frozen=True, slots=True)
class Lease:
    """A claim as the database has it; a renewal changes `until`."""

    call_id: CallId
    token: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Sealed:
    """Content at rest: ciphertext and its data key, wrapped by the customer's key. `key_version`
    says by which, of content that was just sealed; what was read back does not know."""

    ciphertext: bytes = field(repr=False)
    wrapped_key: bytes = field(repr=False)
    key_version: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What `CallRepository.complete` commits in one transaction.

    `retained` is set only under consent; where it is None the audio's key is destroyed, for the
    reason `trigger`. `consents` are what was said in the call, each with its sealed quote;
    `index` are keyed hashes by which the rights desk finds the call.
    """

    language: str
    duration: float
    transcript: Sealed
    vault: Sealed | None
    pseudonym_counts: tuple[tuple[str, int], ...]
    retained: RetainedKey | None = None
    trigger: Trigger = Trigger.DONE
    consents: tuple[tuple[ConsentEntry, Sealed | None], ...] = ()
    index: tuple[str, ...] = field(repr=False, default=())


@dataclass(frozen=True, slots=True)
class Customer:
    """A tenant. `wrapped_key`/`wrapped_vault_key` are its keys under the master keys;
    `key_version` counts them, `keys_made_at` is when they were rotated last."""

    id: CustomerId
    name: str = field(repr=False)
    created_at: datetime
    wrapped_key: bytes = field(repr=False)
    wrapped_vault_key: bytes = field(repr=False)
    closed_at: datetime | None = None
    key_version: int = 1
    keys_made_at: datetime | None = None
