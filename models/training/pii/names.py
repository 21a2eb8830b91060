"""Names of people, places and firms, drawn from the lexicon about as often as people bear them."""

from __future__ import annotations

import gzip
from pathlib import Path
from random import Random

_LEXICON = Path(__file__).parents[2] / "names" / "lexicon.tsv.gz"


class Names:
    """Draws names as often as people bear them: half from the frequent, half from all."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        flags = [
            line.split("\t")
            for line in gzip.decompress(_LEXICON.read_bytes()).decode().splitlines()
        ]
        self._first = [word for word, flag in flags if "F" in flag and " " not in word]
        self._last = [word for word, flag in flags if "S" in flag or "s" in flag]
        self._top = [word for word, flag in flags if "T" in flag]
        self._places = [word for word, flag in flags if "P" in flag]

    def first(self) -> str:
        """A first name, sometimes a double one."""
        name = self._capital(self._dice.choice(self._first))
        if self._dice.random() < 0.06:
            name += "-" + self._capital(self._dice.choice(self._first))
        return name

    def last(self) -> str:
        """A surname, sometimes a noble or a double one."""
        pool = self._top if self._dice.random() < 0.35 else self._last
        name = self._capital(self._dice.choice(pool))
        draw = self._dice.random()
        if draw < 0.03:
            return f"von {name}"
        return f"{name}-{self._capital(self._dice.choice(self._last))}" if draw < 0.06 else name

    def place(self) -> str:
        """A town."""
        return " ".join(map(self._capital, self._dice.choice(self._places).split()))

    def firm(self) -> str:
        """An invented firm."""
        kind = self._dice.choice(
            ["{} Immobilien", "{} GmbH", "Hausverwaltung {}", "{} und Partner", "Kanzlei {}",
             "{} Lettings", "{} Estates", "{} Ltd", "Autohaus {}", "{} AG"]
        )  # fmt: skip
        return kind.format(self.last())

    def _capital(self, word: str) -> str:
        word = word.replace("ae", "ä").replace("oe", "ö") if self._dice.random() < 0.7 else word
        return word[:1].upper() + word[1:]
