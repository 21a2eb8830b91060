"""What the use cases need from the world. `adapters` implement it; only `bootstrap` joins both.

Every implementation of a port passes the one contract suite of that port in `tests/contract/`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.audit import AuditEvent
from pipeline.domain.backup import Manifest
from pipeline.domain.call import Call, CallStatus, Claim, Customer, Intake, Outcome, Sealed
from pipeline.domain.consent import ConsentEntry
from pipeline.domain.deletion import Deletion, LedgerEntry, Place, Receipt
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.keys import MasterKey, WrappedKey
from pipeline.domain.privacy import KnownParty, PiiSpan
from pipeline.domain.processing import Census
from pipeline.domain.recording import RecordingLimits, RetainedKey, SealedRecording
from pipeline.domain.redaction_policy import StoredPolicy
from pipeline.domain.retention_policy import RetentionPolicy
from pipeline.domain.rights import LegalHold, Rectification, RightsRequest
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

    def reader(
        self, call_id: CallId, recording: SealedRecording | RetainedKey
    ) -> AbstractContextManager[BinaryIO]:
        """The recording as a seekable file that is never whole in memory. All of it was
        authenticated when the context is entered. Raises like `open`, at the context's end too,
        where the blob changed under the reader: then use nothing that was read."""
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

    def retention_ends(self) -> tuple[datetime, ...]:
        """When each retention key that exists is destroyed, earliest first."""
        ...

    def master_keys(self) -> tuple[MasterKey, ...]:
        """What there is of them. Raises `WrongKey` where a file is damaged, `ServiceUnavailable`
        where the folder or the key service cannot be reached."""
        ...

    def masters(self, *, exclusive: bool = False) -> AbstractContextManager[None]:
        """Inside, no old master key is dropped; `exclusive`: and nobody else is inside. Whoever
        wraps with a master key and then stores the result does both in here."""
        ...

    def begin_master_rotation(self) -> None:
        """New master keys wrap from now on, the old ones open still. Where a rotation is under
        way, nothing: that one is to be finished first. Raises `UsageError` where the operator has
        to give a new one first."""
        ...

    def drop_old_masters(self) -> int:
        """Destroy the master keys that only open; how many. Nothing must be wrapped with them any
        more: call it inside `masters(exclusive=True)`."""
        ...


class TranscriptVault(Protocol):
    """Seals what is kept: transcripts with the customer key, vaults with the vault key."""

    def new_customer_keys(self, customer_id: CustomerId) -> tuple[bytes, bytes]:
        """Fresh (content key, vault key), each wrapped by its master key."""
        ...

    def seal(self, customer: Customer, call_id: CallId, purpose: str, content: bytes) -> Sealed:
        """Seal `content`; `purpose` (`transcript`, `quote`; `vault`, `known`, `lists`, `index`) and
        the ids are bound to it as associated data; the first two use the content key, the others
        the vault key."""
        ...

    def open(self, customer: Customer, call_id: CallId, purpose: str, sealed: Sealed) -> bytes:
        """Raises `SealBroken`, `KeyDestroyed`."""
        ...

    def key_versions(self, customer: Customer) -> int:
        """How many content keys open the customer's transcripts: one, or two while they are
        rotated. Raises `WrongKey`, `KeyDestroyed`."""
        ...

    def rewrapped(self, customer: Customer) -> Customer:
        """With its keys wrapped by the present master keys; unchanged where they are. Raises
        `WrongKey`, `KeyDestroyed`."""
        ...

    def with_new_keys(self, customer: Customer, at: datetime) -> Customer:
        """Fresh keys seal from now on, the old ones open still; the version is one more."""
        ...

    def without_old_keys(self, customer: Customer) -> Customer:
        """With the keys that seal, and no other."""
        ...

    def rewrap(
        self, customer: Customer, keys: Sequence[WrappedKey]
    ) -> tuple[tuple[WrappedKey, bytes | None], ...]:
        """Those of `keys` that an older key of the customer wraps, each wrapped anew; None in its
        place where no key opens it. Raises `WrongKey` where the customer's own keys do not open."""
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

    def replace_customer_keys(self, before: Customer, after: Customer, event: AuditEvent) -> None:
        """Put the keys of `after` in the place of those of `before`, and tell. Raises `NotFound`,
        and `Conflict` where the customer has other keys by now, or none."""
        ...

    def wrapped_keys(
        self, customer_id: CustomerId, after: WrappedKey | None = None, limit: int = 500
    ) -> tuple[WrappedKey, ...]:
        """The data keys of all that is sealed for the customer, in a fixed order; `after`
        continues."""
        ...

    def rewrap_keys(self, customer_id: CustomerId, keys: Sequence[tuple[WrappedKey, bytes]]) -> int:
        """Put each second in the place of the first, where that is still there; how many."""
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

    def retention_policy(self, customer_id: CustomerId) -> RetentionPolicy:
        """The defaults where none was set, or the customer is closed. Raises `NotFound`."""
        ...

    def change_retention_policy(
        self,
        customer_id: CustomerId,
        before: RetentionPolicy,
        after: RetentionPolicy,
        at: datetime,
    ) -> RetentionPolicy:
        """Put `after` in the place of `before`, as the next version, with an audit event; what
        was stored. Raises `NotFound`, and `Conflict` where the customer is closed or has another
        policy by now."""
        ...

    def expired(self, now: datetime, limit: int) -> tuple[tuple[CallId, datetime], ...]:
        """Some stored and failed calls past their end (see `transcript_end`), longest overdue
        first, each with the moment it was due; without those that are erased, restricted or
        held."""
        ...

    def drop_delivered(self, before: datetime, limit: int) -> int:
        """Forget what was delivered before that moment; how many."""
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
        out, and not restricted. Sets `processing`, raises `attempts` and the fencing token."""
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
        """Calls `received` for longer than `waiting`, and those whose lease ran out; not those
        that are restricted."""
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


class LegalHolds(Protocol):
    """What keeps transcripts from expiry and erasure, and customers from being closed."""

    def place(self, hold: LegalHold) -> None:
        """From now on, with an audit event. Raises `NotFound` where the customer has no such call,
        `Conflict` where the customer is closed or the call erased."""
        ...

    def release(self, hold_id: str, by: str, now: datetime) -> LegalHold:
        """End it, with an audit event. Raises `NotFound`, `Conflict` where that was done before."""
        ...

    def of(
        self, customer_id: CustomerId, call_id: CallId | None, now: datetime
    ) -> tuple[LegalHold, ...]:
        """Those in force that keep the call; where `call_id` is None those that keep the customer
        from being closed: its own and those of its calls."""
        ...

    def in_force(self, now: datetime) -> tuple[LegalHold, ...]:
        """All, oldest first."""
        ...


class SubjectIndex(Protocol):
    """Keyed hashes of numbers, addresses and names, by which the rights desk finds calls."""

    def secret(self, customer_id: CustomerId) -> Sealed | None:
        """The sealed key of the customer's index; None where there is none yet."""
        ...

    def keep_secret(self, customer_id: CustomerId, secret: Sealed) -> Sealed:
        """The key that is kept: the first one wins. Raises `NotFound`, `Conflict` where the
        customer is closed."""
        ...

    def find(self, customer_id: CustomerId, token: str) -> tuple[CallId, ...]:
        """The customer's calls that have `token`, newest first."""
        ...

    def tokens(self, call_id: CallId) -> tuple[str, ...]:
        """All of one call, sorted."""
        ...

    def count(self, customer_id: CustomerId) -> int:
        """How many calls of the customer were not erased, indexed or not."""
        ...

    def rectify(self, call_id: CallId, change: Rectification, now: datetime) -> None:
        """Put the new transcript, vault and tokens in place of the old ones, with an audit event.
        Raises `NotFound`, `Conflict` where the vault is another than `change.before` by now."""
        ...


