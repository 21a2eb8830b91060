"""One key, one file: JSON of the Tink keyset in base64 and the instant at which it must be gone.

Folders are 0700, files 0600. A lock file lets no two processes make or change the same key.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.adapters.durable_files import (
    full_disk_reported,
    make_private_folder,
    overwrite,
    shred,
    write_durably,
)
from pipeline.domain.errors import ServiceUnavailable, WrongKey

LOCK, MASTERS_LOCK = "lock", "masters.lock"
_DAMAGED = "a key file is damaged: put back the copy that you keep apart; nothing was changed"


@dataclass(frozen=True, slots=True)
class KeyFile:
    """`made` is when the key that wraps was made; `kms` is the URI of the key that seals
    `keyset`, None where it lies in clear; `store` is the mark of the store that made it."""

    until: datetime | None
    keyset: bytes = field(repr=False)
    made: datetime | None = None
    kms: str | None = None
    store: str | None = None

    def encode(self) -> bytes:
        """The bytes of the file."""
        stored: dict[str, Any] = {"until": _text(self.until)}
        stored["keyset"] = base64.b64encode(self.keyset).decode()
        stored |= {"made": _text(self.made)} if self.made else {}
        stored |= {"kms": self.kms} if self.kms else {}
        stored |= {"store": self.store} if self.store else {}
        return json.dumps(stored).encode()

    @classmethod
    def decode(cls, content: bytes) -> KeyFile:
        """Raises `WrongKey`: a damaged file is no destroyed key."""
        try:
            stored = json.loads(content)
            keyset = base64.b64decode(stored["keyset"], validate=True)
            made, kms = _moment(stored.get("made")), stored.get("kms")
            return cls(_moment(stored["until"]), keyset, made, kms, stored.get("store"))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise WrongKey(_DAMAGED) from None


@contextmanager
def locked(folder: Path, mode: int, name: str = LOCK) -> Iterator[None]:
    """Hold the lock of the key folder, which is made where it is not there. Raises
    `ServiceUnavailable` where this process may not."""
    with unreadable_reported(), full_disk_reported():
        make_private_folder(folder)
        descriptor = os.open(folder / name, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, mode)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def unreadable_reported() -> Iterator[None]:
    """Inside, a refused or failing folder becomes `ServiceUnavailable`; what is not there, and a
    full disk, stay what they are."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (PermissionError, FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise ServiceUnavailable(
            f"the key folder cannot be used ({os.strerror(error.errno or 0)}): is DECKNAME_KEYS "
            "the right one, mounted, and does it belong to this user?"
        ) from None


def read(path: Path) -> KeyFile:
    """Raises `FileNotFoundError`, `WrongKey`, `ServiceUnavailable`."""
    with unreadable_reported():
        return KeyFile.decode(path.read_bytes())


def write(path: Path, key: KeyFile) -> None:
    """Create or replace `path`; the bytes of what it replaces are overwritten. The caller holds
    the lock. Raises `StorageFull`; then `path` is as it was."""
    with unreadable_reported():
        with full_disk_reported():
            make_private_folder(path.parent)
        try:
            before = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            write_durably(path, key.encode())
            return
        try:
            write_durably(path, key.encode())
            overwrite(before)
        finally:
            os.close(before)


def destroy(path: Path) -> bool:
    """Shred; False where there was no file. The caller holds the lock."""
    with unreadable_reported():
        return shred(path)


def key_files(folder: Path) -> list[Path]:
    """In order of their names, without half-written ones."""
    return sorted(path for path in folder.glob("*.key") if not path.name.startswith("."))


def _text(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    moment = datetime.fromisoformat(text) if text else None
    if moment is not None and moment.tzinfo is None:
        raise ValueError("a moment without zone")
    return moment
