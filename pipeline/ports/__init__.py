"""What the use cases need from the world. `adapters` implement it; only `bootstrap` joins both.

Every implementation of a port passes the one contract suite of that port in `tests/contract/`.
"""

from pipeline.ports.calls import CallRepository
from pipeline.ports.deletion import (
    Backups,
    DeletionLedger,
    DeletionLog,
    Evidence,
    LedgerReplay,
    ReceiptSigner,
)
from pipeline.ports.operation import (
    AuditLog,
    Clock,
    DiskRoom,
    JobQueue,
    LeaderLease,
    LogFolder,
    StoreCensus,
    Watermarks,
)
from pipeline.ports.rights import (
    ConsentRegister,
    LegalHolds,
    RightsRequests,
    SecondKey,
    SubjectIndex,
)
from pipeline.ports.sealing import (
    KeyStore,
    ObjectStore,
    RecordingVault,
    StoreMark,
    TranscriptVault,
)
from pipeline.ports.speech import (
    BLOCK_SECONDS,
    SAMPLE_RATE,
    AudioDecoder,
    PiiDetector,
    Recogniser,
    Row,
    Samples,
    SpeechDetector,
    Waveform,
    Windowing,
)

__all__ = [
    "BLOCK_SECONDS",
    "SAMPLE_RATE",
    "AudioDecoder",
    "AuditLog",
    "Backups",
    "CallRepository",
    "Clock",
    "ConsentRegister",
    "DeletionLedger",
    "DeletionLog",
    "DiskRoom",
    "Evidence",
    "JobQueue",
    "KeyStore",
    "LeaderLease",
    "LedgerReplay",
    "LegalHolds",
    "LogFolder",
    "ObjectStore",
    "PiiDetector",
    "ReceiptSigner",
    "Recogniser",
    "RecordingVault",
    "RightsRequests",
    "Row",
    "Samples",
    "SecondKey",
    "SpeechDetector",
    "StoreCensus",
    "StoreMark",
    "SubjectIndex",
    "TranscriptVault",
    "Watermarks",
    "Waveform",
    "Windowing",
]
