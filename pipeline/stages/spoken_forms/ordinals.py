"""Ordinals: `dritter`, `twenty second`, `3ter`, `8th`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.names import word_list, word_set
from pipeline.stages.spoken_forms.numbers import Atom, AtomKind
from pipeline.stages.spoken_forms.tokens import Token, TokenKind

_STEMS = {
    "erst": 1, "zweit": 2, "zwot": 2, "dritt": 3, "viert": 4, "fuenft": 5, "sechst": 6, "siebt": 7,
    "siebent": 7, "acht": 8, "neunt": 9, "zehnt": 10, "elft": 11, "zwoelft": 12, "dreizehnt": 13,
    "vierzehnt": 14, "fuenfzehnt": 15, "sechzehnt": 16, "siebzehnt": 17, "achtzehnt": 18,
    "neunzehnt": 19, "zwanzigst": 20, "einundzwanzigst": 21, "zweiundzwanzigst": 22,
    "dreiundzwanzigst": 23, "vierundzwanzigst": 24, "fuenfundzwanzigst": 25,
    "sechsundzwanzigst": 26, "siebenundzwanzigst": 27, "achtundzwanzigst": 28,
    "neunundzwanzigst": 29, "dreissigst": 30, "einunddreissigst": 31,
}  # fmt: skip
GERMAN_ORDINALS = {
    f"{stem}{ending}": value
    for stem, value in _STEMS.items()
    for ending in ("e", "er", "en", "es", "em")
}
_SMALL = word_list(
    """
    first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth
    thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
    """
)
ENGLISH_ORDINALS = {word: value for value, word in enumerate(_SMALL, 1)} | {"thirtieth": 30}
_SUFFIXES = word_set("st nd rd th ter te ten tes tem ster ste sten")

Ordinal = tuple[int, int, bool]
"""A value from 1 to 31, its last token, and whether it was said as an ordinal."""


def is_ordinal(token: Token) -> bool:
    """Whether a single word is one, or ends one."""
    return token.low in GERMAN_ORDINALS or token.low in ENGLISH_ORDINALS or token.low in _SUFFIXES


def ordinal_at(tokens: Sequence[Token], index: int, atoms: Mapping[int, Atom]) -> Ordinal | None:
    """The ordinal, or the number that may stand for one, that begins at token `index`."""
    if index >= len(tokens):
        return None
    low = tokens[index].low
    for known in (GERMAN_ORDINALS, ENGLISH_ORDINALS):
        if low in known:
            return known[low], index, True
    if low in {"twenty", "thirty"} and index + 1 < len(tokens):
        at = index + 1 + (tokens[index + 1].text == "-")
        unit = ENGLISH_ORDINALS.get(tokens[at].low) if at < len(tokens) else None
        if unit and unit < 10:
            return (20 if low == "twenty" else 30) + unit, at, True
    atom = atoms.get(index)
    if atom is None or len(atom.text) > 2 or not atom.text.isdecimal():
        return None
    value, following = int(atom.text), atom.last + 1
    if not 1 <= value <= 31:
        return None
    if following < len(tokens) and atom.kind is AtomKind.WRITTEN:
        mark = tokens[following]
        touching = mark.kind is TokenKind.WORD and mark.start == tokens[atom.last].end
        if mark.text == "." or (mark.low in _SUFFIXES and (touching or len(mark.low) < 3)):
            return value, following, True
    return value, atom.last, False
