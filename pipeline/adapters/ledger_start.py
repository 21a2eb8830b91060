"""Where a deletion ledger begins whose oldest lines were forgotten.

Its first line then names the position that the rest had before, and has in the place of its own
digest that of the last line that went. So the line behind it chains as it did, and marks that lie
further back in the file stay what they are.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import BinaryIO

from pipeline.domain.errors import SealBroken
from pipeline.domain.ledger import START, LedgerMark

_BEGIN = b'[{"check":'
_LONGEST = 512


@dataclass(frozen=True, slots=True)
class LedgerStart:
    """The mark at which the ledger begins, and how many bytes the line is long that says so."""

    mark: LedgerMark = START
    size: int = 0

    def place(self, position: int) -> int:
        """The byte of the file at `position` of the ledger."""
        return position - self.mark.position + self.size

    def counted(self, mark: LedgerMark) -> LedgerMark:
        """A mark whose position is a byte of the file, as one of the ledger."""
        return LedgerMark(mark.position + self.mark.position - self.size, mark.digest)


def start_line(mark: LedgerMark) -> bytes:
    """The first line of a ledger that begins at `mark`."""
    return f'[{{"check":"{_check(mark)}","start":{mark.position}}},"{mark.digest}"]\n'.encode()


def is_start(line: bytes) -> bool:
    """Whether a line is such a one, and no entry."""
    return line.startswith(_BEGIN)


def read_start(source: BinaryIO) -> LedgerStart:
    """Where the ledger in `source` begins. Raises `SealBroken` where its first line was altered."""
    source.seek(0)
    line = source.readline(_LONGEST)
    if not is_start(line):
        return LedgerStart()
    try:
        told, digest = json.loads(line)
        mark = LedgerMark(told["start"], digest)
    except (ValueError, KeyError, TypeError):
        mark = START
    if line != start_line(mark):
        raise SealBroken(
            "the beginning of the deletion ledger was altered: put back its own copy"
            " (DECKNAME_KEYS/ledger)"
        )
    return LedgerStart(mark, len(line))


def _check(mark: LedgerMark) -> str:
    return hashlib.sha256(mark.written().encode()).hexdigest()[:16]
