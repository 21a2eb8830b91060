"""What every drawer of values shares: a language, chance, names, and the templates' word lists."""

from __future__ import annotations

from random import Random

from models.training.pii.names import Names
from models.training.pii.said import Voice
from models.training.speech.sentences import sections


class Drawn:
    """Base of the drawers; `like` is always the surface whose form the new value takes."""

    def __init__(self, language: str, dice: Random, names: Names) -> None:
        self.language, self.dice, self.names = language, dice, names
        self.german = language == "de"
        self._lists = sections(language)

    def voice(self) -> Voice:
        """A new speaker."""
        return Voice(self.language, self.dice)

    def listed(self, name: str) -> str:
        """An entry of a template list, e.g. `city`."""
        return self.dice.choice(self._lists[name])

    def surname(self) -> str:
        """One plain word of a surname."""
        return self.names.last().split(" ")[-1].split("-")[0]

    def some(self, count: int) -> str:
        """Random digits."""
        return "".join(self.dice.choices("0123456789", k=count))

    def letters(self, count: int) -> str:
        """Random letters."""
        return "".join(self.dice.choices("abcdefghijklmnoprstuvwxyz", k=count))


def in_figures(like: str) -> bool:
    """Whether the value was written with figures."""
    return any(char.isdigit() for char in like)
