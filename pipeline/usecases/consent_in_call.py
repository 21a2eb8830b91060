"""Hold what a push says about consent against what was said in the call.

A spoken no beats every flag. A flag is believed where the agent asked and the caller said yes;
where the answer was not clear, it is not; where nobody asked, it is reported as unsupported, and
the customer's policy says what becomes of the audio. What nobody claims is never taken as given:
`model_training` least of all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.domain.call import Call, Customer, Sealed
from pipeline.domain.consent import (
    ConsentAct,
    ConsentClaim,
    ConsentEntry,
    ConsentSource,
    Purpose,
    last_of,
)
from pipeline.domain.deletion import Trigger
from pipeline.domain.retention import audio_until
from pipeline.domain.retention_policy import keeps_unsupported
from pipeline.domain.transcript import RedactedTranscript
from pipeline.stages.spoken_consent import Answer, Spoken, spoken_consent
from pipeline.usecases.deck import Deck

Told = tuple[ConsentEntry, Sealed | None]

_ENDS = {ConsentAct.REFUSED: Trigger.REFUSAL, ConsentAct.WITHDRAWN: Trigger.WITHDRAWAL}
"""Register and receipt call it the same."""


@dataclass(frozen=True, slots=True)
class Consents:
    """`told` are new entries of the register. `audio_until` None: destroy the audio, because of
    `trigger`."""

    told: tuple[Told, ...]
    audio_until: datetime | None
    trigger: Trigger


def consents_in(
    call: Call, customer: Customer, redacted: RedactedTranscript, deck: Deck
) -> Consents:
    """What the call's consents come to, now that it was heard."""
    registered = deck.consents.of_call(call.id)
    heard = {purpose: spoken_consent(redacted.segments, purpose) for purpose in Purpose}
    told = tuple(
        _told(entry, customer, redacted, deck)
        for purpose in Purpose
        for entry in _entries(call, heard[purpose], last_of(registered, purpose), deck)
    )
    known = (*registered, *(entry for entry, _ in told))
    until, trigger = _audio(call, heard[Purpose.AUDIO_RETENTION], registered, known, deck)
    return Consents(told, until, trigger)


def _entries(
    call: Call, heard: Spoken, last: ConsentEntry | None, deck: Deck
) -> Iterator[ConsentEntry]:
    """What the register learns of one purpose: at most one entry."""
    flagged = last is not None and last.source is ConsentSource.API_FLAG
    claimed = last is not None and last.act is ConsentAct.GIVEN
    segment = heard.refused if heard.refused is not None else heard.answered
    entry = ConsentEntry(
        call.customer_id,
        call.id,
        heard.purpose,
        ConsentAct.GIVEN,
        ConsentSource.SPOKEN,
        max(deck.clock.now(), last.at) if last is not None else deck.clock.now(),
        segment=segment,
    )
    if heard.objects:
        taken_back = heard.answer is Answer.YES
        yield replace(entry, act=ConsentAct.WITHDRAWN if taken_back else ConsentAct.REFUSED)
    elif last is not None and claimed and flagged:
        if heard.consents:
            # It counts from the claim that it bears out, and no later: a withdrawal that is being
            # recorded elsewhere, by whatever clock, comes after it.
            yield replace(entry, at=last.at, until=_until(call, last, heard))
        else:
            at = heard.doubted if heard.doubted is not None else heard.asked
            yield replace(entry, act=ConsentAct.UNSUPPORTED, segment=at)


def _until(call: Call, last: ConsentEntry, heard: Spoken) -> datetime | None:
    """The earlier of what was claimed and what was said."""
    said = None if heard.period is None else call.received_at + heard.period
    return min((end for end in (last.until, said) if end is not None), default=None)


def _audio(
    call: Call,
    heard: Spoken,
    registered: Sequence[ConsentEntry],
    known: Sequence[ConsentEntry],
    deck: Deck,
) -> tuple[datetime | None, Trigger]:
    """Until when the audio is kept, or why it is not. `known` is the register with what the call
    adds to it."""
    last = last_of(registered, Purpose.AUDIO_RETENTION)
    if last is None:
        return None, Trigger.DONE
    counts = last_of(known, Purpose.AUDIO_RETENTION) or last
    if counts.act in _ENDS:
        return None, _ENDS[counts.act]
    if last.act is not ConsentAct.GIVEN:
        return None, Trigger.UNSUPPORTED
    if call.erasure_owed_at is not None:
        return None, Trigger.REQUEST
    if last.source is ConsentSource.API_FLAG and not heard.consents:
        today = deck.calls.retention_policy(call.customer_id)
        spoken = heard.asked is not None or heard.doubted is not None
        if spoken or not keeps_unsupported(call.unsupported, today):
            return None, Trigger.UNSUPPORTED
        return _capped(call, last.until), Trigger.DONE
    return _capped(call, _until(call, last, heard)), Trigger.DONE


def _capped(call: Call, until: datetime | None) -> datetime | None:
    duration = None if until is None else until - call.received_at
    claim = ConsentClaim(Purpose.AUDIO_RETENTION, duration)
    return audio_until(call.received_at, (claim,), call.origin)


def _told(
    entry: ConsentEntry, customer: Customer, redacted: RedactedTranscript, deck: Deck
) -> Told:
    """`entry` with its evidence: the redacted words, hashed, and sealed."""
    if entry.segment is None:
        return entry, None
    quote = redacted.segments[entry.segment].text.encode()
    digest = hashlib.sha256(quote).hexdigest()
    sealed = deck.transcripts.seal(customer, entry.call_id, "quote", quote)
    return replace(entry, digest=digest), sealed
