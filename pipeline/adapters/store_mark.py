"""What ties the database to its key folder: `stores/<id>` in the folder, the same id in a row.

A folder may have the marks of several stores: of a database and of one that was restored from its
backup. What only one of them may destroy says whose it is, see `file_keys`.
"""

from __future__ import annotations

import fcntl
import secrets
from pathlib import Path

from pipeline.adapters.database import SqlStoreMark
from pipeline.adapters.durable_files import (
    full_disk_reported,
    make_private_folder,
    sync_folder,
    write_durably,
)
from pipeline.adapters.sealing.key_files import locked, unreadable_reported
from pipeline.domain.errors import KeysElsewhere
from pipeline.ports import Clock

_STORES = "stores"
_KEYS = ("days/*.key", "retained/*.key", "content/*.key", "vault/*.key")
_OTHERS = ("ledger/deletions.jsonl", "receipts/signing.pem")


class FileStoreMark:
    """A `StoreMark`."""

    def __init__(self, rows: SqlStoreMark, folder: Path, clock: Clock) -> None:
        self._rows = rows
        self._folder = folder
        self._clock = clock
        self._id: str | None = None

    def id(self) -> str | None:
        """See `StoreMark`. It is read once: only a restore changes it, of a database that nobody
        has open."""
        if self._id is None:
            self._id = self._rows.read()
        return self._id

    def check(self) -> None:
        """See `StoreMark`. One look at one file."""
        store = self.id()
        with unreadable_reported():
            if store is not None and (self._folder / _STORES / store).is_file():
                return
        raise KeysElsewhere(
            "the key folder (DECKNAME_KEYS) is not this store's: is the right one mounted? "
            "Everything was kept as it is; if you put it together from copies, `deckname keys "
            "adopt` says that it is the right one"
        )

    def keys_in_use(self) -> bool:
        """See `StoreMark`."""
        return holds_keys(self._folder)

    def tie(self) -> None:
        """See `StoreMark`. The folder first: a mark that no database has means nothing."""
        with locked(self._folder, fcntl.LOCK_EX):
            if (store := self._rows.read()) is not None:
                self._write(store)
                return
            self._write(store := _new_id())
            if not self._rows.add(store, self._clock.now()):  # tied to another folder just now
                (self._folder / _STORES / store).unlink()

    def renew(self) -> None:
        """See `StoreMark`."""
        with locked(self._folder, fcntl.LOCK_EX):
            self._write(store := _new_id())
            self._rows.replace(store, self._clock.now())
        self._id = store

    def others(self) -> int:
        """See `StoreMark`."""
        with locked(self._folder, fcntl.LOCK_SH):
            return len(self._of_others())

    def forget_others(self) -> int:
        """See `StoreMark`."""
        with locked(self._folder, fcntl.LOCK_EX), unreadable_reported():
            others = self._of_others()
            for path in others:
                path.unlink()
            if others:
                sync_folder(self._folder / _STORES)
        return len(others)

    def _of_others(self) -> list[Path]:
        with unreadable_reported():
            marks = (self._folder / _STORES).glob("store_*")
            return [path for path in marks if path.name != self.id()]

    def _write(self, store: str) -> None:
        path = self._folder / _STORES / store
        with unreadable_reported(), full_disk_reported():
            make_private_folder(path.parent)
            if not path.is_file():
                write_durably(path, f"{store}\n".encode())


def holds_keys(folder: Path) -> bool:
    """Whether there is anything in the key folder that belongs to some database: a key, the
    deletion ledger, what signs receipts."""
    with unreadable_reported():
        return any((folder / name).exists() for name in _OTHERS) or any(
            not path.name.startswith(".") for pattern in _KEYS for path in folder.glob(pattern)
        )


def _new_id() -> str:
    return f"store_{secrets.token_hex(16)}"
