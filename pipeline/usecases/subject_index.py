"""The key of a customer's subject index, and the tokens of one call."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from pipeline.domain.call import Customer
from pipeline.domain.ids import CallId
from pipeline.domain.privacy import KnownParty, Vault
from pipeline.stages.subject_index import index_tokens
from pipeline.usecases.deck import Deck
from pipeline.usecases.open_sealed import open_sealed

_PURPOSE = "index"
_OF_NO_CALL = CallId("")
_SECRET_BYTES = 32


def index_of(
    customer: Customer, vault: Vault, known: Sequence[KnownParty], language: str, deck: Deck
) -> tuple[str, ...]:
    """The tokens by which the rights desk finds a call. Raises `KeyDestroyed`, `SealBroken`;
    `Conflict` where the customer was closed."""
    return index_tokens(vault, known, language, index_secret(customer, deck))


def index_secret(customer: Customer, deck: Deck) -> bytes:
    """The key of the customer's index, made on first use. Raises as `index_of`."""
    sealed = deck.subjects.secret(customer.id)
    if sealed is None:
        fresh = secrets.token_bytes(_SECRET_BYTES)
        made = deck.transcripts.seal(customer, _OF_NO_CALL, _PURPOSE, fresh)
        sealed = deck.subjects.keep_secret(customer.id, made)
    first = sealed
    return open_sealed(
        customer.id,
        _OF_NO_CALL,
        _PURPOSE,
        lambda: deck.subjects.secret(customer.id) or first,
        deck,
    )
