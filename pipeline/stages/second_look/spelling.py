"""What letters, digits and words come to once everything between them is left out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from pipeline.stages.second_look.addresses import AT, is_joint
from pipeline.stages.second_look.digits import number
from pipeline.stages.second_look.lists import word_set
from pipeline.stages.second_look.reading import Kind, Token

Piece = tuple[str, int, int]
"""A folded word, letter or number, with its first and last token."""

_LIKE = word_set("wie for like as")
_DOUBLE = word_set("doppel double")
_TWICE = frozenset(letter * 2 for letter in "abcdefghijklmnopqrstuvwxyz")
_LEAST_LETTERS = 4


def squash(tokens: Sequence[Token]) -> list[Piece]:
    """Words, letters and digits without what joins them; `K wie Konrad` and `doppel L` are what
    they spell. With the first and last token of each."""
    pieces: list[Piece] = []
    at = 0
    while at < len(tokens):
        text, last = _piece(tokens, at)
        if text:
            pieces.append((text, at, last))
        at = last + 1
    return pieces


def _piece(tokens: Sequence[Token], at: int) -> tuple[str, int]:
    token = tokens[at]
    if (read := number(tokens, at)) is not None:
        return read[1], read[0]
    if is_joint(token) or token.low in AT or token.kind is Kind.SIGN:
        return "", at
    after = [each.low for each in tokens[at + 1 : at + 4]]
    if token.low in _DOUBLE and after and len(after[0]) == 1 and after[0].isalpha():
        return after[0] * 2, at + 1
    if len(token.low) == 1 and after and after[0] in _LIKE:
        word = 2 if after[:2] == ["as", "in"] else 1
        if "".join(after[word : word + 1]).startswith(token.low):
            return token.low, at + 1 + word
    return "".join(char for char in token.low if char.isalnum()), at


def spelled(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Single letters in a row, four or more, joined."""
    row: list[Piece] = []
    for piece in [*pieces, ("", 0, 0)]:
        if piece[0].isalpha() and (len(piece[0]) == 1 or piece[0] in _TWICE):
            row.append(piece)
            continue
        letters = "".join(text for text, _, _ in row)
        if len(letters) >= _LEAST_LETTERS:
            yield letters, row[0][1], row[-1][2]
        row = []


def occurrences(pieces: Sequence[Piece], wanted: Collection[str]) -> Iterator[Piece]:
    """Where whole pieces in a row come to one of `wanted`, however they were cut."""
    if not wanted:
        return
    whole = "".join(text for text, _, _ in pieces)
    starts, ends, at = {}, {}, 0
    for text, first, last in pieces:
        starts[at] = first
        at += len(text)
        ends[at] = last
    for each in wanted:
        at = whole.find(each)
        while at >= 0:
            if at in starts and at + len(each) in ends:
                yield each, starts[at], ends[at + len(each)]
            at = whole.find(each, at + 1)
