"""Links: the same person or number in several calls of one customer, without saying which.

A link is keyed: HMAC-SHA256 (RFC 2104) of type and normal form under the customer's secret. Who
has no secret can neither make a link nor try numbers until one fits.
"""

from __future__ import annotations

import hmac
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from pipeline.domain.privacy import EntityType, Vault
from pipeline.stages.normal_form import digits_of, normal_form, phone_number, written

LINKED = frozenset({EntityType.PERSON, EntityType.PHONE_NUMBER, EntityType.EMAIL_ADDRESS})
ADDRESS = re.compile(r"[^@]+@[^@]+\.[^@]+")
_DIGITS = 16
SHORTEST_NUMBER = 6
_FRAGMENT = 6


def links(vault: Vault, language: str, secret: bytes) -> Mapping[str, str]:
    """The link, 16 hex digits, of each pseudonym that stands for a person, a phone number or an
    e-mail address. One value has one link in all calls under one `secret`; a fragment of a number
    or address has none."""
    said: dict[tuple[str, EntityType], list[str]] = {}
    for entry in vault.entries:
        if entry.type in LINKED:
            text = written(entry.original, language)
            said.setdefault((entry.pseudonym, entry.type), []).append(text)
    found = {pseudonym: (kind, _identity(kind, texts)) for (pseudonym, kind), texts in said.items()}
    return {
        pseudonym: _link(kind, identity, secret)
        for pseudonym, (kind, identity) in found.items()
        if identity
    }


def _link(kind: EntityType, identity: str, secret: bytes) -> str:
    return hmac.digest(secret, f"{kind}\0{identity}".encode(), "sha256").hex()[:_DIGITS]


def _identity(kind: EntityType, texts: Sequence[str]) -> str:
    """The one value behind all that was said of it; empty where too little was."""
    if kind is EntityType.PHONE_NUMBER:
        number = phone_number(joined_number(texts))[1]
        return number if len(number) >= SHORTEST_NUMBER else ""
    forms = Counter(normal_form(kind, text) for text in texts)
    if kind is EntityType.EMAIL_ADDRESS:
        whole = [form for form in forms if ADDRESS.fullmatch(form)]
        return max(whole, key=lambda form: (forms[form], len(form)), default="")
    # The fullest name; of two as full the one said more often. Its order does not matter.
    fullest = max(forms, key=lambda form: (len(set(form.split())), forms[form]))
    return " ".join(sorted(set(fullest.split())))


def joined_number(texts: Sequence[str]) -> str:
    """A number told piece by piece and echoed, as one."""
    number = ""
    for text in texts:
        country, national = phone_number(text)
        piece = f"0{national}" if country else digits_of(text)
        if number in piece:
            number = piece
        elif piece not in number and min(len(piece), len(number)) < _FRAGMENT:
            number += piece
    return number
