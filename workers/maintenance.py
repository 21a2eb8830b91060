"""The clockwork: rings for stranded calls, and takes the steps of `usecases.clean_up` in turn.

Any number of instances may run: one of them leads and cleans up, and every step finds only what
nobody did yet.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pipeline.domain.errors import DecknameError
from pipeline.logging import log_event
from pipeline.usecases.clean_up import BATCH, FINISH_DELETIONS, STEPS, Leadership, Step, take_step
from pipeline.usecases.deck import Deck
from pipeline.usecases.ring_stranded import ring_stranded
from pipeline.usecases.watch_leases import LeaseWatch
from workers.stop_signals import StopSignals

log = logging.getLogger(__name__)

CLEAN_UP_SECONDS = 60.0


@dataclass(slots=True)
class Chore:
    """One thing to do again and again. `due` is a moment of the monotonic clock; one that did
    `full` or more has more to do, and is due again at once."""

    name: str
    every: float
    do: Callable[[Deck], int]
    due: float = 0.0
    full: int | None = None


def chores(reconcile_seconds: float, leadership: Leadership) -> list[Chore]:
    """What there is to do; everything is due at once, for the machine may have been off."""
    cleaning = [
        Chore(
            step.name,
            reconcile_seconds if step is FINISH_DELETIONS else CLEAN_UP_SECONDS,
            partial(_count, step, leadership),
            full=BATCH,
        )
        for step in STEPS
    ]
    return [
        Chore("end_dead_leases", reconcile_seconds, LeaseWatch().end_dead),
        Chore("ring_stranded", reconcile_seconds, ring_stranded),
        *cleaning,
    ]


def maintain(deck: Deck, todo: list[Chore], signals: StopSignals) -> None:
    """Do each chore when it is due, until a signal comes. One that fails is tried next time."""
    while not signals.stopping:
        for chore in todo:
            if chore.due <= time.monotonic() and not signals.stopping:
                chore.due = time.monotonic() + chore.every
                count = attempt(chore, deck)
                if chore.full is not None and count >= chore.full:
                    chore.due = 0.0
        signals.wait(max(0.0, min(chore.due for chore in todo) - time.monotonic()))


def attempt(chore: Chore, deck: Deck) -> int:
    """Do it now; how much it did. A failure is logged, for the next chore must have its turn."""
    try:
        count = chore.do(deck)
    except DecknameError as error:
        log_event(log, "chore_failed", logging.WARNING, job=chore.name, code=error.code)
    except Exception:
        log.exception("chore_broke", extra={"job": chore.name})
    else:
        if count:
            log_event(log, "chore_done", job=chore.name, count=count)
        return count
    return 0


def _count(step: Step, leadership: Leadership, deck: Deck) -> int:
    return take_step(step, deck, leadership).count
