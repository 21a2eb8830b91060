"""Labelled utterances: hand-written frames and the speech model's templates, filled anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from models.names.lexicon import fold, load_lexicon
from models.training.pii.corpora import Example, example
from models.training.pii.names import Names
from models.training.pii.values import Values
from models.training.speech.sentences import SentenceWriter, sections

_MARK = re.compile(r"\{\{([A-Z_]+)\|([^{}]*)\}\}")
_TURN = re.compile(r"\s*⏎\s*")
_KEPT = 0.3  # share of values that stay as their author wrote them
_KEPT_WORDS = 0.75  # of names that are ordinary words (`hope`, `fuchs`): the frame is about them
_FOLDER = Path(__file__).parent / "frames"
_NAMED = frozenset({"PERSON", "LOCATION", "ORGANIZATION"})
#: slots of the speech templates that are personal data
_SLOTS = {
    **dict.fromkeys(("name", "first", "last", "spell", "letters"), "PERSON"),
    **dict.fromkeys(("city", "district"), "LOCATION"),
    "agency": "ORGANIZATION",
    "street": "STREET_ADDRESS",
    "phone": "PHONE_NUMBER",
    "email": "EMAIL_ADDRESS",
    "birth": "DATE_OF_BIRTH",
    "zip": "POSTCODE",
}


@dataclass(frozen=True)
class Frame:
    """Text pieces and values in turn: `pieces[i]`, `values[i]` (type, surface), `pieces[i + 1]`."""

    language: str
    pieces: tuple[str, ...]
    values: tuple[tuple[str, str], ...]


def parse(line: str, language: str) -> Frame:
    """A line of a frames file; turns are separated by `⏎`, values are `{{TYPE|surface}}`."""
    text = _TURN.sub("\n", line.strip())
    split = _MARK.split(text)
    return Frame(language, tuple(split[::3]), tuple(zip(split[1::3], split[2::3], strict=True)))


def frames(folder: Path = _FOLDER) -> list[Frame]:
    """All frames of the folder's `*_de.txt` and `*_en.txt`."""
    return [
        parse(line, path.stem[-2:])
        for path in sorted(folder.glob("*_??.txt"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]


def filled(frame: Frame, values: Values, dice: Random) -> Example:
    """The frame with values drawn anew, as tokens and labels. One name that occurs twice in a
    frame stays one name."""
    text, spans = frame.pieces[0], []
    drawn: dict[tuple[str, str], str] = {}
    for (kind, surface), piece in zip(frame.values, frame.pieces[1:], strict=True):
        value = drawn.get((kind, surface))
        if value is None:
            value = surface if dice.random() < _kept(kind, surface) else values.value(kind, surface)
            if surface.islower():
                value = value.lower()
            drawn[kind, surface] = value
        spans.append((len(text), len(text) + len(value), kind))
        text += value + piece
    return example(text, spans)


def _kept(kind: str, surface: str) -> float:
    common = kind in _NAMED and "C" in load_lexicon().flags(fold(surface))
    return _KEPT_WORDS if common else _KEPT


class _Marked(SentenceWriter):
    """The speech templates with marks around what is personal data."""

    def __init__(self, language: str, dice: Random, names: Names) -> None:
        # The parent also reads dictionaries and running text, which templates never need.
        self.language, self.rng, self.names = language, dice, names
        self._lists, self._surnames, self._depth = sections(language), (), 0

    def slot(self, name: str) -> str:
        """A value of the slot, marked where it is personal data and not inside another mark."""
        kind = _SLOTS.get(name)
        outer = kind is not None and self._depth == 0
        self._depth += outer
        try:
            if name in {"last", "first"}:
                value = self.names.last() if name == "last" else self.names.first()
            else:
                value = super().slot(name)
        finally:
            self._depth -= outer
        return f"{{{{{kind}|{value}}}}}" if outer and "{" not in value else value


def templates(language: str, count: int, dice: Random, names: Names) -> Iterator[Example]:
    """`count` sentences of the speech templates."""
    writer = _Marked(language, dice, names)
    for _ in range(count):
        frame = parse(writer.template(), language)
        text, spans = frame.pieces[0], []
        for (kind, surface), piece in zip(frame.values, frame.pieces[1:], strict=True):
            spans.append((len(text), len(text) + len(surface), kind))
            text += surface + piece
        yield example(text, spans)
