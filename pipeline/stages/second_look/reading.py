"""Texts as tokens: words, figures, dates, times, amounts and signs, with pseudonyms left out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import Enum

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_PSEUDONYM = re.compile(r"\[[A-Z_]{1,40}_\d{1,9}\]")
_LETTER = r"(?:[^\W\d_]|[\u0300-\u036f\u00ad\u200b-\u200d\u2060\ufeff])"
_DAY, _MONTH, _YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19|20)\d\d"
_TOKEN = re.compile(
    rf"(?P<DATE>(?:{_DAY}(?P<sign>[./-])\s?{_MONTH}(?P=sign)\s?(?:{_YEAR}|\d\d)|{_YEAR}-\d\d-\d\d)"
    r"(?!\s?[./-]?\s?\d))"
    r"|(?P<TIME>(?:[01]?\d|2[0-4]):[0-5]\d(?![\d:]))"
    r"|(?P<AMOUNT>[1-9]\d{0,2}(?P<group>[.,'’])\d{3}(?:(?P=group)\d{3}){0,3}+(?!\d)"
    r"(?:(?!(?P=group))[.,]\d{1,2})?(?!\s?[./-]?\d))"
    r"|(?P<FIGURES>\d+)"
    rf"|(?P<WORD>{_LETTER}++(?:['’]{_LETTER}++)*+)"
    r"|(?P<SIGN>\S)"
)


class Kind(Enum):
    """What a token is made of."""

    DATE = "DATE"
    TIME = "TIME"
    AMOUNT = "AMOUNT"
    FIGURES = "FIGURES"
    WORD = "WORD"
    SIGN = "SIGN"


@dataclass(frozen=True, slots=True)
class Token:
    """Characters `start:end` of a text; `glued` to the token before it where nothing is between.
    `low` is folded; figures are ASCII in it."""

    start: int
    end: int
    kind: Kind
    glued: bool
    text: str = field(repr=False)
    low: str = field(repr=False)

    @property
    def capitalised(self) -> bool:
        """Whether it begins with a capital letter."""
        return self.text[:1].isupper()


def tokens_between(text: str, pseudonyms: Collection[str] = ()) -> Iterator[list[Token]]:
    """The tokens of `text` between its `pseudonyms`: one list for each stretch that has some."""
    done = 0
    for match in _PSEUDONYM.finditer(text):
        if match[0] in pseudonyms:
            if tokens := _tokens(text, done, match.start()):
                yield tokens
            done = match.end()
    if tokens := _tokens(text, done, len(text)):
        yield tokens


def _tokens(text: str, start: int, end: int) -> list[Token]:
    tokens: list[Token] = []
    last = -1
    for match in _TOKEN.finditer(text, start, end):
        kind = Kind(match.lastgroup)
        low = fold(match[0]) if kind is Kind.WORD else _figures(match[0])
        tokens.append(Token(match.start(), match.end(), kind, match.start() == last, match[0], low))
        last = match.end()
    return tokens


def _figures(text: str) -> str:
    return text if text.isascii() else "".join(str(unicodedata.decimal(c, c)) for c in text)


def fold(text: str) -> str:
    """How words are compared: no case, umlauts written out, no other diacritics."""
    return text.lower() if text.isascii() else bare(text, _UMLAUTS)


def bare(text: str, umlauts: dict[int, str] | None = None) -> str:
    """As `fold`, but umlauts lose their dots, as a recogniser that knows none writes them."""
    composed = unicodedata.normalize("NFKC", text).casefold().translate(umlauts or {})
    return "".join(
        char
        for char in unicodedata.normalize("NFD", composed)
        if unicodedata.category(char) not in {"Mn", "Cf"}
    )
