"""Retention keys against rows: one that no row names opens what a blob or a backup still holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.usecases.verification.files import Found, walk
from pipeline.usecases.verification.findings import Finding, Grace, StorePlaces
from pipeline.usecases.verification.rows import Rows, snapshot

_NAME = re.compile(r"ret_[0-9a-f]{32}\.key\Z")
_NAMING = (
    "SELECT key_name FROM audio_keys WHERE key_name IS NOT NULL",
    "SELECT key_name FROM deletions WHERE key_name IS NOT NULL AND done_at IS NULL",
)
"""Who names a key: the audio it opens, and a deletion that has still to destroy it."""


@dataclass(frozen=True, slots=True)
class _Key:
    """A key file: since when there is one, and the mark of the store that made it."""

    path: Path
    since: datetime
    store: str | None


def verify_retained(places: StorePlaces, now: datetime, grace: Grace) -> Iterator[Finding]:
    """Keys of this store that nothing names, such as one that was destroyed and put back. They are
    listed before the rows are read: a row that is committed in between protects its key."""
    old = [key for key in _keys(places.keys) if now - key.since >= grace.retained]
    if not old:
        return
    with snapshot(places.database) as rows:
        if rows is None:
            return
        named, others = _named(rows), _other_stores(rows, places.keys)
    for key in old:
        if key.path.stem in named or _is_anothers(key, others) or not key.path.exists():
            continue
        told = "a retention key that no recording and no deletion names: it was put back, or left"
        late = (now - key.since).total_seconds()
        yield Finding("key_without_recording", key.path.stem, told, late)


def _keys(folder: Path) -> Iterator[_Key]:
    for file in walk(folder / "retained"):
        if _NAME.match(file.relative):
            # An unreadable one counts as past its end already, and one gone by now is no key.
            with suppress(OSError, ValueError, AttributeError):
                stored = json.loads(file.path.read_bytes())
                store = stored.get("store")
                made_by = None if store is None else str(store)
                yield _Key(file.path, _since(stored.get("made"), file), made_by)


def _since(made: object, file: Found) -> datetime:
    """When the key was made; of an older Deckname's, or where nobody can tell, when the file
    changed."""
    with suppress(ValueError):
        moment = datetime.fromisoformat(str(made))
        if moment.tzinfo is not None:
            return moment
    return file.changed


def _named(rows: Rows) -> frozenset[str]:
    return frozenset(
        name for query in _NAMING if rows.reads(query) for (name,) in rows.execute(query)
    )


def _other_stores(rows: Rows, keys: Path) -> frozenset[str]:
    """Marks of stores that use the folder, too."""
    query = "SELECT id FROM store_mark"
    own = {store for (store,) in rows.execute(query)} if rows.reads(query) else set()
    return frozenset(mark.name for mark in (keys / "stores").glob("store_*")) - own


def _is_anothers(key: _Key, others: frozenset[str]) -> bool:
    """One that does not say whose it is may be that of any store there."""
    return bool(others) if key.store is None else key.store in others
