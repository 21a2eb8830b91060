"""Replace master keys and customers' keys while everything goes on.

Both ways are the same: a new key wraps from now on and the old one opens still; everything that the
old one wraps is wrapped anew; then the old one is destroyed. Killed at any point, the next run goes
on where this one stopped. Whatever opens with no key stops a rotation before anything is destroyed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Customer
from pipeline.domain.errors import Conflict, KeyDestroyed, WrongKey
from pipeline.domain.ids import CustomerId
from pipeline.domain.keys import MasterKey, WrappedKey
from pipeline.usecases.deck import Deck
from pipeline.usecases.open_sealed import settled

BATCH = 500
"""Wrapped keys in one transaction: a fraction of a second, so that nobody waits long."""

_OTHERS = (
    "the key folder (DECKNAME_KEYS) has the marks of {} other stores, which would lose the master "
    "keys that open them: nothing was changed. If they are gone, as after a restore of this store, "
    "say --alone; one that lives needs a copy of the key folder for its own first"
)


@dataclass(frozen=True, slots=True)
class MasterRotation:
    """`rewrapped` counts customers, `dropped` old keys; `keys` are the master keys now."""

    rewrapped: int
    dropped: int
    keys: tuple[MasterKey, ...]


@dataclass(frozen=True, slots=True)
class CustomerRotation:
    """`rewrapped` counts data keys, in this run."""

    version: int
    rewrapped: int


def rotate_master_keys(deck: Deck, alone: bool = False) -> MasterRotation:
    """New master keys for all customers, or the rest of a rotation that was interrupted. `alone`
    says that the other stores of this key folder are gone: their marks are forgotten.

    Raises `Conflict` where there are others and `alone` was not said: their customers' keys would
    open no more. `WrongKey` and `KeyDestroyed` where a customer's keys open with none at hand: then
    nothing was made or destroyed; `UsageError` where the operator has to set a new one first."""
    if not alone and (others := deck.mark.others()):
        raise Conflict(_OTHERS.format(others))
    for customer in deck.calls.customers():
        if customer.closed_at is None:
            _check(customer.id, deck)
    forgotten = deck.mark.forget_others()
    deck.keys.begin_master_rotation()
    rewrapped = _rewrap_customers(deck)
    # Whoever added a customer meanwhile has stored it, or begins with the new key after this.
    with deck.keys.masters(exclusive=True):
        rewrapped += _rewrap_customers(deck)
        facts: dict[str, str | int] = {
            # Eight hex digits may all be decimal, and would then look like somebody's number.
            f"{key.name}_key": f"key:{key.fingerprint}"
            for key in deck.keys.master_keys()
        }
        facts["customers"] = rewrapped
        if forgotten:
            facts["stores_forgotten"] = forgotten
        deck.audit.append(AuditEvent("master_key_rotated", deck.clock.now(), facts=facts))
        dropped = deck.keys.drop_old_masters()
    return MasterRotation(rewrapped, dropped, deck.keys.master_keys())


def rotate_customer_keys(
    customer_id: CustomerId, deck: Deck, batch: int = BATCH
) -> CustomerRotation:
    """New keys for one customer, or the rest of a rotation that was interrupted; `batch` data keys
    are rewrapped in one transaction. Raises `NotFound`; `Conflict` where the customer is closed;
    `WrongKey` where something opens with none of its keys: then the old ones stay."""
    version, rewrapped = _begun(customer_id, deck).key_version, 0
    seen: frozenset[WrappedKey] | None = None
    while True:
        done, missed, broken = _rewrap_all(customer_id, version, deck, batch)
        rewrapped += done
        if not missed and (not broken or broken == seen):
            break
        seen = broken
    if broken:
        raise WrongKey(_told(customer_id, sorted(key.call_id for key in broken)))
    _finish(customer_id, version, rewrapped, deck)
    return CustomerRotation(version, rewrapped)


def _check(customer_id: CustomerId, deck: Deck) -> None:
    """A new master key beside the wrong one would help nobody."""
    try:
        settled(lambda: deck.calls.customer(customer_id), deck.transcripts.key_versions)
    except KeyDestroyed:
        if deck.calls.customer(customer_id).closed_at is None:
            raise
    except WrongKey as error:
        raise WrongKey(f"{error}; of customer {customer_id}: nothing was changed") from None


def _rewrap_customers(deck: Deck) -> int:
    return sum(_rewrap_customer(each.id, deck) for each in deck.calls.customers())


def _rewrap_customer(customer_id: CustomerId, deck: Deck) -> bool:
    """Whether its keys were wrapped by an old master key; now they are not."""

    def rewrapped(customer: Customer) -> tuple[Customer, Customer]:
        closed = customer.closed_at is not None
        return customer, customer if closed else deck.transcripts.rewrapped(customer)

    while True:
        before, after = settled(lambda: deck.calls.customer(customer_id), rewrapped)
        if before == after:
            return False
        event = AuditEvent("customer_key_rewrapped", deck.clock.now(), None, customer_id)
        if _replaced(before, after, event, deck):
            return True


def _begun(customer_id: CustomerId, deck: Deck) -> Customer:
    """With new keys beside the old. From this commit on nothing sealed with the old ones alone is
    stored any more."""

    def renewed(customer: Customer) -> tuple[Customer, Customer]:
        under_way = deck.transcripts.key_versions(customer) > 1
        now = deck.clock.now()
        return customer, customer if under_way else deck.transcripts.with_new_keys(customer, now)

    while True:
        before, after = settled(lambda: _open_customer(customer_id, deck), renewed)
        if before == after:
            return after
        facts = {"version": after.key_version}
        event = AuditEvent(
            "customer_key_rotation_begun", deck.clock.now(), None, customer_id, facts
        )
        if _replaced(before, after, event, deck):
            return after


def _rewrap_all(
    customer_id: CustomerId, version: int, deck: Deck, batch: int
) -> tuple[int, int, frozenset[WrappedKey]]:
    """One walk over everything: how many were rewrapped, how many changed under our hands, and
    those that no key opens."""
    done, missed, broken = 0, 0, set()
    after: WrappedKey | None = None
    while keys := deck.calls.wrapped_keys(customer_id, after, batch):
        after = keys[-1]

        def rewrapped(
            customer: Customer, keys: Sequence[WrappedKey] = keys
        ) -> Sequence[tuple[WrappedKey, bytes | None]]:
            return deck.transcripts.rewrap(customer, keys)

        pairs = settled(lambda: _still(customer_id, version, deck), rewrapped)
        broken |= {key for key, wrapped in pairs if wrapped is None}
        swaps = [(key, wrapped) for key, wrapped in pairs if wrapped is not None]
        replaced = deck.calls.rewrap_keys(customer_id, swaps)
        done += replaced
        missed += len(swaps) - replaced
    return done, missed, frozenset(broken)


def _finish(customer_id: CustomerId, version: int, rewrapped: int, deck: Deck) -> None:
    def alone(customer: Customer) -> tuple[Customer, Customer]:
        done = deck.transcripts.key_versions(customer) == 1
        return customer, customer if done else deck.transcripts.without_old_keys(customer)

    while True:
        before, after = settled(lambda: _still(customer_id, version, deck), alone)
        facts = {"version": version, "keys": rewrapped}
        event = AuditEvent("customer_key_rotated", deck.clock.now(), None, customer_id, facts)
        if before == after or _replaced(before, after, event, deck):
            return


def _still(customer_id: CustomerId, version: int, deck: Deck) -> Customer:
    """The customer, while this rotation is its last. What one walk found says nothing about keys
    that somebody else made since."""
    customer = _open_customer(customer_id, deck)
    if customer.key_version != version:
        raise Conflict("somebody else rotates this customer's keys; nothing was lost")
    return customer


def _open_customer(customer_id: CustomerId, deck: Deck) -> Customer:
    customer = deck.calls.customer(customer_id)
    if customer.closed_at is not None:
        raise Conflict("the customer is closed: it has no keys")
    return customer


def _replaced(before: Customer, after: Customer, event: AuditEvent, deck: Deck) -> bool:
    """False where the keys of `before` are not there any more: look again."""
    try:
        deck.calls.replace_customer_keys(before, after, event)
    except Conflict:
        return False
    return True


def _told(customer_id: CustomerId, call_ids: Sequence[str]) -> str:
    named = ", ".join(call_id or "its lists" for call_id in call_ids[:3])
    return (
        f"{len(call_ids)} data keys of customer {customer_id} open with none of its keys (first: "
        f"{named}): everything else has the new key; the old one was kept"
    )
