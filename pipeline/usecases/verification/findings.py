"""What the verifier looks at, and what it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.domain.bucket import Bucket


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that should not be. `check` is a stable code; `place` is opaque (an id, a known
    file, an inode); `detail` is a sentence that quotes nothing; `overdue_seconds` is since when
    it should be gone, 0 where it should never have been."""

    check: str
    place: str
    detail: str
    overdue_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """All findings, and how many things of each kind were looked at."""

    findings: tuple[Finding, ...]
    looked_at: Mapping[str, int]

    @property
    def oldest_overdue_seconds(self) -> float:
        """0 where nothing is overdue."""
        return max((finding.overdue_seconds for finding in self.findings), default=0.0)


Looked = Counter[str]
"""Counts while the verifier walks."""


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL, by its URL for libpq."""

    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StorePlaces:
    """Where the store lies. `database` is the SQLite file, or a server; `temp` is a folder for
    temporary files that is searched for audio, None for none; `bucket` is where the blobs lie if
    not in a folder."""

    home: Path
    keys: Path
    database: Path | Server
    blobs: Path
    temp: Path | None = None
    bucket: Bucket | None = None

    @classmethod
    def of(cls, home: Path, keys: Path) -> StorePlaces:
        """The places that Deckname uses by default."""
        return cls(home, keys, home / "deckname.db", home / "blobs")

    @property
    def ledger(self) -> Path:
        """The file of the deletion ledger."""
        return self.keys / "ledger" / "deletions.jsonl"


@dataclass(frozen=True, slots=True)
class Grace:
    """How long something may lie before it is overdue.

    `unlink`: a blob after its key, or audio after a withdrawal; `upload`: a blob before its row;
    `sweep`: what maintenance destroys every minute while it runs; `retained`: a retention key
    before its row, which maintenance spares for two hours; `receipt`: a deletion before its
    receipt; `logs`: a line in a log file; `evidence`: what proves something, after that has ended;
    `pruning`: what is removed once a day.
    """

    unlink: timedelta = timedelta(seconds=15)
    upload: timedelta = timedelta(hours=1, minutes=5)
    sweep: timedelta = timedelta(minutes=5)
    retained: timedelta = timedelta(hours=2, minutes=5)
    receipt: timedelta = timedelta(minutes=10)
    logs: timedelta = timedelta(days=14)
    evidence: timedelta = timedelta(days=3 * 365 + 1)
    pruning: timedelta = timedelta(days=2)


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


def as_text(moment: datetime) -> str:
    """As the database writes moments."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def from_text(moment: str) -> datetime:
    """The inverse of `as_text`. Raises `ValueError`."""
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)
