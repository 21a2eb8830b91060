"""Digits as they are said or written, joined to runs: `null eins fünf, zwo zwo` is 01522."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from pipeline.stages.second_look.lists import UNITS, listed, word_set
from pipeline.stages.second_look.reading import Kind, Token

_UNITS_DE = listed("null eins zwei drei vier fuenf sechs sieben acht neun")
_STEMS_DE = listed("- ein zwei drei vier fuenf sechs sieben acht neun")
_TENS_DE = listed("- - zwanzig dreissig vierzig fuenfzig sechzig siebzig achtzig neunzig")
_TEENS_DE = listed(
    "zehn elf zwoelf dreizehn vierzehn fuenfzehn sechzehn siebzehn achtzehn neunzehn"
)
_UNITS_EN = listed("zero one two three four five six seven eight nine")
_TENS_EN = listed("- - twenty thirty forty fifty sixty seventy eighty ninety")
_TEENS_EN = listed(
    "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
_TENS_AND_UNITS_EN = dict(zip(_TENS_EN[2:], range(2, 10), strict=True))


def _numbers() -> dict[str, str]:
    numbers = {"zwo": "2", "nought": "0", "naught": "0", "niner": "9", "fourty": "40"}
    for units, teens, tens in (
        (_UNITS_DE, _TEENS_DE, _TENS_DE),
        (_UNITS_EN, _TEENS_EN, _TENS_EN),
    ):
        numbers |= {word: str(value) for value, word in enumerate(units)}
        numbers |= {word: str(value) for value, word in enumerate(teens, start=10)}
        numbers |= {word: f"{value}0" for value, word in enumerate(tens) if value > 1}
    for unit, stem in enumerate(_STEMS_DE[1:], start=1):
        for ten, word in enumerate(_TENS_DE[2:], start=2):
            numbers[f"{stem}und{word}"] = f"{ten}{unit}"
    numbers |= {f"zwound{word}": f"{ten}2" for ten, word in enumerate(_TENS_DE[2:], start=2)}
    return numbers


NUMBERS = _numbers()
_ONLY_BETWEEN = {"oh": "0", "o": "0", "ein": "1", "to": "2", "too": "2", "for": "4"}
_SINGLE = {**NUMBERS, "oh": "0", "o": "0"}
_TIMES = {
    **dict.fromkeys(("doppel", "doppelt", "doppelte", "double", "zweimal", "zwomal"), 2),
    **dict.fromkeys(("triple", "treble", "dreimal", "dreifach"), 3),
}
_FILLERS = word_set(
    "aeh aehm hm hmm mhm uh uhm um erm ja und dann also nochmal nochmals and then so again strich "
    "bindestrich schraegstrich minus dash hyphen stroke slash nein nicht nee no not sorry die the"
)
_INSIDE = frozenset(",.-–—/()+…'_|")
_CURRENCY = frozenset("€$£")
_MOST_BETWEEN = 4
_LONGEST_AMOUNT = 9


@dataclass(frozen=True, slots=True)
class Run:
    """Tokens `first` to `last` hold nothing but `digits`: an amount or a time where `measured`, a
    date where it has a `date_year`."""

    first: int
    last: int
    digits: str = field(repr=False)
    measured: bool
    date_year: int | None = None

    @property
    def year(self) -> bool:
        """Whether it may be a year of somebody's life."""
        return len(self.digits) == 4 and self.digits[:2] in {"19", "20"}


def runs(tokens: Sequence[Token]) -> Iterator[Run]:
    """Every run of digits in `tokens`, however short."""
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.kind in {Kind.DATE, Kind.TIME}:
            year = _year(token.low) if token.kind is Kind.DATE else None
            yield Run(at, at, _decimals(token.low), token.kind is Kind.TIME, year)
            at += 1
        elif (read := number(tokens, at)) is not None:
            last, digits, atoms = _run(tokens, *read)
            amount = token.kind is Kind.AMOUNT and atoms == 1
            yield Run(at, last, digits, amount or _measured(tokens, at, last, digits))
            at = last + 1
        else:
            at += 1


def number(tokens: Sequence[Token], at: int) -> tuple[int, str] | None:
    """The last token and the digits of the number that begins at token `at`, if one does."""
    token = tokens[at]
    if token.kind in {Kind.FIGURES, Kind.AMOUNT}:
        return at, _decimals(token.low)
    if token.kind is not Kind.WORD:
        return None
    if token.low in _TIMES and at + 1 < len(tokens):
        once = tokens[at + 1]
        digit = once.low if once.kind is Kind.FIGURES else _SINGLE.get(once.low, "")
        return (at + 1, digit * _TIMES[token.low]) if len(digit) == 1 else None
    if token.low not in NUMBERS:
        return None
    if token.low in _TENS_AND_UNITS_EN:
        unit = at + 2 if at + 2 < len(tokens) and tokens[at + 1].text == "-" else at + 1
        if unit < len(tokens) and tokens[unit].low in _UNITS_EN[1:]:
            return unit, f"{_TENS_AND_UNITS_EN[token.low]}{NUMBERS[tokens[unit].low]}"
    return at, NUMBERS[token.low]


def _decimals(text: str) -> str:
    return "".join(char for char in text if char.isdecimal())


def _year(written: str) -> int:
    """The year of `3.8.1985`, `03/08/85` or `1985-08-03`; two figures mean no year to come."""
    parts = re.findall(r"\d+", written)
    year = int(parts[0] if len(parts[0]) == 4 else parts[-1])
    if year >= 100:
        return year
    this_year = date.today().year
    return year + 2000 if year + 2000 <= this_year + 1 else year + 1900


def _run(tokens: Sequence[Token], last: int, digits: str) -> tuple[int, str, int]:
    """Go on from a number that ended at `last`, over what people say and write in between."""
    parts, atoms = [digits], 1
    between: list[str] = []
    at = last + 1
    while at < len(tokens) and len(between) <= _MOST_BETWEEN:
        if (read := number(tokens, at)) is not None:
            if _is_pair(tokens, last, at):
                break
            last, digits = read
            parts += [*between, digits]
            atoms, between, at = atoms + 1, [], last + 1
        elif _separates(tokens, at):
            between.append(_ONLY_BETWEEN.get(tokens[at].low, ""))
            at += 1
        else:
            break
    return last, "".join(parts), atoms


def _is_pair(tokens: Sequence[Token], left: int, right: int) -> bool:
    """`zwischen 1200 und 1500`: two numbers in figures."""
    figures = tokens[left].kind is tokens[right].kind is Kind.FIGURES
    return figures and right == left + 2 and tokens[left + 1].low in {"und", "and"}


def _separates(tokens: Sequence[Token], at: int) -> bool:
    token = tokens[at]
    if token.kind is Kind.SIGN:
        return token.text in _INSIDE
    if token.kind is not Kind.WORD:
        return False
    letters = len(token.low) == 1 or (token.glued and len(token.low) == 2)
    return letters or token.low in _FILLERS or token.low in _ONLY_BETWEEN


def _measured(tokens: Sequence[Token], first: int, last: int, digits: str) -> bool:
    if digits.startswith("0") or len(digits) > _LONGEST_AMOUNT:
        return False
    after = tokens[last + 1] if last + 1 < len(tokens) else None
    before = tokens[first - 1] if first else None
    return bool(
        (after and (after.low in UNITS or after.text in _CURRENCY or after.text in {"%", "²"}))
        or (before and (before.text in _CURRENCY or before.low in {"euro", "eur", "usd", "gbp"}))
    )
