"""What the use cases need from the world. `adapters` implement it; only `bootstrap` joins both.

Every implementation of a port passes the one contract suite of that port in `tests/contract/`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Call, CallStatus, Claim, Customer, Intake, Outcome, Sealed
from pipeline.domain.consent import ConsentEntry
from pipeline.domain.deletion import Deletion, LedgerEntry, Place, Receipt
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.privacy import KnownParty, PiiSpan
from pipeline.domain.recording import RecordingLimits, RetainedKey, SealedRecording
from pipeline.domain.redaction_policy import StoredPolicy
from pipeline.domain.transcript import Segment, TimeSpan

Samples = NDArray[np.float32]

SAMPLE_RATE = 16_000
"""Hz. Everything after decoding is at this rate."""


@dataclass(frozen=True, slots=True)
class Waveform:
    """Decoded audio: `channels` are mono float32 arrays in [-1, 1] at `SAMPLE_RATE`, all of one
    length."""

    channels: tuple[Samples, ...] = field(repr=False)

    @property
    def duration(self) -> float:
        """Seconds."""
        return float(len(self.channels[0]) / SAMPLE_RATE)


@dataclass(frozen=True, slots=True)
class Recognised:
    """One channel as recognised. The speaker of its segments is not known yet."""

    language: str
    language_probability: float
    segments: tuple[Segment, ...] = field(repr=False)


class Clock(Protocol):
    """Time, so that tests can turn it."""

    def now(self) -> datetime:
        """The present moment, with time zone UTC."""
        ...


class AudioDecoder(Protocol):
    """Turns an encoded recording into samples, in memory, without temp files."""

    def decode(self, source: BinaryIO, limits: RecordingLimits) -> Waveform:
        """Decode all of `source` (seekable). Raises `RecordingRejected`."""
        ...


class SpeechDetector(Protocol):
    """Voice activity detection."""

    def detect(self, samples: Samples) -> tuple[TimeSpan, ...]:
        """Where somebody speaks, in order, without overlap."""
        ...


class Recogniser(Protocol):
    """A speech recognition model, resident in memory."""

    def transcribe(
        self, samples: Samples, speech: Sequence[TimeSpan], language: str | None
    ) -> Recognised:
        """Words with times for the stretches in `speech`; `language` None means: detect it."""
        ...


class PiiDetector(Protocol):
    """Finds PII in the turns of one call."""

    def detect(
        self, turns: Sequence[str], language: str, known: Sequence[KnownParty] = ()
    ) -> tuple[tuple[PiiSpan, ...], ...]:
        """Spans per turn, sorted, not overlapping. `turns` are in time order: what one asks makes
        the next one sensitive. Offsets are characters of the given text."""
        ...


class ObjectStore(Protocol):
    """Sealed blobs under opaque names."""

    def write(self, name: str) -> AbstractContextManager[BinaryIO]:
        """A stream that becomes the blob `name` when its context ends well, and nothing at all
        when it does not. Durable (synced) at its end. Raises `StorageFull`."""
        ...

    def open(self, name: str) -> BinaryIO:
        """The blob for reading. Raises `NotFound`."""
        ...

    def delete(self, name: str) -> bool:
        """Unlink; False where there was nothing."""
        ...

    def list(self) -> Iterable[tuple[str, datetime]]:
        """Names and times of last change of all blobs, half-written ones included."""
        ...


class RecordingVault(Protocol):
    """Seals recordings: streaming AEAD, one data key a recording, wrapped by the day key."""

    def seal(
        self, call_id: CallId, received_at: datetime, chunks: Iterable[bytes]
    ) -> SealedRecording:
        """Stream `chunks` into a new sealed blob; memory use does not depend on their sum.
        On any error, also one raised by `chunks`, nothing is left."""
        ...

    def open(self, call_id: CallId, recording: SealedRecording | RetainedKey) -> bytes:
        """The recording in memory. Raises `KeyDestroyed`, `SealBroken`, `NotFound`."""
        ...

    def retain(self, call_id: CallId, recording: SealedRecording, until: datetime) -> RetainedKey:
        """Wrap the data key with a key of its own that is to be destroyed at `until`."""
        ...

    def destroy_retained(self, key_name: str) -> bool:
        """Destroy the key made by `retain`: the recording is unreadable from now on."""
        ...

    def unlink(self, call_id: CallId) -> bool:
        """Remove the blob; False where it was gone already."""
        ...

    def blobs(self) -> Iterable[tuple[CallId, datetime]]:
        """All blobs, half-written ones included, with the time of their last change."""
        ...


class KeyStore(Protocol):
    """Keys that lie apart from data and backups (`DECKNAME_KEYS`)."""

    def day_keys(self) -> tuple[str, ...]:
        """ISO dates of the day keys that still exist."""
        ...

    def destroy_due(self, now: datetime) -> tuple[str, ...]:
        """Destroy every day key and retention key whose time is over; their names."""
        ...


class TranscriptVault(Protocol):
    """Seals what is kept: transcripts with the customer key, vaults with the vault key."""

    def new_customer_keys(self, customer_id: CustomerId) -> tuple[bytes, bytes]:
        """Fresh (content key, vault key), each wrapped by its master key."""
        ...

    def seal(self, customer: Customer, call_id: CallId, purpose: str, content: bytes) -> Sealed:
        """Seal `content`; `purpose` (`transcript`, `vault`, `known`, `lists`) and the ids are
        bound to it as associated data; all but `transcript` use the vault key."""
        ...

    def open(self, customer: Customer, call_id: CallId, purpose: str, sealed: Sealed) -> bytes:
        """Raises `SealBroken`, `KeyDestroyed`."""
        ...


class CallRepository(Protocol):
    """Calls, customers and their sealed results. Every method is one transaction."""

    def add_customer(self, customer: Customer, key_hash: str) -> None:
        """Raises `Conflict` where the id is taken."""
        ...

    def customer(self, customer_id: CustomerId) -> Customer:
        """Raises `NotFound`."""
        ...

    def customers(self) -> tuple[Customer, ...]:
        """All, by id."""
        ...

    def customer_by_key(self, key_hash: str) -> Customer | None:
        """Whose API key has this hash; closed customers have none."""
        ...

    def replace_key(self, customer_id: CustomerId, key_hash: str) -> None:
        """The old API key of the customer stops working. Raises `NotFound`."""
        ...

    def close_customer(self, customer_id: CustomerId, at: datetime) -> tuple[CallId, ...]:
        """Destroy the customer's keys, its redaction policy and all audio keys of its calls; their
        ids (blobs to unlink follow). Raises `NotFound`."""
        ...

    def redaction_policy(self, customer_id: CustomerId) -> StoredPolicy:
        """The defaults where none was set, or the customer is closed. Raises `NotFound`."""
        ...

    def change_redaction_policy(
        self,
        customer_id: CustomerId,
        before: StoredPolicy,
        after: StoredPolicy,
        fields: Sequence[str],
        at: datetime,
    ) -> None:
        """Put `after` in the place of `before`; the audit event names the changed `fields`. Raises
        `NotFound`, and `Conflict` where the customer is closed or has another policy by now."""
        ...

    def add_call(
        self, call: Call, intake: Intake, recording: SealedRecording, known: Sealed | None
    ) -> Call:
        """Insert the call in status `received`. Where the customer used the intake's idempotency
        key before, nothing is inserted and the earlier call is returned."""
        ...

    def call(self, call_id: CallId, customer_id: CustomerId | None = None) -> Call:
        """Raises `NotFound`, also where the call belongs to another than `customer_id`."""
        ...

    def calls(
        self,
        customer_id: CustomerId | None = None,
        status: CallStatus | None = None,
        limit: int = 100,
        before: CallId | None = None,
    ) -> tuple[Call, ...]:
        """Newest first; `before` continues a listing."""
        ...

    def claim(
        self, call_ids: Sequence[CallId], owner: str, now: datetime, lease: timedelta
    ) -> tuple[Claim, ...]:
        """Take those of `call_ids` that are `received`, or `processing` under a lease that ran
        out. Sets `processing`, raises `attempts` and the fencing token."""
        ...

    def renew(self, claim: Claim, now: datetime, lease: timedelta) -> Claim:
        """Extend the lease. Raises `LeaseLost`."""
        ...

    def recording(self, call_id: CallId) -> SealedRecording | RetainedKey:
        """The key to the audio. Raises `KeyDestroyed` where it is gone."""
        ...

    def known(self, call_id: CallId) -> Sealed | None:
        """The sealed known parties of the call."""
        ...

    def complete(self, claim: Claim, outcome: Outcome, now: datetime) -> Call:
        """THE transaction: redacted transcript, sealed vault, audio key destroyed (or re-wrapped
        under consent), known parties dropped into the vault's care, audit event, outbox event.
        Raises `LeaseLost` for a stale token; then nothing changed."""
        ...

    def fail(self, claim: Claim, code: str, now: datetime) -> Call:
        """Status `failed` with `code`; the audio key is destroyed in the same transaction.
        Raises `LeaseLost`."""
        ...

    def release(self, claim: Claim, now: datetime) -> None:
        """Give the call back: `received` again, audio untouched, and the attempt not counted, for
        a full disk must not use up a call's tries. Raises `LeaseLost`."""
        ...

    def stranded(self, now: datetime, waiting: timedelta, limit: int = 1000) -> tuple[CallId, ...]:
        """Calls `received` for longer than `waiting`, and those whose lease ran out."""
        ...

    def transcript(self, call_id: CallId) -> Sealed:
        """The sealed redacted transcript. Raises `NotFound`."""
        ...

    def vault(self, call_id: CallId) -> Sealed:
        """The sealed vault. Raises `NotFound`."""
        ...

    def retained_due(self, now: datetime) -> tuple[tuple[CallId, str], ...]:
        """Calls whose consented audio retention is over, with the retention key's name."""
        ...

    def overdue_audio(self, now: datetime) -> tuple[CallId, ...]:
        """Calls of any status whose audio key row is past the cap."""
        ...

    def destroy_audio(self, call_id: CallId, reason: str, now: datetime) -> None:
        """Destroy the audio key of a call (idempotent), with an audit event. An unfinished call
        becomes `failed` with code `reason`."""
        ...

    def erase_call(
        self, call_id: CallId, reason: str, now: datetime, due: datetime | None = None
    ) -> bool:
        """Delete the call's transcript, vault and all that leads to it, destroy its audio key, and
        leave a tombstone of status `erased`. False where that was done before. `due` is when it
        had to happen, `now` where None. Raises `NotFound`; `Held`, and then nothing changed."""
        ...

    def mark_call(
        self, call_id: CallId, *, restricted_at: datetime | None, objected_at: datetime | None
    ) -> Call:
        """Set (or lift, with None) the restriction (Art. 18) and the objection (Art. 21). Raises
        `NotFound`, and `Conflict` where the call was erased."""
        ...

    def has_audio_key(self, call_ids: Iterable[CallId]) -> Mapping[CallId, bool]:
        """Which of these calls still have an audio key; unknown calls have none."""
        ...


