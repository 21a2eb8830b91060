"""The two master keys: from the environment, or from files that a key service may seal.

One of the sources wraps, all of them open::

    DECKNAME_MASTER_KEY          wraps, where it is set; both keys are derived from it
    content/ and vault/master.key   wrap, where it is not; made on first use
    DECKNAME_OTHER_MASTER_KEY    opens only: the secret before, or the one to come

So a move from one to another needs no standstill: let every process open both, then rotate.
"""

from __future__ import annotations

import fcntl
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipeline.adapters.sealing import key_files
from pipeline.adapters.sealing.key_files import MASTERS_LOCK, KeyFile, locked
from pipeline.adapters.sealing.keys import Master
from pipeline.adapters.sealing.kms import Kms
from pipeline.adapters.sealing.primitives import WrappingKey
from pipeline.domain.errors import ConfigurationError, KeyDestroyed, UsageError
from pipeline.domain.keys import KeySource, MasterKey
from pipeline.ports import Clock

_LOST = (
    "there is no master key in DECKNAME_KEYS: it was moved, or lost, or never made; put back the "
    "copies of `content` and `vault`, or set DECKNAME_MASTER_KEY to what it was"
)

_SET_BOTH_FIRST = (
    "the master key comes from the environment: set DECKNAME_OTHER_MASTER_KEY to the present one "
    "and DECKNAME_MASTER_KEY to a new one, for every process, then rotate"
)


@dataclass(frozen=True, slots=True)
class MasterSource:
    """Where master keys come from. Secrets are 32 bytes or more; `kms` seals the files."""

    secret: bytes | None = field(default=None, repr=False)
    other: bytes | None = field(default=None, repr=False)
    kms: Kms | None = None


class MasterKeys:
    """Finds, makes and replaces them. Nothing is kept but what a key service opened, and that
    only as long as the file stays the same."""

    def __init__(self, folder: Path, clock: Clock, source: MasterSource) -> None:
        self._folder = folder
        self._clock = clock
        self._source = source
        self._opened: dict[bytes, bytes] = {}

    def get(self, master: Master) -> WrappingKey:
        """What wraps, opening also what the other sources open. Raises `KeyDestroyed`, `WrongKey`,
        `ServiceUnavailable`, `ConfigurationError`."""
        with locked(self._folder, fcntl.LOCK_SH):
            keys = self._found(master)
        if not keys:
            raise KeyDestroyed(_LOST)
        first, *others = keys
        for other in others:
            first = first.joined(other)
        return first

    def make(self, master: Master) -> WrappingKey:
        """The same; the file is made where there is no source at all."""
        with locked(self._folder, fcntl.LOCK_EX):
            if not self._found(master):
                self._write(master, WrappingKey.new(), self._clock.now())
        return self.get(master)

    def states(self) -> tuple[MasterKey, ...]:
        """One for each that there is. Raises as `get`."""
        states = []
        for master in Master:
            with locked(self._folder, fcntl.LOCK_SH):
                keys, file = self._found(master), self._file(master)
            if keys:
                source = KeySource.ENVIRONMENT
                if self._source.secret is None and file is not None:
                    source = KeySource.KMS if file.kms else KeySource.FILE
                made = None if source is KeySource.ENVIRONMENT else self._made(master)
                total = sum(key.versions for key in keys)
                states.append(MasterKey(master.value, source, keys[0].fingerprint, total, made))
        return tuple(states)

    def begin_rotation(self) -> None:
        """See `KeyStore.begin_master_rotation`."""
        with locked(self._folder, fcntl.LOCK_EX):
            under_way = [m for m in Master if sum(key.versions for key in self._found(m)) > 1]
            if self._source.secret is not None:
                if not under_way:
                    raise UsageError(_SET_BOTH_FIRST)
                return
            began = [self._made(master) for master in under_way]
            now = max(began, default=self._clock.now())
            for master in Master:
                # Both get the same moment: a crash between them shows who is still to follow.
                if master not in under_way and (not began or self._made(master) < now):
                    file = self._file(master)
                    key = WrappingKey.new() if file is None else self._key(file).succeeded()
                    self._write(master, key, now)

    def drop_old(self) -> int:
        """See `KeyStore.drop_old_masters`."""
        dropped = 0
        with locked(self._folder, fcntl.LOCK_EX):
            for master in Master:
                path, file = self._path(master), self._file(master)
                if file is None:
                    continue
                key = self._key(file)
                if self._source.secret is not None:
                    dropped += key.versions
                    key_files.destroy(path)
                elif key.versions > 1 or file.kms != self._kms_uri:
                    dropped += key.versions - 1
                    self._write(master, key.alone(), self._made(master))
        return dropped

    def held(self, exclusive: bool) -> AbstractContextManager[None]:
        """See `KeyStore.masters`."""
        mode = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        return locked(self._folder, mode, MASTERS_LOCK)

    @property
    def _kms_uri(self) -> str | None:
        return self._source.kms.uri if self._source.kms else None

    def _path(self, master: Master) -> Path:
        return self._folder / master / "master.key"

    def _found(self, master: Master) -> list[WrappingKey]:
        """From every source that has one, the one that wraps first. Under the lock."""
        secret, other, file = self._source.secret, self._source.other, self._file(master)
        keys = [WrappingKey.derived(secret, f"{master} master key")] if secret else []
        keys += [self._key(file)] if file else []
        keys += [WrappingKey.derived(other, f"{master} master key")] if other else []
        return keys

    def _file(self, master: Master) -> KeyFile | None:
        try:
            return key_files.read(self._path(master))
        except FileNotFoundError:
            return None

    def _key(self, file: KeyFile) -> WrappingKey:
        if file.kms is None:
            return WrappingKey.parse(file.keyset)
        if file.keyset not in self._opened:
            if self._source.kms is None:
                raise ConfigurationError(
                    "the master key file is sealed by a key service: set DECKNAME_KMS_URI"
                )
            service = self._source.kms if file.kms == self._kms_uri else Kms(file.kms)
            self._opened = {**self._opened, file.keyset: service.open(file.keyset)}
        return WrappingKey.parse(self._opened[file.keyset])

    def _write(self, master: Master, key: WrappingKey, made: datetime) -> None:
        kms, keyset = self._source.kms, key.serialise()
        sealed = kms.seal(keyset) if kms else keyset
        key_files.write(self._path(master), KeyFile(None, sealed, made, self._kms_uri))

    def _made(self, master: Master) -> datetime:
        """Files of the first Deckname do not say: then when they were last written."""
        file = self._file(master)
        if file is None:
            return datetime.min.replace(tzinfo=UTC)
        return file.made or datetime.fromtimestamp(self._path(master).stat().st_mtime, UTC)
