"""A customer's redaction policy: read it, set its flags, add to its lists and take from them.

Every change is one compare-and-swap with an audit event that names fields, never values.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Customer
from pipeline.domain.errors import Conflict, NotFound, UsageError
from pipeline.domain.ids import CustomerId
from pipeline.domain.privacy import KnownParty
from pipeline.domain.redaction_policy import ListName, RedactionPolicy, StoredPolicy
from pipeline.stages.identities import fold
from pipeline.usecases.deck import Deck
from pipeline.usecases.open_sealed import sealed_anew, settled
from pipeline.usecases.stored_policy import open_policy, store_policy

MAX_VALUES = 1000
"""Values on one list: each is looked for in every call."""

_SECRET_BYTES = 32


def read_policy(customer_id: CustomerId, deck: Deck) -> RedactionPolicy:
    """What holds for the customer's calls. Raises `NotFound`, `Conflict` where the customer is
    closed, `KeyDestroyed` and `SealBroken` where its lists cannot be opened."""
    return _opened(customer_id, deck)[1]


def reveal_policy(customer_id: CustomerId, deck: Deck, actor: str) -> RedactionPolicy:
    """The same for somebody who will see the values: that `actor` (a role such as `operator`)
    looked is in the audit log before anything is opened."""
    _open_customer(customer_id, deck)
    now = deck.clock.now()
    deck.audit.append(AuditEvent("lists_revealed", now, None, customer_id, {"actor": actor}))
    return read_policy(customer_id, deck)


def set_flags(
    customer_id: CustomerId,
    deck: Deck,
    keep_vault: bool | None = None,
    link_callers: bool | None = None,
    generalise: bool | None = None,
) -> RedactionPolicy:
    """Set the flags that are not None. Linking begins with a fresh secret, which ends with it:
    links that are made later fit none made before. Raises as `read_policy`."""

    def changed(before: RedactionPolicy) -> RedactionPolicy:
        linked = before.link_callers if link_callers is None else link_callers
        fresh = before.link_secret or secrets.token_bytes(_SECRET_BYTES)
        return RedactionPolicy(
            before.keep_vault if keep_vault is None else keep_vault,
            linked,
            before.generalise if generalise is None else generalise,
            before.allow,
            before.deny,
            fresh if linked else b"",
        )

    return _change(customer_id, deck, changed)


def add_values(
    customer_id: CustomerId, name: ListName, parties: Sequence[KnownParty], deck: Deck
) -> RedactionPolicy:
    """Put `parties` on a list; one that is there already gets the new type. Raises `Conflict`
    where one is on the other list, `UsageError` where the list gets too long, and as
    `read_policy`."""

    def changed(before: RedactionPolicy) -> RedactionPolicy:
        others = {_key(party.value) for party in before.listed(name.other)}
        if not others.isdisjoint(_key(party.value) for party in parties):
            raise Conflict(f"a value is on the {name.other} list: take it from there first")
        values = {_key(party.value): party for party in (*before.listed(name), *parties)}
        if len(values) > MAX_VALUES:
            raise UsageError(f"a list holds {MAX_VALUES} values at most; nothing was changed")
        return before.with_list(name, tuple(values.values()))

    return _change(customer_id, deck, changed)


def remove_values(
    customer_id: CustomerId, name: ListName, values: Sequence[str], deck: Deck
) -> RedactionPolicy:
    """Take `values` from a list, all or none. Raises `NotFound` where one is not on it, and as
    `read_policy`."""

    def changed(before: RedactionPolicy) -> RedactionPolicy:
        held = {_key(party.value): party for party in before.listed(name)}
        for key in {_key(value) for value in values}:
            if held.pop(key, None) is None:
                raise NotFound(f"a value is not on the {name} list; nothing was changed")
        return before.with_list(name, tuple(held.values()))

    return _change(customer_id, deck, changed)


def _change(
    customer_id: CustomerId, deck: Deck, changed: Callable[[RedactionPolicy], RedactionPolicy]
) -> RedactionPolicy:
    def seal_and_store() -> RedactionPolicy:
        stored, before = _opened(customer_id, deck)
        after = changed(before)
        if fields := before.changes(after):
            following = settled(
                lambda: _open_customer(customer_id, deck),
                lambda customer: store_policy(customer, after, deck.transcripts),
            )
            now = deck.clock.now()
            deck.calls.change_redaction_policy(customer_id, stored, following, fields, now)
        return after

    return sealed_anew(seal_and_store)


def _opened(customer_id: CustomerId, deck: Deck) -> tuple[StoredPolicy, RedactionPolicy]:
    def opened(state: tuple[Customer, StoredPolicy]) -> tuple[StoredPolicy, RedactionPolicy]:
        customer, stored = state
        return stored, open_policy(customer, stored, deck.transcripts)

    return settled(
        lambda: (_open_customer(customer_id, deck), deck.calls.redaction_policy(customer_id)),
        opened,
    )


def _open_customer(customer_id: CustomerId, deck: Deck) -> Customer:
    customer = deck.calls.customer(customer_id)
    if customer.closed_at is not None:
        raise Conflict("this customer is closed")
    return customer


def _key(value: str) -> str:
    return " ".join(fold(value).split())