class RightsRequests(Protocol):
    """Requests of data subjects, each with its clock."""

    def open(self, request: RightsRequest) -> None:
        """Add it, with an audit event. Raises `NotFound` for an unknown customer."""
        ...

    def close(self, request_id: str, outcome: str, calls: int, now: datetime) -> RightsRequest:
        """With an audit event. Raises `NotFound`, `Conflict` where it was closed before."""
        ...

    def request(self, request_id: str) -> RightsRequest:
        """Raises `NotFound`."""
        ...

    def requests(
        self, customer_id: CustomerId | None = None, open_only: bool = False
    ) -> tuple[RightsRequest, ...]:
        """Soonest due first."""
        ...


class SecondKey(Protocol):
    """The hash of the erasure key: who holds the key confirms unusually large erasures."""

    def digest(self) -> str | None:
        """None where no key was issued yet."""
        ...

    def replace(self, digest: str) -> None:
        """The old key confirms nothing any more. Durable when it returns."""
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

    def latest(self, limit: int = 64) -> tuple[LedgerEntry, ...]:
        """The last ones, oldest first, at a cost that does not grow with the ledger. Raises
        `SealBroken` where one of them was altered."""
        ...


class LedgerReplay(Protocol):
    """The database as a restored backup must be brought up to date: what the deletion ledger
    knows and the database does not is done again, one entry a transaction."""

    def unknown(self, entries: Sequence[LedgerEntry]) -> tuple[LedgerEntry, ...]:
        """Those that this database does not know, in their order."""
        ...

    def apply(
        self, entry: LedgerEntry, now: datetime, destroy: Callable[[str], object]
    ) -> tuple[CallId, ...] | None:
        """Do again what `entry` tells, all of it in one transaction; the calls whose audio is
        gone with it. None where nothing was to do: it is known, or what it tells of is not here.
        `destroy` is called with the name of each retention key before the commit. No deletion
        gets a receipt of its own: the one in the ledger is adopted. Raises `SealBroken` where the
        entry cannot be read; then nothing changed."""
        ...

    def replayed_to(self) -> str | None:
        """The id of the last entry that a replay has been through."""
        ...

    def mark(self, entry_id: str, applied: int, now: datetime) -> None:
        """A replay has been through the ledger up to this entry, and did so many entries again;
        the audit log tells of it."""
        ...

    def last_receipt(self) -> Receipt | None:
        """The receipt that was finished last."""
        ...

    def has_in_audit(self, receipt: Receipt) -> bool:
        """Whether the audit log still holds what `receipt` says of it: its own entry at its
        position, behind the entry that it names; or that it was adopted after a restore. True
        also where this database never had it as its own."""
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


