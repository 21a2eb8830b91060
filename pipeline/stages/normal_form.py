"""Normal forms: what all the ways to say or write one value have in common.

`null drei null, eins zwei drei` and `030/123` are one number, `Müller` and `MUELLER` one name.
"""

from __future__ import annotations

from models.names import word_set
from pipeline.domain.privacy import EntityType
from pipeline.stages.identities import fold
from pipeline.stages.spoken_forms import written_view

_ADDRESSES = frozenset({EntityType.EMAIL_ADDRESS, EntityType.URL})
_COMPACT = frozenset(
    {
        EntityType.POSTCODE,
        EntityType.DATE_OF_BIRTH,
        EntityType.IBAN,
        EntityType.CREDIT_CARD,
        EntityType.TAX_ID,
        EntityType.SOCIAL_SECURITY,
        EntityType.ID_CARD,
        EntityType.PASSPORT,
        EntityType.LICENSE_PLATE,
        EntityType.OTHER_ID,
    }
)
# ITU-T E.164: country codes of two digits; those that begin with 1 or 7 have one, others three.
_TWO_DIGITS = word_set(
    """
    20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58
    60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98
    """
)
_SHORTEST_GERMAN_ABROAD = 11


def written(surface: str, language: str) -> str:
    """The folded written view of `surface`, which the functions below take."""
    return fold(written_view(surface, language).text)


def normal_form(kind: EntityType, text: str) -> str:
    """The normal form of a written `text` as a value of type `kind`; empty where nothing is
    left. Of a phone number: no country code and no trunk zero."""
    if kind is EntityType.PHONE_NUMBER:
        # Where a word stands beside it, the value is more than the number.
        return "" if any(char.isalpha() for char in text) else phone_number(text)[1]
    if kind in _ADDRESSES:
        return "".join(text.split())
    if kind in _COMPACT:
        return "".join(char for char in text if char.isalnum())
    return " ".join(words(text))


def phone_number(text: str) -> tuple[str, str]:
    """The country code of a written phone number, empty where none was said, and its national
    number without the trunk zero."""
    digits = digits_of(text)
    if text.lstrip(" (").startswith("+"):
        return _split(digits)
    if digits.startswith("00"):
        return _split(digits[2:])
    # Whoever leaves the plus out: no German number dials that long without a zero in front.
    if digits.startswith("49") and len(digits) >= _SHORTEST_GERMAN_ABROAD:
        return _split(digits)
    return "", digits.lstrip("0")


def digits_of(text: str) -> str:
    """All decimal digits of `text`."""
    return "".join(char for char in text if char.isdecimal())


def words(text: str) -> list[str]:
    """The runs of letters and digits in `text`."""
    return "".join(char if char.isalnum() else " " for char in text).split()


def _split(digits: str) -> tuple[str, str]:
    length = 1 if digits[:1] in {"1", "7"} else 2 if digits[:2] in _TWO_DIGITS else 3
    return digits[:length], digits[length:].lstrip("0")
