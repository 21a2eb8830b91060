"""Calls and customers: the truth that the database holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Call, CallStatus, Claim, Customer, Intake, Lease, Outcome, Sealed
from pipeline.domain.consent import ConsentEntry
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.keys import WrappedKey
from pipeline.domain.recording import RetainedKey, SealedRecording
from pipeline.domain.redaction_policy import StoredPolicy
from pipeline.domain.retention_policy import RetentionPolicy
from pipeline.domain.rights import Mark


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

    def key_hash(self, customer_id: CustomerId) -> str | None:
        """Of the customer's API key; None for a closed customer, and for one that does not
        exist."""
        ...

    def replace_key(
        self,
        customer_id: CustomerId,
        key_hash: str,
        tell: Callable[[], object] | None = None,
    ) -> None:
        """The old API key of the customer stops working; `tell` runs inside the transaction.
        Raises `NotFound`, and `Conflict` for a closed customer; then nobody was told."""
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
        tell: Callable[[RetentionPolicy], object] | None = None,
    ) -> RetentionPolicy:
        """Put `after` in the place of `before`, as the next version, with an audit event; what
        was stored, which `tell` gets inside the transaction. Raises `NotFound`, and `Conflict`
        where the customer is closed or has another policy by now; then nobody was told."""
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

    def backlog(self, most: int) -> int:
        """How many calls of all customers wait for a worker or are with one; `most` at most."""
        ...

    def claim(
        self, call_ids: Sequence[CallId], owner: str, now: datetime, lease: timedelta
    ) -> tuple[Claim, ...]:
        """Take those of `call_ids` that are `received`, or `processing` under a lease that ran
        out, and not restricted. Sets `processing`, raises `attempts` and the fencing token."""
        ...

    def claim_waiting(
        self, most: int, owner: str, now: datetime, lease: timedelta, suspects: bool = True
    ) -> tuple[Claim, ...]:
        """Take up to `most` of the calls that wait, in the order of `domain.turns`.

        A call that was tried before may have killed its worker: where there is such a one, it is
        taken and nothing else, or without `suspects` nothing at all."""
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

    def leases_beyond(self, moment: datetime) -> tuple[Lease, ...]:
        """Those that end after `moment`, by call id."""
        ...

    def end_lease(self, lease: Lease, now: datetime) -> bool:
        """End it now; False where it was renewed, taken over or given back meanwhile."""
        ...

    def stranded(self, now: datetime, waiting: timedelta, limit: int = 1000) -> tuple[CallId, ...]:
        """Calls `received` for longer than `waiting`, or at a moment to come, and those whose lease
        ran out; not those that are restricted."""
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

    def retention_keys_named(self) -> frozenset[str]:
        """Names of the retention keys that a call's audio, or a deletion that is not finished,
        refers to."""
        ...

    def retained_objected(self) -> tuple[CallId, ...]:
        """Calls whose audio is kept although they are to be erased, or although their register
        holds a refusal, a withdrawal, or a flag that nothing supports and no rule of their customer
        lets pass; call and register say which of them still may be kept."""
        ...

    def overdue_audio(self, now: datetime) -> tuple[CallId, ...]:
        """Calls of any status whose audio key row is past the cap."""
        ...

    def withdraw(self, entry: ConsentEntry, now: datetime, tell: Callable[[], object]) -> bool:
        """Add the withdrawal `entry` to the register and, where it takes back that the audio of an
        ended call is kept, destroy that audio's key: one transaction, at whose end `tell` runs.
        False, and nothing was added or told, where the register said so before (see
        `withdrawn_before`). Raises `NotFound`."""
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

    def owed(self, now: datetime, limit: int) -> tuple[tuple[CallId, datetime], ...]:
        """The `limit` calls at most that are to be erased, as a data subject asked, and that
        neither a legal hold nor a restriction (Art. 18 GDPR: it stays) keeps: longest owed first,
        each with the moment since when no hold stands against it."""
        ...

    def owing(self, customer_id: CustomerId) -> tuple[CallId, ...]:
        """All calls of the customer that are to be erased, held or not, longest owed first."""
        ...

    def owe_erasure(
        self, event: AuditEvent, withdrawal: ConsentEntry, tell: Callable[[bool], object]
    ) -> bool:
        """Mark the call of `withdrawal` to be erased, since `event` and with it, and end what a
        consent keeps: audio that is kept loses its key; a call that is not finished, and whose
        audio somebody consented to keep, gets the `withdrawal` in its register. One transaction, in
        which `tell` gets whether that was entered. False, and nothing was changed or told, where it
        was to be erased before. Raises `NotFound`, and `Conflict` where the call was erased."""
        ...

    def mark_call(
        self,
        call_id: CallId,
        mark: Mark,
        at: datetime | None,
        event: AuditEvent | None = None,
        tell: Callable[[], object] | None = None,
    ) -> bool:
        """Set `mark` (lift it, with None) and touch no other: an erasure is owed with
        `owe_erasure`, which ends audio too. `event` goes with it. `tell` runs
        inside the transaction, after all others that changed the call. False, and nobody was told,
        where the mark stood so before. Raises `NotFound`, and `Conflict` where the call was
        erased."""
        ...

    def has_audio_key(self, call_ids: Iterable[CallId]) -> Mapping[CallId, bool]:
        """Which of these calls still have an audio key; unknown calls have none."""
        ...
