"""Firms, offices, clubs, schools and brands: real ones and many more invented ones."""

from __future__ import annotations

import re
from random import Random

from models.training.pii.names import Names
from models.training.pii.wordlists import Listed, letters_at, word_lists

#: kinds of patterns in the lists, with the share of each
_KINDS = {"words": 0.3, "people": 0.28, "towns": 0.16, "houses": 0.18, "letters": 0.08}
_ALPHABET = "aaabcdeefghiklmnooprstuvwxyz"
_INITIALS = re.compile(r"\b[a-z]( (?:and|und|&) |&)[a-z]\b", re.IGNORECASE)
_TRIES = 12  # how often a name of about the right length is tried


class Firms(Listed):
    """Draws organisations; the form of the one that is replaced stays: spelled, one word, many."""

    def __init__(self, language: str, dice: Random, names: Names) -> None:
        super().__init__("firms", language, dice, names)
        self._brands = {
            single: [each for each in self.lists["brands"] if (" " not in each) == single]
            for single in (True, False)
        }
        # Only what stands without `an der` or `the` goes into a firm's name.
        self._towns = [
            each
            for section in ("towns", "districts")
            for each in word_lists(f"places_{language}")[section]
            if " " not in each or each.istitle()
        ]
        self.slots |= {
            "town": self._town,
            "coined": self.coined,
            "glued": self.glued,
            "letter": lambda: self._letters(1),
            "acronym": self._acronym,
            "spelled": lambda: " ".join(self._acronym()),
        }

    def firm(self, like: str = "") -> str:
        """An organisation in the form of `like`, in any form without it."""
        words = like.split()
        start, end = letters_at(words)
        if max(start, end) >= 2:
            return self._spelled(like, start, len(words))
        if not words:
            return self._single() if self.chance(0.4) else self._several()
        if len(words) == 1:
            if words[0].isupper() and len(words[0]) > 1 and self.chance(0.5):
                return self._acronym()
            return self._single() if self.chance(0.9) else self._several()
        return self._about(like, len(words))

    def _about(self, like: str, count: int) -> str:
        """Several words, about `count`; what stands out in `like` tends to stay."""
        kept = self._kept(like)
        made = ""
        for _ in range(_TRIES):
            made = self.filled(self.dice.choice(kept)) if kept else self._several()
            if kept or 1 < len(made.split()) <= count + 1:
                break
        # A name's own `the` is small; as the first word of an utterance it was not.
        return made[:1].upper() + made[1:] if like[:1].isupper() else made

    def _kept(self, like: str) -> list[str]:
        """Patterns with the initials (`j and k`) or, often, the first word (`the`) of `like`."""
        if (found := _INITIALS.search(like)) is not None:
            joint = found[1].join(("{letter}", "{letter}"))
            return [each for each in self.lists["letters"] if joint in each]
        opener = like.split()[0].lower() + " "
        if self.chance(0.4):
            return []
        return [each for each in self.lists["houses"] if each.lower().startswith(opener)]

    def _several(self) -> str:
        if self.chance(0.22):
            return self.dice.choice(self._brands[False])
        return self._patterned(self.dice.choices(list(_KINDS), weights=list(_KINDS.values()))[0])

    def _patterned(self, kind: str) -> str:
        return self.one(f"{kind} often" if self.chance(0.3) else kind)

    def _single(self) -> str:
        draw = self.dice.random()
        if draw < 0.42:
            return self.dice.choice(self._brands[True])
        if draw < 0.64:
            return self.coined()
        if draw < 0.82:
            return self.glued()
        if draw < 0.9:
            return self.one("nouns").split(" ")[-1]
        return self._acronym() if draw < 0.96 else self.surname()

    def coined(self) -> str:
        """A made-up word of two to four syllables: `Novarix`."""
        if self.chance(0.6):
            joint = self.one("joints") if self.chance(0.4) else ""
            return (self.one("roots") + joint + self.one("endings")).capitalize()
        middle = self.one("codas") if self.chance(0.3) else ""
        # After a syllable's end only a plain consonant can be said.
        after = self.dice.choice("bdfgklmnprstv" if middle else "lmnrstvdx")
        word = self.one("onsets") + self.one("vowels") + middle + after
        if self.chance(0.2):
            word += self.dice.choice("aeio") + self.dice.choice("lmnrstvd")
        return (word + self.one("endings")).capitalize()

    def glued(self) -> str:
        """Two words in one: `Brightpath`, `Nordbau`."""
        head, tail = self.one("glueheads"), self.one("gluetails")
        while head.lower()[:4] == tail[:4]:
            tail = self.one("gluetails")
        return head + tail

    def _acronym(self) -> str:
        """`DVLA`, or letters by chance."""
        if self.chance(0.5):
            return re.sub(r"[^\w]", "", self.one("spellings"))
        return self._letters(self.dice.choice([2, 3, 3, 3, 4, 4]))

    def _letters(self, count: int) -> str:
        return "".join(self.dice.choices(_ALPHABET, k=count)).upper()

    def _spelled(self, like: str, start: int, count: int) -> str:
        """Letter by letter where `like` is: the whole (`a v c s`), its head or its legal form."""
        if start == count:
            makers = [self.glued, self.coined, self.surname] if count > 4 else [self._acronym]
            drawn = [self.dice.choice(makers)() for _ in range(_TRIES)]
            _, word = min((abs(len(word) - count), word) for word in drawn)
            said = " ".join(word).upper()
        elif start >= 2:
            said = f"{' '.join(self._acronym())} {self.one('trades')}"
        else:
            said = self.one("with spelled legal")
        return said.lower() if like.islower() else said

    def _town(self) -> str:
        """Mostly a town that people at home name."""
        draw = self.dice.random()
        if draw < 0.15:
            return self.names.place()
        return self.listed("city") if draw < 0.75 else self.dice.choice(self._towns)
