"""Values made of digits and letters: phone numbers, postcodes, birth dates, plates, codes."""

from __future__ import annotations

import re

from models.training.pii import shapes
from models.training.pii.drawn import Drawn, in_figures
from models.training.pii.said import grouped
from models.training.speech import numerals

_SINGLE = re.compile(r"\b[a-zäöüß]\b", re.IGNORECASE)
_ABROAD = ("1", "353", "61", "91", "49", "33", "48", "234")
_DASHES = {"de": ("minus", "strich", "schrägstrich"), "en": ("dash", "slash", "stroke", "hyphen")}
_HEADS = ("0151", "0160", "0170", "0171", "0176", "0179", "030", "040", "089")


class Numbers(Drawn):
    """Whatever is said in digits, or in letters and digits."""

    def said(self, like: str, code: str, sizes: tuple[int, ...] = (2, 3, 4)) -> str:
        """`code` in the form of `like`, cut to its length where that is a fragment."""
        if in_figures(like):
            count = sum(char.isalnum() for char in like)
            return grouped(self._cut(code, count), self.dice, sizes).upper()
        return self.voice().code(self._cut(code.lower(), len(like.split())))

    def _cut(self, code: str, count: int) -> str:
        if count >= 0.6 * len(code):
            return code
        start = self.dice.choice([0, 0, self.dice.randint(0, len(code) - count)])
        return code[start : start + max(count, 1)]

    def phone(self, like: str) -> str:
        """A phone number, national or with its country."""
        dice = self.dice
        if self.german:
            head = dice.choice(_HEADS) if dice.random() < 0.6 else f"0{dice.randint(20, 9999)}"
        else:
            head = dice.choice(["07", "020", "0161", "01", str(dice.randint(201, 989))])
        tail = self.some(dice.randint(5, 8))
        if like.startswith(("+", "plus")):
            return self._international(like, head[1:] + tail)
        if like.startswith("("):
            return f"({dice.randint(201, 989)}) {self.some(3)}-{self.some(4)}"
        if in_figures(like) and dice.random() < 0.5 and len(like) > 6:
            return f"{head}{dice.choice([' ', '/', '-', ' '])}{grouped(tail, dice)}"
        return self.said(like, head + tail)

    def _international(self, like: str, digits: str) -> str:
        abroad = self.dice.choice(_ABROAD) if self.dice.random() < 0.3 else None
        if in_figures(like):
            return f"+{abroad or (49 if self.german else 44)} {grouped(digits, self.dice)}"
        country = "neunundvierzig" if self.german else "four four"
        if abroad:
            country = self.voice().digits(abroad)
        return f"plus {country} {self.voice().digits(digits)}"

    def postcode(self, like: str) -> str:
        """Five digits, or a British postcode."""
        figures = in_figures(like)
        if self.german or re.fullmatch(r"\D*\d{5}\D*", like):
            digits = f"{self.dice.randint(1000, 99999):05d}"
            if figures:
                return digits if self.dice.random() < 0.8 else f"{digits[:2]} {digits[2:]}"
            return self.voice().digits(self._cut(digits, max(len(like.split()), 2)))
        if not figures and not _SINGLE.search(like):
            return self.voice().digits(self.some(5 if self.dice.random() < 0.85 else 4))
        if self.dice.random() < 0.15:
            return self.said(like, shapes.shaped(shapes.POSTCODES, self.dice), (3,))
        return self._british(like, figures)

    def _british(self, like: str, figures: bool) -> str:
        area, inward = self.letters(self.dice.choice([1, 2, 2])), self.letters(2)
        out, unit = str(self.dice.randint(1, 30)), str(self.dice.randint(1, 9))
        if figures:
            return f"{area}{out}{self.dice.choice([' ', ' ', ''])}{unit}{inward}".upper()
        voice = self.voice()
        first = f"{voice.letters(area)} {voice.cardinal(int(out))}"
        second = f"{voice.digit(unit)} {voice.letters(inward)}"
        if len(like.split()) < 4:
            return self.dice.choice([first, second])
        return f"{first} {second}"

    def birth(self, like: str) -> str:
        """A date of birth, or a part of one."""
        dice = self.dice
        day, month, year = dice.randint(1, 28), dice.randint(1, 12), dice.randint(1931, 2009)
        name = self.listed("month")
        if in_figures(like):
            return self._written_birth(like, day, month, year, name)
        if self.german:
            return self._german_birth(like.split(), day, month, year, name)
        return self._english_birth(like.split(), day, month, year, name)

    def _written_birth(self, like: str, day: int, month: int, year: int, name: str) -> str:
        dice = self.dice
        if re.search(r"[A-Za-z]{3}", like):
            return f"{day}{'.' if self.german else dice.choice(['', 'th'])} {name} {year}"
        mark = "." if self.german else dice.choice(["/", "/", " ", "-"])
        shown = str(year) if dice.random() < 0.75 else f"{year % 100:02d}"
        return mark.join([f"{day:02d}" if dice.random() < 0.6 else str(day), f"{month:02d}", shown])

    def _english_birth(self, words: list[str], day: int, month: int, year: int, name: str) -> str:
        ordinal, voice, dice = numerals.english_ordinal(day), self.voice(), self.dice
        said = numerals.english_year(year) if dice.random() < 0.6 else voice.cardinal(year % 100)
        parts = [
            f"{ordinal} of {name}",
            f"the {ordinal} of {name}",
            f"{name} {ordinal}",
            f"{name} {voice.cardinal(day)}",
            f"{ordinal} of the {numerals.english_ordinal(month)}",
            f"{voice.cardinal(day)} {voice.cardinal(month)}",
        ]
        if len(words) <= 2:
            return dice.choice([*parts[:4], said])
        return f"{dice.choice(parts)} {said}"

    def _german_birth(self, words: list[str], day: int, month: int, year: int, name: str) -> str:
        dice, ending = self.dice, self.dice.choice(["er", "en", "e", "er"])
        said = numerals.german_year(year) if dice.random() < 0.5 else numerals.german(year % 100)
        if dice.random() < 0.15 and year < 2000:
            said = f"neunzehn {numerals.german(year % 100)}"
        middle = name if dice.random() < 0.45 else numerals.german_ordinal(month, ending)
        date = f"{numerals.german_ordinal(day, ending)} {middle}"
        if len(words) <= 1:
            return said
        return date if len(words) == 2 and dice.random() < 0.6 else f"{date} {said}"

    def plate(self, like: str) -> str:
        """A number plate of Germany, Britain or the United States."""
        dice = self.dice
        if not self.german:
            return self.said(like, shapes.shaped(shapes.PLATES, dice), (4, 3))
        area, pair = self.letters(dice.choice([1, 2, 3])), self.letters(dice.choice([1, 2, 2]))
        number = str(dice.randint(1, 9999))
        if in_figures(like):
            return f"{area}{dice.choice('- ')}{pair}{dice.choice([' ', ''])}{number}".upper()
        voice = self.voice()
        return f"{voice.letters(area)} {voice.letters(pair)} {voice.digits(number)}"

    def iban(self, like: str) -> str:
        """An IBAN with any check digits: recognisers mishear them anyway."""
        check = f"{self.dice.randint(2, 98):02d}"
        if self.german:
            return self.said(
                like, self.dice.choice(["de", "de", "de", "at"]) + check + self.some(18)
            )
        return self.said(like, shapes.shaped(shapes.IBANS, self.dice))

    def card(self, like: str) -> str:
        """A payment card's number."""
        return self.said(like, self.some(16), (4,))

    def tax(self, like: str) -> str:
        """A tax number, tax id or VAT id."""
        return self._shaped(like, shapes.TAX_DE, shapes.TAX)

    def social(self, like: str) -> str:
        """A pension, national-insurance or social-security number."""
        return self._shaped(like, shapes.SOCIAL_DE, shapes.SOCIAL)

    def identity_card(self, like: str) -> str:
        """A national identity card's number."""
        return self._shaped(like, shapes.IDENTITY_CARDS_DE, shapes.IDENTITY_CARDS)

    def passport(self, like: str) -> str:
        """A passport's number."""
        return self._shaped(like, shapes.PASSPORTS_DE, shapes.PASSPORTS)

    def _shaped(self, like: str, german: tuple[str, ...], other: tuple[str, ...]) -> str:
        return self.said(like, shapes.shaped(german if self.german else other, self.dice))

    def other(self, like: str) -> str:
        """A customer, contract, case, account … number."""
        dice = self.dice
        if not in_figures(like) and len(like.split()) > 5 and dice.random() < 0.12:
            parts = (self.letters(dice.randint(1, 3)) + self.some(2), self.some(dice.randint(3, 6)))
            return f" {dice.choice(_DASHES[self.language])} ".join(map(self.voice().code, parts))
        if not self.german and dice.random() < 0.6:
            return self.said(like, shapes.shaped(shapes.OTHER, dice))
        lettered = self.letters(dice.randint(1, 3)) + self.some(dice.randint(4, 9))
        mixed = self.some(4) + self.letters(1) + self.some(3)
        return self.said(
            like, dice.choice([self.some(dice.randint(5, 12)), lettered, mixed, self.some(8)])
        )
