"""Who asks: a customer's bearer key, or the operator's local token."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from pipeline.domain.call import Customer
from pipeline.domain.errors import AccessDenied
from pipeline.usecases.customers import hash_of
from pipeline.usecases.deck import Deck
from pipeline.usecases.local_access import check_token

_bearer = HTTPBearer(auto_error=False, description="The customer's API key.")


def deck_of(request: Request) -> Deck:
    """The deck this app was made with."""
    deck: Deck = request.app.state.deck
    return deck


DeckOf = Annotated[Deck, Depends(deck_of)]


def customer_of(
    request: Request,
    deck: DeckOf,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Customer:
    """The customer whose key was sent. Raises `AccessDenied`; why stays unsaid. With a local
    token it is the operator who asks, and hears `NotFound`."""
    if credentials is None:
        raise AccessDenied("no API key: send `Authorization: Bearer KEY`")
    customer = _by_key(credentials.credentials, deck, request.app.state.local_secret)
    if customer is None or customer.closed_at is not None:
        raise AccessDenied("this API key opens nothing here")
    return customer


CustomerOf = Annotated[Customer, Depends(customer_of)]


def narrowed_deck(customer: CustomerOf, deck: DeckOf) -> Deck:
    """The deck for that customer's requests."""
    return deck.of(customer.id)


def room_for_call(request: Request, _customer: CustomerOf) -> None:
    """Before a recording is read. Raises `Overloaded`."""
    request.app.state.admission.check(announced_bytes(request))


def announced_bytes(request: Request) -> int:
    """The size of the body, where the client said it; else 0."""
    return int(request.headers.get("content-length") or 0)


DeckOfCustomer = Annotated[Deck, Depends(narrowed_deck)]


def _by_key(key: str, deck: Deck, local_secret: bytes | None) -> Customer | None:
    if local_secret is None or not key.startswith("local."):
        return deck.calls.customer_by_key(hash_of(key))
    customer_id = check_token(local_secret, key, deck.clock.now())
    return None if customer_id is None else deck.calls.customer(customer_id)
