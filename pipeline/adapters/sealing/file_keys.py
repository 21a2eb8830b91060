"""Keys as files in a folder of their own, apart from data and backups (`DECKNAME_KEYS`).

::

    days/2026-01-31.key        wraps the data keys of that day's recordings
    retained/ret_<hex>.key     wraps one data key, under consent, until its end
    content/master.key         wraps the customers' content keys
    vault/master.key           wraps the customers' vault keys

Each file is written as `key_files` says; master keys may come from elsewhere, see `masters`. In a
folder that is not the store's no key is made or destroyed.
"""

from __future__ import annotations

import fcntl
import re
import secrets
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from pathlib import Path

from pipeline.adapters.sealing import key_files
from pipeline.adapters.sealing.key_files import KeyFile, locked
from pipeline.adapters.sealing.keys import Master
from pipeline.adapters.sealing.masters import MasterKeys, MasterSource
from pipeline.adapters.sealing.primitives import WrappingKey
from pipeline.domain.errors import KeyDestroyed, WrongKey
from pipeline.domain.keys import MasterKey
from pipeline.domain.retention import day_key_end, day_of
from pipeline.ports import Clock, StoreMark

_RETAINED_NAME = re.compile(r"ret_[0-9a-f]{32}\Z")
_GONE = "the key was destroyed: nobody can open this any more"


class FileKeyStore:
    """A `KeyStore` and the `SealingKeys` of the vaults."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        masters: MasterSource | None = None,
        mark: StoreMark | None = None,
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._mark = mark
        self._masters = MasterKeys(folder, clock, masters or MasterSource())

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
        name, key = f"ret_{secrets.token_hex(16)}", WrappingKey.new()
        file = KeyFile(until, key.serialise(), self._clock.now(), store=self._store)
        self._check()
        with locked(self._folder, fcntl.LOCK_EX):
            key_files.write(self._retained(name), file)
        return name, key

    def retention_key(self, name: str) -> WrappingKey:
        """See `SealingKeys`."""
        return self._get(self._retained(name), None)

    def destroy_retention_key(self, name: str) -> bool:
        """See `SealingKeys`."""
        self._check()
        with locked(self._folder, fcntl.LOCK_EX):
            return key_files.destroy(self._retained(name))

    def make_master_key(self, master: Master) -> WrappingKey:
        """See `SealingKeys`."""
        self._check()
        return self._masters.make(master)

    def master_key(self, master: Master) -> WrappingKey:
        """See `SealingKeys`."""
        return self._masters.get(master)

    def day_keys(self) -> tuple[str, ...]:
        """See `KeyStore`."""
        return tuple(path.stem for path in key_files.key_files(self._folder / "days"))

    def retention_ends(self) -> tuple[datetime, ...]:
        """See `KeyStore`."""
        with locked(self._folder, fcntl.LOCK_SH):
            files = key_files.key_files(self._folder / "retained")
            return tuple(sorted(_end_of_retained(path) for path in files))

    def retention_keys(self) -> tuple[tuple[str, datetime], ...]:
        """See `KeyStore`. Which store made a key stands in its file; one of an older Deckname
        does not say, and is nobody's."""
        with locked(self._folder, fcntl.LOCK_SH):
            made = [
                (path.stem, _made(path, self._store))
                for path in key_files.key_files(self._folder / "retained")
                if _RETAINED_NAME.match(path.stem)
            ]
        return tuple((name, at) for name, at in made if at is not None)

    def master_keys(self) -> tuple[MasterKey, ...]:
        """See `KeyStore`."""
        return self._masters.states()

    def masters(self, *, exclusive: bool = False) -> AbstractContextManager[None]:
        """See `KeyStore`."""
        return self._masters.held(exclusive)

    def begin_master_rotation(self) -> None:
        """See `KeyStore`."""
        self._check()
        self._masters.begin_rotation()

    def drop_old_masters(self) -> int:
        """See `KeyStore`."""
        self._check()
        return self._masters.drop_old()

    def destroy_due(self, now: datetime) -> tuple[str, ...]:
        """See `KeyStore`. A key file that cannot be read opens nothing and goes too."""
        self._check()
        days, retained = self._folder / "days", self._folder / "retained"
        with locked(self._folder, fcntl.LOCK_EX):
            due = [
                *(p for p in key_files.key_files(days) if now >= _end_of_day(p)),
                *(p for p in key_files.key_files(retained) if now >= _end_of_retained(p)),
            ]
            for path in due:
                key_files.destroy(path)
            for leftover in self._folder.glob("*/.*.part"):
                key_files.destroy(leftover)
        return tuple(path.stem for path in due)

    @property
    def _store(self) -> str | None:
        return self._mark.id() if self._mark else None

    def _check(self) -> None:
        if self._mark is not None:
            self._mark.check()

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
        # Before it is read: a crash may have left it half overwritten.
        if end is not None and self._clock.now() >= end:
            raise KeyDestroyed(_GONE)
        with locked(self._folder, fcntl.LOCK_SH):
            try:
                stored = key_files.read(path)
            except FileNotFoundError:
                raise KeyDestroyed(_GONE) from None
        if stored.until is not None and self._clock.now() >= stored.until:
            raise KeyDestroyed(_GONE)
        return WrappingKey.parse(stored.keyset)

    def _get_or_make(self, path: Path, until: datetime) -> WrappingKey:
        self._check()
        with locked(self._folder, fcntl.LOCK_EX):
            try:
                return WrappingKey.parse(key_files.read(path).keyset)
            except FileNotFoundError:
                key = WrappingKey.new()
                key_files.write(path, KeyFile(until, key.serialise()))
                return key


def _end_of_day(path: Path) -> datetime:
    try:
        return day_key_end(path.stem)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def _made(path: Path, store: str | None) -> datetime | None:
    """When the store made the key in `path`; None where another one did, or nobody can tell."""
    try:
        file = key_files.read(path)
    except WrongKey:
        return None
    return file.made if file.store == store else None


def _end_of_retained(path: Path) -> datetime:
    try:
        until = key_files.read(path).until
    except WrongKey:
        until = None
    return until if until is not None else datetime.min.replace(tzinfo=UTC)
