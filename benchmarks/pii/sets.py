"""The test sets: invented utterances with `{{TYPE|value}}` marks, and human-written text.

Every file of `sets/` was written by another hand that saw no code. Half of their lines, chosen by
a checksum, are `held`: nobody looks at what goes wrong there. `tune_*.txt` is wholly for tuning.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

SETS = Path(__file__).parent / "sets"
_MARK = re.compile(r"\{\{([A-Z_]+)\|([^{}]*)\}\}")
_TURN = re.compile(r"\s*⏎\s*")

Gold = tuple[int, int, str]


@dataclass(frozen=True)
class Line:
    """A text (turns are lines), its language, and where its PII is."""

    name: str
    language: str
    part: str
    text: str
    spans: tuple[Gold, ...]

    def lowered(self) -> Line:
        """The same in lower case, offsets unchanged."""
        text = "".join(c.lower() if len(c.lower()) == 1 else c for c in self.text)
        return Line(self.name, self.language, self.part, text, self.spans)


def parse(marked: str) -> tuple[str, tuple[Gold, ...]]:
    """Text and spans of a marked line."""
    marked = _TURN.sub("\n", marked.strip())
    text, at = "", 0
    spans: list[Gold] = []
    for match in _MARK.finditer(marked):
        text += marked[at : match.start()]
        spans.append((len(text), len(text) + len(match[2]), match[1]))
        text += match[2]
        at = match.end()
    return text + marked[at:], tuple(spans)


def lines(folder: Path = SETS) -> list[Line]:
    """All lines of all sets."""
    return [line for path in sorted(folder.glob("*_??.txt")) for line in _of_file(path)]


def _of_file(path: Path) -> Iterator[Line]:
    for number, marked in enumerate(path.read_text(encoding="utf-8").splitlines()):
        name = f"{path.stem.replace('_', '-')}-{number:03d}"
        held = crc32(name.encode()) % 2 and not path.stem.startswith("tune")
        text, spans = parse(marked)
        yield Line(name, path.stem[-2:], "held" if held else "tune", text, spans)


def human(folder: Path, name: str) -> list[Line]:
    """Human-written text with its persons: `smartdata`, `wnut17` or `btc_a` (only PERSON)."""
    if name == "smartdata":
        return list(_smartdata(folder / "smartdata_v3_dev.json.gz"))
    file = {"wnut17": "wnut17_dev.conll", "btc_a": "btc_a.conll"}[name]
    return list(_conll(folder / file, name))


def _smartdata(path: Path) -> Iterator[Line]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        content = file.read()
    decoder, at = json.JSONDecoder(), 0
    while at < len(content):
        if content[at].isspace():
            at += 1
            continue
        document, at = decoder.raw_decode(content, at)
        mentions = document.get("conceptMentions") or {}
        mentions = mentions["array"] if isinstance(mentions, dict) else mentions
        found = [m["span"] for m in mentions if m["type"].lower() == "person"]
        offset = 0
        for text in document["text"]["string"].split("\n"):
            inside = [(s["start"] - offset, s["end"] - offset) for s in found]
            spans = tuple((a, b, "PERSON") for a, b in inside if 0 <= a < len(text))
            if text.strip():
                yield Line("smartdata", "de", "human", text, spans)
            offset += len(text) + 1


def _conll(path: Path, name: str) -> Iterator[Line]:
    text, spans = "", list[Gold]()
    for row in [*path.read_text("utf-8").splitlines(), ""]:
        if not row.strip() or row.startswith(("-DOCSTART-", "# ")):
            if text:
                yield Line(name, "en", "human", text, tuple(spans))
            text, spans = "", []
            continue
        parts = row.split("\t") if "\t" in row else row.split()
        start = len(text) + bool(text)
        text = f"{text} {parts[0]}" if text else parts[0]
        tag = parts[-1].lower()
        if tag[2:] in {"per", "person"}:
            if tag[0] == "i" and spans and spans[-1][1] == start - 1:
                start = spans.pop()[0]
            spans.append((start, len(text), "PERSON"))
