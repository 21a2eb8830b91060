"""Redaction: spans become pseudonyms, in text and words alike; what they hid goes to the vault.

The only module that constructs `RedactedTranscript` (an AST test holds that), so it also reads
stored ones back.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from pipeline.domain.privacy import EntityType, PiiSpan, Vault, VaultEntry
from pipeline.domain.transcript import (
    RedactedTranscript,
    Segment,
    Speaker,
    VerbatimTranscript,
    Word,
)
from pipeline.stages.identities import IdentityRegister

_TOKEN = re.compile(r"\[([A-Z_]+)_(\d+)\]")


@dataclass(frozen=True, slots=True)
class _Cut:
    """Characters `start:end` of the verbatim text are replaced by `pseudonym`, which begins at
    `at` in the redacted text."""

    start: int
    end: int
    at: int
    pseudonym: str
    type: EntityType
    original: str = field(repr=False)


def redact(
    verbatim: VerbatimTranscript, spans: tuple[tuple[PiiSpan, ...], ...]
) -> tuple[RedactedTranscript, Vault]:
    """Replace `spans` (one tuple a segment, in its order) by typed pseudonyms.

    One identity has one pseudonym in the whole call, numbered by first appearance. A span that
    cuts a word takes the whole word. Raises `ValueError` where spans and segments do not fit.
    """
    if len(spans) != len(verbatim.segments):
        raise ValueError(f"{len(spans)} span tuples for {len(verbatim.segments)} segments")
    register = IdentityRegister(
        verbatim.language, reserved=_reserved(segment.text for segment in verbatim.segments)
    )
    segments: list[Segment] = []
    entries: list[VaultEntry] = []
    for index, (segment, found) in enumerate(zip(verbatim.segments, spans, strict=True)):
        text, cuts = _cut(segment.text, found, register, index)
        segments.append(
            Segment(segment.speaker, segment.start, segment.end, text, _words(segment, text, cuts))
        )
        entries += [
            VaultEntry(cut.pseudonym, cut.type, index, cut.at, cut.original) for cut in cuts
        ]
    transcript = RedactedTranscript(
        verbatim.language,
        verbatim.duration,
        tuple(segments),
        MappingProxyType(dict(register.pseudonyms)),
    )
    return transcript, Vault(tuple(entries))


def annotated(
    transcript: RedactedTranscript, links: Mapping[str, str], generalised: Mapping[str, str]
) -> RedactedTranscript:
    """`transcript` with what else may be told of its pseudonyms."""
    return replace(
        transcript,
        links=MappingProxyType(dict(links)),
        generalised=MappingProxyType(dict(generalised)),
    )


def redact_text(
    text: str, spans: Sequence[PiiSpan], language: str = "de"
) -> tuple[str, dict[str, EntityType]]:
    """Redact one plain text: the text with pseudonyms, and each pseudonym's type."""
    register = IdentityRegister(language, reserved=_reserved((text,)))
    redacted, _ = _cut(text, spans, register, 0)
    return redacted, dict(register.pseudonyms)


def restore(transcript: RedactedTranscript, vault: Vault) -> tuple[str, ...]:
    """The exact verbatim text of every segment. Raises `ValueError` where `vault` belongs to
    another transcript."""
    pieces: list[list[VaultEntry]] = [[] for _ in transcript.segments]
    for entry in vault.entries:
        if entry.segment >= len(pieces):
            raise ValueError("the vault belongs to another transcript")
        pieces[entry.segment].append(entry)
    return tuple(
        _restore_text(segment.text, sorted(entries, key=lambda entry: entry.start))
        for segment, entries in zip(transcript.segments, pieces, strict=True)
    )


def _restore_text(text: str, entries: Sequence[VaultEntry]) -> str:
    parts: list[str] = []
    done = 0
    for entry in entries:
        end = entry.start + len(entry.pseudonym)
        if text[entry.start : end] != entry.pseudonym or entry.start < done:
            raise ValueError("the vault belongs to another transcript")
        parts += [text[done : entry.start], entry.original]
        done = end
    return "".join([*parts, text[done:]])


def _reserved(texts: Iterable[str]) -> frozenset[str]:
    """Pseudonym-like tokens that were really said: never given to somebody."""
    return frozenset(match[0] for text in texts for match in _TOKEN.finditer(text))


def _cut(
    text: str, spans: Sequence[PiiSpan], register: IdentityRegister, segment: int
) -> tuple[str, list[_Cut]]:
    parts: list[str] = []
    cuts: list[_Cut] = []
    done = length = 0
    for span in _whole_words(text, spans):
        original = text[span.start : span.end]
        pseudonym = register.pseudonym(span.type, original, segment)
        parts += [text[done : span.start], pseudonym]
        length += span.start - done
        cuts.append(_Cut(span.start, span.end, length, pseudonym, span.type, original))
        length += len(pseudonym)
        done = span.end
    return "".join([*parts, text[done:]]), cuts


