"""What the learned tagger takes for personal data, beside what lists, rules and cues find."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from models.names import word_set
from models.names.tagger import LABELS
from pipeline.adapters.presidio.dialogue import Topic
from pipeline.adapters.presidio.english_streets import ENGLISH
from pipeline.adapters.presidio.everyday import only_words
from pipeline.adapters.presidio.german_streets import opening
from pipeline.adapters.presidio.names import TITLES
from pipeline.adapters.presidio.organizations import TRADES
from pipeline.adapters.presidio.reading import Finding, Reading, SpokenRecognizer
from pipeline.domain.privacy import EntityType
from pipeline.stages.spoken_forms import Form, FormKind, Token, TokenKind

_TYPES = tuple(EntityType(label) for label in LABELS[1:])
_NAMES = frozenset({EntityType.PERSON, EntityType.LOCATION, EntityType.ORGANIZATION})
#: from which probability on a token is taken for personal data at all; a leaked digit costs more
#: than a hidden word, and between two such tokens of one type less is enough
_LEAST_NAME, _LEAST, _INSIDE = 0.3, 0.12, 0.12
#: in plainly written text (posts, news) names come without the company that speech gives them
_LEAST_WRITTEN = 0.012
_REACH = 4
_FLOOR = 0.4
_HOUSE_DIGITS = 4
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
_CODES = [at for at in _NUMBERED if _TYPES[at] is not EntityType.LICENSE_PLATE]
_NUMBER_KINDS = frozenset(_TYPES[at] for at in _NUMBERED)
_FOUNDED, _FEW = 0.77, 4
_UNITS = frozenset({"number", "flat", "apartment", "unit", "plot", "apt", "suite"})
_SPELLING = frozenset({Topic.NAME, Topic.SPELLING})
_ADDRESS = _TYPES.index(EntityType.EMAIL_ADDRESS)
_STREET = _TYPES.index(EntityType.STREET_ADDRESS)
_PLATE = _TYPES.index(EntityType.LICENSE_PLATE)
_IMPROBABLE, _IMPOSSIBLE = 4.0, 20.0
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
        hidden = np.where(_abbreviations(reading), 0, 1 - odds[:, 0])
        for stretch in _stretches(tokens, hidden, _least(reading)):
            fits = np.log(odds[stretch, 1:] + 1e-6)
            if _is_spelled(reading, stretch):
                fits[:, _NUMBERED] -= _IMPROBABLE
            fits[_beside_address(reading, stretch), _ADDRESS] -= _IMPROBABLE
            names = _are_names(reading, stretch)
            fits[np.ix_(names, _CODES)] -= _IMPOSSIBLE
            fits[[at for at in names if at], _PLATE] -= _IMPOSSIBLE
            fits[[at for at in names if _behind_street(reading, stretch, at)], _STREET] -= (
                _IMPOSSIBLE
            )
            for first, last, label in _runs(fits, stretch):
                kind = _TYPES[label]
                first, last = _trimmed(reading, first, last, kind)
                if first <= last:
                    certain = float(odds[first : last + 1, label + 1].max())
                    score = max(_FLOOR, round(0.37 + 0.5 * certain, 2))
                    if score < _FOUNDED and _unfounded(reading, first, last, kind):
                        continue
                    if only_words(reading, first, last, kind, score):
                        continue
                    first, last = _widened(reading, first, last, kind)
                    yield Finding(tokens[first].start, tokens[last].end, kind, score)


def unlikely(reading: Reading, start: int, end: int) -> bool:
    """Whether the tagger is sure that none of the characters `start:end` are personal data."""
    starts = reading.starts
    first, last = bisect_right(starts, start) - 1, bisect_left(starts, end)
    return bool((reading.odds[max(first, 0) : last, 0] > _SURELY_NONE).all())


def _abbreviations(reading: Reading) -> list[bool]:
    """For each token: whether it says what a number is (`d o b`) and does not spell a name."""
    dialogue = reading.dialogue
    return [
        at in dialogue.abbreviated and not _SPELLING & {*dialogue.before(at), *dialogue.asked(at)}
        for at in range(len(reading.document.tokens))
    ]


def _unfounded(reading: Reading, first: int, last: int, kind: EntityType) -> bool:
    """Whether a doubtful number of this kind has nothing that makes it one: no digits or letters in
    it, or few of them and nobody speaks of such a thing; a date, and nobody speaks of a birth."""
    if kind not in _NUMBER_KINDS:
        return False
    forms = {reading.form_at[at] for at in range(first, last + 1) if at in reading.form_at}
    dialogue = reading.dialogue
    topics = {*dialogue.before(first), *dialogue.after(last), *dialogue.asked(first)}
    if kind is EntityType.DATE_OF_BIRTH:
        return not forms or Topic.BIRTH not in topics
    digits = sum(len(reading.document.forms[form].written) for form in forms)
    return digits < _FEW and not topics


def _least(reading: Reading) -> NDArray[np.float64]:
    """For each token: the probability from which on it is hidden."""
    best = reading.odds[:, 1:].argmax(axis=1)
    named = np.array([kind in _NAMES for kind in _TYPES])
    least = np.where(named[best], _LEAST_NAME, _LEAST)
    if _WRITTEN.search(reading.document.text):
        least = np.where(best == _TYPES.index(EntityType.PERSON), _LEAST_WRITTEN, least)
    return least


def _stretches(
    tokens: Sequence[Token], sure: NDArray[np.float32], least: NDArray[np.float64]
) -> Iterator[list[int]]:
    """Tokens that are hidden, as far as they hang together over short doubtful gaps."""
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


def _are_names(reading: Reading, stretch: Sequence[int]) -> list[int]:
    """Places in `stretch` of listed names, no common words, beside digits: `london n w one`; in
    German, where no surname is half a code, `wagner sechs sechs` too."""
    listed = set("FPS" if reading.document.language[:2] == "de" else "FP")
    return [
        place
        for place, at in enumerate(stretch)
        if at not in reading.form_at
        and len(reading.document.tokens[at].low) > 3
        and listed & set(reading.flags(at))
        and not set("C") & set(reading.flags(at))
    ]


def _behind_street(reading: Reading, stretch: Sequence[int], place: int) -> bool:
    """Whether the name at `place` of `stretch` follows a street's ending, as the town does:
    `forty two upper sandgate road folkestone`."""
    words = [reading.document.tokens[at].low for at in stretch[place - 1 : place + 2]]
    return place > 1 and words[0] in ENGLISH and words[-1] not in ENGLISH


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
    """Without punctuation and doubtful small words at the edges, without titles in front of a name
    and without the word that says what a number is."""
    while first <= last and (
        _loose(reading, first, kind)
        or (kind is EntityType.PERSON and reading.document.tokens[first].low in TITLES)
        or (kind in _NUMBER_KINDS and _announces(reading, first))
    ):
        first += 1
    while first <= last and _loose(reading, last, kind):
        last -= 1
    return first, last


def _announces(reading: Reading, at: int) -> bool:
    return at in reading.dialogue.cues and at not in reading.form_at


def _widened(reading: Reading, first: int, last: int, kind: EntityType) -> tuple[int, int]:
    """With `flat` or `number` before the digits of an address, the article of a house (`the old
    forge`; not of a street), and behind a firm's name its trade."""
    tokens = reading.document.tokens
    if kind is EntityType.ORGANIZATION:
        while last + 1 < len(tokens) and tokens[last + 1].low in TRADES:
            last += 1
    elif kind is EntityType.STREET_ADDRESS:
        first, last = _with_whole_numbers(reading, first, last)
    if kind is EntityType.STREET_ADDRESS and reading.document.language[:2] == "de":
        first = opening(reading, first, last)
    elif kind is EntityType.STREET_ADDRESS and first:
        before = tokens[first - 1].low
        house = last > first and tokens[last].low not in ENGLISH
        first -= before in _UNITS if first in reading.form_at else before == "the" and house
    return first, last


def _with_whole_numbers(reading: Reading, first: int, last: int) -> tuple[int, int]:
    """No house number is cut in two; in English the one before the street is part of it."""
    english = reading.document.language[:2] == "en"
    if (number := _house_number(reading, first)) is not None or (
        english and (number := _house_number(reading, first - 1)) is not None
    ):
        first = number.first
    if (number := _house_number(reading, last)) is not None:
        last = number.last
    return first, last


def _house_number(reading: Reading, at: int) -> Form | None:
    """The number that token `at` is in, if a house can have it."""
    if at not in reading.form_at:
        return None
    form = reading.document.forms[reading.form_at[at]]
    fits = form.kind is FormKind.NUMBER and form.digits <= _HOUSE_DIGITS
    return form if fits else None


def _loose(reading: Reading, at: int, kind: EntityType) -> bool:
    token = reading.document.tokens[at]
    if token.low == "at" and kind is EntityType.EMAIL_ADDRESS:
        return False
    doubtful = token.low in _SMALL_WORDS and reading.odds[at, 0] > _SMALL_DOUBT
    return token.kind is TokenKind.MARK or doubtful
