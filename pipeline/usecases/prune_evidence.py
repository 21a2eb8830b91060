"""Evidence has an end: once a day, remove what proves things that ended long enough ago.

The deletion ledger first, then what the database has, an hour less of it: so the database never
lacks what the ledger would still tell it. What refers to something goes before it, a customer last.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from pipeline.domain.clock_check import TOLERANCE
from pipeline.logging import log_event
from pipeline.usecases.deck import Deck
from pipeline.usecases.replay_ledger import catch_up

log = logging.getLogger(__name__)

WATERMARK = "evidence"
EVERY = timedelta(days=1)
_ENTRIES = 20_000
"""Of the audit log in one transaction: each adds an anchor, so few large ones are better."""


def prune_evidence(deck: Deck, limit: int) -> int:
    """Remove some of what is over, about `limit` of each kind; how many. 0, after one look at a
    watermark, for a day after nothing was left to do."""
    now, seen = deck.clock.now(), deck.watermarks.latest(WATERMARK)
    if seen is not None and seen <= now < seen + EVERY:
        return 0
    over = now - deck.policy.keep_evidence
    _forget_told(over, now, deck)
    before = over - TOLERANCE
    removed = deck.evidence.prune_log(before, now, max(limit, _ENTRIES))
    removed += deck.evidence.prune_records(before, limit)
    removed += deck.evidence.prune_calls(before, limit)
    removed += deck.evidence.prune_customers(before, limit)
    if removed:
        log_event(log, "evidence_pruned", count=removed)
    else:
        deck.watermarks.raise_to(WATERMARK, now)
    return removed


def _forget_told(over: datetime, now: datetime, deck: Deck) -> None:
    """Shorten the ledger. The database first learns all that it tells, and gets a mark that is
    left in it: an older one says that a database lacks what nobody can tell it any more."""
    first = next(deck.ledger.entries(), None)
    if first is None or first.at > over:
        return
    catch_up(deck)
    reached, marked = deck.ledger.mark_before(over), deck.replay.replayed_to()
    if marked is None or marked[0].position < reached.position:
        deck.replay.mark(reached, 0, now)
    deck.ledger.forget(reached)
