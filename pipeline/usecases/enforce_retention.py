"""End what has run out: day keys, consented retention, audio past the cap; transcripts. And erase
what is owed to a data subject, once no legal hold stands against it.

None of this is what makes audio unreadable in time: a day key past its end is refused even
where this never ran. It makes the keys, rows and blobs disappear too. All of it may run twice, in
many places at once, or after a month in which nothing ran.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from pipeline.domain.audit import AuditEvent
from pipeline.domain.deletion import ERASURE_OWED, RETAINED_KEYS, Method
from pipeline.domain.errors import Held, PermanentError
from pipeline.domain.ids import CallId
from pipeline.logging import log_event
from pipeline.usecases.deck import Deck
from pipeline.usecases.finish_deletions import place_of

log = logging.getLogger(__name__)

CAP_REACHED = "audio_cap_reached"
RETENTION_OVER = "audio_retention_over"
EXPIRED = "transcript_expired"


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """How many of each were destroyed in one run."""

    keys: int = 0
    retained: int = 0
    capped: int = 0
    blobs: int = 0


def enforce_retention(deck: Deck) -> RetentionReport:
    """Keys first, then rows, then blobs: a crash in between leaves nothing that opens. Running
    it twice changes nothing more. What was there and went is noted for the receipts. Raises
    `ServiceUnavailable`."""
    now = deck.clock.now()
    destroyed = deck.keys.destroy_due(now)
    if destroyed:
        facts = {"keys": ",".join(destroyed)}
        deck.audit.append(AuditEvent("keys_destroyed", now, facts=facts))
    retained = deck.calls.retained_due(now)
    for call_id, key_name in retained:
        gone = deck.recordings.destroy_retained(key_name) or key_name in destroyed
        deck.calls.destroy_audio(call_id, RETENTION_OVER, now)
        deck.deletions.note(call_id, place_of(RETAINED_KEYS, Method.KEY_DESTROYED, gone, now))
    capped = deck.calls.overdue_audio(now)
    for call_id in capped:
        deck.calls.destroy_audio(call_id, CAP_REACHED, now)
    ended: tuple[CallId, ...] = (*(call_id for call_id, _ in retained), *capped)
    blobs = 0
    for call_id in ended:
        gone = deck.recordings.unlink(call_id)
        blobs += gone
        where = deck.recordings.place
        deck.deletions.note(call_id, place_of(where, Method.UNLINKED, gone, now))
    return RetentionReport(len(destroyed), len(retained), len(capped), blobs)


def expire_transcripts(deck: Deck, limit: int = 500) -> int:
    """Erase the `limit` calls at most that are longest past their end; how many were erased. A
    call that cannot be erased keeps no other one. Raises `ServiceUnavailable`."""
    now = deck.clock.now()
    return sum(
        _erased(call_id, EXPIRED, now, due, deck) for call_id, due in deck.calls.expired(now, limit)
    )


def erase_owed(deck: Deck, limit: int = 500) -> int:
    """Erase the `limit` calls at most whose data subject asked for that while a legal hold kept
    them, and that none keeps now; how many were erased. The hold was the answer to the request
    (Art. 17 (3) (e) GDPR), so nobody need ask again. Raises as `expire_transcripts`."""
    now = deck.clock.now()
    return sum(
        _erased(call_id, ERASURE_OWED, now, min(since, now), deck)
        for call_id, since in deck.calls.owed(now, limit)
    )


def _erased(call_id: CallId, reason: str, now: datetime, due: datetime, deck: Deck) -> bool:
    try:
        return deck.calls.erase_call(call_id, reason, now, due)
    except Held:
        return False  # the hold was placed while we looked
    except PermanentError as error:
        log_event(log, "expiry_failed", logging.ERROR, call_id=call_id, code=error.code)
        return False
