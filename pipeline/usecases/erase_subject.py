"""Erase a data subject's calls (Art. 17), with receipts. A legal hold answers with its reason, and
the erasure is owed: it is done by itself when the hold ends, and the call is withheld until then.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Call
from pipeline.domain.deletion import ERASED_ON_REQUEST, Receipt
from pipeline.domain.errors import Conflict, Held, NotFound
from pipeline.domain.ids import CallId
from pipeline.domain.rights import LegalHold, Right, RightsRequest
from pipeline.usecases.deck import Deck
from pipeline.usecases.find_subject import Found, Search, require_found
from pipeline.usecases.finish_deletions import finish_deletions, pending_receipts
from pipeline.usecases.mark_subject import owe_erasure
from pipeline.usecases.record_consent import end_unkept
from pipeline.usecases.rights_requests import (
    DONE,
    HELD,
    NOTHING_FOUND,
    PARTLY_HELD,
    close_request,
    request_for,
)
from pipeline.usecases.second_key import Confirmation, require_confirmed


@dataclass(frozen=True, slots=True)
class Erasure:
    """`receipts` are those signed so far; maintenance signs the rest, `pending` as long as Redis
    cannot be reached. `possible` is how many calls match uncertainly and were left alone,
    `waiting` how many could not be searched yet."""

    request: RightsRequest
    erased: tuple[CallId, ...]
    held: tuple[tuple[CallId, tuple[LegalHold, ...]], ...]
    receipts: tuple[Receipt, ...]
    possible: int = 0
    waiting: int = 0
    pending: int = 0


def erase_subject(
    search: Search,
    deck: Deck,
    actor: str,
    confirmation: Confirmation | None = None,
    request_id: str | None = None,
) -> Erasure:
    """Erase all certain matches that no legal hold keeps. The others are erased by `erase_owed`
    when their holds have ended; of them too, audio that a consent keeps goes now.
    Raises `NotFound` where there is none, `Conflict` and `AccessDenied` where a second person must
    confirm; then nothing was erased."""
    try:
        found = require_found(search, deck)
    except NotFound:
        _answer_nothing(search, deck, request_id)
        raise
    living = [match.call for match in found.certain if match.call.erased_at is None]
    if not living:
        raise NotFound("what matches was erased before: see `deckname receipts list`")
    confirmed = _confirmed(living, search, confirmation, deck)
    request = request_for(Right.ERASE, search.customer_id, deck, request_id, found.subject)
    _put_on_record(request, len(living), actor, confirmed, deck)
    return _erase(living, request, found, actor, deck)


def _confirmed(
    living: list[Call], search: Search, confirmation: Confirmation | None, deck: Deck
) -> str | None:
    of = deck.subjects.count(search.customer_id)
    return require_confirmed(len(living), of, confirmation, deck)


def _erase(
    living: list[Call], request: RightsRequest, found: Found, actor: str, deck: Deck
) -> Erasure:
    facts = {"actor": actor, "request": request.id}
    erased: list[CallId] = []
    held: list[tuple[CallId, tuple[LegalHold, ...]]] = []
    receipts: list[Receipt] = []
    for call in living:
        holds = _erase_one(call, facts, deck)
        receipts += finish_deletions(deck, call.id)
        if holds:
            held.append((call.id, holds))
        else:
            erased.append(call.id)
    outcome = DONE if not held else PARTLY_HELD if erased else HELD
    closed = close_request(request.id, outcome, deck, len(erased))
    pending = pending_receipts(deck, *(call.id for call in living))
    left = len(found.possible), found.waiting, pending
    return Erasure(closed, tuple(erased), tuple(held), tuple(receipts), *left)


def _erase_one(call: Call, facts: dict[str, str], deck: Deck) -> tuple[LegalHold, ...]:
    """The holds that keep the transcript; none where it was erased."""
    holds: tuple[LegalHold, ...] = ()
    while not holds:
        now = deck.clock.now()
        try:
            deck.calls.erase_call(call.id, ERASED_ON_REQUEST, now)
        except Held:
            # None where the last one was released between the two looks.
            holds = deck.holds.of(call.customer_id, call.id, now)
            continue
        return ()
    try:
        if not owe_erasure(call, deck, facts):
            end_unkept(call.id, deck)  # an older Deckname ended audio after the mark, or was killed
    except Conflict:
        return ()  # the hold was released, and somebody else erased the call
    return holds


def _answer_nothing(search: Search, deck: Deck, request_id: str | None) -> None:
    """That somebody asked, and that there was nothing, is an answer too. A request that came by
    letter stays open: a number may have been typed wrong."""
    if request_id is None and search.subject:
        request = request_for(Right.ERASE, search.customer_id, deck, None)
        close_request(request.id, NOTHING_FOUND, deck)


def _put_on_record(
    request: RightsRequest, calls: int, actor: str, confirmed: str | None, deck: Deck
) -> None:
    facts: dict[str, str | int | None] = {
        "request": request.id,
        "calls": calls,
        "actor": actor,
        "confirmed_by": confirmed,
    }
    now = deck.clock.now()
    deck.audit.append(AuditEvent("subject_erasure", now, None, request.customer_id, facts))
