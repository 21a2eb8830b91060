"""One-off transcription: no server, no store, nothing kept."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.domain.call import ChannelLayout
from pipeline.domain.privacy import KnownParty, Vault
from pipeline.domain.transcript import RedactedTranscript
from pipeline.stages.decode import decode
from pipeline.stages.detect_pii import detect_pii
from pipeline.stages.redact import redact
from pipeline.stages.transcribe import transcribe
from pipeline.usecases.deck import Transcriber


def transcribe_recording(
    recording: bytes,
    transcriber: Transcriber,
    language: str | None = None,
    layout: ChannelLayout = ChannelLayout.AGENT_LEFT,
    known: Sequence[KnownParty] = (),
) -> tuple[RedactedTranscript, Vault]:
    """The redacted transcript of `recording` and what its pseudonyms stand for. Raises
    `RecordingRejected`, `ModelUnavailable`."""
    waveform = decode(recording, transcriber.decoders, transcriber.limits)
    verbatim = transcribe(
        waveform, transcriber.speech_detector(), transcriber.recogniser(), language, layout
    )
    turns = [segment.text for segment in verbatim.segments]
    spans = detect_pii(turns, verbatim.language, transcriber.detector(), known)
    return redact(verbatim, spans)
