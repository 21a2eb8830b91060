"""Read the consent register of a call, with what was said, redacted."""

from __future__ import annotations

from typing import Any

from pipeline.domain.consent import ConsentEntry
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.rights import withheld_since
from pipeline.usecases.deck import Deck
from pipeline.usecases.open_sealed import open_sealed


def read_consents(
    call_id: CallId, deck: Deck, customer_id: CustomerId | None = None
) -> tuple[tuple[ConsentEntry, str | None], ...]:
    """Entries in the order in which they were recorded, each with its redacted quote; None where
    there is none, or none any more, and while the call is withheld: what was said in it is shown
    to nobody then. Raises `NotFound`, also for another customer's call."""
    call = deck.calls.call(call_id, customer_id)
    entries, quotes = deck.consents.of_call(call.id), deck.consents.quotes(call.id)
    if withheld_since(call) is not None:
        return tuple((entry, None) for entry in entries)
    found: list[tuple[ConsentEntry, str | None]] = []
    for number, (entry, quote) in enumerate(zip(entries, quotes, strict=True)):
        if quote is None:
            found.append((entry, None))
            continue

        def sealed(number: int = number) -> Any:
            return deck.consents.quotes(call.id)[number]

        content = open_sealed(call.customer_id, call.id, "quote", sealed, deck)
        found.append((entry, content.decode()))
    return tuple(found)


def described(entry: ConsentEntry, quote: str | None) -> dict[str, Any]:
    """As JSON has it."""
    return {
        "purpose": str(entry.purpose),
        "act": str(entry.act),
        "source": str(entry.source),
        "at": entry.at.isoformat(),
        "until": None if entry.until is None else entry.until.isoformat(),
        "segment": entry.segment,
        "digest": entry.digest,
        "quote": quote,
    }