def _whole_words(text: str, spans: Sequence[PiiSpan]) -> list[PiiSpan]:
    """Grow spans to the letters and digits they cut; spans that then overlap become one."""
    grown: list[PiiSpan] = []
    for span in sorted(spans):
        if span.end > len(text):
            raise ValueError(f"span {span.start}:{span.end} leaves a text of {len(text)}")
        start, end = _edges(text, span)
        if start == end:
            continue
        if grown and start < grown[-1].end:
            last = grown.pop()
            start, end = min(start, last.start), max(end, last.end)
            span = max(last, span, key=lambda each: (each.end - each.start, each.score))
        grown.append(PiiSpan(start, end, span.type, span.score))
    return grown


def _edges(text: str, span: PiiSpan) -> tuple[int, int]:
    start, end = span.start, span.end
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    if start < end:
        while start > 0 and in_word(text[start - 1]) and in_word(text[start]):
            start -= 1
        while end < len(text) and in_word(text[end]) and in_word(text[end - 1]):
            end += 1
    return start, end


def in_word(char: str) -> bool:
    """Letters, digits, combining marks, and invisible characters that stand inside words."""
    return char.isalnum() or unicodedata.category(char) in {"Mn", "Mc", "Cf"}


def _words(segment: Segment, text: str, cuts: Sequence[_Cut]) -> tuple[Word, ...]:
    """The words of the redacted `text`: all that one cut touches become one word; attached
    punctuation stays with it, as a recogniser writes it."""
    words: list[Word] = []
    pending: list[Word] = []
    for word in segment.words:
        if pending and not _joined(pending[-1], word, cuts):
            words.append(_merge(pending, text, cuts))
            pending = []
        pending.append(word)
    if pending:
        words.append(_merge(pending, text, cuts))
    return tuple(words)


def _joined(left: Word, right: Word, cuts: Sequence[_Cut]) -> bool:
    return any(cut.start < left.at + len(left.text) and cut.end > right.at for cut in cuts)


def _merge(words: Sequence[Word], text: str, cuts: Sequence[_Cut]) -> Word:
    first, last = words[0], words[-1]
    start = _moved(first.at, cuts, at_end=False)
    end = _moved(last.at + len(last.text), cuts, at_end=True)
    probability = min(word.probability for word in words)
    return Word(first.start, last.end, probability, start, text[start:end])


def _moved(offset: int, cuts: Sequence[_Cut], *, at_end: bool) -> int:
    """Where a verbatim offset lies in the redacted text; inside a cut: the pseudonym's edge."""
    moved = offset
    for cut in cuts:
        if cut.end <= offset:
            moved = offset + cut.at + len(cut.pseudonym) - cut.end
        elif cut.start < offset:
            return cut.at + len(cut.pseudonym) if at_end else cut.at
    return moved


def to_json(transcript: RedactedTranscript) -> bytes:
    """The stored form: canonical UTF-8 JSON."""
    return _canonical(
        {
            "language": transcript.language,
            "duration": transcript.duration,
            "pseudonyms": {name: kind.value for name, kind in transcript.pseudonyms.items()},
            "links": dict(transcript.links),
            "generalised": dict(transcript.generalised),
            "segments": [
                {
                    "speaker": segment.speaker.value,
                    "start": segment.start,
                    "end": segment.end,
                    "text": segment.text,
                    "words": [
                        [word.start, word.end, word.probability, word.at, word.text]
                        for word in segment.words
                    ],
                }
                for segment in transcript.segments
            ],
        }
    )


def from_json(content: bytes) -> RedactedTranscript:
    """What `to_json` wrote. Raises `ValueError`, without content, where it is something else."""
    try:
        raw = json.loads(content)
        return RedactedTranscript(
            raw["language"],
            float(raw["duration"]),
            tuple(_segment(each) for each in raw["segments"]),
            MappingProxyType({name: EntityType(kind) for name, kind in raw["pseudonyms"].items()}),
            MappingProxyType(dict(raw.get("links", {}))),
            MappingProxyType(dict(raw.get("generalised", {}))),
        )
    except (KeyError, TypeError, ValueError):
        raise ValueError("this is not a stored redacted transcript") from None


def _segment(raw: Mapping[str, Any]) -> Segment:
    return Segment(
        Speaker(raw["speaker"]),
        float(raw["start"]),
        float(raw["end"]),
        raw["text"],
        tuple(Word(*word) for word in raw["words"]),
    )


def vault_to_json(vault: Vault) -> bytes:
    """The vault's stored form (before sealing): canonical UTF-8 JSON."""
    return _canonical(
        [
            [entry.pseudonym, entry.type.value, entry.segment, entry.start, entry.original]
            for entry in vault.entries
        ]
    )


def vault_from_json(content: bytes) -> Vault:
    """What `vault_to_json` wrote. Raises `ValueError`, without content, on anything else."""
    try:
        return Vault(
            tuple(
                VaultEntry(pseudonym, EntityType(kind), segment, start, original)
                for pseudonym, kind, segment, start, original in json.loads(content)
            )
        )
    except (TypeError, ValueError):
        raise ValueError("this is not a stored vault") from None


def _canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
