"""Recordings: sealed audio, its limits, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class AudioState(StrEnum):
    """`sealed`: waiting, its key exists. `retained`: kept under consent, with a key of its own.
    `destroyed`: the key is gone, nobody can open it."""

    SEALED = "sealed"
    RETAINED = "retained"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True)
class RecordingLimits:
    """What is accepted. Beyond it, a recording is rejected before any of it is processed."""

    max_bytes: int = 512 * 1024 * 1024
    max_seconds: float = 5 * 3600.0
    min_seconds: float = 0.1
    max_channels: int = 2
    min_sample_rate: int = 4_000
    max_sample_rate: int = 96_000


@dataclass(frozen=True, slots=True)
class SealedRecording:
    """A recording at rest: ciphertext in the blob store, its data key wrapped by a day key.

    `wrapped_key` is useless without the day key `day` (ISO date), which lies apart and is
    destroyed by schedule.
    """

    blob: str
    size: int
    day: str
    wrapped_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RetainedKey:
    """The data key of a recording kept under consent, wrapped by a key of that consent's own."""

    key_name: str
    until: datetime
    wrapped_key: bytes = field(repr=False)
