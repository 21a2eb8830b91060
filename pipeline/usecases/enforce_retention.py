"""End what has run out: day keys, consented retention, audio past the cap.

None of this is what makes audio unreadable in time: a day key past its end is refused even
where this never ran. It makes the keys, rows and blobs disappear too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pipeline.domain.audit import AuditEvent
from pipeline.domain.ids import CallId
from pipeline.ports import AuditLog, CallRepository, KeyStore, RecordingVault

CAP_REACHED = "audio_cap_reached"
RETENTION_OVER = "audio_retention_over"


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """How many of each were destroyed in one run."""

    keys: int = 0
    retained: int = 0
    capped: int = 0
    blobs: int = 0


def enforce_retention(
    calls: CallRepository,
    recordings: RecordingVault,
    keys: KeyStore,
    audit: AuditLog,
    now: datetime,
) -> RetentionReport:
    """Keys first, then rows, then blobs: a crash in between leaves nothing that opens. Running
    it twice changes nothing more."""
    destroyed = keys.destroy_due(now)
    if destroyed:
        audit.append(AuditEvent("keys_destroyed", now, facts={"keys": ",".join(destroyed)}))
    retained = calls.retained_due(now)
    for call_id, key_name in retained:
        recordings.destroy_retained(key_name)
        calls.destroy_audio(call_id, RETENTION_OVER, now)
    capped = calls.overdue_audio(now)
    for call_id in capped:
        calls.destroy_audio(call_id, CAP_REACHED, now)
    ended: tuple[CallId, ...] = (*(call_id for call_id, _ in retained), *capped)
    blobs = sum(recordings.unlink(call_id) for call_id in ended)
    return RetentionReport(len(destroyed), len(retained), len(capped), blobs)
