"""Legal holds: place one on a call or a customer, release it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from pipeline.domain.errors import UsageError
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.ledger import hold_told, release_told
from pipeline.domain.rights import LegalHold, new_hold_id
from pipeline.usecases.deck import Deck
from pipeline.usecases.rights_requests import require_role
from pipeline.usecases.tell_ledger import telling

MAX_REASON = 200
_ALL = 1_000_000_000
OWED_WORDS = "; the call is shown no more, and erased by itself when nothing keeps it"
"""What to tell whoever wanted a call erased, after `held_words`."""


def place_hold(
    customer_id: CustomerId,
    call_id: CallId | None,
    reason: str,
    by: str,
    deck: Deck,
    until: datetime | None = None,
) -> LegalHold:
    """Keep the transcript of one call, or all of a customer's, from expiry and erasure. Raises
    `NotFound`, `Conflict` where the customer is closed or the call erased, `UsageError`; and where
    the ledger cannot be told, what it raises: then nothing was changed."""
    now = deck.clock.now()
    if not reason.strip() or len(reason) > MAX_REASON or not reason.isprintable():
        raise UsageError(f"a hold needs a reason, one line of {MAX_REASON} characters at most")
    if until is not None and until <= now:
        raise UsageError("a hold ends in the future, or when it is released")
    hold = LegalHold(
        new_hold_id(), customer_id, call_id, reason.strip(), require_role(by), now, until
    )
    # Inside the transaction: the ledger has holds and their ends in the order of the database.
    with telling(deck.ledger) as tell:
        deck.holds.place(hold, lambda: tell(hold_told(hold)))
    return hold


def release_hold(hold_id: str, by: str, deck: Deck) -> LegalHold:
    """What it kept may go from now on. Raises `NotFound`, `Conflict` where it was released
    before, `UsageError`; and like `place_hold` where the ledger cannot be told."""
    now = deck.clock.now()
    with telling(deck.ledger) as tell:
        return deck.holds.release(
            hold_id, require_role(by), now, lambda hold: tell(release_told(hold, now))
        )


def owed_under(hold: LegalHold, deck: Deck) -> tuple[CallId, ...]:
    """The calls that data subjects want erased and that `hold` keeps, or kept, from that."""
    owing = deck.calls.owing(hold.customer_id)
    return tuple(call_id for call_id in owing if hold.call_id in (None, call_id))


def erasures_under(holds: Iterable[LegalHold], deck: Deck) -> Mapping[str, int]:
    """By the id of the hold, how many erasures it stands against. A customer is asked about once,
    however many of its calls are held."""
    wanted = tuple(holds)
    owing = {
        customer_id: frozenset(deck.calls.owing(customer_id))
        for customer_id in {hold.customer_id for hold in wanted}
    }

    def under(hold: LegalHold) -> int:
        owed = owing[hold.customer_id]
        return len(owed) if hold.call_id is None else int(hold.call_id in owed)

    return {hold.id: under(hold) for hold in wanted}


def freed_by(hold: LegalHold, deck: Deck) -> tuple[CallId, ...]:
    """Those of `owed_under` that nothing keeps any more: the next sweep erases them."""
    under = frozenset(owed_under(hold, deck))
    free = deck.calls.owed(deck.clock.now(), _ALL) if under else ()
    return tuple(call_id for call_id, _ in free if call_id in under)


def held_words(hold: LegalHold) -> str:
    """Why something stays, in one sentence for the person who is told."""
    until = "until it is released" if hold.until is None else f"until {hold.until:%Y-%m-%d}"
    return f"legal hold {hold.id} since {hold.placed_at:%Y-%m-%d}, {until}: {hold.reason}"
