"""Make sure that the key folder at hand is that of the database. A folder that is not mounted, or
another store's, would get new keys that open nothing, and a new key that signs receipts; and keys
that should be destroyed would be taken for gone."""

from __future__ import annotations

from itertools import islice

from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Customer
from pipeline.domain.errors import (
    DecknameError,
    KeyDestroyed,
    KeysElsewhere,
    ServiceUnavailable,
    WrongKey,
)
from pipeline.domain.ids import CustomerId
from pipeline.usecases.deck import Deck
from pipeline.usecases.open_sealed import settled

DATABASE_ELSEWHERE = (
    "the key folder (DECKNAME_KEYS) holds keys, and the database is new: are DECKNAME_HOME and "
    "DECKNAME_DATABASE_URL the right ones, and mounted? Everything was kept as it is. A store of "
    "its own needs a key folder of its own; where the database is lost, `deckname backup restore` "
    "brings it back, and `deckname keys adopt` begins a new one beside the old keys"
)
_OPENS_NOTHING = (
    "the key folder (DECKNAME_KEYS) opens nothing of this store: is the right one mounted? "
    "Everything was kept as it is"
)

_ASKED = 8
"""Customers of whom one at least must open: a damaged row is no wrong master key."""


def check_keys(deck: Deck) -> None:
    """What every start does before it makes, destroys or signs anything. A database that is new,
    or of an older Deckname, is tied to the key folder if that can be its own. Raises
    `KeysElsewhere`; `ConfigurationError` where the keys are set wrongly."""
    if deck.mark.id() is None:
        refused = _refused(deck)
        if refused is None:
            deck.mark.tie()
        elif deck.mark.id() is None:  # otherwise another process tied them while we looked
            raise KeysElsewhere(refused)
    deck.mark.check()
    deck.signer.require()


def check_masters(deck: Deck) -> None:
    """What whoever writes or reads content does at its start: see that the master keys at hand are
    those of the customers. Raises `WrongKey` and `KeyDestroyed` where they open nothing,
    `ConfigurationError` where they are set wrongly. A key service that is away is waited for."""
    living = (each for each in deck.calls.customers() if each.closed_at is None)
    refused = []
    for customer in islice(living, _ASKED):
        if (error := _refusal(customer, deck)) is None:
            return
        refused.append(error)
    if refused:
        raise refused[0]


def adopt_keys(deck: Deck) -> None:
    """The operator says that this key folder is the database's. Raises `KeysElsewhere` where it
    opens nothing of a database that has customers."""
    if not _opens(deck):
        raise KeysElsewhere(_OPENS_NOTHING)
    deck.mark.tie()
    deck.audit.append(AuditEvent("key_folder_adopted", deck.clock.now()))


def renew_signing_key(deck: Deck) -> str:
    """A new key pair for the receipts to come, for the one before is lost; its short name. Raises
    `Conflict` where it is not lost, `KeysElsewhere`."""
    deck.mark.check()
    deck.signer.renew()
    name = deck.signer.key_id
    deck.audit.append(
        AuditEvent("signing_key_made", deck.clock.now(), facts={"key": f"key:{name}"})
    )
    return name


def _refused(deck: Deck) -> str | None:
    """Why the folder cannot be that of a database without a mark; None where it can."""
    if not deck.calls.customers():
        return DATABASE_ELSEWHERE if deck.mark.keys_in_use() else None
    if not _opens(deck):
        return _OPENS_NOTHING
    # A master key from the environment opens whatever is mounted; calls leave something there.
    if not deck.mark.keys_in_use() and deck.calls.calls(limit=1):
        return _OPENS_NOTHING
    return None


def _opens(deck: Deck) -> bool:
    """Whether the master keys open the keys of a customer, if there is one that has any."""
    living = (each.id for each in deck.calls.customers() if each.closed_at is None)
    return all(_opens_of(customer_id, deck) for customer_id in islice(living, 1))


def _refusal(customer: Customer, deck: Deck) -> DecknameError | None:
    """Why the customer's keys do not open; None where they do, or nobody can tell now."""
    try:
        settled(lambda: deck.calls.customer(customer.id), deck.transcripts.key_versions)
    except ServiceUnavailable:
        return None
    except (WrongKey, KeyDestroyed) as error:
        closed = deck.calls.customer(customer.id).closed_at is not None  # while we looked
        return None if closed else error
    return None


def _opens_of(customer_id: CustomerId, deck: Deck) -> bool:
    try:
        settled(lambda: deck.calls.customer(customer_id), deck.transcripts.key_versions)
    except (WrongKey, KeyDestroyed):
        return deck.calls.customer(customer_id).closed_at is not None  # while we looked
    return True
