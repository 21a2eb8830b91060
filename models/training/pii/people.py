"""Values with names in them: persons, places, streets, firms."""

from __future__ import annotations

import re
from random import Random

from models.training.pii.drawn import Drawn
from models.training.pii.firms import Firms
from models.training.pii.names import Names
from models.training.pii.places import Places
from models.training.pii.streets import Streets

_SINGLE = re.compile(r"\b[a-zäöüß]\b", re.IGNORECASE)


class People(Drawn):
    """Persons, places, streets and firms."""

    def __init__(self, language: str, dice: Random, names: Names) -> None:
        super().__init__(language, dice, names)
        self._places = Places(language, dice, names)
        self._streets = Streets(language, dice, names)
        self._firms = Firms(language, dice, names)

    def person(self, like: str) -> str:
        """A full name, one part of it, or its spelling."""
        singles, words = len(_SINGLE.findall(like)), len(like.split())
        if singles >= 3:
            name = self.names.last().split(" ")[-1].split("-")[0].lower()
            spelled = self.voice().letters(name)
            head = words - singles
            return f"{name} {spelled}" if 0 < head < 3 and self.dice.random() < 0.7 else spelled
        end = "'s" if like.endswith("'s") else ""
        if words == 1:
            last = like[:1].isupper() and self.dice.random() < 0.2
            pick = self.names.first if self.dice.random() < 0.5 - 0.2 * last else self.names.last
            return pick().split(" ")[-1] + end
        middle = f" {self.names.first()}" if words > 2 and self.dice.random() < 0.5 else ""
        return f"{self.names.first()}{middle} {self.names.last()}{end}"

    def place(self, like: str = "") -> str:
        """A town, hamlet, district or region."""
        return self._places.place(like)

    def street(self, like: str) -> str:
        """A street with its number, or one of both."""
        return self._streets.street(like)

    def firm(self, like: str = "") -> str:
        """A firm, office or brand."""
        return self._firms.firm(like)
