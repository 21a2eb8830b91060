"""The Markdown that the papers are written in, read into blocks: headings, paragraphs, lists,
notes and tables. No more is understood, for no more is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

_HEADING = re.compile(r"(#{1,3}) (.+)")
_RULER = re.compile(r"\|(?:\s*:?-+:?\s*\|)+")
_CELL_END = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Heading:
    """`level` is 1 to 3."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """A paragraph that is set apart."""

    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list without numbers."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The first row is the head."""

    rows: tuple[tuple[str, ...], ...] = field(default=())

    @property
    def columns(self) -> int:
        """How many."""
        return len(self.rows[0])


Block = Heading | Paragraph | Note | Bullets | Table


def blocks_of(markdown: str) -> tuple[Block, ...]:
    """Raises `ValueError` for a table whose rows differ in length."""
    pieces = (piece.strip("\n") for piece in re.split(r"\n\s*\n", markdown))
    return tuple(block for piece in pieces if piece for block in _read(piece))


def _read(piece: str) -> Iterator[Block]:
    for kind, lines in groupby(piece.splitlines(), key=_kind):
        yield from _block(kind, list(lines))


def _kind(line: str) -> str:
    if _HEADING.match(line):
        return "heading"
    return {"|": "table", "- ": "bullets", "  ": "bullets", "> ": "note"}.get(
        line[:1] if line.startswith("|") else line[:2], "text"
    )


def _block(kind: str, lines: list[str]) -> Iterator[Block]:
    if kind == "heading":
        for line in lines:
            marks, _, text = line.partition(" ")
            yield Heading(len(marks), text)
    elif kind == "table":
        yield _table(lines)
    elif kind == "bullets":
        text = "\n".join(lines).replace("\n  ", " ")
        yield Bullets(tuple(line.removeprefix("- ") for line in text.splitlines()))
    elif kind == "note":
        yield Note(" ".join(line.removeprefix("> ") for line in lines))
    else:
        yield Paragraph(" ".join(lines))


def _table(lines: list[str]) -> Table:
    rows = tuple(
        tuple(cell.strip() for cell in _CELL_END.split(line.strip())[1:-1])
        for line in lines
        if not _RULER.fullmatch(line)
    )
    if len({len(row) for row in rows}) != 1:
        raise ValueError("the rows of a table differ in length")
    return Table(rows)
