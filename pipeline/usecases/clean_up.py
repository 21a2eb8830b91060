"""What has to be cleaned up again and again, step by step; nobody has to remember it.

Of many instances one leads, by a lease; two at once are harmless all the same. Audio ends by the
clock whatever the clock says (fail closed): a key is gone too early rather than too late. What
nobody could get back, transcripts above all, waits for a clock that can be believed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta

from pipeline.domain.audit import AuditEvent
from pipeline.domain.clock_check import TOLERANCE, ClockState, judge_clock
from pipeline.domain.deletion_concept import DELIVERED
from pipeline.domain.errors import DecknameError
from pipeline.logging import log_event
from pipeline.usecases.deck import Deck
from pipeline.usecases.enforce_retention import (
    enforce_retention,
    erase_owed,
    expire_transcripts,
)
from pipeline.usecases.finish_deletions import finish_deletions
from pipeline.usecases.prune_evidence import prune_evidence
from pipeline.usecases.reap_orphans import reap_keys, reap_orphans
from pipeline.usecases.record_consent import end_unkept
from pipeline.usecases.replay_ledger import note_reached

log = logging.getLogger(__name__)

LEASE = WATERMARK = "maintenance"
LEASE_TIME = timedelta(minutes=2)
BATCH = 500
"""Calls that one step takes on at a time, so that the other steps have their turn."""
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to clean up. `do` returns how much there was. `led`: only the leader does it.
    `careful`: only while the clock can be believed."""

    name: str
    do: Callable[[Deck], int]
    led: bool = True
    careful: bool = False


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step did. `skipped` and `failed` are codes: `led_elsewhere`, `clock_behind`,
    `clock_ahead`; an error's code."""

    name: str
    count: int = 0
    skipped: str | None = None
    failed: str | None = None


class Leadership:
    """One instance's claim to lead, under the name `owner`. It is renewed when half of it is
    over."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._since: datetime | None = None

    def held(self, deck: Deck) -> bool:
        """Whether this instance leads. Raises `ServiceUnavailable`."""
        now = deck.clock.now()
        if self._since is not None and self._since <= now < self._since + LEASE_TIME / 2:
            return True
        self._since = None
        if deck.leases.acquire(LEASE, self._owner, now, LEASE_TIME):
            self._since = now
        return self._since is not None

    def give_up(self, deck: Deck) -> None:
        """Let another lead at once. Raises `ServiceUnavailable`."""
        self._since = None
        deck.leases.release(LEASE, self._owner)


def clean_up(deck: Deck, leadership: Leadership) -> tuple[StepResult, ...]:
    """Every step until nothing is left to do; one that fails keeps no other from its turn."""
    return tuple(_to_its_end(step, deck, leadership) for step in STEPS)


def take_step(step: Step, deck: Deck, leadership: Leadership) -> StepResult:
    """Do it once, if it is this instance's to do and the clock allows it. Raises what it
    raises."""
    if step.led and not leadership.held(deck):
        return StepResult(step.name, skipped="led_elsewhere")
    state = look_at_clock(deck)
    if step.careful and state is not ClockState.RIGHT:
        log_event(log, str(state), logging.WARNING, job=step.name)
        return StepResult(step.name, skipped=str(state))
    return StepResult(step.name, step.do(deck))


def look_at_clock(deck: Deck) -> ClockState:
    """Judge the clock by the latest moment that was seen, and remember this one if it is right."""
    seen, now = deck.watermarks.latest(WATERMARK), deck.clock.now()
    state = judge_clock(seen, now)
    if state is ClockState.RIGHT and (seen is None or now >= seen + _SEEN_EVERY):
        deck.watermarks.raise_to(WATERMARK, now)
    return state


def confirm_clock(deck: Deck) -> ClockState:
    """An operator says that the clock is right: go on from here. What it was taken for before."""
    state = judge_clock(deck.watermarks.latest(WATERMARK), deck.clock.now())
    if state is not ClockState.RIGHT:
        deck.watermarks.reset(WATERMARK, deck.clock.now())
    return state


def _to_its_end(step: Step, deck: Deck, leadership: Leadership) -> StepResult:
    count = 0
    try:
        while True:
            result = take_step(step, deck, leadership)
            count += result.count
            if result.count < BATCH:
                return StepResult(step.name, count, result.skipped)
    except DecknameError as error:
        return StepResult(step.name, count, failed=error.code)


def _finish_deletions(deck: Deck) -> int:
    return len(finish_deletions(deck, limit=BATCH))


def _enforce_retention(deck: Deck) -> int:
    return sum(astuple(enforce_retention(deck)))


def _end_unkept(deck: Deck) -> int:
    """What nobody consents to any more: a rule of its customer changed, or a restore brought back
    less than the whole."""
    return sum(end_unkept(call_id, deck) for call_id in deck.calls.retained_objected())


def _expire_transcripts(deck: Deck) -> int:
    return expire_transcripts(deck, BATCH)


def _erase_owed(deck: Deck) -> int:
    return erase_owed(deck, BATCH)


def _reap_orphans(deck: Deck) -> int:
    now, grace = deck.clock.now(), deck.policy.orphan_grace
    return len(reap_orphans(deck.calls, deck.recordings, now, grace))


def _reap_keys(deck: Deck) -> int:
    # A worker's clock may be an hour behind: its key, made just now, would look that much older.
    now, grace = deck.clock.now(), deck.policy.orphan_grace + TOLERANCE
    gone = reap_keys(deck.calls, deck.recordings, deck.keys, now, grace)
    if gone:
        deck.audit.append(AuditEvent("keys_destroyed", now, facts={"keys": ",".join(gone)}))
    return len(gone)


def _drop_delivered(deck: Deck) -> int:
    return deck.calls.drop_delivered(deck.clock.now() - DELIVERED, BATCH)


def _prune_evidence(deck: Deck) -> int:
    return prune_evidence(deck, BATCH)


def _drop_logs(deck: Deck) -> int:
    return deck.logs.drop_old(deck.clock.now(), deck.policy.keep_logs)


ENFORCE_RETENTION = Step("enforce_retention", _enforce_retention)
END_UNKEPT = Step("end_unkept", _end_unkept)
EXPIRE_TRANSCRIPTS = Step("expire_transcripts", _expire_transcripts, careful=True)
ERASE_OWED = Step("erase_owed", _erase_owed, careful=True)
REAP_ORPHANS = Step("reap_orphans", _reap_orphans, careful=True)
REAP_KEYS = Step("reap_keys", _reap_keys, careful=True)
DROP_DELIVERED = Step("drop_delivered", _drop_delivered, careful=True)
FINISH_DELETIONS = Step("finish_deletions", _finish_deletions)
NOTE_LEDGER = Step("note_ledger", note_reached)
PRUNE_EVIDENCE = Step("prune_evidence", _prune_evidence, careful=True)
DROP_LOGS = Step("drop_logs", _drop_logs, led=False, careful=True)
"""Every machine has its own."""
STEPS = (
    ENFORCE_RETENTION,
    END_UNKEPT,
    EXPIRE_TRANSCRIPTS,
    ERASE_OWED,
    REAP_ORPHANS,
    REAP_KEYS,
    DROP_DELIVERED,
    FINISH_DELETIONS,
    NOTE_LEDGER,
    PRUNE_EVIDENCE,
    DROP_LOGS,
)
