"""What a customer's policy adds to a redacted transcript, while the originals are at hand."""

from __future__ import annotations

from datetime import date

from pipeline.domain.privacy import Vault
from pipeline.domain.redaction_policy import RedactionPolicy
from pipeline.domain.transcript import RedactedTranscript
from pipeline.stages.generalise import generalised
from pipeline.stages.links import links
from pipeline.stages.redact import annotated


def annotate(
    transcript: RedactedTranscript, vault: Vault, policy: RedactionPolicy, on: date | None
) -> RedactedTranscript:
    """`transcript` with the links and coarse values that `policy` asks for; `on` is the day of
    the call. The text stays as it is."""
    return annotated(
        transcript,
        links(vault, transcript.language, policy.link_secret) if policy.link_callers else {},
        generalised(vault, transcript.language, on) if policy.generalise else {},
    )
