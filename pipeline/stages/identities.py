"""Who is who inside one call: which occurrences are one identity and share a pseudonym.

A wrong guess costs readability only: the vault keeps every occurrence as it was said, so
restoring is exact whatever is decided here.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

from pipeline.domain.privacy import EntityType
from pipeline.stages.spoken_forms import written_view

_NUMBERS = frozenset(
    {
        EntityType.PHONE_NUMBER,
        EntityType.IBAN,
        EntityType.CREDIT_CARD,
        EntityType.TAX_ID,
        EntityType.SOCIAL_SECURITY,
        EntityType.ID_CARD,
        EntityType.PASSPORT,
        EntityType.OTHER_ID,
    }
)
_NAMES = frozenset({EntityType.PERSON, EntityType.STREET_ADDRESS, EntityType.ORGANIZATION})
_NEAR_SEGMENTS = 3
_FOLD = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


@dataclass(slots=True)
class _Identity:
    pseudonym: str
    last_segment: int
    tokens: frozenset[str] = field(repr=False)
    value: str = field(repr=False)


class IdentityRegister:
    """Hands out pseudonyms `[TYPE_n]`, numbered by first appearance within each type.

    `reserved` tokens are never handed out.
    """

    def __init__(self, language: str, reserved: frozenset[str] = frozenset()) -> None:
        self._language = language
        self._reserved = reserved
        self._known: dict[EntityType, list[_Identity]] = {}
        self._numbers: dict[EntityType, int] = {}
        self.pseudonyms: dict[str, EntityType] = {}

    def pseudonym(self, kind: EntityType, surface: str, segment: int) -> str:
        """The pseudonym of what was said as `surface` in segment number `segment`."""
        value = fold(written_view(surface, self._language).text)
        tokens = frozenset(_tokens(value))
        if kind in _NUMBERS:
            value = "".join(char for char in value if char.isalnum())
        identities = self._known.setdefault(kind, [])
        for identity in reversed(identities):
            if _same(kind, identity, value, tokens, segment):
                _learn(kind, identity, value, tokens, segment)
                return identity.pseudonym
        created = _Identity(self._next(kind), segment, tokens, value)
        identities.append(created)
        self.pseudonyms[created.pseudonym] = kind
        return created.pseudonym

    def _next(self, kind: EntityType) -> str:
        while True:
            number = self._numbers[kind] = self._numbers.get(kind, 0) + 1
            if (name := f"[{kind.value}_{number}]") not in self._reserved:
                return name


def fold(text: str) -> str:
    """Case and umlauts removed, canonical composition: how values are compared."""
    folded = unicodedata.normalize("NFC", text).casefold().translate(_FOLD)
    stripped = unicodedata.normalize("NFD", folded)
    return "".join(char for char in stripped if not unicodedata.combining(char))


def _tokens(value: str) -> list[str]:
    return "".join(char if char.isalnum() else " " for char in value).split()


def _same(
    kind: EntityType, known: _Identity, value: str, tokens: frozenset[str], segment: int
) -> bool:
    if value == known.value or tokens == known.tokens:
        return True
    if kind in _NUMBERS:
        return _same_number(known, value, segment)
    if kind in _NAMES and tokens and known.tokens:
        few, many = sorted((tokens, known.tokens), key=len)
        return all(any(alike(one, other) for other in many) for one in few)
    return kind is EntityType.LOCATION and alike(value, known.value)


def _same_number(known: _Identity, value: str, segment: int) -> bool:
    """A fragment or an echo of a number already begun: contained, or its continuation."""
    short, long = sorted((value, known.value), key=len)
    if len(short) >= 3 and short in long:
        return True
    near = segment - known.last_segment <= _NEAR_SEGMENTS
    return near and segment > known.last_segment and min(len(value), len(known.value)) < 6


def _learn(
    kind: EntityType, known: _Identity, value: str, tokens: frozenset[str], segment: int
) -> None:
    known.last_segment = segment
    if kind in _NAMES:
        known.tokens |= tokens
    if kind in _NUMBERS and value not in known.value:
        known.value = value if known.value in value else known.value + value


def alike(one: str, other: str) -> bool:
    """Equal but for what a recogniser mishears: one edit in five letters, or the same sound."""
    if one == other:
        return True
    if min(len(one), len(other)) < 4:
        return False
    return _one_edit(one, other) or (one[0] == other[0] and sound(one) == sound(other))


def _one_edit(one: str, other: str) -> bool:
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1 or len(other) < 5:
        return False
    prefix = 0
    while prefix < len(one) and one[prefix] == other[prefix]:
        prefix += 1
    return one[prefix + (len(one) == len(other)) :] == other[prefix + 1 :]


_SOUNDS = {
    **dict.fromkeys("aeijouy", "0"),
    **dict.fromkeys("bp", "1"),
    **dict.fromkeys("dt", "2"),
    **dict.fromkeys("fvw", "3"),
    **dict.fromkeys("gkqc", "4"),
    "l": "5",
    **dict.fromkeys("mn", "6"),
    "r": "7",
    **dict.fromkeys("szx", "8"),
}


def sound(word: str) -> str:
    """A phonetic key after the idea of Kölner Phonetik (H. J. Postel, 1969), simplified: one
    digit a group of consonants, doubles merged, vowels dropped but at the start."""
    word = word.replace("ph", "f").replace("sch", "s").replace("ck", "k").replace("tz", "z")
    codes: list[str] = []
    for char in word:
        code = _SOUNDS.get(char, "" if char == "h" else char)
        if code and (not codes or codes[-1] != code):
            codes.append(code)
    return "".join(codes[:1]) + "".join(code for code in codes[1:] if code != "0")
