"""Whose call is next: fair between customers, urgent ones first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import heapify, heappop, heappush

from pipeline.domain.ids import CallId, CustomerId


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call that waits; `priority` is higher where it is more urgent."""

    call_id: CallId
    customer_id: CustomerId
    priority: int
    since: datetime


def next_turns(
    waiting: Iterable[Waiting], running: Mapping[CustomerId, int], most: int
) -> tuple[CallId, ...]:
    """Up to `most` calls: the highest priority first; among equals the customer whose fewest calls
    are `running` or chosen already; then who waits longest. So a thousand calls of one customer
    delay nobody else's."""
    queues: dict[CustomerId, list[Waiting]] = {}
    for call in sorted(waiting, key=lambda w: (-w.priority, w.since, w.call_id), reverse=True):
        queues.setdefault(call.customer_id, []).append(call)
    taken = Counter(running)
    heap = [_rank(queue[-1], taken) for queue in queues.values()]
    heapify(heap)
    chosen: list[CallId] = []
    while heap and len(chosen) < most:
        *_, customer_id = heappop(heap)
        chosen.append(queues[customer_id].pop().call_id)
        taken[customer_id] += 1
        if queues[customer_id]:
            heappush(heap, _rank(queues[customer_id][-1], taken))
    return tuple(chosen)


def _rank(
    call: Waiting, taken: Mapping[CustomerId, int]
) -> tuple[int, int, datetime, CallId, CustomerId]:
    busy = taken.get(call.customer_id, 0)
    return -call.priority, busy, call.since, call.call_id, call.customer_id
