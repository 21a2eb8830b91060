"""Audio that a consent keeps comes out bleeped, or as received; never without a record."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import soundfile

from pipeline.adapters.audio import decoders
from pipeline.domain.call import Call, Intake, Outcome
from pipeline.domain.consent import ConsentClaim, Purpose
from pipeline.domain.errors import Conflict, KeyDestroyed, NotFound, SealBroken
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.privacy import EntityType, PiiSpan
from pipeline.domain.recording import RecordingLimits, SealedRecording
from pipeline.domain.transcript import Segment, Speaker, VerbatimTranscript, Word
from pipeline.formats.wav import to_wav
from pipeline.ports import SAMPLE_RATE
from pipeline.stages.bleep import BleepMode
from pipeline.stages.redact import redact, to_json
from pipeline.usecases.customers import add_customer, close_customer
from pipeline.usecases.deck import Deck, Transcriber
from pipeline.usecases.read_audio import read_audio, read_original_audio
from pipeline.usecases.submit_call import submit_call
from tests.decks import memory_deck

ACME = CustomerId("acme")
MONTH = timedelta(days=30)


def never() -> Any:
    raise AssertionError("no model is needed")


@pytest.fixture
def deck() -> Deck:
    limits = RecordingLimits()
    deck = memory_deck(transcriber=Transcriber(limits, decoders(), never, never, never))
    add_customer("acme", "Acme", deck)
    return deck


def recording(seconds: float = 2.0) -> bytes:
    buffer = io.BytesIO()
    hum = np.full((round(seconds * 8_000), 2), 0.25)
    soundfile.write(buffer, hum, 8_000, format="WAV", subtype="ULAW")
    return buffer.getvalue()


def received(deck: Deck, audio: bytes) -> Call:
    kept = ConsentClaim(Purpose.AUDIO_RETENTION, MONTH)
    return submit_call(Intake(ACME, consents=(kept,)), [audio], deck)


def stored(deck: Deck, audio: bytes | None = None, retain: bool = True) -> Call:
    """A call of which the word from 0.8 to 1.2 s is hidden."""
    call = received(deck, recording() if audio is None else audio)
    (claim,) = deck.calls.claim([call.id], "w", deck.clock.now(), deck.policy.lease)
    words = (Word(0.8, 1.2, 0.9, 0, "Keller"),)
    said = Segment(Speaker.CALLER, 0.8, 1.2, "Keller", words)
    spans = ((PiiSpan(0, 6, EntityType.PERSON, 1.0),),)
    transcript, _ = redact(VerbatimTranscript("de", 2.0, (said,)), spans)
    owner, key = deck.calls.customer(ACME), deck.calls.recording(call.id)
    assert isinstance(key, SealedRecording)
    until = deck.clock.now() + MONTH
    sealed = deck.transcripts.seal(owner, call.id, "transcript", to_json(transcript))
    retained = deck.recordings.retain(call.id, key, until) if retain else None
    outcome = Outcome("de", 2.0, sealed, None, (), retained)
    return deck.calls.complete(claim, outcome, deck.clock.now())


def facts(deck: Deck) -> dict[str, object]:
    event = deck.audit.entries[-1][0]  # type: ignore[attr-defined]
    assert event.name == "audio_released"
    return dict(event.facts)


@pytest.mark.parametrize("mode", BleepMode)
def test_what_is_hidden_in_the_text_cannot_be_heard(deck: Deck, mode: BleepMode) -> None:
    waveform = read_audio(stored(deck).id, deck, "operator", mode)
    hidden = slice(round(0.6 * SAMPLE_RATE), round(1.4 * SAMPLE_RATE))
    assert len(waveform.channels) == 2 and waveform.duration == 2.0
    for channel in waveform.channels:
        assert channel[hidden].any() == (mode is BleepMode.TONE)
        assert abs(channel[hidden].mean()) < 0.001
        assert channel[: SAMPLE_RATE // 3].mean() == pytest.approx(0.25, abs=0.01)
    assert facts(deck) == {"version": "bleeped", "actor": "operator"}


def test_the_original_is_what_was_pushed(deck: Deck) -> None:
    assert read_original_audio(stored(deck).id, deck, "operator") == recording()
    assert facts(deck) == {"version": "original", "actor": "operator"}


@pytest.mark.parametrize("read", [read_audio, read_original_audio])
class TestNothingComesOut:
    def refused(self, read: Any, call_id: CallId, deck: Deck, error: type[Exception]) -> str:
        before = len(deck.audit.entries)  # type: ignore[attr-defined]
        with pytest.raises(error) as refusal:
            read(call_id, deck, "operator")
        assert len(deck.audit.entries) == before  # type: ignore[attr-defined]
        return str(refusal.value)

    def test_before_the_call_is_stored(self, deck: Deck, read: Any) -> None:
        call = received(deck, recording())
        assert "still received" in self.refused(read, call.id, deck, Conflict)

    def test_of_a_failed_call(self, deck: Deck, read: Any) -> None:
        call = received(deck, recording())
        (claim,) = deck.calls.claim([call.id], "w", deck.clock.now(), deck.policy.lease)
        deck.calls.fail(claim, "recording_rejected:no_audio", deck.clock.now())
        assert "no_audio" in self.refused(read, call.id, deck, Conflict)

    def test_without_consent(self, deck: Deck, read: Any) -> None:
        call = stored(deck, retain=False)
        assert "nobody can open it" in self.refused(read, call.id, deck, KeyDestroyed)

    def test_when_the_consent_is_over(self, deck: Deck, read: Any) -> None:
        call = stored(deck)
        deck.clock.turn(MONTH)  # type: ignore[attr-defined]
        assert "any more" in self.refused(read, call.id, deck, KeyDestroyed)

    def test_when_the_customer_is_closed(self, deck: Deck, read: Any) -> None:
        call = stored(deck)
        close_customer(ACME, deck)
        self.refused(read, call.id, deck, Conflict)  # nothing of the call is left

    def test_of_a_call_that_is_not_there(self, deck: Deck, read: Any) -> None:
        self.refused(read, CallId("call_" + "0" * 32), deck, NotFound)

    def test_without_a_record(self, deck: Deck, read: Any, monkeypatch: Any) -> None:
        call = stored(deck)

        def refuse(event: object) -> None:
            raise SealBroken("the audit log is broken")

        def opened(*arguments: object) -> None:
            raise AssertionError("the recording was opened")

        monkeypatch.setattr(deck.audit, "append", refuse)
        monkeypatch.setattr(deck.recordings, "open", opened)
        monkeypatch.setattr(deck.recordings, "reader", opened)
        monkeypatch.setattr(deck.transcripts, "open", opened)
        self.refused(read, call.id, deck, SealBroken)


def test_a_recording_that_does_not_fit_its_transcript_stays_inside(deck: Deck) -> None:
    call = stored(deck, recording(2.5))
    with pytest.raises(Conflict, match="not as long"):
        read_audio(call.id, deck, "operator")


def test_a_wav_file_holds_both_sides_in_16_bits(deck: Deck) -> None:
    waveform = read_audio(stored(deck).id, deck, "operator", BleepMode.MUTE)
    file = soundfile.SoundFile(io.BytesIO(to_wav(waveform)))
    assert (file.format, file.subtype, file.samplerate) == ("WAV", "PCM_16", SAMPLE_RATE)
    back = file.read(dtype="float32", always_2d=True).T
    for ours, theirs in zip(waveform.channels, back, strict=True):
        assert np.abs(ours - theirs).max() < 2**-14
        assert not theirs[round(0.6 * SAMPLE_RATE) : round(1.4 * SAMPLE_RATE)].any()
