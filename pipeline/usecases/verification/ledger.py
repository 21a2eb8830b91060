"""The deletion ledger as a file: JSON lines `[body, hash]`, each hash over the one before.

Read it *before* the database: whoever finishes a deletion appends here first, so what is in this
reading is at least pending in a later view of the rows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.usecases.verification.audit_chain import FIRST
from pipeline.usecases.verification.findings import Finding


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
    `first_begun` is when the first deletion began; `end` counts bytes."""

    receipts: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    lines: int = 0
    end: int = 0
    first_begun: str | None = None
    findings: list[Finding] = field(default_factory=list)


def read_ledger(path: Path) -> Ledger:
    """All of it. A last line without its end is still being written, or was cut by a crash."""
    ledger = Ledger()
    previous: str | None = FIRST
    for raw in _raw_lines(path):
        ledger.lines += 1
        ledger.end += len(raw)
        body, stated = _split(raw)
        if previous is not None and (body is None or stated != _hash(previous, body)):
            place = f"line {ledger.lines}"
            ledger.findings.append(Finding("ledger_broken", place, "the line does not follow"))
            previous = None
        elif previous is not None:
            previous = stated
        _remember(ledger, _receipt(body))
    return ledger


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


def _raw_lines(path: Path, start: int = 0) -> Iterator[bytes]:
    try:
        with path.open("rb") as lines:
            lines.seek(start)
            for raw in lines:
                if raw.endswith(b"\n"):
                    yield raw
    except FileNotFoundError:
        return


def _split(raw: bytes) -> tuple[list[Any] | None, str | None]:
    try:
        body, stated = json.loads(raw)
    except (ValueError, TypeError):
        return None, None
    return (body, stated) if isinstance(body, list) and len(body) == 6 else (None, None)


def _hash(previous: str, body: list[Any]) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def _receipt(body: list[Any] | None) -> Line | None:
    if body is None or body[1] != "receipt" or not isinstance(body[5], dict):
        return None
    return Line(str(body[0]), str(body[5].get("document")), str(body[5].get("signature")))
