"""What a run of digits and letters is by its shape alone. A checksum may raise a score; it never
vetoes, since speech recognition gets digits wrong."""

from __future__ import annotations

import re

from pipeline.domain.privacy import EntityType
from pipeline.stages.spoken_forms import Form, FormKind

_PLATE = re.compile(r"[A-ZÄÖÜ]{1,3}[A-Z]{1,2}\d{1,4}[EH]?\Z")
_UK_PLATE = re.compile(r"[A-Z]{2}\d\d[A-Z]{3}\Z")
_UK_POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]?\d[A-Z]{2}\Z")
_NATIONAL_INSURANCE = re.compile(r"[A-CEGHJ-PR-TW-Z]{2}\d{6}[A-D]?\Z")
_AHV = re.compile(r"756\d{10}\Z")
_PENSION = re.compile(r"\d{8}[A-Z]\d{3}\Z")


def by_shape(form: Form) -> tuple[EntityType, float] | None:
    """Type and score; None where the shape says nothing."""
    text, digits = form.written, form.digits
    if form.kind is FormKind.CODE:
        return _code_shape(text, digits)
    if text.startswith("+") and digits >= 5:
        return EntityType.PHONE_NUMBER, 0.95
    if _AHV.match(text):
        return EntityType.SOCIAL_SECURITY, 0.86
    if digits >= 13 and digits <= 19 and not text.startswith("0"):
        return EntityType.CREDIT_CARD, 0.8 if luhn(text) else 0.5
    if text.startswith("0") and digits >= 6:
        return EntityType.PHONE_NUMBER, 0.9
    if digits >= 20:
        return EntityType.IBAN, 0.6
    return None


def _code_shape(text: str, digits: int) -> tuple[EntityType, float] | None:
    if re.match(r"[A-Z]{2}\d{12,}", text):
        return EntityType.IBAN, 0.98 if iban_valid(text) else 0.85
    if re.match(r"DE\d{9}\Z", text):
        return EntityType.TAX_ID, 0.7
    if _PENSION.match(text) or _NATIONAL_INSURANCE.match(text):
        return EntityType.SOCIAL_SECURITY, 0.8
    if _UK_POSTCODE.match(text):
        return EntityType.POSTCODE, 0.75
    if (_PLATE.match(text) and digits >= 2) or _UK_PLATE.match(text):
        return EntityType.LICENSE_PLATE, 0.6
    if digits >= 4:
        return EntityType.OTHER_ID, 0.55
    return None


def luhn(text: str) -> bool:
    """The check digit of payment cards (ISO/IEC 7812-1)."""
    total = 0
    for place, char in enumerate(reversed([char for char in text if char.isdecimal()])):
        value = int(char) * (1 + place % 2)
        total += value - 9 * (value > 9)
    return total % 10 == 0


def iban_valid(text: str) -> bool:
    """ISO 13616: the IBAN, its first four characters moved to the end, is 1 modulo 97."""
    if not text.isascii() or not text.isalnum():
        return False
    moved = text[4:] + text[:4]
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1
