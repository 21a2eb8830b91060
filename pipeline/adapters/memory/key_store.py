"""Keys in dicts."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from pipeline.adapters.sealing.keys import Master
from pipeline.adapters.sealing.primitives import WrappingKey
from pipeline.domain.errors import KeyDestroyed
from pipeline.domain.keys import KeySource, MasterKey
from pipeline.domain.retention import day_key_end, day_of
from pipeline.ports import Clock


class MemoryKeyStore:
    """A `KeyStore` and the `SealingKeys` of the vaults."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ending: dict[str, tuple[datetime, WrappingKey]] = {}
        self._masters: dict[Master, WrappingKey] = {}
        self._made: dict[Master, datetime] = {}
        self._retained_since: dict[str, datetime] = {}
        self._lock = threading.RLock()

    def sealing_key(self, received_at: datetime) -> tuple[str, WrappingKey]:
        """See `SealingKeys`."""
        now = self._clock.now()
        day = min(day_of(received_at), day_of(now))
        if now >= day_key_end(day):
            raise KeyDestroyed("the recording is older than audio may become")
        _, key = self._ending.setdefault(day, (day_key_end(day), WrappingKey.new()))
        return day, key

    def opening_key(self, day: str) -> WrappingKey:
        """See `SealingKeys`."""
        return self._unended(day)

    def new_retention_key(self, until: datetime) -> tuple[str, WrappingKey]:
        """See `SealingKeys`."""
        name = f"ret_{secrets.token_hex(16)}"
        self._ending[name] = (until, WrappingKey.new())
        self._retained_since[name] = self._clock.now()
        return name, self._ending[name][1]

    def retention_key(self, name: str) -> WrappingKey:
        """See `SealingKeys`."""
        return self._unended(name)

    def destroy_retention_key(self, name: str) -> bool:
        """See `SealingKeys`."""
        return name.startswith("ret_") and self._ending.pop(name, None) is not None

    def make_master_key(self, master: Master) -> WrappingKey:
        """See `SealingKeys`."""
        self._made.setdefault(master, self._clock.now())
        return self._masters.setdefault(master, WrappingKey.new())

    def master_key(self, master: Master) -> WrappingKey:
        """See `SealingKeys`."""
        if master not in self._masters:
            raise KeyDestroyed("there is no such master key")
        return self._masters[master]

    def retention_ends(self) -> tuple[datetime, ...]:
        """See `KeyStore`."""
        named = [end for name, (end, _) in self._ending.items() if name.startswith("ret_")]
        return tuple(sorted(named))

    def retention_keys(self) -> tuple[tuple[str, datetime], ...]:
        """See `KeyStore`."""
        made = sorted(self._retained_since.items())
        return tuple((name, at) for name, at in made if name in self._ending)

    def master_keys(self) -> tuple[MasterKey, ...]:
        """See `KeyStore`."""
        return tuple(
            MasterKey(name.value, KeySource.MEMORY, key.fingerprint, key.versions, self._made[name])
            for name, key in sorted(self._masters.items())
        )

    @contextmanager
    def masters(self, *, exclusive: bool = False) -> Iterator[None]:
        """See `KeyStore`. Never two at once."""
        with self._lock:
            yield

    def begin_master_rotation(self) -> None:
        """See `KeyStore`."""
        if any(key.versions > 1 for key in self._masters.values()):
            return
        for master in Master:
            self._masters[master] = self.make_master_key(master).succeeded()
            self._made[master] = self._clock.now()

    def drop_old_masters(self) -> int:
        """See `KeyStore`."""
        dropped = sum(key.versions - 1 for key in self._masters.values())
        self._masters = {master: key.alone() for master, key in self._masters.items()}
        return dropped

    def day_keys(self) -> tuple[str, ...]:
        """See `KeyStore`."""
        return tuple(sorted(name for name in self._ending if not name.startswith("ret_")))

    def destroy_due(self, now: datetime) -> tuple[str, ...]:
        """See `KeyStore`."""
        due = tuple(sorted(name for name, (end, _) in self._ending.items() if now >= end))
        for name in due:
            del self._ending[name]
        return due

    def _unended(self, name: str) -> WrappingKey:
        end, key = self._ending.get(name, (None, None))
        if key is None or end is None or self._clock.now() >= end:
            raise KeyDestroyed("the key was destroyed: nobody can open this any more")
        return key
