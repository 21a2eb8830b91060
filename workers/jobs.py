"""What a doorbell makes a worker do. Ids go in, nothing comes out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from pipeline.domain.call import Call, CallStatus
from pipeline.domain.errors import TransientError
from pipeline.domain.ids import CallId
from pipeline.logging import bound, log_event
from pipeline.usecases.deck import Deck
from pipeline.usecases.make_ready import Watch
from pipeline.usecases.process_calls import Surroundings, process_waiting
from workers.retries import JobFailed

log = logging.getLogger(__name__)

LONGEST = 120.0
"""Seconds after which a job takes nothing more in: the call whose bell it was may be erased
meanwhile, and a job that runs cannot be forgotten. The next bell goes on."""


@dataclass(frozen=True, slots=True)
class Worker:
    """Who works: its name in the leases, its guard against native code that hangs, and whether it
    was told to stop."""

    name: str
    watch: Watch | None = None
    stopping: Callable[[], bool] = lambda: False


def process_call(call_id: CallId, deck: Deck, worker: Worker) -> None:
    """A call waits: take it and whatever else waits all the way, whose turn comes first.

    Raises `JobFailed` where a call was given back (`transient`), or where something unforeseen
    happened: then its lease runs out and it is tried again, alone, `max_attempts` times in all.
    """
    begun = time.monotonic()

    def broke(broken: CallId, error: Exception) -> None:
        with bound(call_id=broken):
            if isinstance(error, TransientError):
                log_event(log, "call_given_back", logging.WARNING, code=error.code)
            else:
                log.error("call_attempt_broke", exc_info=error)

    def enough() -> bool:
        return time.monotonic() - begun > LONGEST

    with bound(worker=worker.name):
        around = Surroundings(_log, broke, worker.watch, worker.stopping, enough)
        failed = _attempt(deck, worker.name, around)
    if failed is not None:
        raise failed  # out here, where no exception that might quote content is its context


def _attempt(deck: Deck, owner: str, around: Surroundings) -> JobFailed | None:
    try:
        process_waiting(deck, owner, around)
    except TransientError as error:
        return JobFailed(error.code, transient=True)
    except Exception:
        log.exception("worker_broke")
        return JobFailed("unforeseen", transient=False)
    return None


def _log(call: Call) -> None:
    with bound(call_id=call.id):
        if call.status is CallStatus.STORED:
            taken = call.finished_at - call.received_at if call.finished_at else timedelta()
            log_event(log, "call_stored", attempts=call.attempts, seconds=taken.total_seconds())
        elif call.status is CallStatus.FAILED:
            log_event(log, "call_failed", logging.WARNING, code=call.failure or "unknown")
        else:
            log_event(log, "call_lease_lost", logging.WARNING, attempts=call.attempts)
