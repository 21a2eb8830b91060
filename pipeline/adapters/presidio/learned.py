"""What the learned tagger takes for personal data, beside what lists, rules and cues find."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from models.names.tagger import LABELS
from pipeline.adapters.presidio.names import TITLES
from pipeline.adapters.presidio.reading import Finding, Reading, SpokenRecognizer
from pipeline.domain.privacy import EntityType
from pipeline.stages.spoken_forms import Token, TokenKind

_TYPES = tuple(EntityType(label) for label in LABELS[1:])
#: from which probability on a token is taken for personal data at all
_LEAST = 0.4
_INSIDE = 0.15  # between two such tokens of one type less is enough
_REACH = 4
_WORDY = frozenset({EntityType.PERSON, EntityType.LOCATION, EntityType.ORGANIZATION})


class LearnedRecognizer(SpokenRecognizer):
    """Runs of tokens that the tagger takes for one type."""

    TYPES = _TYPES

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Every such run, with the tagger's own certainty as score."""
        tokens, odds = reading.document.tokens, reading.odds
        if not len(tokens):
            return
        best = odds[:, 1:].argmax(axis=1)
        sure = 1 - odds[:, 0]
        for first, last, label in _runs(tokens, best, sure):
            first, last = _trimmed(tokens, first, last, _TYPES[label])
            if first > last:
                continue
            score = float(odds[first : last + 1, label + 1].max())
            score = 0.4 + 0.55 * score
            yield Finding(tokens[first].start, tokens[last].end, _TYPES[label], round(score, 2))


def _runs(
    tokens: tuple[Token, ...], best: np.ndarray, sure: np.ndarray
) -> Iterator[tuple[int, int, int]]:
    """First token, last token and label of each run; a short doubtful stretch between two runs
    of one label belongs to both."""
    current: tuple[int, int, int] | None = None
    for at, token in enumerate(tokens):
        if token.kind is TokenKind.BREAK or sure[at] < _LEAST:
            continue
        label = int(best[at])
        if current is not None:
            first, last, known = current
            gap = range(last + 1, at)
            near = label == known and all(_joins(tokens[each], sure[each]) for each in gap)
            if near and len(gap) <= _REACH:
                current = (first, at, label)
                continue
            yield current
        current = (at, at, label)
    if current is not None:
        yield current


def _joins(token: Token, sure: float) -> bool:
    return token.kind is not TokenKind.BREAK and (
        sure >= _INSIDE or (token.kind is TokenKind.MARK and token.text not in ".?!;,")
    )


def _trimmed(tokens: tuple[Token, ...], first: int, last: int, kind: EntityType) -> tuple[int, int]:
    """Without punctuation at the edges, and without titles in front of a name."""
    while first <= last and (
        tokens[first].kind is TokenKind.MARK
        or (kind is EntityType.PERSON and tokens[first].low in TITLES)
    ):
        first += 1
    while first <= last and tokens[last].kind is TokenKind.MARK:
        last -= 1
    return first, last
