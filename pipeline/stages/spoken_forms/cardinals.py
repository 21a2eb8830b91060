"""The values of numbers in words: `zwei tausend vier`, `four hundred and twenty five thousand`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from pipeline.stages.spoken_forms.tokens import Token, TokenKind
from pipeline.stages.spoken_forms.words import GERMAN, SpokenWords

_LONGEST_WORD = 90
_HUGE = 10**12

Value = tuple[int, int]
"""A value and the last token that says it."""


@lru_cache(maxsize=4096)
def german_value(word: str) -> int | None:
    """The value of one folded German cardinal, compounds included; None where it is none."""
    if len(word) > _LONGEST_WORD:
        return None
    for mark, unit in (("tausend", 1000), ("hundert", 100)):
        head, found, tail = word.partition(mark)
        if found:
            spoken = f"{head}s" if head.endswith("hundertein") else head
            left = 1 if head in {"", "ein", "eine"} else german_value(spoken)
            right = 0 if not tail else german_value(tail.removeprefix("und"))
            if left is None or right is None or right >= unit or (unit == 100 and left > 99):
                return None
            return left * unit + right
    return _german_below_hundred(word)


def _german_below_hundred(word: str) -> int | None:
    for known in (GERMAN.teens, GERMAN.tens):
        if word in known:
            return known[word]
    if word in GERMAN.digits:
        return int(GERMAN.digits[word])
    unit, found, tens = word.partition("und")
    if found and tens in GERMAN.tens:
        one = "1" if unit == "ein" else GERMAN.digits.get(unit)
        return GERMAN.tens[tens] + int(one) if one else None
    return None


def word_value(token: Token, words: SpokenWords) -> int | None:
    """The value of a single number word."""
    low = token.low
    if low in words.digits:
        return int(words.digits[low])
    for known in (words.teens, words.tens):
        if low in known:
            return known[low]
    if low in words.hundred:
        return 100
    if low in words.thousand:
        return 1000
    return german_value(low) if "wie" in words.like else None


def cardinal(
    tokens: Sequence[Token], index: int, words: SpokenWords, below: int = _HUGE
) -> Value | None:
    """The longest number in words that begins at token `index` and is less than `below`."""
    head = _below_thousand(tokens, index, words)
    if head is None:
        return None
    value, last = head
    scale = 1000 if value >= 1000 and value % 1000 == 0 else 1
    while last + 1 < len(tokens) and value > 0:
        low = tokens[last + 1].low
        factor = 1000 if low in words.thousand else 1_000_000 if low in words.million else 0
        if not factor or value >= 1000:
            break
        value, last, scale = value * factor, last + 1, factor
    if value >= below:
        return None
    if scale > 1:
        rest = cardinal(tokens, _past_and(tokens, last), words, scale)
        if rest and rest[0]:
            return value + rest[0], rest[1]
    return value, last


def _below_thousand(tokens: Sequence[Token], index: int, words: SpokenWords) -> Value | None:
    """A single word, however large, or up to `nine hundred and ninety nine`, `neunzehn hundert`."""
    head = _below_hundred(tokens, index, words)
    if head is None:
        return None
    value, last = head
    if 0 < value < 100 and last + 1 < len(tokens) and tokens[last + 1].low in words.hundred:
        value, last = value * 100, last + 1
    if value < 10_000 and value % 100 == 0 and value % 1000 and value >= 100:
        rest = _below_hundred(tokens, _past_and(tokens, last), words)
        if rest and 0 < rest[0] < 100 and not _is_hundred(tokens, rest[1] + 1, words):
            return value + rest[0], rest[1]
    return value, last


def _past_and(tokens: Sequence[Token], last: int) -> int:
    at = last + 1
    return at + (at < len(tokens) and tokens[at].low in {"und", "and"})


def _is_hundred(tokens: Sequence[Token], at: int, words: SpokenWords) -> bool:
    return at < len(tokens) and tokens[at].low in words.hundred


def _below_hundred(tokens: Sequence[Token], index: int, words: SpokenWords) -> Value | None:
    """A single word, `fünf und achtzig`, `eighty five`, `eighty-five`."""
    if index >= len(tokens) or tokens[index].kind is not TokenKind.WORD:
        return None
    value = word_value(tokens[index], words)
    if value is None:
        return None
    if value < 10 and index + 2 < len(tokens) and tokens[index + 1].low == "und":
        tens = GERMAN.tens.get(tokens[index + 2].low) if "wie" in words.like else None
        return (value + tens, index + 2) if tens else (value, index)
    if tokens[index].low in words.tens and tokens[index].low not in GERMAN.tens:
        last = index + 1
        last += last < len(tokens) and tokens[last].text == "-"
        unit = words.digits.get(tokens[last].low, "0") if last < len(tokens) else "0"
        return (value + int(unit), last) if unit != "0" else (value, index)
    return value, index


def half(tokens: Sequence[Token], index: int, words: SpokenWords) -> tuple[str, int] | None:
    """`anderthalb`, `zweieinhalb Millionen`, `two and a half`: the value as it is written, and
    the last token."""
    found = _half(tokens, index, words)
    if found is None:
        return None
    whole, last = found
    low = tokens[last + 1].low if last + 1 < len(tokens) else ""
    for names, factor in ((words.thousand, 1000), (words.million, 1_000_000)):
        if low in names:
            return str(whole * factor + factor // 2), last + 1
    return f"{whole},5" if "wie" in words.like else f"{whole}.5", last


def _half(tokens: Sequence[Token], index: int, words: SpokenWords) -> Value | None:
    if "wie" in words.like and "halb" in tokens[index].low:
        low = _without_ending(tokens[index].low)
        if low in {"anderthalb", "eineinhalb"}:
            return 1, index
        whole = german_value(low.removesuffix("einhalb"))
        return (whole, index) if whole is not None and low.endswith("einhalb") else None
    value = word_value(tokens[index], words)
    if value is None:
        return None
    lows = [_without_ending(token.low) for token in tokens[index + 1 : index + 4]]
    if "wie" in words.like and lows[:1] == ["einhalb"]:
        return value, index + 1
    return (value, index + 3) if lows == ["and", "a", "half"] else None


def _without_ending(low: str) -> str:
    for ending in ("er", "en", "es", "e"):
        if low.endswith(f"halb{ending}"):
            return low.removesuffix(ending)
    return low