class Backups(Protocol):
    """The store in one sealed file, without any key that opens it."""

    def create(self, target: Path, now: datetime) -> Manifest:
        """Write the new file `target`, whole or not at all, while others use the store. Raises
        `Conflict`, `UsageError`, `ConfigurationError`, `StorageFull`, `ServiceUnavailable`."""
        ...

    def unpacked(self, source: Path, home: Path) -> AbstractContextManager[tuple[Path, Manifest]]:
        """The store of the backup `source`, checked to the last byte, in a folder aside; gone at
        the end unless `place` was called. Raises `Conflict` where `home` is not empty or in use,
        `SealBroken`, `UsageError`, `ConfigurationError`, `StorageFull`."""
        ...

    def place(self, folder: Path) -> None:
        """Make the unpacked store the store of its data folder, at once."""
        ...


class LeaderLease(Protocol):
    """Who does what only one should do at a time. Two at once must be harmless all the same:
    clocks may differ, and a lease may run out under somebody who still works."""

    def acquire(self, name: str, owner: str, now: datetime, ttl: timedelta) -> bool:
        """Take the lease, or renew it, until `now + ttl`. False where another owner has it. One
        that ends more than `ttl` and an hour ahead came from a wrong clock and counts for
        nothing."""
        ...

    def release(self, name: str, owner: str) -> None:
        """Give it back; nothing where another owner has it."""
        ...


class Watermarks(Protocol):
    """The latest moment that was seen, by name: what a clock that jumps is measured by."""

    def latest(self, name: str) -> datetime | None:
        """None before the first."""
        ...

    def raise_to(self, name: str, moment: datetime) -> None:
        """Nothing where a later one was seen."""
        ...

    def reset(self, name: str, moment: datetime) -> None:
        """Set it to `moment` whatever was seen, for an operator says what time it is; with an
        audit event."""
        ...


class LogFolder(Protocol):
    """The log files of this machine."""

    def drop_old(self, now: datetime, keep: timedelta) -> int:
        """Delete the files with lines that are older than `keep` (whole days), and those of days
        to come; how many. Their names say which day they are of."""
        ...


class AuditLog(Protocol):
    """Append-only and hash-chained."""

    def append(self, event: AuditEvent) -> None:
        """Add `event` in a transaction of its own."""
        ...

    def verify(self) -> int:
        """Number of entries, all chained. Raises `SealBroken` at the first break."""
        ...


class StoreCensus(Protocol):
    """Counts what there is, for the papers. Reads no content."""

    def take(self) -> Census:
        """Of every customer, in one snapshot; holds and requests are counted elsewhere."""
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
