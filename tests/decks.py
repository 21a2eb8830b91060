"""Decks for tests that need no Redis and no model: of in-memory twins, and of real adapters."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pipeline.adapters.database import (
    SqlAuditLog,
    SqlCallRepository,
    SqlConsentRegister,
    SqlDeletionLog,
    SqlEvidence,
    SqlLeaderLease,
    SqlLedgerReplay,
    SqlLegalHolds,
    SqlRightsRequests,
    SqlStoreCensus,
    SqlStoreMark,
    SqlSubjectIndex,
    SqlWatermarks,
    open_database,
)
from pipeline.adapters.file_ledger import FileLedger
from pipeline.adapters.folder_store import FolderObjectStore
from pipeline.adapters.log_folder import FileLogFolder
from pipeline.adapters.memory import (
    MemoryAuditLog,
    MemoryCallRepository,
    MemoryEvidence,
    MemoryKeyStore,
    MemoryLeaderLease,
    MemoryLedger,
    MemoryLedgerReplay,
    MemoryLegalHolds,
    MemoryRecordingVault,
    MemoryRightsRequests,
    MemorySecondKey,
    MemoryStoreCensus,
    MemoryStoreMark,
    MemorySubjectIndex,
    MemoryTranscriptVault,
    MemoryWatermarks,
    StoppedClock,
)
from pipeline.adapters.memory_queue import MemoryJobQueue
from pipeline.adapters.receipt_key import FileReceiptSigner, key_id_of
from pipeline.adapters.sealing import FileKeyStore, TinkRecordingVault, TinkTranscriptVault
from pipeline.adapters.second_key import FileSecondKey
from pipeline.adapters.store_mark import FileStoreMark
from pipeline.domain.errors import Conflict
from pipeline.domain.recording import RecordingLimits
from pipeline.usecases.deck import Deck, Policy

WAV_HEAD = b"RIFF\xff\xff\xff\xffWAVEfmt "


class MemorySigner:
    """Ed25519 with a key that is nowhere."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()

    @property
    def key_id(self) -> str:
        return key_id_of(self._key.public_key())

    def require(self) -> None:
        """It is never lost."""

    def renew(self) -> None:
        raise Conflict("the key that signs receipts is there: nothing was changed")

    def sign(self, document: bytes) -> bytes:
        return self._key.sign(document)

    def public_key(self) -> bytes:
        public = self._key.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


class NoLogs:
    """A `LogFolder` of a machine that logs nowhere."""

    def drop_old(self, now: datetime, keep: timedelta) -> int:
        return 0


@dataclass
class RoomyDisk:
    """A `DiskRoom` that says what a test wants."""

    bytes_free: int = 1 << 40

    def free(self) -> int:
        return self.bytes_free


@dataclass
class NoTranscriber:
    """Touching it fails the test: taking calls in needs no model."""

    limits: RecordingLimits = field(default_factory=RecordingLimits)


def memory_deck(
    clock: StoppedClock | None = None, limits: RecordingLimits | None = None, **replaced: Any
) -> Deck:
    clock = clock or StoppedClock()
    keys = MemoryKeyStore(clock)
    audit = MemoryAuditLog()
    ledger = MemoryLedger()
    calls = MemoryCallRepository(audit, ledger=ledger)
    holds = MemoryLegalHolds(calls)
    rights = MemoryRightsRequests(calls, audit)
    pieces: dict[str, Any] = {
        "policy": Policy(limits=limits or RecordingLimits()),
        "clock": clock,
        "calls": calls,
        "recordings": MemoryRecordingVault(clock, keys),
        "transcripts": MemoryTranscriptVault(clock, keys),
        "keys": keys,
        "mark": MemoryStoreMark(),
        "audit": audit,
        "consents": calls.consents,
        "deletions": calls.deletions,
        "evidence": MemoryEvidence(calls, holds, rights),
        "ledger": ledger,
        "signer": MemorySigner(),
        "replay": MemoryLedgerReplay(calls, holds, rights),
        "census": MemoryStoreCensus(calls),
        "holds": holds,
        "subjects": MemorySubjectIndex(calls),
        "rights": rights,
        "second_key": MemorySecondKey(),
        "leases": MemoryLeaderLease(),
        "watermarks": MemoryWatermarks(audit),
        "logs": NoLogs(),
        "disk": RoomyDisk(),
        "queue": MemoryJobQueue(),
        "transcriber": cast(Any, NoTranscriber()),
    }
    return Deck(**(pieces | replaced))


def disk_deck(folder: Path, clock: StoppedClock, url: str | None = None, **replaced: Any) -> Deck:
    """Real adapters in `folder` (`home` and `keys`), a queue in memory, a clock that stands. The
    database is SQLite in `folder`, or that of `url`."""
    keys = FileKeyStore(folder / "keys", clock)
    database = open_database(url or f"sqlite:///{folder / 'home' / 'deckname.db'}")
    ledger = FileLedger(folder / "keys" / "ledger")
    pieces: dict[str, Any] = {
        "policy": Policy(),
        "clock": clock,
        "calls": SqlCallRepository(database, ledger),
        "recordings": TinkRecordingVault(FolderObjectStore(folder / "home" / "blobs"), keys),
        "transcripts": TinkTranscriptVault(keys),
        "keys": keys,
        "mark": FileStoreMark(SqlStoreMark(database), folder / "keys", clock),
        "audit": SqlAuditLog(database),
        "consents": SqlConsentRegister(database),
        "deletions": SqlDeletionLog(database),
        "evidence": SqlEvidence(database),
        "ledger": ledger,
        "signer": FileReceiptSigner(folder / "keys" / "receipts"),
        "replay": SqlLedgerReplay(database),
        "census": SqlStoreCensus(database),
        "holds": SqlLegalHolds(database),
        "subjects": SqlSubjectIndex(database),
        "rights": SqlRightsRequests(database),
        "second_key": FileSecondKey(folder / "keys" / "erasure"),
        "leases": SqlLeaderLease(database),
        "watermarks": SqlWatermarks(database),
        "logs": FileLogFolder(folder / "home"),
        "disk": RoomyDisk(),
        "queue": MemoryJobQueue(),
        "transcriber": cast(Any, NoTranscriber()),
    }
    return Deck(**(pieces | replaced))
