"""How long, as people say it: "dreißig Tage", "four weeks", "ein halbes Jahr"."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {
    "stunde": timedelta(hours=1),
    "hour": timedelta(hours=1),
    "tag": timedelta(days=1),
    "day": timedelta(days=1),
    "woche": timedelta(weeks=1),
    "week": timedelta(weeks=1),
    # The shortest that is meant: nobody gave more.
    "monat": timedelta(days=28),
    "month": timedelta(days=28),
    "jahr": timedelta(days=365),
    "year": timedelta(days=365),
}
NUMBERS = {
    **dict.fromkeys(("ein", "eine", "einen", "einem", "einer", "one", "a", "an"), 1),
    **dict.fromkeys(("anderthalb", "eineinhalb"), 1),
    **dict.fromkeys(("paar", "einige", "few"), 2),
    "zwei": 2,
    "drei": 3,
    "vier": 4,
    "fünf": 5,
    "sechs": 6,
    "sieben": 7,
    "acht": 8,
    "neun": 9,
    "zehn": 10,
    "elf": 11,
    "zwölf": 12,
    "vierzehn": 14,
    "fünfzehn": 15,
    "zwanzig": 20,
    "dreissig": 30,
    "vierzig": 40,
    "fünfundvierzig": 45,
    "sechzig": 60,
    "neunzig": 90,
    "hundert": 100,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "twelve": 12,
    "fourteen": 14,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "sixty": 60,
    "ninety": 90,
    "hundred": 100,
}
_ONES = ("", "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun")
_ONES_EN = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TENS = {20: "zwanzig", 30: "dreissig", 40: "vierzig", 50: "fünfzig", 60: "sechzig"}
_TENS |= {70: "siebzig", 80: "achtzig", 90: "neunzig"}
_TENS_EN = {20: "twenty", 30: "thirty", 40: "forty", 50: "fifty", 60: "sixty"}
_TENS_EN |= {70: "seventy", 80: "eighty", 90: "ninety"}
for _ten in range(20, 100, 10):
    NUMBERS |= {_TENS[_ten]: _ten, _TENS_EN[_ten]: _ten}
    for _one in range(1, 10):
        NUMBERS[f"{_ONES[_one]}und{_TENS[_ten]}"] = _ten + _one
        NUMBERS[f"{_TENS_EN[_ten]} {_ONES_EN[_one]}"] = _ten + _one
_HALVES = (
    (re.compile(r"\b(?:halbe[sn] jahr|half a year|half year)\b"), timedelta(days=182)),
    (re.compile(r"\b(?:halbe[rn]? monate?s?|half a month)\b"), timedelta(days=14)),
)
_AT_MOST = re.compile(
    r"\b(?:höchstens|maximal|nur|nicht (?:länger|mehr) als|bis zu|at most|only"
    r"|no (?:longer|more) than"
    r"|not (?:longer|more) than|up to|maximum)\b"
)
_PERIOD = re.compile(
    rf"\b(\d{{1,4}}|{'|'.join(sorted(NUMBERS, key=len, reverse=True))}) "
    rf"({'|'.join(_UNITS)})(?:e|en|n|s)?\b"
)


def period(text: str) -> timedelta | None:
    """The shortest period that a normal form names; None where it names none."""
    found = [length for half, length in _HALVES if half.search(text)]
    for number, unit in _PERIOD.findall(text):
        found.append((int(number) if number.isdecimal() else NUMBERS[number]) * _UNITS[unit])
    return min(found, default=None)


def limits(text: str) -> bool:
    """Whether a normal form sets a limit: "höchstens", "no longer than"."""
    return _AT_MOST.search(text) is not None
