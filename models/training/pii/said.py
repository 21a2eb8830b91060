"""How digits, numbers and letters are said or written, with the slips of real speech."""

from __future__ import annotations

from random import Random

from models.training.speech import numerals

_TWICE = {"de": "doppel", "en": "double"}
_FILLERS = {"de": ("äh", "ähm", "und dann", "moment"), "en": ("uh", "um", "and then", "er")}
_SLIPS = {"de": ("nein", "quatsch", "sorry", "nee"), "en": ("no", "sorry", "i mean", "wait")}
_DIN = (  # noqa: SIM905
    "anton berta cäsar dora emil friedrich gustav heinrich ida julius konrad ludwig martha nordpol "
    "otto paula quelle richard siegfried theodor ulrich viktor wilhelm xanthippe ypsilon zacharias"
).split()
_NATO = (  # noqa: SIM905
    "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar "
    "papa quebec romeo sierra tango uniform victor whiskey x-ray yankee zulu"
).split()
_HOME = (  # noqa: SIM905
    "apple bob charlie david edward freddie george harry isaac jack king london mother nelly "
    "orange peter queen robert sugar tommy uncle victor william x-ray yellow zebra"
).split()
_UMLAUT = {"ä": "ärger", "ö": "ökonom", "ü": "übermut", "ß": "eszett"}


class Voice:
    """One way to speak, drawn once per value, so that a number sounds like one person."""

    def __init__(self, language: str, dice: Random) -> None:
        self.language, self.dice = language, dice
        self._zero = None
        if language == "en" and dice.random() < 0.6:
            self._zero = "oh"
        self._two = "zwo" if language == "de" and dice.random() < 0.2 else None
        self._style = dice.choice(["digits"] * 6 + ["pairs", "mixed", "double"] * 2 + ["hundreds"])

    def digit(self, char: str) -> str:
        """One digit as a word."""
        if char == "2" and self._two:
            return self._two
        return numerals.digits(char, self.language, self._zero)

    def cardinal(self, number: int) -> str:
        """`44` as one number."""
        return (numerals.german if self.language == "de" else numerals.english)(number)

    def digits(self, written: str) -> str:
        """A run of digits as words, with pairs, doubles, fillers and corrections."""
        words: list[str] = []
        at = 0
        while at < len(written):
            rest = written[at:]
            if len(rest) > 1 and rest[0] == rest[1] and self._style in {"double", "mixed"}:
                words.append(f"{_TWICE[self.language]} {self.digit(rest[0])}")
                at += 2
            elif len(rest) > 2 and rest[0] != "0" and self._style == "hundreds":
                words.append(self.cardinal(int(rest[:3])))
                at += 3
            elif len(rest) > 1 and rest[0] != "0" and self._pairs():
                words.append(self.cardinal(int(rest[:2])))
                at += 2
            else:
                words.append(self.digit(rest[0]))
                at += 1
            words += self._slip(len(words) > 1 and at < len(written))
        return " ".join(words)

    def _pairs(self) -> bool:
        return self._style == "pairs" or (self._style == "mixed" and self.dice.random() < 0.4)

    def _slip(self, inside: bool) -> list[str]:
        draw = self.dice.random()
        if not inside or draw > 0.05:
            return []
        if draw < 0.03:
            return [self.dice.choice(_FILLERS[self.language])]
        wrong = self.digit(str(self.dice.randrange(10)))
        return [wrong, self.dice.choice(_SLIPS[self.language])]

    def letters(self, written: str) -> str:
        """`mk` said letter by letter, bare or with a spelling alphabet."""
        style = self.dice.random()
        if style < 0.55:
            return " ".join(written)
        table = _DIN if self.language == "de" else self.dice.choice([_NATO, _NATO, _HOME])
        joint = {"de": " wie ", "en": self.dice.choice([" for ", " as in "])}[self.language]
        said = []
        for char in written:
            word = table[ord(char) - 97] if "a" <= char <= "z" else _UMLAUT.get(char, char)
            said.append(word if style > 0.88 else f"{char}{joint}{word}")
        return " ".join(said)

    def code(self, written: str) -> str:
        """Letters and digits mixed: `c01x` in runs."""
        said, run = [], ""
        for char in written + "\0":
            if run and (char.isdigit() != run[0].isdigit() or char == "\0"):
                said.append(self.digits(run) if run[0].isdigit() else self.letters(run.lower()))
                run = ""
            run += char
        return " ".join(said)


def grouped(written: str, dice: Random, sizes: tuple[int, ...] = (2, 3, 4)) -> str:
    """Figures as recognisers write them: in one, in groups, with dashes."""
    style = dice.random()
    if style < 0.35:
        return written
    mark = " " if style < 0.85 else dice.choice(["-", ".", "/", ", "])
    size = dice.choice([1, *sizes])
    return mark.join(written[i : i + size] for i in range(0, len(written), size))
