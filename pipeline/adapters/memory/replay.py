"""The ledger's replay over the in-memory twins of the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from pipeline.adapters.memory.call_repository import MemoryCallRepository
from pipeline.adapters.memory.rights import MemoryLegalHolds, MemoryRightsRequests
from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import CallStatus
from pipeline.domain.consent import ConsentAct, Purpose
from pipeline.domain.deletion import (
    ERASED_ON_REQUEST,
    DataClass,
    Deletion,
    LedgerEntry,
    Method,
    Place,
    Receipt,
    deletion_of,
)
from pipeline.domain.errors import NotFound, SealBroken
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.ledger import (
    LIFTS,
    MARKS,
    Kind,
    LedgerMark,
    answer_in,
    answered_by,
    consent_in,
    deletion_in,
    held_by,
    hold_in,
    is_awaiting,
    is_lasting,
    key_hash_in,
    reason_of,
    receipt_in,
    request_in,
    retention_in,
    token_in,
)
from pipeline.domain.recording import AudioState, RetainedKey
from pipeline.domain.retention_policy import RetentionPolicy, restored_policy
from pipeline.domain.rights import LegalHold, RightsRequest, marked, marked_since

_ENDS = {
    ConsentAct.REFUSED: "consent_refused",
    ConsentAct.WITHDRAWN: "consent_withdrawn",
}


class MemoryLedgerReplay:
    """See `LedgerReplay` for every method."""

    def __init__(
        self,
        calls: MemoryCallRepository,
        holds: MemoryLegalHolds | None = None,
        rights: MemoryRightsRequests | None = None,
    ) -> None:
        self._calls = calls
        self._requests: dict[str, RightsRequest] = {} if rights is None else rights.rows
        self._holds: dict[str, LegalHold] = {} if holds is None else holds.rows
        self._mark: tuple[LedgerMark, datetime] | None = None

    def unknown(self, entries: Sequence[LedgerEntry]) -> tuple[LedgerEntry, ...]:
        """In their order."""
        return tuple(entry for entry in entries if not self._knows(entry))

    def apply(
        self, entry: LedgerEntry, now: datetime, destroy: Callable[[str], object]
    ) -> tuple[CallId, ...] | None:
        """Raises `SealBroken`."""
        if entry.kind == Kind.RECEIPT:
            return self._delete(entry, now, destroy)
        if entry.kind == Kind.DELETED:
            return self._begin(entry, now, destroy)
        if not self._has_customer(entry.customer_id):
            return None
        if self._knows(entry) or not self._is_applicable(entry):
            return None
        if entry.kind == Kind.CONSENT:
            return self._refuse(entry, now, destroy)
        if entry.kind == Kind.HOLD:
            hold = hold_in(entry)
            self._holds[hold.id] = hold
        elif entry.kind == Kind.RELEASE:
            hold = self._holds[held_by(entry)]
            self._holds[hold.id] = replace(hold, released_at=entry.at)
        elif entry.kind == Kind.REQUEST:
            self._requests[entry.id] = request_in(entry)
        elif entry.kind == Kind.ANSWER:
            self._answer(entry)
        elif entry.kind == Kind.RETENTION:
            self._calls.store_retention(entry.customer_id, self._restored(entry), now)
        elif entry.kind == Kind.API_KEY and is_awaiting(entry):
            return None
        elif entry.kind == Kind.API_KEY:
            self._calls.replace_key(entry.customer_id, key_hash_in(entry))
        else:
            return self._change(entry, now, destroy)
        self._tell_again(entry, now)
        return ()

    def replayed_to(self) -> tuple[LedgerMark, datetime] | None:
        """None before the first mark."""
        return self._mark

    def mark(self, reached: LedgerMark, applied: int, now: datetime) -> None:
        """With an audit event where anything was done again."""
        self._mark = reached, now
        if applied:
            facts: dict[str, str | int] = {"to": reached.written(), "applied": applied}
            self._tell(AuditEvent("ledger_replayed", now, facts=facts))

    def last_receipt(self) -> Receipt | None:
        """None where nothing was ever deleted."""
        return self._calls.deletions.last()

    def has_in_audit(self, receipt: Receipt) -> bool:
        """Raises `SealBroken`."""
        try:
            place = receipt.body["audit"]
            position, previous = int(place["position"]), str(place["previous"])
        except (KeyError, TypeError, ValueError):
            raise SealBroken("a receipt in the deletion ledger cannot be read") from None
        try:
            if self._calls.deletions.receipt(receipt.id).document != receipt.document:
                return True
        except NotFound:
            return True
        told = self._calls.audit.entries
        adopted = any(
            event.name == "receipt_adopted" and event.facts.get("digest") == receipt.digest
            for event, _ in told
        )
        for (event, _), place in zip(told, self._calls.audit.places, strict=False):
            if place[0] == position:
                own = place[1] == previous and event.facts.get("digest") == receipt.digest
                return adopted or own
        return adopted or position <= self._calls.audit.anchor()[1].position

    def _has_customer(self, customer_id: CustomerId) -> bool:
        return any(each.id == customer_id for each in self._calls.customers())

    def _knows(self, entry: LedgerEntry) -> bool:
        if entry.kind == Kind.RECEIPT:
            return not self._calls.deletions.unknown([entry.id])
        if entry.kind == Kind.DELETED:
            return not self._calls.deletions.unknown([deletion_in(entry).id])
        if entry.kind == Kind.CONSENT:
            told = consent_in(entry)
            return any(
                (each.purpose, each.act, each.at) == (told.purpose, told.act, told.at)
                for each in self._calls.consents.of_call(told.call_id)
            )
        if entry.kind in (Kind.HOLD, Kind.RELEASE):
            hold = self._holds.get(held_by(entry))
            if hold is None or entry.kind == Kind.HOLD:
                return hold is not None
            return hold.released_at is not None
        if entry.kind in (Kind.REQUEST, Kind.ANSWER):
            request = self._requests.get(answered_by(entry))
            answered = request is not None and request.closed_at is not None
            return answered if entry.kind == Kind.ANSWER else request is not None
        if entry.kind == Kind.RETENTION:
            return self._restored(entry) == self._policy(entry) or self._is_closed(entry)
        if entry.kind == Kind.API_KEY:
            key_hash = key_hash_in(entry)
            return self._calls.key_hash(entry.customer_id) == key_hash or self._is_closed(entry)
        return entry.kind not in MARKS or self._bears_mark(entry)

    def _is_closed(self, entry: LedgerEntry) -> bool:
        known = self._has_customer(entry.customer_id)
        return known and self._calls.customer(entry.customer_id).closed_at is not None

    def _policy(self, entry: LedgerEntry) -> RetentionPolicy:
        if not self._has_customer(entry.customer_id):
            return RetentionPolicy()
        return self._calls.retention_policy(entry.customer_id)

    def _restored(self, entry: LedgerEntry) -> RetentionPolicy:
        return restored_policy(self._policy(entry), retention_in(entry))

    def _bears_mark(self, entry: LedgerEntry) -> bool:
        found = None if entry.call_id is None else self._calls.entry(entry.call_id)
        if found is None:
            return False
        call = found.call
        if call.erased_at is not None:
            return True
        since = marked_since(call, MARKS[entry.kind])
        if entry.kind in LIFTS:
            return since is None or since > entry.at
        return since is not None

    def _is_applicable(self, entry: LedgerEntry) -> bool:
        if entry.kind == Kind.RELEASE:
            return held_by(entry) in self._holds
        if entry.kind == Kind.ANSWER:
            request = self._requests.get(answered_by(entry))
            return request is not None and is_lasting(request.right, *answer_in(entry))
        of_customer = (Kind.HOLD, Kind.RETENTION, Kind.API_KEY, Kind.REQUEST)
        if entry.kind in of_customer and entry.call_id is None:
            return True
        return entry.call_id is not None and self._calls.entry(entry.call_id) is not None

    def _delete(
        self, entry: LedgerEntry, now: datetime, destroy: Callable[[str], object]
    ) -> tuple[CallId, ...] | None:
        receipt = receipt_in(entry)
        try:
            deletion = deletion_of(receipt)
        except (ValueError, KeyError, TypeError):
            raise SealBroken("a receipt in the deletion ledger cannot be read") from None
        if deletion.id != receipt.id:
            raise SealBroken("a receipt in the deletion ledger is not the one that its line names")
        if self._calls.deletions.has_receipt(receipt.id):
            return None
        gone = self._ended(deletion, destroy)
        self._calls.deletions.adopt(receipt, now)
        return gone or (() if deletion.call_id is None else (deletion.call_id,))

    def _begin(
        self, entry: LedgerEntry, now: datetime, destroy: Callable[[str], object]
    ) -> tuple[CallId, ...] | None:
        deletion, token = deletion_in(entry), token_in(entry)
        found = None if deletion.call_id is None else self._calls.entry(deletion.call_id)
        saw_claim = token is not None and found is not None and found.token >= token
        if self._knows(entry) or saw_claim:
            return None
        key = None if found is None else found.key
        gone = self._ended(deletion, destroy)
        method = Method.KEY_DESTROYED if gone else Method.NOT_PRESENT
        begun = replace(deletion, places=(Place("database:audio_keys", method, now),))
        if isinstance(key, RetainedKey):
            begun = replace(begun, key_name=key.key_name)
        self._calls.deletions.begin(begun)
        self._tell_again(entry, now)
        return gone or (() if deletion.call_id is None else (deletion.call_id,))

    def _ended(self, deletion: Deletion, destroy: Callable[[str], object]) -> tuple[CallId, ...]:
        own: tuple[CallId, ...] = () if deletion.call_id is None else (deletion.call_id,)
        if deletion.data_class is DataClass.CUSTOMER:
            found = self._calls.calls(deletion.customer_id, limit=1_000_000_000)
            own = tuple(sorted(each.id for each in found))
        gone = tuple(each for each in own if self._end(each, deletion, destroy))
        if deletion.data_class is DataClass.TRANSCRIPT:
            for call_id in own:
                self._calls.erase_again(call_id, deletion.begun)
        known = self._has_customer(deletion.customer_id)
        if deletion.data_class is DataClass.CUSTOMER and known:
            self._calls.destroy_account(deletion.customer_id, deletion.begun)
        return gone

    def _end(self, call_id: CallId, deletion: Deletion, destroy: Callable[[str], object]) -> bool:
        entry = self._calls.entry(call_id)
        if entry is None:
            return False
        key, entry.key, entry.known = entry.key, None, None
        if isinstance(key, RetainedKey):
            destroy(key.key_name)
        entry.call = replace(entry.call, audio=AudioState.DESTROYED, audio_until=None)
        if entry.unfinished():
            entry.end(
                replace(
                    entry.call,
                    status=CallStatus.FAILED,
                    failure=reason_of(deletion.trigger),
                    finished_at=deletion.begun,
                )
            )
        return key is not None

    def _refuse(
        self, entry: LedgerEntry, now: datetime, destroy: Callable[[str], object]
    ) -> tuple[CallId, ...]:
        told = consent_in(entry)
        self._calls.consents.insert(told)
        reason = _ENDS.get(told.act)
        if told.purpose is not Purpose.AUDIO_RETENTION or reason is None:
            return ()
        return self._end_kept(told.call_id, reason, now, destroy)

    def _end_kept(
        self, call_id: CallId, reason: str, now: datetime, destroy: Callable[[str], object]
    ) -> tuple[CallId, ...]:
        found = self._calls.entry(call_id)
        key = None if found is None else found.key
        if not isinstance(key, RetainedKey):
            return ()
        destroy(key.key_name)
        self._calls.drop_audio(call_id, reason, now)
        return (call_id,)

    def _change(
        self, entry: LedgerEntry, now: datetime, destroy: Callable[[str], object]
    ) -> tuple[CallId, ...]:
        assert entry.call_id is not None
        found = self._calls.entry(entry.call_id)
        assert found is not None
        at = None if entry.kind in LIFTS else entry.at
        found.call = marked(found.call, MARKS[entry.kind], at)
        self._tell_again(entry, now)
        if entry.kind != Kind.OWE:
            return ()
        return self._end_kept(entry.call_id, ERASED_ON_REQUEST, now, destroy)

    def _answer(self, entry: LedgerEntry) -> None:
        outcome, number = answer_in(entry)
        request = self._requests[answered_by(entry)]
        self._requests[request.id] = replace(
            request, closed_at=entry.at, outcome=outcome, calls=number
        )

    def _tell_again(self, entry: LedgerEntry, now: datetime) -> None:
        facts = {"entry": entry.id, "kind": str(entry.kind)}
        self._tell(AuditEvent("done_again", now, entry.call_id, entry.customer_id, facts))

    def _tell(self, event: AuditEvent) -> None:
        self._calls.audit.append(event)