class ConsentRegister(Protocol):
    """Who consented to what, when, how we know. Append-only."""

    def record(self, entry: ConsentEntry, quote: Sealed | None = None) -> None:
        """Add `entry` with its sealed quote, if there is one, and an audit event."""
        ...

    def of_call(self, call_id: CallId) -> tuple[ConsentEntry, ...]:
        """In the order in which they were recorded."""
        ...

    def quotes(self, call_id: CallId) -> tuple[Sealed | None, ...]:
        """The sealed quote of each entry of `of_call`; None where there is none, or none any
        more."""
        ...


class DeletionLog(Protocol):
    """Deletions: begun by the transactions of the other ports, finished here with a receipt."""

    def pending(self, limit: int = 100, call_id: CallId | None = None) -> tuple[Deletion, ...]:
        """Those without a receipt, oldest first."""
        ...

    def note(self, call_id: CallId, place: Place) -> None:
        """Add a place that was dealt with to the pending deletions of the call."""
        ...

    def finish(
        self, deletion: Deletion, sign: Callable[[Deletion, int, str], Receipt], now: datetime
    ) -> Receipt:
        """Store `deletion` as it is now with the receipt that `sign` makes of it, its position in
        the audit log and the hash before that; chain the receipt's digest there. Where it has a
        receipt already, that one. Raises `NotFound`."""
        ...

    def receipts(
        self,
        customer_id: CustomerId | None = None,
        call_id: CallId | None = None,
        limit: int = 100,
        before: str | None = None,
    ) -> tuple[Receipt, ...]:
        """Newest first; `before`, a receipt's id, continues a listing."""
        ...

    def receipt(self, receipt_id: str) -> Receipt:
        """Raises `NotFound`."""
        ...

    def unknown(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Those of `ids` that no deletion here has: what a restored backup does not know yet."""
        ...

    def adopt(self, receipt: Receipt, now: datetime) -> None:
        """Take in the receipt of a deletion that happened before a restore. Idempotent."""
        ...


class DeletionLedger(Protocol):
    """What must stay deleted, apart from data and backups: ids, codes and times. Append-only."""

    def append(self, entry: LedgerEntry) -> None:
        """Durable when it returns. An entry whose id is there already changes nothing."""
        ...

    def entries(self) -> Iterator[LedgerEntry]:
        """All, oldest first. Raises `SealBroken` where the chain is broken."""
        ...


class ReceiptSigner(Protocol):
    """Ed25519. The private key lies in the key folder, apart from data and backups."""

    @property
    def key_id(self) -> str:
        """Short name of the key pair: 16 hex digits of the public key's SHA-256."""
        ...

    def sign(self, document: bytes) -> bytes:
        """64 bytes."""
        ...

    def public_key(self) -> bytes:
        """PEM: what verifies receipts offline."""
        ...


class AuditLog(Protocol):
    """Append-only and hash-chained."""

    def append(self, event: AuditEvent) -> None:
        """Add `event` in a transaction of its own."""
        ...

    def verify(self) -> int:
        """Number of entries, all chained. Raises `SealBroken` at the first break."""
        ...


class JobQueue(Protocol):
    """The doorbell. It holds ids only and may be lost at any time: the database is the truth."""

    def ring(self, call_id: CallId) -> None:
        """Ask for the call to be processed; ringing twice is harmless. Raises
        `ServiceUnavailable`."""
        ...

    def waiting(self) -> int:
        """How many doorbells wait."""
        ...

    def forget(self, call_id: CallId) -> bool:
        """Remove what the queue has of the call's job; False where it has nothing. Raises
        `ServiceUnavailable`, also while a worker is still at it."""
        ...
