"""Remove what a crash left of recordings: half-written blobs, blobs that no key opens, and
retention keys that open nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from pipeline.domain.errors import NotFound
from pipeline.domain.ids import CallId
from pipeline.ports import CallRepository, KeyStore, RecordingVault

GRACE = timedelta(hours=1)
"""A whole blob whose call is unknown may belong to a push that commits its row next."""


def reap_orphans(
    calls: CallRepository, recordings: RecordingVault, now: datetime, grace: timedelta = GRACE
) -> tuple[CallId, ...]:
    """Unlink orphaned blobs; the calls they were named after.

    A call that is known and has no audio key never gets one again: its blob goes at once. An
    unknown call's blob goes once it has not changed for `grace`; while its writer lives, the
    store itself refuses to remove what is half-written. Blobs are listed *before* the keys are
    asked for, so a row that is committed in between protects its blob.
    """
    blobs = tuple(recordings.blobs())
    has_key = calls.has_audio_key({call_id for call_id, _ in blobs})
    return tuple(
        call_id
        for call_id, changed in blobs
        if not has_key[call_id]
        and (now - changed >= grace or _is_known(calls, call_id))
        and recordings.unlink(call_id)
    )


def reap_keys(
    calls: CallRepository,
    recordings: RecordingVault,
    keys: KeyStore,
    now: datetime,
    grace: timedelta = GRACE,
) -> tuple[str, ...]:
    """Destroy the retention keys that are older than `grace` and that nothing refers to; their
    names.

    A worker makes the key before it commits the row that names it; one that dies in between
    leaves a key that would live until the consent ends. Keys are listed *before* the names are
    asked for, so a row that is committed in between protects its key.
    """
    old = [name for name, made in keys.retention_keys() if now - made >= grace]
    named = calls.retention_keys_named() if old else frozenset()
    return tuple(name for name in old if name not in named and recordings.destroy_retained(name))


def _is_known(calls: CallRepository, call_id: CallId) -> bool:
    try:
        calls.call(call_id)
    except NotFound:
        return False
    return True
