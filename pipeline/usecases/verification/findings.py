"""What the verifier looks at, and what it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that should not be. `check` is a stable code; `place` is opaque (an id, a known
    file, an inode); `detail` is a sentence that quotes nothing."""

    check: str
    place: str
    detail: str


@dataclass(frozen=True, slots=True)
class StorePlaces:
    """Where the store lies. `database` is the SQLite file."""

    home: Path
    keys: Path
    database: Path
    blobs: Path

    @classmethod
    def of(cls, home: Path, keys: Path) -> StorePlaces:
        """The places that Deckname uses by default."""
        return cls(home, keys, home / "deckname.db", home / "blobs")


@dataclass(frozen=True, slots=True)
class Grace:
    """How long something may lie before it is overdue.

    `unlink`: a blob after its key; `upload`: a blob before its row; `sweep`: what maintenance
    destroys every minute while it runs.
    """

    unlink: timedelta = timedelta(seconds=15)
    upload: timedelta = timedelta(hours=1, minutes=5)
    sweep: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Canaries:
    """Content that must be nowhere, as bytes."""

    values: tuple[bytes, ...] = field(default=(), repr=False)

    def __bool__(self) -> bool:
        return bool(self.values)

    def sing_in(self, stored: bytes) -> bool:
        """Whether any of them is part of `stored`."""
        return any(value in stored for value in self.values)

    @property
    def longest(self) -> int:
        """Bytes of the longest one."""
        return max(map(len, self.values), default=0)
