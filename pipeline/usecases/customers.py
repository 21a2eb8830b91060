"""Customers and their API keys: add, list, show, close, and issue a new key.

A key is 256 random bits, so its plain SHA-256 can be looked up: nobody can guess towards it, and
how long a lookup takes tells nothing about a key. The key itself is shown once and never stored.
"""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress

from pipeline.domain.call import Customer
from pipeline.domain.errors import Conflict, DecknameError, Held, UsageError
from pipeline.domain.ids import CallId, CustomerId, is_customer_id
from pipeline.domain.ledger import Kind, api_key_told, outcome_told
from pipeline.usecases.at_hand import at_hand
from pipeline.usecases.deck import Deck
from pipeline.usecases.finish_deletions import finish_deletions
from pipeline.usecases.hold_calls import held_words
from pipeline.usecases.open_sealed import settled

KEY_PREFIX = "deck_"
_ALL = 1_000_000_000


def new_api_key() -> str:
    """A fresh API key."""
    return KEY_PREFIX + secrets.token_urlsafe(32)


def hash_of(api_key: str) -> str:
    """The hash under which a key is stored: SHA-256, 64 hex digits."""
    return hashlib.sha256(api_key.encode()).hexdigest()


def add_customer(customer_id: str, name: str, deck: Deck) -> tuple[Customer, str]:
    """A new customer with keys of its own, and its API key, which cannot be shown again.
    Raises `UsageError` for an impossible id, `Conflict` where it is taken, `ServiceUnavailable`
    where the master keys at hand are not those of the other customers."""
    if not is_customer_id(customer_id):
        raise UsageError("a customer's id is made of a-z, 0-9 and inner dashes, 63 at most")
    identity = CustomerId(customer_id)
    api_key = new_api_key()
    with deck.keys.masters():
        _check_masters(deck)
        wrapped_key, wrapped_vault_key = deck.transcripts.new_customer_keys(identity)
        customer = Customer(identity, name, deck.clock.now(), wrapped_key, wrapped_vault_key)
        deck.calls.add_customer(customer, hash_of(api_key))
    return customer, api_key


def _check_masters(deck: Deck) -> None:
    """A lost master key is not made anew beside customers whose keys only the lost one opens."""
    other = next((each for each in deck.calls.customers() if each.closed_at is None), None)
    if other is not None:
        with at_hand(deck.clock, customer=other):
            settled(lambda: deck.calls.customer(other.id), deck.transcripts.key_versions)


def issue_key(customer_id: CustomerId, deck: Deck) -> str:
    """A new API key; the old one stops working, in every backup too. Raises `NotFound`,
    `Conflict` if closed."""
    if deck.calls.customer(customer_id).closed_at is not None:
        raise Conflict("this customer is closed and gets no key")
    api_key = new_api_key()
    told = api_key_told(customer_id, hash_of(api_key), deck.clock.now(), awaiting=True)
    deck.calls.replace_key(customer_id, hash_of(api_key), lambda: deck.ledger.append(told))
    with suppress(DecknameError):  # the next start tells it
        deck.ledger.append(outcome_told(Kind.COMMITTED, told))
    return api_key


def close_customer(customer_id: CustomerId, deck: Deck) -> tuple[CallId, ...]:
    """Destroy the customer's keys and its redaction policy: none of its transcripts, vaults and
    recordings can be opened by anybody any more. The ids of its calls whose audio went. Raises
    `NotFound`, `Conflict`; `Held` where a legal hold keeps anything of it, and then nothing was
    destroyed."""
    if deck.calls.customer(customer_id).closed_at is not None:
        raise Conflict("this customer is closed already")
    for hold in deck.holds.of(customer_id, None, deck.clock.now()):
        raise Held(f"a legal hold keeps transcripts of this customer; {held_words(hold)}")
    call_ids = deck.calls.close_customer(customer_id, deck.clock.now())
    finish_deletions(deck, customer_id=customer_id, limit=_ALL)
    return call_ids
