"""Calls and customers in dicts, written for itself: it shares nothing with the SQL twin but the
contract suite."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pipeline.adapters.memory.audit_log import MemoryAuditLog
from pipeline.adapters.memory.deletions import MemoryDeletionLog, MemoryLedger
from pipeline.adapters.memory.register import MemoryConsentRegister
from pipeline.adapters.memory.rotation import MemoryKeyRotation
from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import (
    Call,
    CallStatus,
    Claim,
    Intake,
    Lease,
    Outcome,
    Sealed,
    flagged,
)
from pipeline.domain.consent import (
    ConsentAct,
    ConsentEntry,
    Purpose,
    last_of,
    taken_back,
    withdrawn_before,
)
from pipeline.domain.deletion import (
    CONSENT_WITHDRAWN,
    ERASED_ON_REQUEST,
    ERASURE_OWED,
    DataClass,
    Deletion,
    HoldCheck,
    LedgerEntry,
    Method,
    Place,
    Trigger,
    new_deletion_id,
    trigger_of,
)
from pipeline.domain.errors import Conflict, Held, KeyDestroyed, LeaseLost, NotFound
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.ledger import Kind, deleted_told, deletion_in, outcome_told
from pipeline.domain.recording import AudioState, RetainedKey, SealedRecording
from pipeline.domain.retention import day_key_end
from pipeline.domain.retention_policy import keeps_unsupported, transcript_end
from pipeline.domain.rights import Mark, marked, marked_since
from pipeline.domain.turns import Waiting, next_turns
from pipeline.ports import DeletionLedger

_ALL = 1_000_000_000


@dataclass(slots=True)
class _Entry:
    call: Call
    queued_at: datetime
    key: SealedRecording | RetainedKey | None
    known: Sealed | None
    idempotency_key: str | None
    token: int = 0
    lease_until: datetime | None = None
    results: dict[str, Sealed] = field(default_factory=dict)

    def unfinished(self) -> bool:
        return self.call.status in (CallStatus.RECEIVED, CallStatus.PROCESSING)

    def claimable(self, now: datetime) -> bool:
        if self.call.restricted_at is not None:
            return False
        return self.call.status is CallStatus.RECEIVED or self.lease_over(now)

    def lease_over(self, now: datetime) -> bool:
        return self.lease_until is not None and self.lease_until <= now

    @property
    def waiting(self) -> Waiting:
        call = self.call
        return Waiting(call.id, call.customer_id, call.priority, self.queued_at)

    def claim(self, until: datetime) -> Claim:
        self.token += 1
        self.lease_until = until
        attempts = self.call.attempts + 1
        self.call = replace(self.call, status=CallStatus.PROCESSING, attempts=attempts)
        return Claim(self.call, self.token, until)

    def end(self, call: Call) -> Call:
        self.call, self.known, self.lease_until = call, None, None
        return call


class MemoryCallRepository(MemoryKeyRotation):
    """See `CallRepository` for every method."""

    def __init__(
        self,
        audit: MemoryAuditLog | None = None,
        deletions: MemoryDeletionLog | None = None,
        consents: MemoryConsentRegister | None = None,
        ledger: DeletionLedger | None = None,
    ) -> None:
        super().__init__(MemoryAuditLog() if audit is None else audit)
        self.deletions = deletions or MemoryDeletionLog(self.audit)
        self.consents = consents or MemoryConsentRegister(self.audit)
        self.consents.check = self.check_sealed
        self.consents.owed_since = self._owed_since
        self._ledger = MemoryLedger() if ledger is None else ledger
        self._told: list[LedgerEntry] = []
        self.held: Callable[[CustomerId, CallId | None, datetime], bool] = lambda *_: False
        self.ended_holds: Callable[[Call, datetime], list[datetime]] = lambda *_: []
        self.index: dict[CallId, tuple[str, ...]] = {}
        self.outbox: list[tuple[str, CallId]] = []
        self._entries: dict[CallId, _Entry] = {}
        self._lock = threading.RLock()

    def close_customer(self, customer_id: CustomerId, at: datetime) -> tuple[CallId, ...]:
        """Raises `NotFound`; closing twice changes nothing."""
        with self._telling():
            if self.customer(customer_id).closed_at is not None:
                return ()
            if self.held(customer_id, None, at):
                raise Held("a legal hold keeps transcripts of this customer: release it first")
            ended = [
                entry
                for entry in sorted(self._entries.values(), key=_age)
                if entry.call.customer_id == customer_id
                and (entry.key is not None or entry.unfinished())
            ]
            for entry in ended:
                self.destroy_audio(entry.call.id, "customer_closed", at)
            self._close_account(customer_id, at)
            places = [Place("database:customers", Method.KEY_DESTROYED, at)]
            self._empty_all(customer_id, at)
            self._begin(DataClass.CUSTOMER, Trigger.CONTRACT_END, customer_id, None, places, at)
            facts = {"calls": len(ended)}
            self.audit.append(AuditEvent("customer_closed", at, None, customer_id, facts))
            return tuple(entry.call.id for entry in ended)

    def add_call(
        self, call: Call, intake: Intake, recording: SealedRecording, known: Sealed | None
    ) -> Call:
        """Raises `NotFound` for an unknown customer, `Conflict` for a closed one."""
        with self._lock:
            self._open_account(call.customer_id)
            mark = intake.idempotency_key
            for entry in self._entries.values():
                same = entry.call.customer_id == call.customer_id
                if mark is not None and same and entry.idempotency_key == mark:
                    return entry.call
            if call.id in self._entries:
                raise Conflict("there is a call of this id already")
            self.check_sealed(call.customer_id, known)
            call = replace(call, status=CallStatus.RECEIVED, audio=AudioState.SEALED)
            for claim in call.consents:
                self.consents.insert(flagged(call, claim))
            facts = {"size": recording.size, "consents": len(call.consents)}
            self._tell("call_received", call, call.received_at, facts)
            self._entries[call.id] = _Entry(call, call.received_at, recording, known, mark)
            return call

    def call(self, call_id: CallId, customer_id: CustomerId | None = None) -> Call:
        """Raises `NotFound`."""
        call = self._entry(call_id).call
        if customer_id not in (None, call.customer_id):
            raise NotFound("there is no such call")
        return call

    def calls(
        self,
        customer_id: CustomerId | None = None,
        status: CallStatus | None = None,
        limit: int = 100,
        before: CallId | None = None,
    ) -> tuple[Call, ...]:
        """Newest first; nothing where `before` is unknown."""
        newest = sorted(self._entries.values(), key=_age, reverse=True)
        if before is not None:
            if before not in self._entries:
                return ()
            newest = [entry for entry in newest if _age(entry) < _age(self._entries[before])]
        found = (
            entry.call
            for entry in newest
            if customer_id in (None, entry.call.customer_id) and status in (None, entry.call.status)
        )
        return tuple(found)[:limit]

    def claim(
        self, call_ids: Sequence[CallId], owner: str, now: datetime, lease: timedelta
    ) -> tuple[Claim, ...]:
        """In the order of `call_ids`, without those that somebody else holds."""
        with self._lock:
            found = (self._entries.get(call_id) for call_id in dict.fromkeys(call_ids))
            free = [entry for entry in found if entry is not None and entry.claimable(now)]
            return tuple(entry.claim(now + lease) for entry in free)

    def claim_waiting(
        self, most: int, owner: str, now: datetime, lease: timedelta, suspects: bool = True
    ) -> tuple[Claim, ...]:
        """Fair between customers; a suspect comes alone."""
        with self._lock:
            free = [entry for entry in self._entries.values() if entry.claimable(now)]
            tried = [entry.waiting for entry in free if entry.call.attempts > 0]
            if tried:
                oldest = min(tried, key=lambda each: (each.since, each.call_id))
                return self.claim([oldest.call_id], owner, now, lease) if suspects else ()
            busy = (entry.call for entry in self._entries.values() if entry.lease_until is not None)
            running = Counter(call.customer_id for call in busy)
            chosen = next_turns((entry.waiting for entry in free), running, most)
            return self.claim(chosen, owner, now, lease)

    def renew(self, claim: Claim, now: datetime, lease: timedelta) -> Claim:
        """Raises `LeaseLost`."""
        with self._lock:
            self._claimed(claim).lease_until = now + lease
        return replace(claim, until=now + lease)

    def recording(self, call_id: CallId) -> SealedRecording | RetainedKey:
        """Raises `KeyDestroyed`."""
        entry = self._entries.get(call_id)
        if entry is None or entry.key is None:
            raise KeyDestroyed("the audio's key was destroyed: nobody can open it any more")
        return entry.key

    def known(self, call_id: CallId) -> Sealed | None:
        """None where the push knew nobody, or the call has ended."""
        entry = self._entries.get(call_id)
        return None if entry is None else entry.known

    def complete(self, claim: Claim, outcome: Outcome, now: datetime) -> Call:
        """Raises `LeaseLost`."""
        with self._telling(claim):
            entry, retained = self._claimed(claim), outcome.retained
            quotes = (quote for _, quote in outcome.consents)
            self.check_sealed(entry.call.customer_id, outcome.transcript, outcome.vault, *quotes)
            entry.results["transcript"] = outcome.transcript
            if outcome.vault is not None:
                entry.results["vault"] = outcome.vault
            trigger, registered = outcome.trigger, self.consents.of_call(entry.call.id)
            if retained is not None:
                entry.key = retained
                if taken_back(registered, Purpose.AUDIO_RETENTION):
                    retained, trigger = None, Trigger.WITHDRAWAL
                elif entry.call.erasure_owed_at is not None:
                    retained, trigger = None, Trigger.REQUEST
            if retained is None:
                self._drop_audio(entry, trigger, now)
            for consent, quote in outcome.consents:
                given = consent.act is ConsentAct.GIVEN
                if not (given and taken_back(registered, consent.purpose)):
                    self.consents.insert(consent, quote)
            self.index[entry.call.id] = outcome.index
            call = replace(
                entry.call,
                status=CallStatus.STORED,
                audio=AudioState.RETAINED if retained else AudioState.DESTROYED,
                language=outcome.language,
                duration=outcome.duration,
                finished_at=now,
                audio_until=retained.until if retained else None,
            )
            facts: dict[str, str | int] = {
                "audio": "retained" if retained else "destroyed",
                "token": claim.token,
                "pseudonyms": sum(count for _, count in outcome.pseudonym_counts),
            }
            self._tell("call_stored", call, now, facts)
            self.outbox.append(("call_stored", call.id))
            return entry.end(call)

    def fail(self, claim: Claim, code: str, now: datetime) -> Call:
        """Raises `LeaseLost`; `ValueError` where `code` is no code."""
        _check_code(code)
        with self._telling(claim):
            return self._fail(self._claimed(claim), code, now)

    def release(self, claim: Claim, now: datetime) -> None:
        """Raises `LeaseLost`."""
        with self._lock:
            entry = self._claimed(claim)
            attempts = entry.call.attempts - 1
            entry.call = replace(entry.call, status=CallStatus.RECEIVED, attempts=attempts)
            entry.queued_at, entry.lease_until = now, None

    def backlog(self, most: int) -> int:
        """Counts all."""
        unfinished = (CallStatus.RECEIVED, CallStatus.PROCESSING)
        return min(most, sum(each.call.status in unfinished for each in self._entries.values()))

    def leases_beyond(self, moment: datetime) -> tuple[Lease, ...]:
        """By call id."""
        return tuple(
            Lease(call_id, entry.token, entry.lease_until)
            for call_id, entry in sorted(self._entries.items())
            if entry.lease_until is not None and entry.lease_until > moment
        )

    def end_lease(self, lease: Lease, now: datetime) -> bool:
        """False where it changed meanwhile."""
        with self._lock:
            entry = self._entries[lease.call_id]
            if (entry.token, entry.lease_until) != (lease.token, lease.until):
                return False
            entry.lease_until = now
            return True

    def stranded(self, now: datetime, waiting: timedelta, limit: int = 1000) -> tuple[CallId, ...]:
        """Those that wait longest come first."""
        found = [
            entry
            for entry in self._entries.values()
            if entry.claimable(now)
            and (entry.lease_over(now) or not now - waiting < entry.queued_at <= now)
        ]
        found.sort(key=lambda entry: (entry.queued_at, entry.call.id))
        return tuple(entry.call.id for entry in found)[:limit]

    def transcript(self, call_id: CallId) -> Sealed:
        """Raises `NotFound`."""
        return self._result(call_id, "transcript")

    def vault(self, call_id: CallId) -> Sealed:
        """Raises `NotFound`."""
        return self._result(call_id, "vault")

    def retained_due(self, now: datetime) -> tuple[tuple[CallId, str], ...]:
        """With the retention key's name, longest overdue first."""
        due = [
            (entry.key.until, entry.call.id, entry.key.key_name)
            for entry in self._entries.values()
            if isinstance(entry.key, RetainedKey) and entry.key.until <= now
        ]
        return tuple((call_id, name) for _, call_id, name in sorted(due))

    def retention_keys_named(self) -> frozenset[str]:
        """Of audio and of deletions."""
        with self._lock:
            keys = (entry.key for entry in self._entries.values())
            kept = {key.key_name for key in keys if isinstance(key, RetainedKey)}
            ending = {each.key_name for each in self.deletions.pending(sys.maxsize)}
            return frozenset(kept | {name for name in ending if name is not None})

    def retained_objected(self) -> tuple[CallId, ...]:
        """By id."""
        return tuple(
            call_id
            for call_id, entry in sorted(self._entries.items())
            if isinstance(entry.key, RetainedKey)
            and (
                entry.call.erasure_owed_at is not None
                or any(
                    each.purpose is Purpose.AUDIO_RETENTION
                    and each.act in self._acts_against(entry)
                    for each in self.consents.of_call(call_id)
                )
            )
        )

    def _acts_against(self, entry: _Entry) -> tuple[ConsentAct, ...]:
        today = self.retention_policy(entry.call.customer_id)
        kept = keeps_unsupported(entry.call.unsupported, today)
        against = (ConsentAct.REFUSED, ConsentAct.WITHDRAWN)
        return against if kept else (*against, ConsentAct.UNSUPPORTED)

    def overdue_audio(self, now: datetime) -> tuple[CallId, ...]:
        """Longest overdue first."""
        due = [
            (entry.key.day, entry.call.id)
            for entry in self._entries.values()
            if isinstance(entry.key, SealedRecording) and day_key_end(entry.key.day) <= now
        ]
        return tuple(call_id for _, call_id in sorted(due))

    def expired(self, now: datetime, limit: int) -> tuple[tuple[CallId, datetime], ...]:
        """Longest overdue first, each with the moment it was due."""
        due = []
        for call in (entry.call for entry in self._entries.values()):
            today = self.retention_policy(call.customer_id)
            end = transcript_end(call.received_at, call.origin, call.transcript_until, today)
            ended = call.status in (CallStatus.STORED, CallStatus.FAILED)
            kept = call.restricted_at is not None or self.held(call.customer_id, call.id, now)
            if end is not None and end <= now and ended and not kept:
                due.append((end, call.id))
        return tuple((call_id, end) for end, call_id in sorted(due)[:limit])

    def drop_delivered(self, before: datetime, limit: int) -> int:
        """None: this outbox is read by tests only."""
        return 0

    def withdraw(self, entry: ConsentEntry, now: datetime, tell: Callable[[], object]) -> bool:
        """Raises `NotFound`, and what `tell` raises."""
        with self._telling():
            held = self._entry(entry.call_id)
            new = not withdrawn_before(self.consents.of_call(entry.call_id), entry)
            if new:
                tell()
                self.consents.insert(entry)
            if entry.purpose is Purpose.AUDIO_RETENTION and not held.unfinished():
                self.destroy_audio(entry.call_id, CONSENT_WITHDRAWN, now)
            return new

    def destroy_audio(self, call_id: CallId, reason: str, now: datetime) -> None:
        """Raises `NotFound`; `ValueError` where `reason` is no code."""
        _check_code(reason)
        with self._telling():
            entry = self._entry(call_id)
            if entry.unfinished():
                self._fail(entry, reason, now, trigger_of(reason))
            elif entry.key is not None:
                self._drop_audio(entry, trigger_of(reason), now)
                entry.call = replace(entry.call, audio=AudioState.DESTROYED, audio_until=None)
                self._tell("audio_destroyed", entry.call, now, {"reason": reason})

    def erase_call(
        self, call_id: CallId, reason: str, now: datetime, due: datetime | None = None
    ) -> bool:
        """Raises `NotFound`, `Held`; `ValueError` where `reason` is no code."""
        _check_code(reason)
        with self._telling():
            entry = self._entry(call_id)
            if entry.call.erased_at is not None:
                return False
            expiry, owed = trigger_of(reason) is Trigger.EXPIRED, reason == ERASURE_OWED
            if (expiry or owed) and entry.call.restricted_at is not None:
                return False
            if owed and entry.call.erasure_owed_at is None:
                return False
            if self.held(entry.call.customer_id, call_id, now):
                raise Held("a legal hold keeps the transcript of this call: nothing was deleted")
            self.destroy_audio(call_id, reason, now)
            places = self._empty(entry, now)
            self.outbox = [each for each in self.outbox if each[1] != call_id]
            trigger, customer_id = trigger_of(reason), entry.call.customer_id
            self._begin(
                DataClass.TRANSCRIPT, trigger, customer_id, entry.call, places, now, due or now
            )
            self._tell("call_erased", entry.call, now, {"reason": reason})
            self.outbox.append(("call_erased", call_id))
            return True

    def mark_call(
        self,
        call_id: CallId,
        mark: Mark,
        at: datetime | None,
        event: AuditEvent | None = None,
        tell: Callable[[], object] | None = None,
    ) -> bool:
        """Raises `NotFound`, `Conflict`."""
        with self._lock:
            entry = self._entry(call_id)
            if entry.call.erased_at is not None:
                raise Conflict("the call was erased: there is nothing left to mark")
            if (marked_since(entry.call, mark) is None) is (at is None):
                return False
            if tell is not None:
                tell()
            entry.call = marked(entry.call, mark, at)
            if event is not None:
                self.audit.append(event)
            return True

    def owe_erasure(
        self, event: AuditEvent, withdrawal: ConsentEntry, tell: Callable[[bool], object]
    ) -> bool:
        """Raises `NotFound`, `Conflict`, and what `tell` raises."""
        call_id, at = withdrawal.call_id, event.at
        with self._telling():
            entry = self._entry(call_id)
            last = last_of(self.consents.of_call(call_id), withdrawal.purpose)
            given = last is not None and last.act is ConsentAct.GIVEN
            ends = entry.unfinished() and given
            if not self.mark_call(call_id, Mark.ERASURE, at, event, lambda: tell(ends)):
                return False
            if ends:
                self.consents.insert(withdrawal)
            elif not entry.unfinished():
                self.destroy_audio(call_id, ERASED_ON_REQUEST, at)
            return True

    def _owed_since(self, call_id: CallId) -> datetime | None:
        entry = self._entries.get(call_id)
        return None if entry is None else entry.call.erasure_owed_at

    def owed(self, now: datetime, limit: int) -> tuple[tuple[CallId, datetime], ...]:
        """Longest owed first."""
        owing = (call for call in self._owing() if call.restricted_at is None)
        free = [call for call in owing if not self.held(call.customer_id, call.id, now)]
        return tuple(
            (call.id, max((since, *self.ended_holds(call, now))))
            for call in free[:limit]
            for since in (call.erasure_owed_at,)
            if since is not None
        )

    def owing(self, customer_id: CustomerId) -> tuple[CallId, ...]:
        """Longest owed first."""
        return tuple(call.id for call in self._owing() if call.customer_id == customer_id)

    def _owing(self) -> list[Call]:
        owed = [
            (call.erasure_owed_at, call.id, call)
            for call in (entry.call for entry in self._entries.values())
            if call.erasure_owed_at is not None
        ]
        return [call for _, _, call in sorted(owed, key=lambda each: each[:2])]

    def results(self, call_id: CallId) -> dict[str, Sealed]:
        """What is kept of the call, for the twins that change it."""
        return self._entry(call_id).results

    def entry(self, call_id: CallId) -> _Entry | None:
        """All that is kept of the call, for the twin that replays the ledger."""
        return self._entries.get(call_id)

    def erase_again(self, call_id: CallId, at: datetime) -> None:
        """Nothing but a tombstone is left of the call, if it was here and was none, and a notice of
        that."""
        entry = self._entries.get(call_id)
        if entry is not None and entry.call.erased_at is None:
            self._empty(entry, at)
            self.outbox = [each for each in self.outbox if each[1] != call_id]
            self.outbox.append(("call_erased", call_id))

    def forget_call(self, call_id: CallId) -> None:
        """The tombstone, with its consents and receipts."""
        self.consents.forget(call_id)
        self.deletions.forget(each.id for each in self.deletions.receipts(None, call_id, _ALL))
        self.index.pop(call_id, None)
        self.outbox = [each for each in self.outbox if each[1] != call_id]
        del self._entries[call_id]

    def destroy_account(self, customer_id: CustomerId, at: datetime) -> None:
        """The keys of a customer and the content of its calls."""
        if self.customer(customer_id).closed_at is None:
            self._close_account(customer_id, at)
        self._empty_all(customer_id, at)

    def drop_audio(self, call_id: CallId, reason: str, now: datetime) -> None:
        """The audio's key, with a deletion that gets its receipt, and no event of its own."""
        entry = self._entry(call_id)
        self._drop_audio(entry, trigger_of(reason), now)
        entry.call = replace(entry.call, audio=AudioState.DESTROYED, audio_until=None)

    def has_audio_key(self, call_ids: Iterable[CallId]) -> Mapping[CallId, bool]:
        """One entry for each id."""
        holders = {call_id for call_id, entry in self._entries.items() if entry.key is not None}
        return {call_id: call_id in holders for call_id in call_ids}

    def _entry(self, call_id: CallId) -> _Entry:
        if call_id not in self._entries:
            raise NotFound("there is no such call")
        return self._entries[call_id]

    def _claimed(self, claim: Claim) -> _Entry:
        entry = self._entries.get(claim.call.id)
        if entry is None or entry.lease_until is None or entry.token != claim.token:
            raise LeaseLost("another worker holds the call, or it has ended: nothing was changed")
        return entry

    def _drop_audio(self, entry: _Entry, trigger: Trigger, now: datetime) -> None:
        key, known = entry.key, entry.known
        entry.key = entry.known = None
        if key is None:
            return
        places = [Place("database:audio_keys", Method.KEY_DESTROYED, now)]
        if known is not None:
            places.append(Place("database:known_parties", Method.ROW_DELETED, now))
        retained = isinstance(key, RetainedKey)
        until = key.until if isinstance(key, RetainedKey) else day_key_end(key.day)
        over = trigger in (Trigger.CAP, Trigger.CONSENT_OVER)
        self._begin(
            DataClass.RETAINED_AUDIO if retained else DataClass.RAW_AUDIO,
            trigger,
            entry.call.customer_id,
            entry.call,
            places,
            now,
            min(until, now) if over else now,
            key.key_name if isinstance(key, RetainedKey) else None,
        )

    def _empty(self, entry: _Entry, now: datetime) -> list[Place]:
        """Nothing but a tombstone is left of the call."""
        tables = {"transcript": "transcripts", "vault": "vaults"}
        gone = [tables[name] for name in entry.results]
        if self.consents.forget_quotes({entry.call.id}):
            gone.append("consent_quotes")
        if self.index.pop(entry.call.id, ()):
            gone.append("subject_index")
        if entry.call.consents:
            gone.append("consent_claims")
        entry.results.clear()
        entry.idempotency_key = None
        entry.call = replace(
            entry.call,
            status=CallStatus.ERASED,
            erased_at=now,
            language=None,
            duration=None,
            transcript_until=None,
            audio_until=None,
            erasure_owed_at=None,
            consents=(),
        )
        return [Place(f"database:{name}", Method.ROW_DELETED, now) for name in gone]

    def _empty_all(self, customer_id: CustomerId, at: datetime) -> None:
        """Tombstones, and a notice of each transcript that went; no other is delivered."""
        own = [each for each in self._entries.values() if each.call.customer_id == customer_id]
        ids = {entry.call.id for entry in own}
        self.outbox = [
            (name, call_id)
            for name, call_id in self.outbox
            if name == "call_erased" or call_id not in ids
        ]
        for entry in own:
            if entry.call.status is CallStatus.STORED:
                self.outbox.append(("call_erased", entry.call.id))
            if entry.call.erased_at is None:
                self._empty(entry, at)

    @contextmanager
    def _telling(self, claim: Claim | None = None) -> Iterator[None]:
        """The ledger is told of what begins in here, and of a claim's commit. One that cannot be
        told takes nothing back: only the SQL twin has transactions."""
        with self._lock:
            outer, self._told = self._told, []
            try:
                yield
            finally:
                told, self._told = self._told, outer
            if claim is not None:
                told = [_claimed_by(entry, claim) for entry in told]
            self._ledger.append(*told)
            if claim is not None:
                self._ledger.append(*(outcome_told(Kind.COMMITTED, each) for each in told))

    def _begin(
        self,
        data_class: DataClass,
        trigger: Trigger,
        customer_id: CustomerId,
        call: Call | None,
        places: Sequence[Place],
        now: datetime,
        due: datetime | None = None,
        key_name: str | None = None,
    ) -> None:
        kept = data_class in (DataClass.TRANSCRIPT, DataClass.CUSTOMER)
        deletion = Deletion(
            id=new_deletion_id(),
            data_class=data_class,
            rule=str(data_class),
            rule_version=call.rules_version if call else 1,
            trigger=trigger,
            customer_id=customer_id,
            call_id=call.id if call else None,
            hold=HoldCheck.NONE if kept else HoldCheck.NOT_APPLICABLE,
            due=due or now,
            begun=now,
            places=tuple(places),
            key_name=key_name,
        )
        self.deletions.begin(deletion)
        self._told.append(deleted_told(deletion))

    def _fail(
        self, entry: _Entry, code: str, now: datetime, trigger: Trigger = Trigger.FAILURE
    ) -> Call:
        self._drop_audio(entry, trigger, now)
        call = replace(
            entry.call,
            status=CallStatus.FAILED,
            audio=AudioState.DESTROYED,
            finished_at=now,
            audio_until=None,
            failure=code,
        )
        self._tell("call_failed", call, now, {"code": code, "audio": "destroyed"})
        self.outbox.append(("call_failed", call.id))
        return entry.end(call)

    def _result(self, call_id: CallId, what: str) -> Sealed:
        entry = self._entries.get(call_id)
        if entry is None or what not in entry.results:
            raise NotFound(f"there is no {what} of this call")
        return entry.results[what]

    def _tell(self, name: str, call: Call, at: datetime, facts: Mapping[str, str | int]) -> None:
        self.audit.append(AuditEvent(name, at, call.id, call.customer_id, facts))


def _age(entry: _Entry) -> tuple[datetime, CallId]:
    return entry.call.received_at, entry.call.id


def _claimed_by(entry: LedgerEntry, claim: Claim) -> LedgerEntry:
    return deleted_told(deletion_in(entry), claim.token)


def _check_code(code: str) -> None:
    words = code.split(":")
    if len(words) > 2 or not all(w.isidentifier() and w.islower() and w.isascii() for w in words):
        raise ValueError("a failure code is snake_case, with at most one `:reason`")
