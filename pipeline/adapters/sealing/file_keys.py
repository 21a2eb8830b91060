"""Keys as files in a folder of their own, apart from data and backups (`DECKNAME_KEYS`).

::

    days/2026-01-31.key        wraps the data keys of that day's recordings
    retained/ret_<hex>.key     wraps one data key, under consent, until its end
    content/master.key         wraps the customers' content keys
    vault/master.key           wraps the customers' vault keys

Each file is JSON: the Tink keyset in base64 and the instant at which the key must be gone.
Folders are 0700, files 0600. One lock file lets no two processes make the same key.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from pipeline.adapters.durable_files import (
    full_disk_reported,
    make_private_folder,
    shred,
    write_durably,
)
from pipeline.adapters.sealing.keys import Master
from pipeline.adapters.sealing.primitives import WrappingKey
from pipeline.domain.errors import KeyDestroyed, SealBroken
from pipeline.domain.retention import day_key_end, day_of
from pipeline.ports import Clock

_RETAINED_NAME = re.compile(r"ret_[0-9a-f]{32}\Z")
_GONE = "the key was destroyed: nobody can open this any more"


@dataclass(frozen=True, slots=True)
class _KeyFile:
    until: datetime | None
    keyset: bytes = field(repr=False)

    def encode(self) -> bytes:
        until = self.until.astimezone(UTC).isoformat() if self.until else None
        keyset = base64.b64encode(self.keyset).decode()
        return json.dumps({"until": until, "keyset": keyset}).encode()

    @classmethod
    def decode(cls, content: bytes) -> _KeyFile:
        """Raises `SealBroken`."""
        try:
            stored = json.loads(content)
            until = datetime.fromisoformat(stored["until"]) if stored["until"] else None
            return cls(until, base64.b64decode(stored["keyset"], validate=True))
        except (ValueError, KeyError, TypeError):
            raise SealBroken("a key file is damaged") from None


class FileKeyStore:
    """A `KeyStore` and the `SealingKeys` of the vaults."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock

    def sealing_key(self, received_at: datetime) -> tuple[str, WrappingKey]:
        """See `SealingKeys`."""
        now = self._clock.now()
        day = min(day_of(received_at), day_of(now))
        if now >= day_key_end(day):
            raise KeyDestroyed("the recording is older than audio may become")
        return day, self._get_or_make(self._day(day), day_key_end(day))

    def opening_key(self, day: str) -> WrappingKey:
        """See `SealingKeys`."""
        path = self._day(day)
        return self._get(path, day_key_end(day))

    def new_retention_key(self, until: datetime) -> tuple[str, WrappingKey]:
        """See `SealingKeys`."""
        name = f"ret_{secrets.token_hex(16)}"
        return name, self._get_or_make(self._retained(name), until)

    def retention_key(self, name: str) -> WrappingKey:
        """See `SealingKeys`."""
        return self._get(self._retained(name), None)

    def destroy_retention_key(self, name: str) -> bool:
        """See `SealingKeys`."""
        with self._locked(fcntl.LOCK_EX):
            return shred(self._retained(name))

    def make_master_key(self, master: Master) -> WrappingKey:
        """See `SealingKeys`."""
        return self._get_or_make(self._folder / master / "master.key", None)

    def master_key(self, master: Master) -> WrappingKey:
        """See `SealingKeys`."""
        return self._get(self._folder / master / "master.key", None)

    def day_keys(self) -> tuple[str, ...]:
        """See `KeyStore`."""
        return tuple(path.stem for path in _key_files(self._folder / "days"))

    def destroy_due(self, now: datetime) -> tuple[str, ...]:
        """See `KeyStore`. A key file that cannot be read opens nothing and goes too."""
        with self._locked(fcntl.LOCK_EX):
            due = [
                *(p for p in _key_files(self._folder / "days") if now >= _end_of_day(p)),
                *(p for p in _key_files(self._folder / "retained") if now >= _end_of_retained(p)),
            ]
            for path in due:
                shred(path)
            for leftover in self._folder.glob("*/.*.part"):
                shred(leftover)
        return tuple(path.stem for path in due)

    def _day(self, day: str) -> Path:
        try:
            name = date.fromisoformat(day).isoformat()
        except ValueError:
            raise KeyDestroyed(_GONE) from None
        return self._folder / "days" / f"{name}.key"

    def _retained(self, name: str) -> Path:
        if not _RETAINED_NAME.match(name):
            raise KeyDestroyed(_GONE)
        return self._folder / "retained" / f"{name}.key"

    def _get(self, path: Path, end: datetime | None) -> WrappingKey:
        with self._locked(fcntl.LOCK_SH):
            try:
                stored = _KeyFile.decode(path.read_bytes())
            except FileNotFoundError:
                raise KeyDestroyed(_GONE) from None
        ends = [moment for moment in (stored.until, end) if moment is not None]
        if ends and self._clock.now() >= min(ends):
            raise KeyDestroyed(_GONE)
        return WrappingKey.parse(stored.keyset)

    def _get_or_make(self, path: Path, until: datetime | None) -> WrappingKey:
        with self._locked(fcntl.LOCK_EX):
            if path.exists():
                return WrappingKey.parse(_KeyFile.decode(path.read_bytes()).keyset)
            key = WrappingKey.new()
            with full_disk_reported():
                make_private_folder(path.parent)
            write_durably(path, _KeyFile(until, key.serialise()).encode())
            return key

    @contextmanager
    def _locked(self, mode: int) -> Iterator[None]:
        with full_disk_reported():
            make_private_folder(self._folder)
            descriptor = os.open(
                self._folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600
            )
        try:
            fcntl.flock(descriptor, mode)
            yield
        finally:
            os.close(descriptor)


def _key_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.key") if not path.name.startswith("."))


def _end_of_day(path: Path) -> datetime:
    try:
        return day_key_end(path.stem)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def _end_of_retained(path: Path) -> datetime:
    try:
        until = _KeyFile.decode(path.read_bytes()).until
    except SealBroken:
        until = None
    return until if until is not None else datetime.min.replace(tzinfo=UTC)
