"""Spoken and written dates: `dritter achter fünfundachtzig`, `15. Mai 1985`, `March the third`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from models.names import word_list
from pipeline.stages.spoken_forms.numbers import Atom, AtomKind
from pipeline.stages.spoken_forms.tokens import Token, TokenKind
from pipeline.stages.spoken_forms.words import SpokenWords

_STEMS = {
    "erst": 1, "zweit": 2, "zwot": 2, "dritt": 3, "viert": 4, "fuenft": 5, "sechst": 6, "siebt": 7,
    "siebent": 7, "acht": 8, "neunt": 9, "zehnt": 10, "elft": 11, "zwoelft": 12, "dreizehnt": 13,
    "vierzehnt": 14, "fuenfzehnt": 15, "sechzehnt": 16, "siebzehnt": 17, "achtzehnt": 18,
    "neunzehnt": 19, "zwanzigst": 20, "einundzwanzigst": 21, "zweiundzwanzigst": 22,
    "dreiundzwanzigst": 23, "vierundzwanzigst": 24, "fuenfundzwanzigst": 25,
    "sechsundzwanzigst": 26, "siebenundzwanzigst": 27, "achtundzwanzigst": 28,
    "neunundzwanzigst": 29, "dreissigst": 30, "einunddreissigst": 31,
}  # fmt: skip
GERMAN_ORDINALS = {
    f"{stem}{ending}": value
    for stem, value in _STEMS.items()
    for ending in ("e", "er", "en", "es", "em")
}
_SMALL = word_list(
    """
    first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth
    thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
    """
)
ENGLISH_ORDINALS = {word: value for value, word in enumerate(_SMALL, 1)} | {"thirtieth": 30}
_JOINERS = frozenset({",", "of", "the", "in", "im", "jahr", "jahre", "year", "des", "jahres", "."})


@dataclass(frozen=True, slots=True)
class Date:
    """Tokens `first` to `last` are a date; `year` is None where none was said."""

    first: int
    last: int
    year: int | None = field(repr=False)
    written: str = field(repr=False)


def find_dates(
    tokens: Sequence[Token], atoms: Mapping[int, Atom], words: SpokenWords
) -> list[Date]:
    """All dates that have at least a day and a month; in order, not overlapping."""
    found: list[Date] = []
    index = 0
    while index < len(tokens):
        date = _date(tokens, index, atoms, words)
        if date:
            found.append(date)
            index = date.last
        index += 1
    return found


def _date(
    tokens: Sequence[Token], index: int, atoms: Mapping[int, Atom], words: SpokenWords
) -> Date | None:
    if tokens[index].kind is TokenKind.DIGITS:
        numeric = _numeric(tokens, index)
        if numeric:
            return numeric
    if tokens[index].low in words.months:
        return _month_first(tokens, index, atoms, words)
    day = _day(tokens, index, atoms)
    if day is None:
        return None
    at = _skip(tokens, day[1] + 1)
    month = _month(tokens, at, words, ordinal_day=day[2])
    if month is None:
        return None
    year = _year(tokens, _skip(tokens, month[1] + 1), atoms)
    return _made(index, day[0], month, year)


def _made(first: int, day: int, month: tuple[int, int], year: tuple[int, int] | None) -> Date:
    last = year[1] if year else month[1]
    written = f"{day:02d}.{month[0]:02d}." + (f"{year[0]:04d}" if year else "")
    return Date(first, last, year[0] if year else None, written)


def _month_first(
    tokens: Sequence[Token], index: int, atoms: Mapping[int, Atom], words: SpokenWords
) -> Date | None:
    """`March the third 1985`, `May 5, 1990`."""
    at = _skip(tokens, index + 1)
    if at >= len(tokens):
        return None
    day = _day(tokens, at, atoms)
    if day is None:
        return None
    year = _year(tokens, _skip(tokens, day[1] + 1), atoms)
    month = (words.months[tokens[index].low], day[1])
    if tokens[index].low in {"may", "mar"} and not (year or day[2]):
        return None
    return _made(index, day[0], month, year)


def _skip(tokens: Sequence[Token], index: int) -> int:
    steps = 0
    while index < len(tokens) and tokens[index].low in _JOINERS and steps < 3:
        index, steps = index + 1, steps + 1
    return index


def _day(
    tokens: Sequence[Token], index: int, atoms: Mapping[int, Atom]
) -> tuple[int, int, bool] | None:
    """Value, last token, and whether it was said as an ordinal."""
    token = tokens[index]
    if token.low in GERMAN_ORDINALS:
        return GERMAN_ORDINALS[token.low], index, True
    if token.low in ENGLISH_ORDINALS:
        return ENGLISH_ORDINALS[token.low], index, True
    if token.low in {"twenty", "thirty"} and index + 1 < len(tokens):
        at = index + 1 + (tokens[index + 1].text == "-")
        unit = ENGLISH_ORDINALS.get(tokens[at].low) if at < len(tokens) else None
        if unit and unit < 10:
            return (20 if token.low == "twenty" else 30) + unit, at, True
    atom = atoms.get(index)
    if atom is None or len(atom.text) > 2 or not atom.text.isdecimal():
        return None
    value = int(atom.text)
    if not 1 <= value <= 31:
        return None
    following = atom.last + 1
    if following < len(tokens) and atom.kind is AtomKind.WRITTEN:
        if tokens[following].low in {"st", "nd", "rd", "th"}:
            return value, following, True
        if tokens[following].text == ".":
            return value, following, True
    return value, atom.last, False


def _month(
    tokens: Sequence[Token], index: int, words: SpokenWords, *, ordinal_day: bool
) -> tuple[int, int] | None:
    if index >= len(tokens):
        return None
    token = tokens[index]
    if token.low in words.months:
        return words.months[token.low], index
    if not ordinal_day:
        return None
    value = GERMAN_ORDINALS.get(token.low)
    last = index
    numeric = value is None and token.kind is TokenKind.DIGITS and len(token.text) <= 2
    if numeric and index + 1 < len(tokens) and tokens[index + 1].text == ".":
        value, last = int(token.text), index + 1
    return (value, last) if value is not None and 1 <= value <= 12 else None


def _year(tokens: Sequence[Token], index: int, atoms: Mapping[int, Atom]) -> tuple[int, int] | None:
    """A year that begins at `index`, two-digit ones included: value and last token."""
    text, at, last = "", index, index
    if index < len(tokens) and tokens[index].text in {"'", "’"}:
        at += 1
    while at < len(tokens) and at in atoms and len(text) < 4:
        atom = atoms[at]
        if not atom.text.isdecimal() or len(text) + len(atom.text) > 4:
            break
        text, last, at = text + atom.text, atom.last, atom.last + 1
        if len(text) == 4 or (len(text) == 2 and not _goes_on(text, at, atoms)):
            break
    if len(text) == 4 and 1890 <= int(text) <= 2060:
        return int(text), last
    if len(text) == 2:
        return int(text) + (1900 if int(text) > 30 else 2000), last
    return None


def _goes_on(text: str, at: int, atoms: Mapping[int, Atom]) -> bool:
    following = atoms.get(at)
    return text in {"19", "20", "18"} and following is not None and following.text.isdecimal()


def _numeric(tokens: Sequence[Token], index: int) -> Date | None:
    """`3.8.1985`, `3. 8. 85`, `05/12/1990`, `1985-08-03`."""
    numbers: list[int] = [index]
    at = index + 1
    while len(numbers) < 3 and at + 1 < len(tokens):
        if tokens[at].text not in {".", "/", "-"} or tokens[at + 1].kind is not TokenKind.DIGITS:
            return None
        numbers.append(at + 1)
        at += 2
    if len(numbers) < 3:
        return None
    if at < len(tokens) and tokens[at].kind is TokenKind.DIGITS:
        return None
    texts = [tokens[each].text for each in numbers]
    one, two, three = (int(text) for text in texts)
    if len(texts[0]) == 4:
        one, three = three, one
        texts = texts[::-1]
    plausible = max(map(len, texts[:2])) <= 2 and len(texts[2]) in {2, 4}
    if not plausible or not (1 <= min(one, two) <= 12 and max(one, two) <= 31 and one and two):
        return None
    year = three if len(texts[2]) == 4 else three + (1900 if three > 30 else 2000)
    return Date(index, numbers[2], year, f"{one:02d}.{two:02d}.{year:04d}")
