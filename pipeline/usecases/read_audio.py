"""Take out the audio that a consent keeps: without what the pseudonyms hide, or as received."""

from __future__ import annotations

from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Call
from pipeline.domain.errors import Conflict, KeyDestroyed
from pipeline.domain.ids import CallId
from pipeline.domain.recording import RetainedKey
from pipeline.ports import Waveform
from pipeline.stages.bleep import BleepMode, bleep
from pipeline.stages.decode import decode
from pipeline.usecases.audio_consent import why_unkept
from pipeline.usecases.deck import Deck
from pipeline.usecases.open_sealed import damage_on_record
from pipeline.usecases.read_transcript import read_transcript, require_shown

_OVER = "no consent keeps the audio any more: nobody can open it"


def read_audio(
    call_id: CallId, deck: Deck, actor: str, mode: BleepMode = BleepMode.TONE
) -> Waveform:
    """The kept recording, silenced or bleeped where its stored transcript has pseudonyms.

    That `actor` (a role such as `operator`, never a person's name) took it out is in the audit log
    before anything is opened. Raises `NotFound`; `Conflict` where the call is not stored
    or restricted;
    `KeyDestroyed` where no consent keeps its audio, or none any more.
    """
    call, key = _kept(call_id, deck)
    _put_on_record(call, "bleeped", actor, deck)
    transcript = read_transcript(call.id, deck)
    with (
        damage_on_record(call.customer_id, call.id, "audio", deck),
        deck.recordings.reader(call.id, key) as recording,
    ):
        waveform = decode(recording, deck.transcriber.decoders, deck.transcriber.limits)
    try:
        return bleep(waveform, transcript, call.layout, mode)
    except ValueError:
        raise Conflict(
            "the recording is not as long as its transcript: without its times nothing can be "
            "bleeped, and nothing was given out"
        ) from None


def read_original_audio(call_id: CallId, deck: Deck, actor: str) -> bytes:
    """The kept recording, byte for byte as it was pushed: every name in it can be heard. On
    record, and with errors, as for `read_audio`."""
    call, key = _kept(call_id, deck)
    _put_on_record(call, "original", actor, deck)
    with damage_on_record(call.customer_id, call.id, "audio", deck):
        return deck.recordings.open(call.id, key)


def _kept(call_id: CallId, deck: Deck) -> tuple[Call, RetainedKey]:
    call = require_shown(deck.calls.call(call_id))
    key = deck.calls.recording(call.id)
    if not isinstance(key, RetainedKey) or key.until <= deck.clock.now():
        raise KeyDestroyed(_OVER)
    if why_unkept(call, deck) is not None:  # maintenance has still to destroy it
        raise KeyDestroyed(_OVER)
    return call, key


def _put_on_record(call: Call, version: str, actor: str, deck: Deck) -> None:
    facts = {"version": version, "actor": actor}
    now = deck.clock.now()
    deck.audit.append(AuditEvent("audio_released", now, call.id, call.customer_id, facts))
