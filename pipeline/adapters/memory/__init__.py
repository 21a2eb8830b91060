"""In-memory twins of the store: the same contract, no disk. For tests and for `transcribe`."""

from pipeline.adapters.memory.audit_log import MemoryAuditLog
from pipeline.adapters.memory.call_repository import MemoryCallRepository
from pipeline.adapters.memory.census import MemoryStoreCensus
from pipeline.adapters.memory.clock import StoppedClock
from pipeline.adapters.memory.deletions import MemoryDeletionLog, MemoryLedger
from pipeline.adapters.memory.evidence import MemoryEvidence
from pipeline.adapters.memory.key_store import MemoryKeyStore
from pipeline.adapters.memory.leases import MemoryLeaderLease, MemoryWatermarks
from pipeline.adapters.memory.object_store import MemoryObjectStore
from pipeline.adapters.memory.register import MemoryConsentRegister
from pipeline.adapters.memory.replay import MemoryLedgerReplay
from pipeline.adapters.memory.rights import (
    MemoryLegalHolds,
    MemoryRightsRequests,
    MemorySecondKey,
    MemorySubjectIndex,
)
from pipeline.adapters.memory.store_mark import MemoryStoreMark
from pipeline.adapters.memory.vaults import MemoryRecordingVault, MemoryTranscriptVault

__all__ = [
    "MemoryAuditLog",
    "MemoryCallRepository",
    "MemoryConsentRegister",
    "MemoryDeletionLog",
    "MemoryEvidence",
    "MemoryKeyStore",
    "MemoryLeaderLease",
    "MemoryLedger",
    "MemoryLedgerReplay",
    "MemoryLegalHolds",
    "MemoryObjectStore",
    "MemoryRecordingVault",
    "MemoryRightsRequests",
    "MemorySecondKey",
    "MemoryStoreCensus",
    "MemoryStoreMark",
    "MemorySubjectIndex",
    "MemoryTranscriptVault",
    "MemoryWatermarks",
    "StoppedClock",
]
