"""German streets that no ending marks: what somebody lives in, or answers when asked for it."""

from __future__ import annotations

from models.names import word_set
from pipeline.adapters.presidio.house_numbers import Street, house_number
from pipeline.adapters.presidio.reading import Reading
from pipeline.stages.spoken_forms import TokenKind

_RESIDING = word_set("wohne wohn wohnt wohnen wohnhaft gemeldet")
_ASKED = word_set("strasse strassenname anschrift adresse wohnanschrift")
_BEFORE_NAME = frozenset({"an", "auf", "in", "hinter", "vor", "unter", "bei", "zu"})
_ARTICLES = frozenset({"der", "dem", "den"})
_LONGEST_ANSWER = 4


def residing(reading: Reading, index: int) -> Street | None:
    """`wohnt kirchgang drei`: a word and a house number right behind `wohnt`."""
    tokens, name = reading.document.tokens, index + 1
    if tokens[index].low not in _RESIDING or not _is_name(reading, name):
        return None
    number, last = house_number(reading, name)
    return (name, last, number, 0.75) if last > name else None


def answered(reading: Reading, index: int) -> Street | None:
    """`auf dem wörth`: the whole turn, after one that asked for the street."""
    tokens = reading.document.tokens
    begins = index == 0 or tokens[index - 1].kind is TokenKind.BREAK
    if not begins or tokens[index].low not in _BEFORE_NAME or not _is_asked(reading, index):
        return None
    last = index
    while last + 1 < len(tokens) and tokens[last + 1].kind is TokenKind.WORD:
        last += 1
    named = last > index + 1 and tokens[index + 1].low in _ARTICLES and _is_name(reading, last)
    whole = last + 1 == len(tokens) or tokens[last + 1].kind is TokenKind.BREAK
    if not whole or not named or last - index >= _LONGEST_ANSWER:
        return None
    return index, last, last + 1, 0.8


def _is_asked(reading: Reading, index: int) -> bool:
    tokens, lines = reading.document.tokens, reading.dialogue.lines
    at = index - 2
    while at >= 0 and lines[at] == lines[index] - 1:
        if tokens[at].low in _ASKED:
            return True
        at -= 1
    return False


def _is_name(reading: Reading, at: int) -> bool:
    """Whether the token is a word, and none that is listed as a common one."""
    if at >= len(reading.document.tokens) or at in reading.form_at:
        return False
    word = reading.document.tokens[at]
    return word.kind is TokenKind.WORD and len(word.low) > 3 and "C" not in reading.flags(at)
