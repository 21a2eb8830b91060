"""Tokens of a transcript: words, digit groups, punctuation and line ends, with their offsets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from models.names import fold

_PATTERN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+|\n|[^\w\s]|_")


class TokenKind(Enum):
    """What a token is made of."""

    WORD = "word"
    DIGITS = "digits"
    MARK = "mark"
    BREAK = "break"


@dataclass(frozen=True, slots=True)
class Token:
    """Characters `start:end` of the text. `low` is folded: lower case, umlauts written out."""

    start: int
    end: int
    kind: TokenKind
    text: str = field(repr=False)
    low: str = field(repr=False)


def tokenize(text: str) -> list[Token]:
    """All tokens in order; a line end is a token of its own, other white space is none."""
    tokens: list[Token] = []
    for match in _PATTERN.finditer(text):
        surface = match[0]
        first = surface[0]
        if first.isdecimal():
            kind = TokenKind.DIGITS
        elif first.isalpha():
            kind = TokenKind.WORD
        else:
            kind = TokenKind.BREAK if first == "\n" else TokenKind.MARK
        tokens.append(Token(match.start(), match.end(), kind, surface, fold(surface)))
    return tokens
