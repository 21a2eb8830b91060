"""Streets, houses and their numbers, in figures or as words."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from models.training.pii.drawn import in_figures
from models.training.pii.names import Names
from models.training.pii.wordlists import Listed, letters_at

_DE_PARTS = (
    "eins?|zwei|zwo|drei|vier|fünf|sechs?|sieben|sieb|acht|neun|zehn|elf|zwölf|zwanzig|dreißig|"
    "dreissig|zig|hundert|tausend|null|und"
)
_EN_PARTS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|"
    "sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|"
    "hundred|thousand|oh|zero|-"
)
_NUMERAL = {
    "de": re.compile(f"(?!und$)(?:{_DE_PARTS})+", re.IGNORECASE),
    "en": re.compile(f"(?!-$)(?:{_EN_PARTS})+", re.IGNORECASE),
}
_FIGURES = re.compile(r"\d+(?:[-–/]\d+)?[a-z]?", re.IGNORECASE)
#: words beside a number that make it no street: `12 a`, `eighty eight to ninety`
_BESIDE = re.compile(r"[a-h]|and|und|to|bis|-|–", re.IGNORECASE)
_RANGE = re.compile(r"^(?:bis|to|-|–)$|\d[-–/]\d")
_LETTERED = re.compile(r"(?:^|\d)[a-h]$", re.IGNORECASE)
_SUFFIXES = "aaaaabbbbcccddefgh"


class Streets(Listed):
    """Draws addresses: number, street or both as the one that is replaced."""

    def __init__(self, language: str, dice: Random, names: Names) -> None:
        super().__init__("streets", language, dice, names)
        self._figures = False  # whether the address in the making is in figures
        self.slots |= {
            "head": self._head,
            "street": self.name,
            "letter": lambda: self.dice.choice(_SUFFIXES).upper(),
            "number": lambda: self.number(self._figures),
            "small": lambda: self._said(self.dice.randint(1, 30), self._figures),
            "block": lambda: self._said(self.dice.randint(1, 7), self._figures),
        }
        self._name: Callable[[], str] = self._german if self.german else self._english

    def street(self, like: str) -> str:
        """A street with its number, or one of both."""
        words = re.sub(r"[,.;]", " ", like).split()
        self._figures = in_figures(like)
        start, end = letters_at(words)
        if max(start, end) > 2:
            made = self._spelled(like, start == len(words))
        elif len(words) == 1 and start == 1:
            made = self.dice.choice(_SUFFIXES)
        else:
            made = self._formed(words)
        # `Sixteen` began an utterance; a name's own small `the` gives way as well.
        return made[:1].upper() + made[1:] if like[:1].isupper() else made

    def _formed(self, words: list[str]) -> str:
        numbers = [self._is_number(word) for word in words]
        # Mannheim: `Q 7, 24`.
        if self.german and len(words[0]) == 1 and len(words) > 1 and all(numbers[1:]):
            return self.one("squares" if len(words) > 2 else "square")
        if len(words) == 2 and numbers[1] and words[0].capitalize() in self.lists["flats"]:
            return self.filled("{flats} {small}")
        if any(numbers) and all(
            number or _BESIDE.fullmatch(word) for number, word in zip(numbers, words, strict=True)
        ):
            return self.number(self._figures, words)
        if any(numbers):
            return self.one("whole often" if self.chance(0.65) else "whole")
        if len(words) == 1:
            return self._short(words[0])
        return self.one("unnumbered") if self.chance(0.25) else self.name()

    def _is_number(self, word: str) -> bool:
        return (_FIGURES if self._figures else _NUMERAL[self.language]).fullmatch(word) is not None

    def _spelled(self, like: str, alone: bool) -> str:
        head = re.sub(r"[^a-zäöüß]", "", self._head().lower().replace(" ", ""))
        said = " ".join(head)
        if not alone:
            said = f"{self.name()} {said}"
        return said.lower() if like.islower() else said.upper() if alone else said

    def _short(self, word: str) -> str:
        """A street of one word; where only `gardens` was said, another such word."""
        if word.capitalize() in self.lists["ends"] and not self.german:
            return self.one("ends").lower()
        if not self.german:
            return self._head() if self.chance(0.8) else self.name()
        made = self.name()
        for _ in range(8):
            if " " not in made:
                break
            made = self.name()
        return made

    def name(self) -> str:
        """A street without a number."""
        return self._name()

    def _english(self) -> str:
        draw = self.dice.random()
        if draw < 0.06:
            return self.one("full")
        if draw < 0.12:
            return f"{self.one('directions')} {self.one('usheads')} {self.listed('streetend')}"
        end = self.listed("streetend") if self.chance(0.6) else self.one("ends")
        head = self._head()
        return self.name() if head.split(" ")[-1] == end else f"{head} {end}"

    def _head(self) -> str:
        draw = self.dice.random()
        if draw < 0.3:
            return self.surname()
        return self.listed("streetword") if draw < 0.5 else self.one("heads")

    def _german(self) -> str:
        draw = self.dice.random()
        if draw < 0.44:
            return self._glued()
        if draw < 0.52:
            end = self.one("commonends" if self.chance(0.8) else "ends").capitalize()
            return f"{self.one('cityers')} {end}"
        if draw < 0.64:
            return self._person()
        if draw < 0.86:
            return self.one("own")
        return self.one("full") if draw < 0.95 else self.listed("streetfull")

    def _glued(self) -> str:
        """`Rosensteig`; as written apart or with a hyphen now and then: `Rosen Steig`."""
        head = self._head()
        end = self.one("commonends") if self.chance(0.65) else self.one("ends")
        # Neither `Ringring` nor `Alteweg`: declined heads go with none but a feminine end.
        if head.lower().endswith(end) or (head in {"Lange", "Neue", "Alte", "Hohe"}):
            return self._glued()
        if " " in head:
            return f"{head.replace(' ', '-')}-{end.capitalize()}"
        draw = self.dice.random()
        if draw < 0.1:
            return f"{head} {end.capitalize()}"
        return head + ("str." if end == "straße" and draw < 0.18 else end)

    def _person(self) -> str:
        draw = self.dice.random()
        if draw < 0.45:
            words = self.one("persons").split(" ")
        elif draw < 0.65:
            words = self.one("royals").split(" ")
        else:
            words = [self.names.first().split("-")[0], self.surname()]
        mark = "-" if self.chance(0.75) else " "
        end = self.one("commonends") if self.chance(0.8) else self.one("ends")
        return mark.join([*" ".join(words).split(" "), end.capitalize()])

    def number(self, figures: bool, like: list[str] | None = None) -> str:
        """A house number, now and then a range or with a letter; mostly as the words `like`."""
        dice = self.dice
        number = dice.randint(1, dice.choice([9, 40, 99, 199]))
        joint = " bis " if self.german else " to "
        spans = like is not None and any(_RANGE.search(word) for word in like)
        lettered = like is not None and _LETTERED.search(like[-1]) is not None
        if self.chance(0.75 if spans else 0.07):
            to = number + dice.choice([1, 2, 2, 4])
            if figures:
                joint = dice.choice(["-", "–", joint, "/" if self.german else "-"])
            return self._said(number, figures) + joint + self._said(to, figures)
        if not self.german and self.chance(0.13):
            number = dice.randint(100, 4999)
        said = self._said(number, figures)
        if self.chance(0.75 if lettered else 0.13):
            letter = dice.choice(_SUFFIXES)
            said += letter if figures and self.chance(0.7) else f" {letter}"
        return said

    def _said(self, number: int, figures: bool) -> str:
        """`411` in figures or words; English ones in pairs, too: `four eleven`, `one oh five`."""
        if figures:
            return str(number)
        cardinal = self.voice().cardinal
        head, rest = divmod(number, 100)
        if number > 999 and not self.german and self.chance(0.3):
            return " ".join(map(self.voice().digit, str(number)))
        if self.german:
            return cardinal(number).removeprefix("ein" if head and self.chance(0.6) else "")
        if not head or not rest or (number < 1000 and self.chance(0.35)):
            return cardinal(number)
        return f"{cardinal(head)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"
