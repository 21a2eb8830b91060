"""The word lists beside the drawers: `# name` opens a list, `|` parts its entries."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

from models.training.pii.drawn import Drawn
from models.training.pii.names import Names

FOLDER = Path(__file__).parent / "words"
_SLOT = re.compile(r"\{([^{}]+)\}")
_LETTER = re.compile(r"\W*\w\W*")


@cache
def word_lists(stem: str) -> dict[str, tuple[str, ...]]:
    """The lists of `words/<stem>.txt` by name."""
    found: dict[str, tuple[str, ...]] = {}
    name = ""
    for line in (FOLDER / f"{stem}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            name = line[2:]
            found[name] = ()
        else:
            found[name] += tuple(line.split("|"))
    return found


class Listed(Drawn):
    """A drawer with lists of its own; entries may hold `{slots}`."""

    def __init__(self, topic: str, language: str, dice: Random, names: Names) -> None:
        super().__init__(language, dice, names)
        self.lists = word_lists(f"{topic}_{language}")
        self.slots: dict[str, Callable[[], str]] = {"first": names.first, "last": self.family}

    def one(self, name: str) -> str:
        """An entry of a list, filled."""
        return self.filled(self.dice.choice(self.lists[name]))

    def filled(self, pattern: str) -> str:
        """The pattern with every `{slot}` drawn: a maker's value or a list's entry."""
        return _SLOT.sub(
            lambda match: self.slots.get(match[1], lambda: self.one(match[1]))(), pattern
        )

    def family(self) -> str:
        """A surname, seldom with `von` or a hyphen."""
        return self.names.last() if self.dice.random() < 0.15 else self.surname()

    def chance(self, share: float) -> bool:
        """True in `share` of all cases."""
        return self.dice.random() < share


def letters_at(words: list[str]) -> tuple[int, int]:
    """How many single letters stand at the start and at the end: `d h l express` has 3 and 0."""
    flags = [_LETTER.fullmatch(word) is not None and word != "&" for word in words]
    start = (*flags, False).index(False)
    return start, (*flags[::-1], False).index(False)
