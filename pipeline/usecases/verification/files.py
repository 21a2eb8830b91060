"""Files as the verifier sees them: where, how old, how large, and what they begin with."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.stages.sniff_format import HEAD_BYTES
from pipeline.usecases.verification.findings import Canaries

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Found:
    """A file. `relative` is its path below the folder that was walked."""

    relative: str
    path: Path
    changed: datetime
    size: int
    inode: int
    mode: int
    owner: int

    @property
    def regular(self) -> bool:
        """No link, socket or pipe."""
        return stat.S_ISREG(self.mode)

    @property
    def open_to_others(self) -> bool:
        """Whether anybody but its owner may read or write it."""
        return bool(stat.S_IMODE(self.mode) & 0o077)

    @property
    def place(self) -> str:
        """The name of a stray file may be content."""
        return f"inode {self.inode}"


def walk(folder: Path) -> Iterator[Found]:
    """Every file below `folder`; links are not followed."""
    for where, _, names in os.walk(folder):
        for name in sorted(names):
            path = Path(where, name)
            try:
                yield found(folder, path)
            except FileNotFoundError:
                continue


def found(folder: Path, path: Path) -> Found:
    """The file at `path`. Raises `FileNotFoundError`."""
    status = path.lstat()
    return Found(
        path.relative_to(folder).as_posix(),
        path,
        datetime.fromtimestamp(status.st_mtime, UTC),
        status.st_size,
        status.st_ino,
        status.st_mode,
        status.st_uid,
    )


def head(path: Path, size: int = HEAD_BYTES) -> bytes:
    """Its first bytes."""
    with path.open("rb") as source:
        return source.read(size)


def sings(path: Path, canaries: Canaries) -> bool:
    """Whether a canary is anywhere in it; memory use does not depend on its size."""
    overlap, rest = canaries.longest - 1, b""
    with path.open("rb") as source:
        while piece := source.read(_PIECE):
            if canaries.sing_in(rest + piece):
                return True
            rest = (rest + piece)[-overlap:] if overlap else b""
    return False
