"""Whether a consent still keeps the audio of a call that has ended: call and register say."""

from __future__ import annotations

from pipeline.domain.call import Call
from pipeline.domain.consent import ConsentAct, Purpose, last_of
from pipeline.domain.deletion import (
    CONSENT_REFUSED,
    CONSENT_UNSUPPORTED,
    CONSENT_WITHDRAWN,
    ERASED_ON_REQUEST,
)
from pipeline.domain.retention_policy import keeps_unsupported
from pipeline.usecases.deck import Deck


def why_unkept(call: Call, deck: Deck) -> str | None:
    """The code of the reason why the audio of `call` must not be kept, nor opened; None where
    there is none. Its end in time is not looked at."""
    if call.erasure_owed_at is not None:
        return ERASED_ON_REQUEST
    last = last_of(deck.consents.of_call(call.id), Purpose.AUDIO_RETENTION)
    if last is None or last.act is ConsentAct.GIVEN:
        return None
    if last.act is not ConsentAct.UNSUPPORTED:
        return CONSENT_WITHDRAWN if last.act is ConsentAct.WITHDRAWN else CONSENT_REFUSED
    today = deck.calls.retention_policy(call.customer_id)
    return None if keeps_unsupported(call.unsupported, today) else CONSENT_UNSUPPORTED
