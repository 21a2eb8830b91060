"""The key folder: keys past their end, keys that others may read, and copies of keys."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path

from pipeline.usecases.verification.files import Found, walk
from pipeline.usecases.verification.findings import Finding, Grace, Looked
from pipeline.usecases.verification.in_database import CAP
from pipeline.usecases.verification.rows import Rows

_EXPECTED = re.compile(
    r"(lock|masters\.lock|local-access|days/\d{4}-\d\d-\d\d\.key|retained/ret_[0-9a-f]{32}\.key"
    r"|(content|vault)/master\.key|ledger/deletions\.jsonl|receipts/(lock|[\w-]+\.pem)"
    r"|erasure/erasure\.sha256|stores/store_[0-9a-f]{32})\Z"
)
_HALF = re.compile(r"(\w+/)?\.[\w.-]+\.part\Z|\.local-access-[0-9a-f]+\Z")
_NEVER = datetime.max.replace(tzinfo=UTC)


def verify_keys(keys: Path, now: datetime, grace: Grace, looked: Looked) -> Iterator[Finding]:
    """Every file and folder below `keys`."""
    for key in walk(keys):
        looked["key_files"] += 1
        if key.open_to_others:
            yield Finding("key_readable_by_others", key.place, "a key file is not 0600")
        end = _end(key)
        if now - grace.sweep >= end:
            late = (now - end).total_seconds() if end > _unreadable() else 0.0
            detail = "a key is past its end and still there"
            yield Finding("key_overdue", key.path.stem, detail, late)
        half = _HALF.match(key.relative)
        if half and now - key.changed > grace.sweep:
            yield Finding("key_half_written", key.place, "a key file was cut short")
        elif not half and not _EXPECTED.match(key.relative):
            detail = "a file of no known name: a copy of a key outlives its end"
            yield Finding("key_file_unknown", key.place, detail)
    for folder in (keys, *(path for path in keys.glob("*/"))):
        if folder.is_dir() and stat.S_IMODE(folder.stat().st_mode) & 0o077:
            yield Finding("key_readable_by_others", "keys", "a key folder is not 0700")


def verify_mark(rows: Rows, keys: Path) -> Iterator[Finding]:
    """The mark of the database must be in the key folder. An older store has none yet."""
    query = "SELECT id FROM store_mark"
    for (store,) in rows.execute(query) if rows.reads(query) else ():
        if not (keys / "stores" / store).is_file():
            told = "the key folder is not that of the database: is DECKNAME_KEYS mounted?"
            yield Finding("keys_elsewhere", "keys", told)


def _end(key: Found) -> datetime:
    """Read anew from the name or the file; an unreadable key has ended."""
    kind = key.path.parent.name
    if not _EXPECTED.match(key.relative) or kind not in ("days", "retained"):
        return _NEVER
    try:
        if kind == "days":
            return datetime.combine(date.fromisoformat(key.path.stem), time(), UTC) + CAP
        return datetime.fromisoformat(json.loads(key.path.read_bytes())["until"])
    except FileNotFoundError:
        return _NEVER
    except (ValueError, KeyError, TypeError):
        return _unreadable()


def _unreadable() -> datetime:
    return datetime.min.replace(tzinfo=UTC)
