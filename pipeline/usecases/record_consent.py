"""Consent that reaches the operator after the call: recorded, or withdrawn at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pipeline.domain.call import Call, CallStatus
from pipeline.domain.consent import (
    ConsentAct,
    ConsentClaim,
    ConsentEntry,
    ConsentSource,
    Purpose,
    last_of,
)
from pipeline.domain.errors import Conflict
from pipeline.domain.ids import CallId
from pipeline.domain.ledger import consent_told
from pipeline.domain.retention import AUDIO_CAP
from pipeline.usecases.audio_consent import why_unkept
from pipeline.usecases.deck import Deck
from pipeline.usecases.finish_deletions import finish_deletions, pending_receipts
from pipeline.usecases.tell_ledger import telling

_UNFINISHED = (CallStatus.RECEIVED, CallStatus.PROCESSING)
_NEXT = timedelta(microseconds=1)


def record_consent(
    call_id: CallId, claim: ConsentClaim, deck: Deck, source: ConsentSource
) -> ConsentEntry:
    """Enter what a caller declared elsewhere than in the call. Audio can be kept only while the
    call was not processed yet: afterwards its key is gone, or kept under the consent it has.
    Raises `NotFound`, `Conflict`, also where the call is to be erased."""
    call = _living(call_id, deck)
    audio = claim.purpose is Purpose.AUDIO_RETENTION
    if audio and call.status not in _UNFINISHED:
        raise Conflict(
            "the audio is kept already; withdraw the consent to end that sooner"
            if call.audio_until is not None
            else "the audio was destroyed: no consent brings it back, and nothing was recorded"
        )
    duration = claim.duration or (AUDIO_CAP if audio else None)
    entry = _entry(call, claim.purpose, ConsentAct.GIVEN, deck, source, duration)
    deck.consents.record(entry)
    return entry


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """`new` is False where the register said so before. `pending` deletions have no receipt yet,
    because Redis cannot be reached."""

    new: bool
    pending: int = 0


def withdraw_consent(
    call_id: CallId, purpose: Purpose, deck: Deck, source: ConsentSource
) -> Withdrawal:
    """Take a consent back, at once: kept audio is unreadable when this returns. Of a call that is
    not processed yet, the transcript is still made, and the audio ends with it. Doing it twice
    changes nothing more. Raises `NotFound`; `Conflict` where nothing was consented to."""
    call = _living(call_id, deck)
    last = last_of(deck.consents.of_call(call.id), purpose)
    if last is None or last.act is not ConsentAct.GIVEN:
        again = last is not None and last.act is ConsentAct.WITHDRAWN
        if not (again or (purpose is Purpose.AUDIO_RETENTION and call.audio_until is not None)):
            raise Conflict("nobody consented to that: there is nothing to withdraw")
    entry = withdrawal_of(call, purpose, deck, source)
    # Before the commit, and durable: a backup that is restored tomorrow must know of it.
    with telling(deck.ledger) as tell:
        new = deck.calls.withdraw(entry, deck.clock.now(), lambda: tell(consent_told(entry)))
    if purpose is Purpose.AUDIO_RETENTION:
        finish_deletions(deck, call.id)
    return Withdrawal(new, pending_receipts(deck, call.id))


def withdrawal_of(call: Call, purpose: Purpose, deck: Deck, source: ConsentSource) -> ConsentEntry:
    """What the register is to say when a consent is taken back now."""
    return _entry(call, purpose, ConsentAct.WITHDRAWN, deck, source)


def end_unkept(call_id: CallId, deck: Deck) -> bool:
    """Destroy audio that is kept although the call is to be erased, the register says no, or no
    rule of the customer lets an unsupported flag pass any more; False where none is. An unfinished
    call is left: whoever processes it reads all three."""
    call = deck.calls.call(call_id)
    reason = None if call.status in _UNFINISHED else why_unkept(call, deck)
    if reason is None:
        return False
    deck.calls.destroy_audio(call_id, reason, deck.clock.now())
    finish_deletions(deck, call_id)
    return True


def _living(call_id: CallId, deck: Deck) -> Call:
    call = deck.calls.call(call_id)
    if call.status in (CallStatus.FAILED, CallStatus.ERASED):
        raise Conflict(f"the call has {call.status}: it holds nothing that consent could be about")
    return call


def _entry(
    call: Call,
    purpose: Purpose,
    act: ConsentAct,
    deck: Deck,
    source: ConsentSource,
    duration: timedelta | None = None,
) -> ConsentEntry:
    now = deck.clock.now()
    last = last_of(deck.consents.of_call(call.id), purpose)
    # What is declared last counts, also where the clock of this machine is behind; and no two
    # declarations are of one moment, or the ledger would take the second for the first.
    at = now if last is None else max(now, last.at + _NEXT)
    start = call.received_at if purpose is Purpose.AUDIO_RETENTION else now
    until = None if duration is None else start + duration
    return ConsentEntry(call.customer_id, call.id, purpose, act, source, at, until)
