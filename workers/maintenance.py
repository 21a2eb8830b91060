"""The clockwork: rings for stranded calls, destroys what is due, removes what crashes left.

Any number of instances may run: every step finds only what nobody did yet.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass

from pipeline.domain.errors import DecknameError
from pipeline.logging import log_event
from pipeline.usecases.deck import Deck
from pipeline.usecases.enforce_retention import enforce_retention
from pipeline.usecases.finish_deletions import finish_deletions
from pipeline.usecases.reap_orphans import reap_orphans
from pipeline.usecases.ring_stranded import ring_stranded
from workers.stop_signals import StopSignals

log = logging.getLogger(__name__)

CLEAN_UP_SECONDS = 60.0


@dataclass(slots=True)
class Chore:
    """One thing to do again and again. `due` is a moment of the monotonic clock."""

    name: str
    every: float
    do: Callable[[Deck], int]
    due: float = 0.0


def chores(reconcile_seconds: float) -> list[Chore]:
    """What there is to do; everything is due at once, for the machine may have been off."""
    return [
        Chore("ring_stranded", reconcile_seconds, ring_stranded),
        Chore("finish_deletions", reconcile_seconds, _finish_deletions),
        Chore("enforce_retention", CLEAN_UP_SECONDS, _enforce_retention),
        Chore("reap_orphans", CLEAN_UP_SECONDS, _reap_orphans),
    ]


def maintain(deck: Deck, todo: list[Chore], signals: StopSignals) -> None:
    """Do each chore when it is due, until a signal comes. One that fails is tried next time."""
    while not signals.stopping:
        for chore in todo:
            if chore.due <= time.monotonic() and not signals.stopping:
                chore.due = time.monotonic() + chore.every
                attempt(chore, deck)
        signals.wait(max(0.0, min(chore.due for chore in todo) - time.monotonic()))


def attempt(chore: Chore, deck: Deck) -> None:
    """Do it now; a failure is logged, for the next chore must have its turn."""
    try:
        count = chore.do(deck)
    except DecknameError as error:
        log_event(log, "chore_failed", logging.WARNING, job=chore.name, code=error.code)
    except Exception:
        log.exception("chore_broke", extra={"job": chore.name})
    else:
        if count:
            log_event(log, "chore_done", job=chore.name, count=count)


def _finish_deletions(deck: Deck) -> int:
    return len(finish_deletions(deck))


def _enforce_retention(deck: Deck) -> int:
    report = enforce_retention(deck.calls, deck.recordings, deck.keys, deck.audit, deck.clock.now())
    return sum(astuple(report))


def _reap_orphans(deck: Deck) -> int:
    now, grace = deck.clock.now(), deck.policy.orphan_grace
    return len(reap_orphans(deck.calls, deck.recordings, now, grace))
