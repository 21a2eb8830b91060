"""The real vaults over memory: real cryptography, keys and blobs that never touch a disk."""

from __future__ import annotations

from pipeline.adapters.memory.clock import StoppedClock
from pipeline.adapters.memory.key_store import MemoryKeyStore
from pipeline.adapters.memory.object_store import MemoryObjectStore
from pipeline.adapters.sealing import TinkRecordingVault, TinkTranscriptVault
from pipeline.ports import Clock


class MemoryRecordingVault(TinkRecordingVault):
    """A `RecordingVault` of its own store and keys."""

    def __init__(self, clock: Clock | None = None, keys: MemoryKeyStore | None = None) -> None:
        clock = clock or StoppedClock()
        self.store = MemoryObjectStore(clock)
        self.keys = keys or MemoryKeyStore(clock)
        super().__init__(self.store, self.keys)


class MemoryTranscriptVault(TinkTranscriptVault):
    """A `TranscriptVault` of its own keys."""

    def __init__(self, clock: Clock | None = None, keys: MemoryKeyStore | None = None) -> None:
        super().__init__(keys or MemoryKeyStore(clock or StoppedClock()))
