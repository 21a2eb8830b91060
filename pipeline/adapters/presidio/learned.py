"""What the learned tagger takes for personal data, beside what lists, rules and cues find."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from models.names import word_set
from models.names.tagger import LABELS
from pipeline.adapters.presidio.names import TITLES
from pipeline.adapters.presidio.reading import Finding, Reading, SpokenRecognizer
from pipeline.domain.privacy import EntityType
from pipeline.stages.spoken_forms import FormKind, Token, TokenKind

_TYPES = tuple(EntityType(label) for label in LABELS[1:])
_NAMES = frozenset({EntityType.PERSON, EntityType.LOCATION, EntityType.ORGANIZATION})
#: from which probability on a token is taken for personal data at all; a leaked digit costs more
#: than a hidden word, and between two such tokens of one type less is enough
_LEAST_NAME, _LEAST, _INSIDE = 0.3, 0.15, 0.15
#: in plainly written text (posts, news) names come without the company that speech gives them
_LEAST_WRITTEN = 0.03
_REACH = 4
_FLOOR = 0.4
_SMALL_DOUBT = 0.4
_SMALL_WORDS = word_set(
    """
    der die das dem den des in im am an auf aus bei von zu mit unter und oder ist the a of at and
    or is it aeh aehm um uh to from by ab
    """
)
_SURELY_NONE = 0.985
_CHANGE = 2.5
_NUMBERED = [
    at
    for at, kind in enumerate(_TYPES)
    if kind not in {*_NAMES, EntityType.STREET_ADDRESS, EntityType.EMAIL_ADDRESS, EntityType.URL}
]
_ADDRESS = _TYPES.index(EntityType.EMAIL_ADDRESS)
_IMPROBABLE = 4.0
#: marks that no speech recogniser writes
_WRITTEN = re.compile(
    r"""[#"“”„»«*|~_;(){}\[\]<>\U0001F300-\U0001FAFF]|(?<!\w)@\w|https?:|\bRT\b|\w\ ['’]\ \w"""
    r"""|\w\s[.,!?](?:\s|\Z)""",
    re.VERBOSE,
)


class LearnedRecognizer(SpokenRecognizer):
    """Runs of tokens that the tagger takes for one type."""

    TYPES = _TYPES

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Every such run; its score follows the tagger's certainty."""
        tokens, odds = reading.document.tokens, reading.odds
        if not tokens:
            return
        for stretch in _stretches(tokens, odds, _least(reading)):
            fits = np.log(odds[stretch, 1:] + 1e-6)
            if _is_spelled(reading, stretch):
                fits[:, _NUMBERED] -= _IMPROBABLE
            fits[_beside_address(reading, stretch), _ADDRESS] -= _IMPROBABLE
            for first, last, label in _runs(fits, stretch):
                kind = _TYPES[label]
                first, last = _trimmed(reading, first, last, kind)
                if first <= last:
                    certain = float(odds[first : last + 1, label + 1].max())
                    score = max(_FLOOR, round(0.37 + 0.5 * certain, 2))
                    yield Finding(tokens[first].start, tokens[last].end, kind, score)


def unlikely(reading: Reading, start: int, end: int) -> bool:
    """Whether the tagger is sure that none of the characters `start:end` are personal data."""
    starts = reading.starts
    first, last = bisect_right(starts, start) - 1, bisect_left(starts, end)
    return bool((reading.odds[max(first, 0) : last, 0] > _SURELY_NONE).all())


def _least(reading: Reading) -> NDArray[np.float64]:
    """For each token: the probability from which on it is hidden."""
    best = reading.odds[:, 1:].argmax(axis=1)
    named = np.array([kind in _NAMES for kind in _TYPES])
    least = np.where(named[best], _LEAST_NAME, _LEAST)
    if _WRITTEN.search(reading.document.text):
        least = np.where(best == _TYPES.index(EntityType.PERSON), _LEAST_WRITTEN, least)
    return least


def _stretches(
    tokens: Sequence[Token], odds: NDArray[np.float32], least: NDArray[np.float64]
) -> Iterator[list[int]]:
    """Tokens that are hidden, as far as they hang together over short doubtful gaps."""
    sure = 1 - odds[:, 0]
    stretch: list[int] = []
    for at, token in enumerate(tokens):
        if token.kind is TokenKind.BREAK or sure[at] < least[at]:
            continue
        gap = range(stretch[-1] + 1, at) if stretch else range(0)
        if len(gap) > _REACH or not all(_joins(tokens[each], sure[each]) for each in gap):
            yield stretch
            stretch = []
        stretch.append(at)
    if stretch:
        yield stretch


def _is_spelled(reading: Reading, stretch: Sequence[int]) -> bool:
    """Whether letters and nothing else are said, more of them than a number plate has: a name."""
    forms = {reading.form_at[at] for at in stretch if at in reading.form_at}
    found = [reading.document.forms[number] for number in forms]
    letters = sum(len(form.written) for form in found if form.kind is FormKind.SPELLED)
    return letters > 3 and all(form.kind is FormKind.SPELLED for form in found)


def _beside_address(reading: Reading, stretch: Sequence[int]) -> list[bool]:
    """Tokens beside an e-mail address that the rules read whole: the name or town that stands
    next to it is no part of it."""
    forms = [reading.form_at.get(at) for at in stretch]
    inside = [
        form is not None and reading.document.forms[form].kind is FormKind.EMAIL for form in forms
    ]
    return [any(inside) and not each for each in inside]


def _runs(fits: NDArray[np.float32], stretch: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """First token, last token and label of each part of `stretch`: the labels that fit best, where
    each change of label has its price (Viterbi), for a number seldom becomes another midway.
    `fits` are log-probabilities, `(tokens, labels)`."""
    fits = fits - fits.max(axis=1, keepdims=True)
    total, back = fits[0], []
    for fit in fits[1:]:
        best = int(total.argmax())
        stays = total >= total[best] - _CHANGE
        back.append(np.where(stays, np.arange(len(total)), best))
        total = np.where(stays, total, total[best] - _CHANGE) + fit
    labels = [int(total.argmax())]
    for step in reversed(back):
        labels.append(int(step[labels[-1]]))
    labels.reverse()
    first = 0
    for at in range(1, len(labels) + 1):
        if at == len(labels) or labels[at] != labels[first]:
            yield stretch[first], stretch[at - 1], labels[first]
            first = at


def _joins(token: Token, sure: float) -> bool:
    return token.kind is not TokenKind.BREAK and (
        sure >= _INSIDE or (token.kind is TokenKind.MARK and token.text not in ".?!;,")
    )


def _trimmed(reading: Reading, first: int, last: int, kind: EntityType) -> tuple[int, int]:
    """Without punctuation and doubtful small words at the edges, and without titles in front of a
    name."""
    while first <= last and (
        _loose(reading, first)
        or (kind is EntityType.PERSON and reading.document.tokens[first].low in TITLES)
    ):
        first += 1
    while first <= last and _loose(reading, last):
        last -= 1
    return first, last


def _loose(reading: Reading, at: int) -> bool:
    token = reading.document.tokens[at]
    doubtful = token.low in _SMALL_WORDS and reading.odds[at, 0] > _SMALL_DOUBT
    return token.kind is TokenKind.MARK or doubtful
