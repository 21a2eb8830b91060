"""What a doorbell makes a worker do. Ids go in, nothing comes out."""

from __future__ import annotations

import logging
import time

from pipeline.domain.call import Call, CallStatus
from pipeline.domain.errors import TransientError
from pipeline.domain.ids import CallId
from pipeline.logging import bound, log_event
from pipeline.usecases.deck import Deck
from pipeline.usecases.process_calls import process_calls
from workers.retries import JobFailed

log = logging.getLogger(__name__)


def process_call(call_id: CallId, deck: Deck, owner: str) -> None:
    """Take the call all the way, unless somebody else holds it or it is done.

    Raises `JobFailed` where it was given back (`transient`), or where something unforeseen
    happened: then its lease runs out and it is tried again, `max_attempts` times in all.
    """
    with bound(call_id=call_id, worker=owner):
        failed = _attempt(call_id, deck, owner)
    if failed is not None:
        raise failed  # out here, where no exception that might quote content is its context


def _attempt(call_id: CallId, deck: Deck, owner: str) -> JobFailed | None:
    begun = time.monotonic()
    try:
        for call in process_calls((call_id,), deck, owner):
            _log(call, time.monotonic() - begun)
    except TransientError as error:
        log_event(log, "call_given_back", logging.WARNING, code=error.code)
        return JobFailed(error.code, transient=True)
    except Exception:
        log.exception("call_attempt_broke")
        return JobFailed("unforeseen", transient=False)
    return None


def _log(call: Call, seconds: float) -> None:
    if call.status is CallStatus.STORED:
        log_event(log, "call_stored", attempts=call.attempts, seconds=seconds)
    elif call.status is CallStatus.FAILED:
        log_event(log, "call_failed", logging.WARNING, code=call.failure or "unknown")
    else:
        log_event(log, "call_lease_lost", logging.WARNING, attempts=call.attempts)
