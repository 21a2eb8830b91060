"""Transcripts: before redaction (verbatim, never stored) and after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from pipeline.domain.privacy import EntityType


class Speaker(StrEnum):
    """Who speaks. `UNKNOWN` where a mono recording mixes both sides."""

    AGENT = "agent"
    CALLER = "caller"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A stretch of a recording, in seconds from its start."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Word:
    """One word: its times in seconds, its probability, and the offset of its first character
    in the text of its segment. `segment.text[at:at + len(text)] == text` always holds."""

    start: float
    end: float
    probability: float
    at: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of one speaker's speech. `text` is the words joined by single spaces."""

    speaker: Speaker
    start: float
    end: float
    text: str = field(repr=False)
    words: tuple[Word, ...] = field(repr=False, default=())


@dataclass(frozen=True, slots=True)
class VerbatimTranscript:
    """What was said, PII and all. Lives in a worker's memory only (promise 3)."""

    language: str
    duration: float
    segments: tuple[Segment, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class RedactedTranscript:
    """What may be stored and shown: every PII span is a pseudonym, in text and words alike.

    Only `stages/redact.py` constructs it (an AST test holds that), so whoever takes one may rely
    on it. `pseudonyms` maps each token, e.g. `[PERSON_1]`, to its type. Where the customer's
    policy says so, `links` maps tokens to what is the same in all of its calls, and `generalised`
    to a coarse value, e.g. `[DATE_OF_BIRTH_1]` to `40-49`.
    """

    language: str
    duration: float
    segments: tuple[Segment, ...] = field(repr=False)
    pseudonyms: Mapping[str, EntityType] = field(default_factory=lambda: MappingProxyType({}))
    links: Mapping[str, str] = field(repr=False, default_factory=lambda: MappingProxyType({}))
    generalised: Mapping[str, str] = field(repr=False, default_factory=lambda: MappingProxyType({}))
