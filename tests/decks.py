"""A deck of in-memory twins, for tests that need no disk, no Redis and no model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from pipeline.adapters.memory import (
    MemoryAuditLog,
    MemoryCallRepository,
    MemoryKeyStore,
    MemoryRecordingVault,
    MemoryTranscriptVault,
    StoppedClock,
)
from pipeline.adapters.memory_queue import MemoryJobQueue
from pipeline.domain.recording import RecordingLimits
from pipeline.usecases.deck import Deck, Policy

WAV_HEAD = b"RIFF\xff\xff\xff\xffWAVEfmt "


@dataclass
class NoTranscriber:
    """Touching it fails the test: taking calls in needs no model."""

    limits: RecordingLimits = field(default_factory=RecordingLimits)


def memory_deck(limits: RecordingLimits | None = None, **replaced: Any) -> Deck:
    clock = StoppedClock()
    keys = MemoryKeyStore(clock)
    audit = MemoryAuditLog()
    pieces: dict[str, Any] = {
        "policy": Policy(limits=limits or RecordingLimits()),
        "clock": clock,
        "calls": MemoryCallRepository(audit),
        "recordings": MemoryRecordingVault(clock, keys),
        "transcripts": MemoryTranscriptVault(clock, keys),
        "keys": keys,
        "audit": audit,
        "queue": MemoryJobQueue(),
        "transcriber": cast(Any, NoTranscriber()),
    }
    return Deck(**(pieces | replaced))
