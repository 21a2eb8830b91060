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
_HALF = re.compile(r"\b(?:halbes jahr|half a year|half year)\b")
_PERIOD = re.compile(
    rf"\b(\d{{1,4}}|{'|'.join(sorted(NUMBERS, key=len, reverse=True))}) "
    rf"({'|'.join(_UNITS)})(?:e|en|n|s)?\b"
)


def period(text: str) -> timedelta | None:
    """The shortest period that a normal form names; None where it names none."""
    found = [timedelta(days=182) for _ in _HALF.finditer(text)]
    for number, unit in _PERIOD.findall(text):
        found.append((int(number) if number.isdecimal() else NUMBERS[number]) * _UNITS[unit])
    return min(found, default=None)
