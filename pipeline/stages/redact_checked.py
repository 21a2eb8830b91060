"""Redaction with the second look behind it: what the residual check sees is redacted as well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.domain.privacy import EntityType, KnownParty, PiiSpan, Vault, VaultEntry
from pipeline.domain.transcript import RedactedTranscript, VerbatimTranscript
from pipeline.stages.detect_pii import resolve
from pipeline.stages.redact import redact
from pipeline.stages.residual_check import Residual, check_residuals, residuals

_ROUNDS = 3
_SCORE = 0.5

Spans = tuple[tuple[PiiSpan, ...], ...]


def redact_checked(
    verbatim: VerbatimTranscript,
    spans: Spans,
    known: Sequence[KnownParty] = (),
    allowed: Sequence[KnownParty] = (),
) -> tuple[RedactedTranscript, Vault]:
    """As `redact`, with every residual redacted too, so that the vault keeps it. A value that was
    found late may stand elsewhere, hence the rounds; after them a segment with residuals is
    redacted as a whole. Raises `ResidualPii` where even that leaves some."""
    redacted, vault = redact(verbatim, spans)
    for attempt in range(_ROUNDS + len(verbatim.segments)):
        left = residuals(redacted, vault, known, allowed)
        if not left:
            break
        grow = _with_residuals if attempt < _ROUNDS else _whole_segments
        spans = grow(verbatim, spans, left, vault)
        redacted, vault = redact(verbatim, spans)
    check_residuals(redacted, vault, known, allowed)
    return redacted, vault


def _with_residuals(
    verbatim: VerbatimTranscript, spans: Spans, left: Sequence[Residual], vault: Vault
) -> Spans:
    cuts: dict[int, list[VaultEntry]] = {}
    for entry in vault.entries:
        cuts.setdefault(entry.segment, []).append(entry)
    grown = [list(each) for each in spans]
    for residual in left:
        moved = _growth(cuts.get(residual.segment, ()), residual.start)
        grown[residual.segment].append(
            PiiSpan(residual.start + moved, residual.end + moved, residual.type, _SCORE)
        )
    changed = {residual.segment for residual in left}
    return tuple(
        resolve(segment.text, each) if index in changed else tuple(each)
        for index, (segment, each) in enumerate(zip(verbatim.segments, grown, strict=True))
    )


def _growth(cuts: Iterable[VaultEntry], at: int) -> int:
    """How much longer the verbatim text in front of `at` is. No pseudonym lies inside a residual,
    so both of its ends move by as much."""
    return sum(len(cut.original) - len(cut.pseudonym) for cut in cuts if cut.start < at)


def _whole_segments(
    verbatim: VerbatimTranscript, spans: Spans, left: Sequence[Residual], vault: Vault
) -> Spans:
    whole = {residual.segment for residual in left}
    return tuple(
        (PiiSpan(0, len(segment.text), EntityType.OTHER_ID, 1.0),) if index in whole else each
        for index, (segment, each) in enumerate(zip(verbatim.segments, spans, strict=True))
    )
