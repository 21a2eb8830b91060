"""Words that are nothing but words: common ones, and German compounds of two of them."""

from __future__ import annotations

from models.names import Lexicon
from pipeline.adapters.presidio.house_numbers import addressed
from pipeline.adapters.presidio.reading import Reading
from pipeline.domain.privacy import EntityType
from pipeline.stages.spoken_forms import TokenKind

_NAMED = frozenset("FSTP")
_SHORTEST_HEAD, _SHORTEST_TAIL = 3, 4
_JOINTS = ("", "s", "n", "en", "es", "er")
_SURE = 0.66
_NEAR = 2  # lines between a street and its house number
_COMMON_KINDS = frozenset({EntityType.ORGANIZATION, EntityType.LOCATION})


def only_words(reading: Reading, first: int, last: int, kind: EntityType, score: float) -> bool:
    """Whether the tagger's doubtful firm, place or street in a German text is made of everyday
    words, or a house number without a street or a question for one."""
    if score >= _SURE or reading.document.language[:2] != "de":
        return False
    said = range(first, last + 1)
    numbered = any(at in reading.form_at for at in said)
    tokens = reading.document.tokens
    words = [
        tokens[at].low
        for at in said
        if at not in reading.form_at and tokens[at].kind is TokenKind.WORD
    ]
    everyday = all(is_everyday(reading.lexicon, word) for word in words)
    if kind is EntityType.STREET_ADDRESS:
        alone = not words and not _street_near(reading, first)
        return (alone or (everyday and not numbered)) and not addressed(reading, first)
    return kind in _COMMON_KINDS and everyday and not numbered


def _street_near(reading: Reading, first: int) -> bool:
    lines = reading.dialogue.lines
    return any(0 <= lines[first] - lines[last] <= _NEAR for _, last, _, _ in reading.streets)


def is_everyday(lexicon: Lexicon, low: str) -> bool:
    """Whether the folded word is listed as a common word and as no certain name, or is unknown and
    made of two common words: `einbaukueche`, `kellerabteil`."""
    flags = lexicon.flags(low)
    if flags:
        return "C" in flags and not _NAMED & set(flags)
    return any(
        "C" in lexicon.flags(low[at:]) and _is_head(lexicon, low[:at])
        for at in range(_SHORTEST_HEAD, len(low) - _SHORTEST_TAIL + 1)
    )


def _is_head(lexicon: Lexicon, head: str) -> bool:
    """Whether a common word is left of `head` without the sound that joins it: `blumen-s`."""
    return any(
        head.endswith(joint)
        and len(head) - len(joint) >= _SHORTEST_HEAD
        and "C" in lexicon.flags(head.removesuffix(joint))
        for joint in _JOINTS
    )
