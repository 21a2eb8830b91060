"""Restrict processing (Art. 18), object (Art. 21), owe an erasure that a legal hold stands against
(Art. 17): marks that calls bear, and how each ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Call
from pipeline.domain.consent import ConsentSource, Purpose
from pipeline.domain.errors import NotFound
from pipeline.domain.ids import CallId
from pipeline.domain.ledger import LIFTS, MARKS, Kind, consent_told, mark_told
from pipeline.domain.rights import Right, marked_since
from pipeline.usecases.deck import Deck
from pipeline.usecases.find_subject import Found, Search, require_found
from pipeline.usecases.record_consent import withdrawal_of
from pipeline.usecases.rights_requests import ALREADY_DONE, DONE, close_request, request_for
from pipeline.usecases.tell_ledger import telling

_EVENTS = {
    Kind.RESTRICT: "call_restricted",
    Kind.LIFT: "restriction_lifted",
    Kind.OBJECT: "call_objected",
    Kind.LIFT_OBJECTION: "objection_lifted",
    Kind.OWE: "erasure_owed",
    Kind.TAKE_BACK: "erasure_taken_back",
}


@dataclass(frozen=True, slots=True)
class Marked:
    """`calls` were changed; `unchanged` stood so before, and `erased` have nothing left to mark.
    `waiting` could not be searched yet."""

    calls: tuple[CallId, ...]
    unchanged: int = 0
    erased: int = 0
    waiting: int = 0


def restrict_subject(
    search: Search, deck: Deck, actor: str, request_id: str | None = None
) -> Marked:
    """From now on the calls stay, and are neither processed nor shown. Raises as `require_found`;
    `NotFound` too where all that matches was erased."""
    return _mark(search, Kind.RESTRICT, Right.RESTRICT, deck, actor, request_id)


def lift_restriction(search: Search, deck: Deck, actor: str) -> Marked:
    """The calls are shown and processed again. Whoever asked for the restriction is told before
    (Art. 18 (3)). Raises as `restrict_subject`."""
    return _lift(search, Kind.LIFT, deck, actor)


def object_subject(search: Search, deck: Deck, actor: str, request_id: str | None = None) -> Marked:
    """No language model reads the calls any more. Raises as `restrict_subject`."""
    return _mark(search, Kind.OBJECT, Right.OBJECT, deck, actor, request_id)


def lift_objection(search: Search, deck: Deck, actor: str) -> Marked:
    """The data subject withdrew its objection. Raises as `restrict_subject`."""
    return _lift(search, Kind.LIFT_OBJECTION, deck, actor)


def owe_erasure(call: Call, deck: Deck, facts: dict[str, str]) -> bool:
    """The call is erased as soon as no legal hold keeps it, and is withheld until then; what a
    consent keeps of its audio ends with that. False where it was to be before; raises `Conflict`
    where it was erased meanwhile."""
    now = deck.clock.now()
    event = AuditEvent(_EVENTS[Kind.OWE], now, call.id, call.customer_id, facts)
    withdrawal = withdrawal_of(call, Purpose.AUDIO_RETENTION, deck, ConsentSource.OPERATOR)
    with telling(deck.ledger) as tell:

        def told(withdrawn: bool) -> None:
            tell(mark_told(Kind.OWE, call.id, call.customer_id, now))
            if withdrawn:
                tell(consent_told(withdrawal))

        return deck.calls.owe_erasure(event, withdrawal, told)


def take_back_erasure(search: Search, deck: Deck, actor: str) -> Marked:
    """The data subject took its request back: what a hold kept stays behind the hold's end, and is
    shown again. Raises as `restrict_subject`."""
    return _lift(search, Kind.TAKE_BACK, deck, actor)


def _mark(
    search: Search, kind: Kind, right: Right, deck: Deck, actor: str, request_id: str | None
) -> Marked:
    found = _markable(search, deck)
    if request_id is None and not _changing(found, kind):
        return _counted(found, ())  # nobody's request was answered by that
    request = request_for(right, search.customer_id, deck, request_id, found.subject)
    done = _marked(found, kind, deck, {"actor": actor, "request": request.id})
    outcome = DONE if done.calls else ALREADY_DONE
    close_request(request.id, outcome, deck, len(done.calls))
    return done


def _lift(search: Search, kind: Kind, deck: Deck, actor: str) -> Marked:
    return _marked(_markable(search, deck), kind, deck, {"actor": actor})


def _markable(search: Search, deck: Deck) -> Found:
    found = require_found(search, deck)
    if not _living(found):
        raise NotFound("what matches was erased: there is nothing left to mark, nothing changed")
    return found


def _marked(found: Found, kind: Kind, deck: Deck, facts: dict[str, str]) -> Marked:
    changing = _changing(found, kind)
    return _counted(found, tuple(call.id for call in changing if _changed(call, kind, deck, facts)))


def _changed(call: Call, kind: Kind, deck: Deck, facts: dict[str, str]) -> bool:
    now = _moment(call, kind, deck)
    told = mark_told(kind, call.id, call.customer_id, now)
    at = None if kind in LIFTS else now
    event = AuditEvent(_EVENTS[kind], now, call.id, call.customer_id, facts)
    # Inside the transaction: the ledger has marks and liftings in the order of the database.
    with telling(deck.ledger) as tell:
        return deck.calls.mark_call(call.id, MARKS[kind], at, event, lambda: tell(told))


def _moment(call: Call, kind: Kind, deck: Deck) -> datetime:
    """Now; a mark is not lifted before it was set, though the clock of this machine be behind:
    the ledger would take it for one that was set again since."""
    since, now = marked_since(call, MARKS[kind]), deck.clock.now()
    return max(now, since) if since is not None and kind in LIFTS else now


def _changing(found: Found, kind: Kind) -> list[Call]:
    def bears(call: Call) -> bool:
        return marked_since(call, MARKS[kind]) is not None

    return [call for call in _living(found) if bears(call) is (kind in LIFTS)]


def _living(found: Found) -> list[Call]:
    return [match.call for match in found.certain if match.call.erased_at is None]


def _counted(found: Found, changed: tuple[CallId, ...]) -> Marked:
    living = len(_living(found))
    erased = len(found.certain) - living
    return Marked(changed, living - len(changed), erased, found.waiting)
