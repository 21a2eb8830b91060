"""Spoken and written numbers: from tokens to digit strings.

`hundertzwanzig`, `fünf und achtzig`, `neunzehnhundertfünfundachtzig`, `double seven`, `zwomal die
drei`, `plus neunundvierzig`, `0152`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

from pipeline.stages.spoken_forms.tokens import Token, TokenKind
from pipeline.stages.spoken_forms.words import GERMAN, SpokenWords

_LONGEST_WORD = 90
_FUSED_PART = re.compile("null|eins|zwei|zwo|drei|vier|fuenf|sechs|sieben|acht|neun")
_FUSED = re.compile(f"(?:{_FUSED_PART.pattern}){{2,12}}")
_DEEPEST = 3


class AtomKind(Enum):
    """How a piece of a number was said: one digit, two together, a value, written, a letter."""

    DIGIT = "digit"
    GROUP = "group"
    VALUE = "value"
    WRITTEN = "written"
    PLUS = "plus"
    LETTER = "letter"


@dataclass(frozen=True, slots=True)
class Atom:
    """Tokens `first` to `last` (inclusive) mean `text`: digits, `+`, or letters."""

    first: int
    last: int
    kind: AtomKind
    text: str = field(repr=False)


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
    if word in GERMAN.digits:
        return int(GERMAN.digits[word])
    if word in GERMAN.teens:
        return GERMAN.teens[word]
    if word in GERMAN.tens:
        return GERMAN.tens[word]
    unit, found, tens = word.partition("und")
    if found and tens in GERMAN.tens:
        one = "1" if unit == "ein" else GERMAN.digits.get(unit)
        return GERMAN.tens[tens] + int(one) if one else None
    return None


def number_atom(tokens: Sequence[Token], index: int, words: SpokenWords) -> Atom | None:
    """The longest number that begins at token `index`; None where none does."""
    token = tokens[index]
    if token.kind is TokenKind.DIGITS:
        return Atom(index, index, AtomKind.WRITTEN, token.text)
    if token.low == "+" or token.low in words.plus:
        return _plus(tokens, index, words)
    if token.kind is not TokenKind.WORD:
        return None
    if token.low in words.twice:
        return _repeated(tokens, index, words)
    if len(token.low) > 5 and _FUSED.fullmatch(token.low):
        digits = "".join(GERMAN.digits[part] for part in _FUSED_PART.findall(token.low))
        return Atom(index, index, AtomKind.DIGIT, digits)
    return _times(tokens, index, words) or _value(tokens, index, words)


def _plus(tokens: Sequence[Token], index: int, words: SpokenWords) -> Atom | None:
    following = index + 1
    if following < len(tokens) and _simple(tokens[following], words) is not None:
        return Atom(index, index, AtomKind.PLUS, "+")
    if following < len(tokens) and tokens[following].kind is TokenKind.DIGITS:
        return Atom(index, index, AtomKind.PLUS, "+")
    return None


def _repeated(tokens: Sequence[Token], index: int, words: SpokenWords) -> Atom | None:
    """`double seven`, `zweimal die sieben`, `Doppel-Null`."""
    times = words.twice[tokens[index].low]
    last = index + 1
    while last < len(tokens) and tokens[last].low in {"die", "-", "the"}:
        last += 1
    if last >= len(tokens):
        return None
    digit = words.digits.get(tokens[last].low) or words.run_digits.get(tokens[last].low)
    if digit is None and tokens[last].kind is TokenKind.DIGITS and len(tokens[last].text) == 1:
        digit = tokens[last].text
    return Atom(index, last, AtomKind.DIGIT, digit * times) if digit else None


def _times(tokens: Sequence[Token], index: int, words: SpokenWords) -> Atom | None:
    """`drei mal die vier`, `two times seven`."""
    count = words.digits.get(tokens[index].low, "0")
    if not "2" <= count <= "5" or index + 2 >= len(tokens):
        return None
    if tokens[index + 1].low not in {"mal", "times"}:
        return None
    last = index + 2 + (tokens[index + 2].low in {"die", "the"})
    digit = words.digits.get(tokens[last].low) if last < len(tokens) else None
    return Atom(index, last, AtomKind.DIGIT, digit * int(count)) if digit else None


def _simple(token: Token, words: SpokenWords) -> int | None:
    """The value of a single number word."""
    low = token.low
    if low in words.digits:
        return int(words.digits[low])
    if low in words.teens:
        return words.teens[low]
    if low in words.tens:
        return words.tens[low]
    if low in words.hundred:
        return 100
    if low in words.thousand:
        return 1000
    return german_value(low) if "wie" in words.like else None


def _value(tokens: Sequence[Token], index: int, words: SpokenWords, depth: int = 0) -> Atom | None:
    value = _simple(tokens[index], words)
    if value is None:
        return None
    last = index
    if value < 10 and (tens := _german_split_tens(tokens, index, words)) is not None:
        value, last = value + tens, index + 2
    elif tokens[index].low in words.tens:
        value, last = _english_unit(tokens, index, words, value)
    value, last = _scaled(tokens, last, words, value, depth)
    if value >= 100:
        kind = AtomKind.VALUE
    elif value >= 10:
        kind = AtomKind.GROUP
    else:
        kind = AtomKind.DIGIT
    return Atom(index, last, kind, str(value))


def _german_split_tens(tokens: Sequence[Token], index: int, words: SpokenWords) -> int | None:
    """`fünf und achtzig`, as a recogniser may split it."""
    if index + 2 < len(tokens) and tokens[index + 1].low == "und":
        tens = words.tens.get(tokens[index + 2].low)
        return tens if tens is not None and tokens[index + 2].low in GERMAN.tens else None
    return None


def _english_unit(
    tokens: Sequence[Token], index: int, words: SpokenWords, value: int
) -> tuple[int, int]:
    """`eighty five`, `eighty-five`."""
    following = index + 1
    if following < len(tokens) and tokens[following].text == "-":
        following += 1
    if following < len(tokens) and tokens[index].low not in GERMAN.tens:
        unit = words.digits.get(tokens[following].low)
        if unit not in {None, "0"}:
            return value + int(str(unit)), following
    return value, index


def _scaled(
    tokens: Sequence[Token], last: int, words: SpokenWords, value: int, depth: int
) -> tuple[int, int]:
    """`zwei tausend vier`, `one hundred and twenty`, `hundert zwanzig`, `zwei Millionen`."""
    scale = 1
    while last + 1 < len(tokens):
        following = tokens[last + 1]
        if following.low in words.million and value < 1000:
            value, last, scale = value * 1_000_000, last + 1, 1_000_000
        elif following.low in words.thousand and 0 < value < 1000:
            value, last, scale = value * 1000, last + 1, 1000
        elif following.low in words.hundred and 0 < value < 100:
            value, last, scale = value * 100, last + 1, 100
        else:
            break
    if depth == _DEEPEST or (scale == 1 and not (value >= 100 and value % 100 == 0)):
        return value, last
    scale = max(scale, 1000 if value % 1000 == 0 else 100)
    following_index = last + 1
    if following_index < len(tokens) and tokens[following_index].low in {"und", "and"}:
        following_index += 1
    if following_index < len(tokens) and tokens[following_index].kind is TokenKind.WORD:
        rest = _value(tokens, following_index, words, depth + 1)
        if rest is not None and 0 < int(rest.text) < scale:
            return value + int(rest.text), rest.last
    return value, last
