"""Use keys that may be rotated at the same time.

A customer's row, a sealed row and a master key are read one after the other, and a rotation may
come between: then no key fits. So whoever fails reads again, until what failed is what is still
there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Customer, Sealed
from pipeline.domain.errors import KeyRotated, SealBroken, WrongKey
from pipeline.domain.ids import CallId, CustomerId
from pipeline.usecases.deck import Deck

State = TypeVar("State")
Result = TypeVar("Result")

_TRIES = 5


def open_sealed(
    customer_id: CustomerId, call_id: CallId, purpose: str, read: Callable[[], Sealed], deck: Deck
) -> bytes:
    """The content of what `read` reads. Raises what `read` and `TranscriptVault.open` do; that it
    was damaged is on record then."""

    def opened(state: tuple[Customer, Sealed]) -> bytes:
        return deck.transcripts.open(state[0], call_id, purpose, state[1])

    with damage_on_record(customer_id, call_id, purpose, deck):
        return settled(lambda: (deck.calls.customer(customer_id), read()), opened)


@contextmanager
def damage_on_record(
    customer_id: CustomerId, call_id: CallId, what: str, deck: Deck
) -> Iterator[None]:
    """Content that was altered or cut short marks its call, in the audit log: `verify` finds it
    there. A key that does not fit is no damage."""
    try:
        yield
    except WrongKey:
        raise
    except SealBroken:
        facts = {"what": what}
        deck.audit.append(
            AuditEvent("content_damaged", deck.clock.now(), call_id, customer_id, facts)
        )
        raise


def settled(read: Callable[[], State], use: Callable[[State], Result]) -> Result:
    """What `use` makes of what `read` reads. Raises `WrongKey` where nothing changed between two
    failures, and what both raise."""
    failed: State | None = None
    while True:
        state = read()
        try:
            return use(state)
        except WrongKey:
            if state == failed:
                raise
            failed = state


def sealed_anew(seal_and_store: Callable[[], Result]) -> Result:
    """Once more, where the key was replaced between the two. Raises `KeyRotated` where that goes
    on, and what `seal_and_store` raises."""
    for _ in range(_TRIES - 1):
        try:
            return seal_and_store()
        except KeyRotated:
            continue
    return seal_and_store()
