"""A stretch of text between two pseudonyms, read once for all who look at it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from pipeline.stages.second_look.digits import Run, runs
from pipeline.stages.second_look.reading import Token, tokens_between
from pipeline.stages.second_look.spelling import Piece, squash


@dataclass(frozen=True, slots=True)
class Stretch:
    """Tokens, the digits among them, and what they come to without their joints."""

    tokens: Sequence[Token]
    runs: Sequence[Run]
    pieces: Sequence[Piece]


def stretches(text: str, pseudonyms: Collection[str] = ()) -> Iterator[Stretch]:
    """Those of `text` that hold anything."""
    for tokens in tokens_between(text, pseudonyms):
        yield Stretch(tokens, tuple(runs(tokens)), squash(tokens))
