"""The rights desk's ports over dicts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from pipeline.adapters.memory.audit_log import MemoryAuditLog
from pipeline.adapters.memory.call_repository import MemoryCallRepository
from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Call, CallStatus, Sealed
from pipeline.domain.errors import Conflict, NotFound
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.rights import (
    LegalHold,
    Rectification,
    RightsRequest,
    closed_event,
    opened_event,
    placed_event,
    released_event,
)


class MemoryLegalHolds:
    """See `LegalHolds` for every method. From now on they hold the calls of `calls`."""

    def __init__(self, calls: MemoryCallRepository) -> None:
        self._calls = calls
        self.rows = self._holds = dict[str, LegalHold]()
        calls.held = lambda customer_id, call_id, now: bool(self.of(customer_id, call_id, now))
        calls.ended_holds = self._ended

    def place(self, hold: LegalHold, tell: Callable[[], object] | None = None) -> None:
        """Raises `NotFound`, `Conflict`."""
        if self._calls.customer(hold.customer_id).closed_at is not None:
            raise Conflict("the customer is closed")
        if hold.call_id is not None:
            call = self._calls.call(hold.call_id, hold.customer_id)
            if call.erased_at is not None:
                raise Conflict("the call was erased: there is nothing left to hold")
        if tell is not None:
            tell()
        self._holds[hold.id] = hold
        self._calls.audit.append(placed_event(hold))

    def release(
        self,
        hold_id: str,
        by: str,
        now: datetime,
        tell: Callable[[LegalHold], object] | None = None,
    ) -> LegalHold:
        """Raises `NotFound`, `Conflict`."""
        if hold_id not in self._holds:
            raise NotFound("there is no such legal hold")
        if self._holds[hold_id].released_at is not None:
            raise Conflict("this legal hold was released before")
        hold = replace(self._holds[hold_id], released_at=now)
        if tell is not None:
            tell(hold)
        self._holds[hold_id] = hold
        self._calls.audit.append(released_event(hold, by, now))
        return hold

    def of(
        self, customer_id: CustomerId, call_id: CallId | None, now: datetime
    ) -> tuple[LegalHold, ...]:
        """Oldest first."""
        return tuple(
            hold
            for hold in self.in_force(now)
            if hold.customer_id == customer_id
            and (call_id is None or hold.call_id in (None, call_id))
        )

    def _ended(self, call: Call, now: datetime) -> list[datetime]:
        """When those ended that kept the call and keep it no more."""
        return [
            hold.end
            for hold in self._holds.values()
            if hold.customer_id == call.customer_id and hold.call_id in (None, call.id)
            if hold.end is not None and not hold.holds(now)
        ]

    def in_force(self, now: datetime) -> tuple[LegalHold, ...]:
        """Oldest first."""
        holds = [hold for hold in self._holds.values() if hold.holds(now)]
        return tuple(sorted(holds, key=lambda hold: (hold.placed_at, hold.id)))


class MemorySubjectIndex:
    """See `SubjectIndex` for every method."""

    def __init__(self, calls: MemoryCallRepository) -> None:
        self._calls = calls
        self._lock = threading.Lock()

    def secret(self, customer_id: CustomerId) -> Sealed | None:
        """None where there is none yet."""
        return self._calls.index_secrets.get(customer_id)

    def keep_secret(self, customer_id: CustomerId, secret: Sealed) -> Sealed:
        """Raises `NotFound`, `Conflict`."""
        if self._calls.customer(customer_id).closed_at is not None:
            raise Conflict("the customer is closed")
        self._calls.check_sealed(customer_id, secret)
        return self._calls.index_secrets.setdefault(customer_id, secret)

    def find(self, customer_id: CustomerId, token: str) -> tuple[CallId, ...]:
        """Newest first."""
        found = [self._calls.call(each) for each, own in self._calls.index.items() if token in own]
        newest = sorted(found, key=lambda call: (call.received_at, call.id), reverse=True)
        return tuple(call.id for call in newest if call.customer_id == customer_id)

    def tokens(self, call_id: CallId) -> tuple[str, ...]:
        """Sorted."""
        return tuple(sorted(set(self._calls.index.get(call_id, ()))))

    def count(self, customer_id: CustomerId) -> int:
        """Those that were not erased."""
        return len(self._living(customer_id))

    def waiting(self, customer_id: CustomerId) -> int:
        """Received or in a worker's hands."""
        waiting = (CallStatus.RECEIVED, CallStatus.PROCESSING)
        return sum(call.status in waiting for call in self._living(customer_id))

    def _living(self, customer_id: CustomerId) -> list[Call]:
        own = self._calls.calls(customer_id, limit=1_000_000_000)
        return [call for call in own if call.erased_at is None]

    def rectify(self, call_id: CallId, change: Rectification, now: datetime) -> None:
        """Raises `NotFound`, `Conflict`."""
        with self._lock:
            call = self._calls.call(call_id)
            results = self._calls.results(call_id)
            if results.get("vault") != change.before:
                raise Conflict("the call was changed or erased just now; nothing was rectified")
            self._calls.check_sealed(call.customer_id, change.vault, change.transcript)
            results |= {"vault": change.vault, "transcript": change.transcript}
            kept = [each for each in self._calls.index[call_id] if each not in change.gone]
            self._calls.index[call_id] = tuple(dict.fromkeys((*kept, *change.added)))
            facts = {"pseudonym": change.pseudonym.strip("[]")}
            event = AuditEvent("vault_rectified", now, call_id, call.customer_id, facts)
            self._calls.audit.append(event)


class MemoryRightsRequests:
    """See `RightsRequests` for every method."""

    def __init__(self, calls: MemoryCallRepository, audit: MemoryAuditLog) -> None:
        self._calls = calls
        self._audit = audit
        self.rows = self._requests = dict[str, RightsRequest]()

    def open(
        self, request: RightsRequest, now: datetime, tell: Callable[[], object] | None = None
    ) -> None:
        """Raises `NotFound`, `Conflict`."""
        if self._calls.customer(request.customer_id).closed_at is not None:
            raise Conflict("the customer is closed")
        if tell is not None:
            tell()
        self._requests[request.id] = request
        self._audit.append(opened_event(request, now))

    def close(
        self,
        request_id: str,
        outcome: str,
        calls: int,
        now: datetime,
        tell: Callable[[RightsRequest], object] | None = None,
    ) -> RightsRequest:
        """Raises `NotFound`, `Conflict`."""
        request = self.request(request_id)
        if request.closed_at is not None:
            raise Conflict("this request was closed before")
        closed = replace(request, closed_at=now, outcome=outcome, calls=calls)
        if tell is not None:
            tell(closed)
        self._requests[request_id] = closed
        self._audit.append(closed_event(closed, now))
        return closed

    def request(self, request_id: str) -> RightsRequest:
        """Raises `NotFound`."""
        if request_id not in self._requests:
            raise NotFound("there is no such request")
        return self._requests[request_id]

    def requests(
        self, customer_id: CustomerId | None = None, open_only: bool = False
    ) -> tuple[RightsRequest, ...]:
        """Soonest due first."""
        found = [
            request
            for request in self._requests.values()
            if customer_id in (None, request.customer_id)
            and not (open_only and request.closed_at is not None)
        ]
        return tuple(sorted(found, key=lambda request: (request.due_at, request.id)))


class MemorySecondKey:
    """A `SecondKey`."""

    def __init__(self) -> None:
        self._digest: str | None = None

    def digest(self) -> str | None:
        """See `SecondKey`."""
        return self._digest

    def replace(self, digest: str) -> None:
        """See `SecondKey`."""
        self._digest = digest
