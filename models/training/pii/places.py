"""Towns, hamlets, districts and regions: most of the lexicon's, some put together."""

from __future__ import annotations

from random import Random

from models.training.pii.names import Names
from models.training.pii.wordlists import Listed, letters_at

_TRIES = 8


class Places(Listed):
    """Draws places, of one word or of several as the one that is replaced."""

    def __init__(self, language: str, dice: Random, names: Names) -> None:
        super().__init__("places", language, dice, names)
        towns = [each for each in self._lists["city"] if " " not in each]
        self.slots |= {"town": lambda: self.dice.choice(towns)}

    def place(self, like: str = "") -> str:
        """A town or region; letter by letter where `like` is."""
        words = like.split()
        if words and letters_at(words)[0] == len(words) > 2:
            said = " ".join(char for char in self._about(1) if char.isalpha())
            return said.lower() if like.islower() else said.upper()
        return self._about(len(words))

    def _about(self, count: int) -> str:
        """A place of one word or of several as `count` is, mostly; 0 is any."""
        made = ""
        for _ in range(_TRIES):
            made = self._any(0.12 if count < 2 else 0.7)
            if not count or (" " in made) == (count > 1) or self.dice.random() < 0.03:
                break
        return made

    def _any(self, composed: float) -> str:
        if self.chance(composed):
            return self.one("composed")
        return self.names.place() if self.chance(0.75) else self.listed("city")
