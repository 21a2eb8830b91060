"""Evidence whose time is over, over the in-memory twins of the store."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from datetime import datetime
from typing import Any

from pipeline.adapters.memory.call_repository import MemoryCallRepository
from pipeline.adapters.memory.rights import MemoryLegalHolds, MemoryRightsRequests
from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Call
from pipeline.domain.ids import CallId, CustomerId

_ALL = 1_000_000_000


class MemoryEvidence:
    """See `Evidence` for every method."""

    def __init__(
        self, calls: MemoryCallRepository, holds: MemoryLegalHolds, rights: MemoryRightsRequests
    ) -> None:
        self._calls = calls
        self._holds = holds.rows
        self._requests = rights.rows

    def prune_log(self, before: datetime, now: datetime, limit: int) -> int:
        """See `Evidence`."""
        calls = {call.id: self._end(call) for call in self._every_call()}
        customers = {each.id: each.closed_at for each in self._calls.customers()}

        def is_over(event: AuditEvent) -> bool:
            end: datetime | None = before
            if event.call_id is not None:
                end = calls.get(CallId(event.call_id), before)
            elif event.customer_id is not None:
                end = customers.get(CustomerId(event.customer_id), before)
            return event.at <= before and end is not None and end <= before

        return self._calls.audit.prune(is_over, now, limit)

    def prune_records(self, before: datetime, limit: int) -> int:
        """See `Evidence`."""
        holds = [
            hold.id
            for hold in self._holds.values()
            if any(end is not None and end <= before for end in (hold.released_at, hold.until))
        ]
        requests = [
            request.id
            for request in self._requests.values()
            if request.closed_at is not None and request.closed_at <= before
        ]
        calls = {call.id for call in self._every_call()}
        customers = {customer.id for customer in self._calls.customers()}
        strays = [
            receipt.id
            for receipt, deletion, done in self._calls.deletions.finished()
            if done <= before
            and (
                deletion.customer_id not in customers
                if deletion.call_id is None
                else deletion.call_id not in calls
            )
        ]
        _drop(self._holds, holds[:limit])
        _drop(self._requests, requests[:limit])
        self._calls.deletions.forget(strays[:limit])
        return sum(len(each[:limit]) for each in (holds, requests, strays))

    def prune_calls(self, before: datetime, limit: int) -> int:
        """See `Evidence`."""
        gone = [
            call.id
            for call in self._every_call()
            if _is_over(self._end(call), before)
            and not self._calls.deletions.open_ended(before, call_id=call.id)
        ][:limit]
        for call_id in gone:
            self._calls.forget_call(call_id)
            _drop(self._holds, [each.id for each in self._holds.values() if each.call_id in gone])
        return len(gone)

    def prune_customers(self, before: datetime, limit: int) -> int:
        """See `Evidence`."""
        busy = {call.customer_id for call in self._every_call()}
        gone = [
            each.id
            for each in self._calls.customers()
            if _is_over(each.closed_at, before)
            and each.id not in busy
            and not self._calls.deletions.open_ended(before, customer_id=each.id)
        ][:limit]
        for customer_id in gone:
            self._calls.forget_customer(customer_id)
        own: tuple[MutableMapping[str, Any], ...] = (self._holds, self._requests)
        for rows in own:
            _drop(rows, [key for key, each in rows.items() if each.customer_id in gone])
        return len(gone)

    def _every_call(self) -> tuple[Call, ...]:
        return self._calls.calls(limit=_ALL)

    def _end(self, call: Call) -> datetime | None:
        return call.erased_at or self._calls.customer(call.customer_id).closed_at


def _is_over(end: datetime | None, before: datetime) -> bool:
    return end is not None and end <= before


def _drop(rows: MutableMapping[str, Any], keys: Iterable[str]) -> None:
    for key in keys:
        rows.pop(key)
