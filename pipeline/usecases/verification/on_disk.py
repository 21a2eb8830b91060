"""Blobs against rows: what no key opens, what nobody writes any more, what is not sealed."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Iterator
from datetime import datetime

from pipeline.usecases.verification.files import Found, head, walk
from pipeline.usecases.verification.findings import Finding, Grace, Looked, StorePlaces, from_text
from pipeline.usecases.verification.rows import Rows, snapshot

_BLOB = re.compile(r"(call_[0-9a-f]{32})(\.part)?\Z")
HEADER = 40
"""First byte of a stream that Tink sealed with AES-256-GCM-HKDF: the length of its header."""
SMALLEST = 56
"""Bytes of a sealed empty recording: the header and one tag."""


def verify_blobs(
    places: StorePlaces, now: datetime, grace: Grace, looked: Looked
) -> Iterator[Finding]:
    """Blobs that no key opens, half-written ones nobody writes, and unsealed ones."""
    blobs = [(match, blob) for blob in walk(places.blobs) if (match := _BLOB.match(blob.relative))]
    with snapshot(places.database) as rows:
        for match, blob in blobs:
            looked["blobs"] += 1
            if match[2] is None:
                yield from _verify_blob(rows, match[1], blob, now, grace)
            elif now - blob.changed > grace.upload and not _is_locked(blob):
                late = (now - blob.changed).total_seconds()
                yield Finding(
                    "blob_half_written", match[1], "an upload was cut and its rest lies", late
                )


def _verify_blob(
    rows: Rows | None, call_id: str, blob: Found, now: datetime, grace: Grace
) -> Iterator[Finding]:
    since = orphan_since(rows, call_id, blob.changed, now, grace)
    if since is not None and blob.path.exists():
        late = max((now - since).total_seconds(), 0.0)
        yield Finding("blob_without_key", call_id, "a blob lies there that no key opens", late)
    if not _is_sealed(blob):
        yield Finding("blob_unsealed", call_id, "a blob is no sealed recording")


def verify_recordings(
    places: StorePlaces, elsewhere: Callable[[StorePlaces], frozenset[str]]
) -> Iterator[Finding]:
    """Audio keys whose blob is gone: a recording was lost. Rows are read twice, for a call may
    end between the look at the row and the look at the blob. `elsewhere` names the blobs that are
    not in the folder."""
    missing = {call_id for call_id in _with_audio(places) if not (places.blobs / call_id).exists()}
    if missing:
        missing -= elsewhere(places)
    if missing:
        for call_id in sorted(missing & _with_audio(places)):
            yield Finding("recording_missing", call_id, "the audio has a key and no blob")


def orphan_since(
    rows: Rows | None, call_id: str, changed: datetime, now: datetime, grace: Grace
) -> datetime | None:
    """Since when no key opens the blob; None where one does, or it is young enough. `changed` is
    when the blob was written."""
    row = None
    if rows is not None:
        if rows.execute("SELECT 1 FROM audio_keys WHERE call_id = ?", (call_id,)).fetchone():
            return None
        row = rows.execute("SELECT finished_at FROM calls WHERE id = ?", (call_id,)).fetchone()
    if row is None:
        return changed if now - changed > grace.upload else None
    since = from_text(row[0]) if row[0] is not None else changed
    return since if row[0] is None or now - since >= grace.unlink else None


def _is_locked(part: Found) -> bool:
    try:
        descriptor = os.open(part.path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _is_sealed(blob: Found) -> bool:
    try:
        return blob.size >= SMALLEST and head(blob.path, 1)[0] == HEADER
    except FileNotFoundError:
        return True


def _with_audio(places: StorePlaces) -> set[str]:
    with snapshot(places.database) as rows:
        if rows is None:
            return set()
        return {call_id for (call_id,) in rows.execute("SELECT call_id FROM audio_keys")}
