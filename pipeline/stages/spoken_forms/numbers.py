"""Spoken and written numbers: from tokens to digit strings.

`hundertzwanzig`, `fünf und achtzig`, `neunzehnhundertfünfundachtzig`, `double seven`, `zwomal die
drei`, `plus neunundvierzig`, `0152`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from pipeline.stages.spoken_forms.cardinals import cardinal, german_value, half, word_value
from pipeline.stages.spoken_forms.tokens import Token, TokenKind
from pipeline.stages.spoken_forms.words import GERMAN, SpokenWords

_FUSED_PART = re.compile("null|eins|zwei|zwo|drei|vier|fuenf|sechs|sieben|acht|neun")
_FUSED = re.compile(f"(?:{_FUSED_PART.pattern}){{2,12}}")

__all__ = ["Atom", "AtomKind", "german_value", "number_atom"]


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
    if following < len(tokens) and word_value(tokens[following], words) is not None:
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


def _value(tokens: Sequence[Token], index: int, words: SpokenWords) -> Atom | None:
    """A number in words: a digit, two digits together, or more."""
    if fraction := half(tokens, index, words):
        return Atom(index, fraction[1], AtomKind.VALUE, fraction[0])
    found = cardinal(tokens, index, words)
    if found is None:
        return None
    value, last = found
    small = AtomKind.GROUP if value >= 10 else AtomKind.DIGIT
    kind = AtomKind.VALUE if value >= 100 else small
    return Atom(index, last, kind, str(value))
