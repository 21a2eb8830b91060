"""Everything a use case may reach, in one frozen value. `bootstrap` fills it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta, tzinfo

from pipeline.domain.deletion_concept import EVIDENCE_YEARS, evidence_period
from pipeline.domain.ids import CustomerId
from pipeline.domain.recording import RecordingLimits
from pipeline.ports import (
    AudioDecoder,
    AuditLog,
    CallRepository,
    Clock,
    ConsentRegister,
    DeletionLedger,
    DeletionLog,
    DiskRoom,
    Evidence,
    JobQueue,
    KeyStore,
    LeaderLease,
    LedgerReplay,
    LegalHolds,
    LogFolder,
    PiiDetector,
    ReceiptSigner,
    Recogniser,
    RecordingVault,
    RightsRequests,
    SecondKey,
    SpeechDetector,
    StoreCensus,
    StoreMark,
    SubjectIndex,
    TranscriptVault,
    Watermarks,
)


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers that use cases obey, and in whose `zone` days are counted.

    `lease` is a worker's claim on a call, renewed `renew_every`; `ring_after` is how long a
    received call may wait before it is rung again; `orphan_grace` is how old a blob without a row
    must be before it is removed; log files are kept for `keep_logs`, evidence for `keep_evidence`
    after the end of what it is about. No more than `most_waiting` calls are let wait, and none is
    taken in that would leave less than `spare_bytes` of the disk: what is taken in needs room to
    be finished.
    """

    limits: RecordingLimits = field(default_factory=RecordingLimits)
    lease: timedelta = timedelta(seconds=20)
    renew_every: timedelta = timedelta(seconds=5)
    max_attempts: int = 3
    calls_at_once: int = 16
    ring_after: timedelta = timedelta(seconds=10)
    orphan_grace: timedelta = timedelta(hours=1)
    keep_logs: timedelta = timedelta(days=7)
    keep_evidence: timedelta = field(default_factory=lambda: evidence_period(EVIDENCE_YEARS))
    most_waiting: int = 100_000
    spare_bytes: int = 256 * 1024**2
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class Transcriber:
    """What turns a recording into a redacted transcript: no store, no queue, no network.

    The models load at the first call of their function and stay.
    """

    limits: RecordingLimits
    decoders: Mapping[str, AudioDecoder]
    speech_detector: Callable[[], SpeechDetector]
    recogniser: Callable[[], Recogniser]
    detector: Callable[[], PiiDetector]


@dataclass(frozen=True, slots=True)
class Deck:
    """The ports of one process."""

    policy: Policy
    clock: Clock
    calls: CallRepository
    recordings: RecordingVault
    transcripts: TranscriptVault
    keys: KeyStore
    mark: StoreMark
    audit: AuditLog
    consents: ConsentRegister
    deletions: DeletionLog
    evidence: Evidence
    ledger: DeletionLedger
    signer: ReceiptSigner
    replay: LedgerReplay
    leases: LeaderLease
    watermarks: Watermarks
    logs: LogFolder
    disk: DiskRoom
    census: StoreCensus
    holds: LegalHolds
    subjects: SubjectIndex
    rights: RightsRequests
    second_key: SecondKey
    queue: JobQueue
    transcriber: Transcriber
    narrowed: Callable[[CustomerId], Deck] | None = None

    def of(self, customer_id: CustomerId) -> Deck:
        """What to do a customer's bidding with: the database may show it no other's rows."""
        return self if self.narrowed is None else self.narrowed(customer_id)
