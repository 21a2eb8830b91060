"""Restrict processing (Art. 18), lift that, and object (Art. 21): marks that calls carry."""

from __future__ import annotations

from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Call
from pipeline.domain.ids import CallId
from pipeline.domain.ledger import Kind, mark_told
from pipeline.domain.rights import Right, RightsRequest
from pipeline.usecases.deck import Deck
from pipeline.usecases.find_subject import Found, Search, require_found
from pipeline.usecases.rights_requests import DONE, close_request, request_for

_EVENTS = {
    Kind.RESTRICT: "call_restricted",
    Kind.LIFT: "restriction_lifted",
    Kind.OBJECT: "call_objected",
}


def restrict_subject(
    search: Search, deck: Deck, actor: str, request_id: str | None = None
) -> tuple[CallId, ...]:
    """From now on the calls stay, and are neither processed nor shown. The calls that were not
    restricted before. Raises as `require_found`."""
    return _mark(search, Kind.RESTRICT, Right.RESTRICT, deck, actor, request_id)


def lift_restriction(search: Search, deck: Deck, actor: str) -> tuple[CallId, ...]:
    """The calls that were restricted until now. Whoever asked for it is told before (Art. 18 (3)).
    Raises as `require_found`."""
    found = require_found(search, deck)
    return _marked(found, Kind.LIFT, deck, {"actor": actor})


def object_subject(
    search: Search, deck: Deck, actor: str, request_id: str | None = None
) -> tuple[CallId, ...]:
    """No language model reads the calls any more. Those that nobody objected to before. Raises as
    `require_found`."""
    return _mark(search, Kind.OBJECT, Right.OBJECT, deck, actor, request_id)


def _mark(
    search: Search, kind: Kind, right: Right, deck: Deck, actor: str, request_id: str | None
) -> tuple[CallId, ...]:
    found = require_found(search, deck)
    request: RightsRequest = request_for(right, search.customer_id, deck, request_id, found.subject)
    marked = _marked(found, kind, deck, {"actor": actor, "request": request.id})
    close_request(request.id, DONE, deck, len(marked))
    return marked


def _marked(found: Found, kind: Kind, deck: Deck, facts: dict[str, str]) -> tuple[CallId, ...]:
    calls = [match.call for match in found.certain if _changes(match.call, kind)]
    for call in calls:
        now = deck.clock.now()
        told = mark_told(kind, call.id, call.customer_id, now)
        restricted, objected = call.restricted_at, call.objected_at
        if kind is Kind.OBJECT:
            objected = now
        else:
            restricted = now if kind is Kind.RESTRICT else None
        # Whichever way a crash cuts this, what a restore brings back is what protects more.
        if kind is not Kind.LIFT:
            deck.ledger.append(told)
        deck.calls.mark_call(call.id, restricted_at=restricted, objected_at=objected)
        deck.audit.append(AuditEvent(_EVENTS[kind], now, call.id, call.customer_id, facts))
        if kind is Kind.LIFT:
            deck.ledger.append(told)
    return tuple(call.id for call in calls)


def _changes(call: Call, kind: Kind) -> bool:
    if call.erased_at is not None:
        return False
    if kind is Kind.OBJECT:
        return call.objected_at is None
    return (call.restricted_at is None) is (kind is Kind.RESTRICT)
