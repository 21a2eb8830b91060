"""Annotated text as token sequences with labels: human-written corpora, read from a folder."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

from models.names.tagger import LABELS

Example = tuple[list[str], list[str]]
_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+|\n|[^\w\s]|_")
_KINDS = {
    "person": "PERSON", "per": "PERSON", "location": "LOCATION", "loc": "LOCATION",
    "location-city": "LOCATION", "location-street": "STREET_ADDRESS",
    "organization": "ORGANIZATION", "organization-company": "ORGANIZATION", "org": "ORGANIZATION",
    "corporation": "ORGANIZATION",
}  # fmt: skip
Span = tuple[int, int, str]


def tokens(text: str) -> list[tuple[int, int]]:
    """Offsets of all tokens, cut as `spoken_forms` cuts them."""
    return [match.span() for match in _TOKEN.finditer(text)]


def example(text: str, spans: list[Span]) -> Example:
    """Tokens of one line and a label for each; `Hope's` is one token, and a name."""
    texts: list[str] = []
    labels: list[str] = []
    for start, end in tokens(text):
        kind = next((k for a, b, k in spans if a <= start < b), "O")
        texts.append(text[start:end])
        labels.append(kind if kind in LABELS else "O")
    return texts, labels


def conll(path: Path) -> Iterator[Example]:
    """Sentences of a CoNLL file: word first, label last."""
    text, spans = "", []
    for line in [*path.read_text("utf-8").splitlines(), ""]:
        if not line.strip() or line.startswith(("-DOCSTART-", "# ")):
            if text:
                yield example(text, spans)
            text, spans = "", []
            continue
        parts = line.split("\t") if "\t" in line else line.split()
        start = len(text) + bool(text)
        text = f"{text} {parts[0]}" if text else parts[0]
        kind = _KINDS.get(parts[-1][2:].lower())
        if kind:
            spans.append((start, len(text), kind))


def smartdata(path: Path) -> Iterator[tuple[str, list[Example]]]:
    """Documents of SmartData: id and lines."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        content = file.read()
    decoder = json.JSONDecoder()
    at = 0
    while at < len(content):
        if content[at].isspace():
            at += 1
            continue
        document, at = decoder.raw_decode(content, at)
        yield document["id"], list(_lines(document))


def _lines(document: dict[str, object]) -> Iterator[Example]:
    text = document["text"]["string"]  # type: ignore[index]
    mentions = document.get("conceptMentions") or {}
    found = mentions["array"] if isinstance(mentions, dict) else mentions  # type: ignore[index]
    spans = [
        (m["span"]["start"], m["span"]["end"], _KINDS[kind])
        for m in found
        if (kind := m["type"].lower().replace("_", "-")) in _KINDS
    ]
    offset = 0
    for line in text.split("\n"):
        if line.strip():
            near = [
                (a - offset, b - offset, k) for a, b, k in spans if offset <= a < offset + len(line)
            ]
            yield example(line, near)
        offset += len(line) + 1
