"""The deletion ledger as a file: JSON lines `[body, hash]`, each hash over the one before. Where
old lines were forgotten, the first line says so and has the hash of the last one that went.

Read it *before* the database: whoever finishes a deletion appends here first, so what is in this
reading is at least pending in a later view of the rows.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Container, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from pipeline.domain.errors import ServiceUnavailable
from pipeline.usecases.verification.audit_chain import FIRST
from pipeline.usecases.verification.begun import Begun
from pipeline.usecases.verification.findings import Finding, from_text
from pipeline.usecases.verification.rows import Rows
from pipeline.usecases.verification.told import Told


@dataclass(frozen=True, slots=True)
class Line:
    """A receipt in the ledger."""

    id: str
    document: str = field(repr=False)
    signature: str = field(repr=False)

    @property
    def mark(self) -> bytes:
        """Enough to see whether the database has the same receipt, small enough for millions."""
        return hashlib.sha256(f"{self.document}\n{self.signature}".encode()).digest()[:12]


@dataclass(slots=True)
class Ledger:
    """`receipts` are, by id, the mark and the entry of the audit log that the receipt names;
    `first_begun` is when the first deletion began; `first_told` when the first line was written;
    `remade` is when the last line was that says that an earlier ledger was lost;
    `shortened` where lines before it were forgotten; `end` counts bytes."""

    receipts: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    lines: int = 0
    end: int = 0
    first_begun: str | None = None
    first_told: str | None = None
    shortened: bool = False
    begun: Begun = field(default_factory=Begun)
    told: Told = field(default_factory=Told)
    remade: datetime | None = None
    findings: list[Finding] = field(default_factory=list)


def read_ledger(path: Path) -> Ledger:
    """All of it. A last line without its end is still being written, or was cut by a crash."""
    ledger = Ledger()
    previous: str | None = FIRST
    for raw in _raw_lines(path):
        ledger.lines += 1
        ledger.end += len(raw)
        if ledger.lines == 1 and (forgotten := _last_forgotten(raw)) is not None:
            ledger.shortened, previous = True, forgotten
            continue
        body, stated = _split(raw)
        if ledger.first_told is None and body is not None:
            ledger.first_told = str(body[2])
        if previous is not None and (body is None or stated != _hash(previous, body)):
            place = f"line {ledger.lines}"
            ledger.findings.append(Finding("ledger_broken", place, "the line does not follow"))
            previous = None
        elif previous is not None:
            previous = stated
        _remember(ledger, _receipt(body))
        if body is not None and body[1] == "remade":
            ledger.remade = _moment(body[2]) or ledger.remade
        ledger.begun.read(body)
        ledger.told.read(body)
    return ledger


def verify_reached(rows: Rows, path: Path, ledger: Ledger) -> Iterator[Finding]:
    """The database remembers up to where it has all that the ledger tells: that place must still
    be in the file, unless the ledger was made anew since."""
    query = "SELECT mark, at FROM watermarks WHERE name = 'ledger' AND mark LIKE '%:%'"
    for mark, at in rows.execute(query) if rows.reads(query) else ():
        position, _, digest = mark.partition(":")
        anew = ledger.remade is not None and ledger.remade > from_text(at)
        if not anew and not (position.isdecimal() and _holds(path, int(position), digest)):
            told = "the ledger lacks lines that the database knows: it was cut, or is an older copy"
            yield Finding("ledger_cut", "ledger", told)


def _holds(path: Path, position: int, digest: str) -> bool:
    """Whether a line with `digest` ends at `position`, counted with the lines that were forgotten;
    what lies among those cannot be looked for."""
    try:
        with _opened(path) as lines:
            first = lines.readline()
            shortened = _last_forgotten(first) is not None
            begin, size = (json.loads(first)[0]["start"], len(first)) if shortened else (0, 0)
            if position <= begin:
                return True
            tail = f',"{digest}"]\n'.encode()
            lines.seek(max(position - begin + size - len(tail), 0))
            return lines.read(len(tail)) == tail
    except FileNotFoundError:
        return position == 0


def receipts_of(path: Path, wanted: Container[str], start: int = 0) -> Iterator[Line]:
    """The receipts among the lines from byte `start` on whose id is in `wanted`."""
    for raw in _raw_lines(path, start):
        line = _receipt(_split(raw)[0])
        if line is not None and line.id in wanted:
            yield line


def _remember(ledger: Ledger, line: Line | None) -> None:
    if line is None:
        return
    try:
        told = json.loads(line.document)
        begun, position = str(told["begun"]), int(told["audit"]["position"])
    except (ValueError, KeyError, TypeError):
        begun, position = None, 0  # its signature will tell
    ledger.receipts[line.id] = (line.mark, position)
    if begun is not None and (ledger.first_begun is None or begun < ledger.first_begun):
        ledger.first_begun = begun


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as lines:
            yield lines
    except (PermissionError, NotADirectoryError, IsADirectoryError) as error:
        raise ServiceUnavailable(
            f"the deletion ledger cannot be read ({os.strerror(error.errno or 0)}): nothing was"
            " verified"
        ) from None


def _raw_lines(path: Path, start: int = 0) -> Iterator[bytes]:
    try:
        with _opened(path) as lines:
            lines.seek(start)
            for raw in lines:
                if raw.endswith(b"\n"):
                    yield raw
    except FileNotFoundError:
        return


def _moment(text: Any) -> datetime | None:
    with suppress(ValueError, TypeError):
        return datetime.fromisoformat(text)
    return None


def _split(raw: bytes) -> tuple[list[Any] | None, str | None]:
    try:
        body, stated = json.loads(raw)
    except (ValueError, TypeError):
        return None, None
    return (body, stated) if isinstance(body, list) and len(body) == 6 else (None, None)


def _last_forgotten(raw: bytes) -> str | None:
    """The hash of the last line that is gone, where `raw` says that there was one."""
    try:
        told, digest = json.loads(raw)
        mark = f"{told['start']}:{digest}"
        checked = told == {
            "start": told["start"],
            "check": hashlib.sha256(mark.encode()).hexdigest()[:16],
        }
    except (ValueError, KeyError, TypeError):
        return None
    return str(digest) if checked else None


def _hash(previous: str, body: list[Any]) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def _receipt(body: list[Any] | None) -> Line | None:
    if body is None or body[1] != "receipt" or not isinstance(body[5], dict):
        return None
    return Line(str(body[0]), str(body[5].get("document")), str(body[5].get("signature")))
