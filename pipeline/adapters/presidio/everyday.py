"""Words that are nothing but words: common ones, and German compounds of two of them."""

from __future__ import annotations

from models.names import Lexicon
from pipeline.adapters.presidio.reading import Reading
from pipeline.domain.privacy import EntityType
from pipeline.stages.spoken_forms import TokenKind

_NAMED = frozenset("FSTP")
_SHORTEST_HEAD, _SHORTEST_TAIL = 3, 4
_JOINTS = ("", "s", "n", "en", "es", "er")
_SURE = 0.66
_COMMON_KINDS = frozenset({EntityType.ORGANIZATION, EntityType.LOCATION})


def only_words(reading: Reading, first: int, last: int, kind: EntityType, score: float) -> bool:
    """Whether the tagger's doubtful firm or place in a German text is made of everyday words.
    Streets are, too (`Lindenweg`): of them nothing is dropped."""
    if kind not in _COMMON_KINDS or score >= _SURE or reading.document.language[:2] != "de":
        return False
    said = range(first, last + 1)
    numbered = any(at in reading.form_at for at in said)
    tokens = reading.document.tokens
    words = [
        tokens[at].low
        for at in said
        if at not in reading.form_at and tokens[at].kind is TokenKind.WORD
    ]
    return not numbered and all(is_everyday(reading.lexicon, word) for word in words)


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
