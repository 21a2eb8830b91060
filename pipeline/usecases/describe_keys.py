"""What there is of keys, how old, and when the next ones are destroyed. Never a key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pipeline.domain.ids import CustomerId
from pipeline.domain.keys import MasterKey
from pipeline.domain.retention import day_key_end
from pipeline.usecases.deck import Deck
from pipeline.usecases.open_sealed import settled


@dataclass(frozen=True, slots=True)
class DayKey:
    """One day's key and when it is destroyed."""

    day: str
    ends: datetime


@dataclass(frozen=True, slots=True)
class CustomerKey:
    """An open customer's keys: `version` counts them, `versions` is how many open now (two while
    they are rotated)."""

    customer: CustomerId
    version: int
    made: datetime
    versions: int


@dataclass(frozen=True, slots=True)
class KeyOverview:
    """`receipts_key` is the id of the pair that signs deletion receipts."""

    days: tuple[DayKey, ...]
    retention_ends: tuple[datetime, ...]
    masters: tuple[MasterKey, ...]
    customers: tuple[CustomerKey, ...]
    receipts_key: str


def describe_keys(deck: Deck) -> KeyOverview:
    """Raises `WrongKey` and `KeyDestroyed` where the master keys at hand are not the right ones,
    `ServiceUnavailable` where they cannot be reached."""
    return KeyOverview(
        tuple(DayKey(day, day_key_end(day)) for day in sorted(deck.keys.day_keys())),
        deck.keys.retention_ends(),
        deck.keys.master_keys(),
        customer_keys(deck),
        deck.signer.key_id,
    )


def customer_keys(deck: Deck) -> tuple[CustomerKey, ...]:
    """Of every open customer. Raises as `describe_keys`."""
    living = (each.id for each in deck.calls.customers() if each.closed_at is None)
    return tuple(_customer_key(customer_id, deck) for customer_id in living)


def _customer_key(customer_id: CustomerId, deck: Deck) -> CustomerKey:
    customer, versions = settled(
        lambda: deck.calls.customer(customer_id),
        lambda each: (each, deck.transcripts.key_versions(each)),
    )
    made = customer.keys_made_at or customer.created_at
    return CustomerKey(customer_id, customer.key_version, made, versions)
