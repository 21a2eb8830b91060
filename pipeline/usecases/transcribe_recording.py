"""One-off transcription: no server, no store, nothing kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import BinaryIO

from pipeline.domain.call import ChannelLayout
from pipeline.domain.privacy import KnownParty, Vault
from pipeline.domain.redaction_policy import RedactionPolicy
from pipeline.domain.transcript import RedactedTranscript
from pipeline.stages.allowances import without_allowed
from pipeline.stages.annotate import annotate
from pipeline.stages.decode import decode
from pipeline.stages.detect_pii import detect_pii
from pipeline.stages.redact_checked import redact_checked
from pipeline.stages.transcribe import transcribe
from pipeline.usecases.deck import Transcriber


def transcribe_recording(
    recording: bytes | BinaryIO,
    transcriber: Transcriber,
    language: str | None = None,
    layout: ChannelLayout = ChannelLayout.AGENT_LEFT,
    known: Sequence[KnownParty] = (),
    policy: RedactionPolicy | None = None,
    on: date | None = None,
) -> tuple[RedactedTranscript, Vault]:
    """The redacted transcript of `recording` and what its pseudonyms stand for. `policy` is the
    customer's, `on` the day of the call, from which ages count. Raises `RecordingRejected`,
    `ModelUnavailable`, `ResidualPii`."""
    policy = policy or RedactionPolicy()
    waveform = decode(recording, transcriber.decoders, transcriber.limits)
    verbatim = transcribe(
        waveform, transcriber.speech_detector(), transcriber.recogniser(), language, layout
    )
    turns = [segment.text for segment in verbatim.segments]
    named = (*known, *policy.deny)
    spans = detect_pii(turns, verbatim.language, transcriber.detector(), named)
    spans = without_allowed(turns, spans, verbatim.language, policy.allow, named)
    redacted, vault = redact_checked(verbatim, spans, named, policy.allow)
    return annotate(redacted, vault, policy, on), vault
