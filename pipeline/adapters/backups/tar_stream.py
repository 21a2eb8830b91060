"""A tar archive as a stream of bytes, out and in; no member is ever whole in memory."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from pipeline.domain.errors import SealBroken

PIECE = 1 << 20
_BLOCK = 512


@dataclass(frozen=True, slots=True)
class Member:
    """One file to be: its name, its size in bytes, and where its content comes from."""

    name: str
    size: int
    source: BinaryIO = field(repr=False)


def written(members: Iterable[Member], digests: dict[str, tuple[int, str]]) -> Iterator[bytes]:
    """Headers, contents and padding; what each member was goes into `digests`, so that the last
    one may tell of those before it. Raises `SealBroken` where a file is shorter than its size."""
    for member in members:
        head = tarfile.TarInfo(member.name)
        head.size, head.mode = member.size, 0o600
        yield head.tobuf(tarfile.PAX_FORMAT)
        digest, rest = hashlib.sha256(), member.size
        while rest:
            piece = member.source.read(min(PIECE, rest))
            if not piece:
                raise SealBroken("a file became shorter while it was backed up: nothing was kept")
            digest.update(piece)
            rest -= len(piece)
            yield piece
        digests[member.name] = member.size, digest.hexdigest()
        yield bytes(-member.size % _BLOCK)
    yield bytes(2 * _BLOCK)


def read(source: BinaryIO) -> Iterator[Member]:
    """Each member in turn; its content must be read before the next one. Raises `SealBroken`
    for what is no archive of plain files."""
    try:
        with tarfile.open(fileobj=source, mode="r|", bufsize=PIECE) as archive:
            for head in archive:
                content = archive.extractfile(head) if head.isreg() else None
                if content is None:
                    raise SealBroken("the backup holds something that is no file")
                yield Member(head.name, head.size, content)  # type: ignore[arg-type]
        while source.read(PIECE):  # the seal ends where the stream ends
            pass
    except (tarfile.TarError, EOFError):
        raise SealBroken("the backup is no archive") from None
