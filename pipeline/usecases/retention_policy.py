"""A customer's retention policy: how long transcripts live, what an unsupported consent flag does.

What is shortened acts on the calls that are there, what is lengthened only on those to come.
"""

from __future__ import annotations

import re
from datetime import timedelta

from pipeline.domain.errors import Conflict, UsageError
from pipeline.domain.ids import CustomerId
from pipeline.domain.ledger import retention_told
from pipeline.domain.retention_policy import RetentionPolicy, UnsupportedConsent, stricter
from pipeline.usecases.deck import Deck
from pipeline.usecases.tell_ledger import telling

UNTIL_CONTRACT_ENDS = "contract"
LONGEST = timedelta(days=3653)
_UNITS = {"d": timedelta(days=1), "w": timedelta(weeks=1)}
_PERIOD = re.compile(r"([1-9][0-9]{0,4})([dw])\Z")


def parse_period(text: str) -> timedelta | None:
    """`90d`, `12w`, or `contract`: None. Raises `UsageError`."""
    if text == UNTIL_CONTRACT_ENDS:
        return None
    match = _PERIOD.match(text)
    if match is None or int(match[1]) * _UNITS[match[2]] > LONGEST:
        raise UsageError(
            "a period is a number and d or w, e.g. 90d, ten years at most; or `contract`"
        )
    return int(match[1]) * _UNITS[match[2]]


def set_retention(
    customer_id: CustomerId,
    deck: Deck,
    transcripts: str | None = None,
    unsupported: UnsupportedConsent | None = None,
) -> RetentionPolicy:
    """Change what is not None; the policy that holds now, a new version where anything changed.
    Raises `NotFound`, `Conflict` for a closed customer, `UsageError` as `parse_period`."""
    if deck.calls.customer(customer_id).closed_at is not None:
        raise Conflict("this customer is closed")
    before = deck.calls.retention_policy(customer_id)
    after = RetentionPolicy(
        before.transcripts if transcripts is None else parse_period(transcripts),
        before.unsupported if unsupported is None else unsupported,
        before.version,
    )
    if after == before:
        return before
    now = deck.clock.now()
    with telling(deck.ledger) as tell:
        # A backup that is restored tomorrow must not bring back a longer rule: while nobody can
        # tell whether this is committed, the stricter one counts.
        stored = deck.calls.change_retention_policy(
            customer_id,
            before,
            after,
            now,
            lambda stored: tell(retention_told(customer_id, stricter(before, stored), now)),
        )
    if stricter(before, stored) != stored:
        deck.ledger.append(retention_told(customer_id, stored, now))
    return stored
