"""Whether a consent still keeps the audio of a call that has ended: the register says."""

from __future__ import annotations

from pipeline.domain.call import Call
from pipeline.domain.consent import ConsentAct, Purpose, last_of, taken_back
from pipeline.domain.deletion import CONSENT_UNSUPPORTED, CONSENT_WITHDRAWN
from pipeline.domain.retention_policy import keeps_unsupported
from pipeline.usecases.deck import Deck


def why_unkept(call: Call, deck: Deck) -> str | None:
    """The code of the reason why the audio of `call` must not be kept, nor opened; None where
    there is none. Its end in time is not looked at."""
    entries = deck.consents.of_call(call.id)
    if taken_back(entries, Purpose.AUDIO_RETENTION):
        return CONSENT_WITHDRAWN
    last = last_of(entries, Purpose.AUDIO_RETENTION)
    if last is None or last.act is not ConsentAct.UNSUPPORTED:
        return None
    today = deck.calls.retention_policy(call.customer_id)
    return None if keeps_unsupported(call.unsupported, today) else CONSENT_UNSUPPORTED
