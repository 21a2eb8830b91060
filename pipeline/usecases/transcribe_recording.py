"""One-off transcription: no server, no store, nothing kept. And its two halves, between which
calls that are processed together share batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import BinaryIO

from pipeline.domain.call import ChannelLayout
from pipeline.domain.privacy import KnownParty, Vault
from pipeline.domain.redaction_policy import RedactionPolicy
from pipeline.domain.transcript import RedactedTranscript, VerbatimTranscript
from pipeline.stages.allowances import without_allowed
from pipeline.stages.annotate import annotate
from pipeline.stages.decode import decode_blocks
from pipeline.stages.detect_pii import detect_pii
from pipeline.stages.redact_checked import redact_checked
from pipeline.stages.transcribe import Part, prepare, transcribe
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
    blocks = decode_blocks(recording, transcriber.decoders, transcriber.limits)
    ears, recogniser = transcriber.speech_detector(), transcriber.recogniser()
    verbatim = transcribe(blocks, ears, recogniser, language, layout)
    return redact_recording(verbatim, transcriber, known, policy, on)


def prepare_recording(
    recording: bytes | BinaryIO,
    transcriber: Transcriber,
    language: str | None = None,
    agent_on: ChannelLayout | None = None,
) -> Iterator[Part]:
    """Decode it, find speech, cut that into rows, stretch by stretch. `agent_on` as in
    `stages.transcribe.prepare`. Raises `RecordingRejected`, `ModelUnavailable`."""
    blocks = decode_blocks(recording, transcriber.decoders, transcriber.limits)
    ears, recogniser = transcriber.speech_detector(), transcriber.recogniser()
    return prepare(blocks, ears, recogniser, language, agent_on)


def redact_recording(
    verbatim: VerbatimTranscript,
    transcriber: Transcriber,
    known: Sequence[KnownParty] = (),
    policy: RedactionPolicy | None = None,
    on: date | None = None,
) -> tuple[RedactedTranscript, Vault]:
    """Find what is personal in it and replace that. Raises `ResidualPii`."""
    policy = policy or RedactionPolicy()
    turns = [segment.text for segment in verbatim.segments]
    named = (*known, *policy.deny)
    spans = detect_pii(turns, verbatim.language, transcriber.detector(), named)
    spans = without_allowed(turns, spans, verbatim.language, policy.allow, named)
    redacted, vault = redact_checked(verbatim, spans, named, policy.allow)
    return annotate(redacted, vault, policy, on), vault
