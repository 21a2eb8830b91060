"""What the folders hold: blobs against rows, keys against their ends, files against a list."""

from __future__ import annotations

import fcntl
import json
import os
import re
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from pipeline.stages.sniff_format import HEAD_BYTES, sniff
from pipeline.usecases.verification.findings import Canaries, Finding, Grace, StorePlaces
from pipeline.usecases.verification.in_database import as_text, snapshot

_CAP = timedelta(days=30)
_BLOB = re.compile(r"(call_[0-9a-f]{32})(\.part)?\Z")
_HEADER = 40
"""First byte of a stream that Tink sealed with AES-256-GCM-HKDF: the length of its header."""
_SMALLEST = 56
"""Bytes of a sealed empty recording: the header and one tag."""
_EXPECTED = re.compile(
    r"(deckname\.db(-wal|-shm|-journal|\.lock)?|deckname\.toml|api-url|\.api-url-\d+|up\.lock"
    r"|blobs/call_[0-9a-f]{32}(\.part)?"
    r"|redis/(socket(\.new)?|redis\.sock|lock|server\.(conf|log)|dump\.rdb|temp-[\w.-]+"
    r"|appendonlydir/[\w.-]+))\Z"
)
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class _File:
    relative: str
    path: Path
    changed: datetime
    size: int
    inode: int
    regular: bool

    @property
    def place(self) -> str:
        """Its name where that is one of ours; the name of a stray file may be content."""
        return self.relative if _EXPECTED.match(self.relative) else f"inode {self.inode}"


def verify_blobs(places: StorePlaces, now: datetime, grace: Grace) -> Iterator[Finding]:
    """Blobs that no key opens, half-written ones nobody writes, and unsealed ones."""
    blobs = [
        (found, blob) for blob in _files(places.blobs) if (found := _BLOB.match(blob.relative))
    ]
    with snapshot(places.database) as rows:
        for found, blob in blobs:
            if found[2] is None:
                yield from _verify_blob(rows, found[1], blob, now, grace)
            elif now - blob.changed > grace.upload and not _is_locked(blob.path):
                yield Finding("blob_half_written", found[1], "an upload was cut and its rest lies")


def _verify_blob(
    rows: sqlite3.Connection | None, call_id: str, blob: _File, now: datetime, grace: Grace
) -> Iterator[Finding]:
    if _is_orphan(rows, call_id, blob.changed, now, grace) and blob.path.exists():
        yield Finding("blob_without_key", call_id, "a blob lies there that no key opens")
    if not _is_sealed(blob):
        yield Finding("blob_unsealed", call_id, "a blob is no sealed recording")


def verify_recordings(places: StorePlaces) -> Iterator[Finding]:
    """Audio keys whose blob is gone: a recording was lost. Rows are read twice, for a call may
    end between the look at the row and the look at the blob."""
    missing = {call_id for call_id in _with_audio(places) if not (places.blobs / call_id).exists()}
    if missing:
        for call_id in sorted(missing & _with_audio(places)):
            yield Finding("recording_missing", call_id, "the audio has a key and no blob")


def verify_keys(keys: Path, now: datetime, grace: Grace) -> Iterator[Finding]:
    """Keys past their end, and keys that others may read."""
    for key in _files(keys):
        if stat.S_IMODE(key.path.stat().st_mode) & 0o077:
            yield Finding("key_readable_by_others", f"inode {key.inode}", "a key file is not 0600")
        if now - grace.sweep >= _key_end(key):
            yield Finding("key_overdue", key.path.stem, "a key is past its end and still there")
        if key.path.name.endswith(".part") and now - key.changed > grace.sweep:
            yield Finding("key_half_written", f"inode {key.inode}", "a key file was cut short")
    for folder in (keys, *(path for path in keys.glob("*/"))):
        if folder.is_dir() and stat.S_IMODE(folder.stat().st_mode) & 0o077:
            yield Finding("key_readable_by_others", "keys", "a key folder is not 0700")


def verify_home(places: StorePlaces, canaries: Canaries) -> Iterator[Finding]:
    """Files that nobody expects, files that begin like audio, and canaries in any of them."""
    for file in _files(places.home):
        if not _EXPECTED.match(file.relative) and not _is_of(places.database, file.path):
            yield Finding("stray_file", file.place, "a file lies there that is none of Deckname's")
        if not file.regular:
            continue
        try:
            if sniff(_head(file.path)) is not None:
                yield Finding("audio_in_clear", file.place, "a file begins like a recording")
            if canaries and _sings(file.path, canaries):
                yield Finding("content_in_clear", file.place, "a file holds content in clear")
        except FileNotFoundError:
            continue


def _files(folder: Path) -> Iterator[_File]:
    for where, _, names in os.walk(folder):
        for name in sorted(names):
            path = Path(where, name)
            try:
                found = path.lstat()
            except FileNotFoundError:
                continue
            changed = datetime.fromtimestamp(found.st_mtime, UTC)
            relative = path.relative_to(folder).as_posix()
            regular = stat.S_ISREG(found.st_mode)
            yield _File(relative, path, changed, found.st_size, found.st_ino, regular)


def _is_orphan(
    rows: sqlite3.Connection | None, call_id: str, changed: datetime, now: datetime, grace: Grace
) -> bool:
    if rows is None:
        return now - changed > grace.upload
    if rows.execute("SELECT 1 FROM audio_keys WHERE call_id = ?", (call_id,)).fetchone():
        return False
    row = rows.execute("SELECT finished_at FROM calls WHERE id = ?", (call_id,)).fetchone()
    if row is None:
        return now - changed > grace.upload
    return row[0] is None or bool(row[0] <= as_text(now - grace.unlink))


def _is_locked(part: Path) -> bool:
    try:
        descriptor = os.open(part, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _is_of(database: Path, path: Path) -> bool:
    """The database may have another name than ours."""
    return path.parent == database.parent and path.name in {
        database.name + suffix for suffix in ("", "-wal", "-shm", "-journal", ".lock")
    }


def _is_sealed(blob: _File) -> bool:
    try:
        return blob.size >= _SMALLEST and _head(blob.path)[0] == _HEADER
    except FileNotFoundError:
        return True


def _with_audio(places: StorePlaces) -> set[str]:
    with snapshot(places.database) as rows:
        if rows is None:
            return set()
        return {call_id for (call_id,) in rows.execute("SELECT call_id FROM audio_keys")}


def _key_end(key: _File) -> datetime:
    """Read anew from the name or the file; an unreadable key has ended."""
    never, kind = datetime.max.replace(tzinfo=UTC), key.path.parent.name
    if key.path.suffix != ".key" or kind not in ("days", "retained"):
        return never
    try:
        if kind == "days":
            return datetime.combine(date.fromisoformat(key.path.stem), time(), UTC) + _CAP
        return datetime.fromisoformat(json.loads(key.path.read_bytes())["until"])
    except FileNotFoundError:
        return never
    except (ValueError, KeyError, TypeError):
        return datetime.min.replace(tzinfo=UTC)


def _head(path: Path) -> bytes:
    with path.open("rb") as source:
        return source.read(HEAD_BYTES)


def _sings(path: Path, canaries: Canaries) -> bool:
    overlap, rest = canaries.longest - 1, b""
    with path.open("rb") as source:
        while piece := source.read(_PIECE):
            if canaries.sing_in(rest + piece):
                return True
            rest = (rest + piece)[-overlap:] if overlap else b""
    return False
