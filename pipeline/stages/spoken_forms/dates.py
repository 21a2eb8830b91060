"""Spoken and written dates: `dritter achter fünfundachtzig`, `15. Mai 1985`, `March the third`,
`twenty second of the fourth oh one`, `8th of the 12th 1990`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from models.names import word_set
from pipeline.stages.spoken_forms.numbers import Atom
from pipeline.stages.spoken_forms.ordinals import GERMAN_ORDINALS, ordinal_at
from pipeline.stages.spoken_forms.tokens import Token, TokenKind
from pipeline.stages.spoken_forms.words import SpokenWords

_PAUSES = word_set("aeh aehm uh um uhm ,")
_JOINERS = _PAUSES | word_set("of the in im jahr jahre year des jahres .")
_GERMAN_SUFFIXES = word_set("ter te ten tes tem")


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
    """All dates that have at least a day and a month; in order, not overlapping. Of a corrected
    date the last version counts."""
    found: list[Date] = []
    ends = {atom.last: atom for atom in atoms.values()}
    index = 0
    while index < len(tokens):
        date = _date(tokens, index, atoms, words)
        if date:
            before = found[-1].last if found else -1
            date = _with_year_before(tokens, date, ends, before)
            if found and _past_correction(tokens, before + 1, words) == date.first:
                date = replace(date, first=found.pop().first)
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
    day = ordinal_at(tokens, index, atoms)
    if day is None:
        return None
    day = ordinal_at(tokens, _past_correction(tokens, day[1] + 1, words), atoms) or day
    month = _month(tokens, day[1] + 1, atoms, words, ordinal_day=day[2])
    if month is None:
        return None
    later = _past_correction(tokens, month[1] + 1, words)
    month = _month(tokens, later, atoms, words, ordinal_day=day[2]) or month
    year = _last_year(tokens, month[1], atoms, words)
    if (
        year is None
        and _is_spoken_pair(tokens, day[1], month[1], words)
        and not _over(tokens, month[1] + 1)
    ):
        return None
    return _made(index, day[0], month, year)


def _made(first: int, day: int, month: tuple[int, int], year: tuple[int, int] | None) -> Date:
    last = year[1] if year else month[1]
    written = f"{day:02d}.{month[0]:02d}." + (f"{year[0]:04d}" if year else "")
    return Date(first, last, year[0] if year else None, written)


def _with_year_before(
    tokens: Sequence[Token], date: Date, ends: Mapping[int, Atom], floor: int
) -> Date:
    """`neunzehnhundertachtunddreißig am sechsten Januar`."""
    at = date.first - 1
    if date.year is not None or at < 1 or tokens[at].low not in {"am", "on", ","}:
        return date
    year = ends.get(at - 1)
    if year is None or year.first <= floor or len(year.text) != 4 or not year.text.isdecimal():
        return date
    if not 1890 <= int(year.text) <= 2060:
        return date
    return Date(year.first, date.last, int(year.text), date.written + year.text)


def _month_first(
    tokens: Sequence[Token], index: int, atoms: Mapping[int, Atom], words: SpokenWords
) -> Date | None:
    """`March the third 1985`, `May 5, 1990`."""
    day = ordinal_at(tokens, _skip(tokens, index + 1), atoms)
    if day is None:
        return None
    year = _last_year(tokens, day[1], atoms, words)
    month = (words.months[tokens[index].low], day[1])
    if tokens[index].low in {"may", "mar"} and not (year or day[2]):
        return None
    return _made(index, day[0], month, year)


def _skip(tokens: Sequence[Token], index: int) -> int:
    steps = 0
    while index < len(tokens) and tokens[index].low in _JOINERS and steps < 4:
        index, steps = index + 1, steps + 1
    return index


def _past_correction(tokens: Sequence[Token], index: int, words: SpokenWords) -> int:
    """The token behind `, nein,`; the end of the text where there is no correction."""
    at, corrected = index, False
    while at < len(tokens) and (tokens[at].low in _PAUSES or tokens[at].low in words.corrections):
        corrected |= tokens[at].low in words.corrections
        at += 1
    return at if corrected else len(tokens)


def _month(
    tokens: Sequence[Token],
    start: int,
    atoms: Mapping[int, Atom],
    words: SpokenWords,
    *,
    ordinal_day: bool,
) -> tuple[int, int] | None:
    """The month that begins at token `start` or behind `of the`: value and last token. As an
    ordinal it needs an `of` in English."""
    index = _skip(tokens, start)
    if index >= len(tokens):
        return None
    token = tokens[index]
    if token.low in words.months:
        return words.months[token.low], index
    found = ordinal_at(tokens, index, atoms) if ordinal_day else None
    if found is None or not found[2] or found[0] > 12:
        return None
    german = token.low in GERMAN_ORDINALS or tokens[found[1]].low in _GERMAN_SUFFIXES | {"."}
    of = any(each.low == "of" for each in tokens[start:index])
    return found[:2] if german or of else None


def _is_spoken_pair(tokens: Sequence[Token], day: int, month: int, words: SpokenWords) -> bool:
    """`the first of the second`: ordinals joined by `of`, which may mean something else."""
    of = any(token.low == "of" for token in tokens[day + 1 : month])
    return of and tokens[month].low not in words.months


def _over(tokens: Sequence[Token], at: int) -> bool:
    return at >= len(tokens) or tokens[at].kind in {TokenKind.BREAK, TokenKind.MARK}


def _last_year(
    tokens: Sequence[Token], last: int, atoms: Mapping[int, Atom], words: SpokenWords
) -> tuple[int, int] | None:
    """The year behind token `last`, or what it is corrected to."""
    year = _year(tokens, _skip(tokens, last + 1), atoms)
    if year is None:
        return None
    return _year(tokens, _past_correction(tokens, year[1] + 1, words), atoms) or year


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
