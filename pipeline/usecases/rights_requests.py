"""Requests of data subjects: opened with a clock of one month, closed with an outcome."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime

from pipeline.domain.errors import Conflict, UsageError
from pipeline.domain.ids import CustomerId
from pipeline.domain.ledger import GRANTED, answer_told, request_told
from pipeline.domain.rights import Right, RightsRequest, new_request_id, one_month_after
from pipeline.usecases.deck import Deck
from pipeline.usecases.tell_ledger import telling

_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
_ROLE = re.compile(r"[a-z][a-z0-9_-]{0,59}\Z")

DONE, HELD, PARTLY_HELD, NOTHING_FOUND = GRANTED, "legal_hold", "partly_held", "nothing_found"
ALREADY_DONE = "already_done"


def open_request(
    customer_id: CustomerId,
    right: Right,
    deck: Deck,
    received_at: datetime | None = None,
    subject: str | None = None,
) -> RightsRequest:
    """A request that came at `received_at` (by default now). Raises `NotFound`, `Conflict` where
    the customer is closed, `UsageError` where that is in the future; and where the ledger cannot be
    told, what it raises: then nothing was opened."""
    now = deck.clock.now()
    received = received_at or now
    if received > now:
        raise UsageError("a request cannot have come in the future")
    due = one_month_after(received, deck.policy.zone)
    request = RightsRequest(new_request_id(), customer_id, right, received, due, subject=subject)
    # Inside the transaction, so that no restore forgets whose clock is running.
    with telling(deck.ledger) as tell:
        deck.rights.open(request, now, lambda: tell(request_told(request)))
    return request


def close_request(request_id: str, outcome: str, deck: Deck, calls: int = 0) -> RightsRequest:
    """Answered, with `outcome`, a snake_case code. Raises `NotFound`, `Conflict` where it was
    closed before, `UsageError` for a sentence."""
    if not _CODE.match(outcome):
        raise UsageError("an outcome is a code such as done, refused or no_such_person")
    now = deck.clock.now()
    with telling(deck.ledger) as tell:
        return deck.rights.close(
            request_id, outcome, calls, now, lambda request: tell(answer_told(request, now))
        )


def request_for(
    right: Right,
    customer_id: CustomerId,
    deck: Deck,
    request_id: str | None,
    subject: str | None = None,
    answers: Collection[Right] = (),
) -> RightsRequest:
    """The open request `request_id`, about `right` or one that is answered with it, or a new one.
    Raises `NotFound`, `Conflict` where it is about something else or closed."""
    if request_id is None:
        return open_request(customer_id, right, deck, subject=subject)
    request = deck.rights.request(request_id)
    if request.customer_id != customer_id or request.right not in (right, *answers):
        raise Conflict("that request is another customer's or about another right")
    if request.closed_at is not None:
        raise Conflict("that request was closed before")
    return request


def require_role(text: str) -> str:
    """Raises `UsageError` for what looks like a person's name."""
    if not _ROLE.match(text):
        raise UsageError("a role is a word in small letters, e.g. operator or privacy-officer")
    return text
