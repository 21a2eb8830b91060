"""The subject index: keyed hashes by which somebody's calls are found, and nobody's name is read.

A token is HMAC-SHA256 (RFC 2104) of a kind and a normal form under a secret of the customer. Who
has no secret can neither make a token nor try numbers until one fits.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping, Sequence

from models.names import word_set
from pipeline.domain.errors import UsageError
from pipeline.domain.privacy import EntityType, KnownParty, Vault
from pipeline.domain.subject import Sought, Subject, Why
from pipeline.stages.identities import sound
from pipeline.stages.links import ADDRESS, LINKED, SHORTEST_NUMBER, joined_number
from pipeline.stages.normal_form import normal_form, phone_number, written

_TITLES = word_set("herr herrn frau dr doktor prof professor mr mrs ms miss mister")
_SOUND_FROM = 4
"""Letters: what `identities.alike` asks of names that only sound the same."""

Key = tuple[str, str]
"""A kind of token and a normal form."""


def index_tokens(
    vault: Vault, known: Sequence[KnownParty], language: str, secret: bytes
) -> tuple[str, ...]:
    """The tokens, 64 hex digits each, of all persons, numbers and addresses of one call: those in
    its vault, and those that its push knew. Sorted, so that their order tells nothing."""
    tokens = {
        token for found in pseudonym_tokens(vault, language, secret).values() for token in found
    }
    for party in known:
        if party.type in LINKED:
            tokens |= _tokens(_keys(party.type, [written(party.value, language)]), secret)
    return tuple(sorted(tokens))


def pseudonym_tokens(vault: Vault, language: str, secret: bytes) -> Mapping[str, frozenset[str]]:
    """The tokens of each pseudonym that stands for a person, a number or an address."""
    said: dict[tuple[str, EntityType], list[str]] = {}
    for entry in vault.entries:
        if entry.type in LINKED:
            text = written(entry.original, language)
            said.setdefault((entry.pseudonym, entry.type), []).append(text)
    return {
        pseudonym: frozenset(_tokens(_keys(kind, texts), secret))
        for (pseudonym, kind), texts in said.items()
    }


def sought(subject: Subject, secret: bytes) -> tuple[Sought, ...]:
    """What to look up for `subject`. Raises `UsageError` where a number, an address or a name is
    none."""
    keys: list[tuple[Why, bool, Key]] = []
    if subject.phone is not None:
        keys += [(Why.PHONE_NUMBER, True, key) for key in _sought_number(subject.phone)]
    if subject.email is not None:
        keys += [(Why.EMAIL_ADDRESS, True, key) for key in _sought_address(subject.email)]
    if subject.name is not None:
        keys += _sought_name(subject.name)
    return tuple(Sought(why, certain, _token(key, secret)) for why, certain, key in keys)


def _token(key: Key, secret: bytes) -> str:
    return hmac.digest(secret, "\0".join(key).encode(), "sha256").hex()


def _tokens(keys: Iterator[Key], secret: bytes) -> set[str]:
    return {_token(key, secret) for key in keys}


def _keys(kind: EntityType, texts: Sequence[str]) -> Iterator[Key]:
    """Of all that was said of one identity."""
    if kind is EntityType.PHONE_NUMBER:
        for country, national in _numbers(texts):
            yield from _number_keys(country, national)
    elif kind is EntityType.EMAIL_ADDRESS:
        for text in texts:
            if ADDRESS.fullmatch(form := normal_form(kind, text)):
                yield "email", form
    else:
        for text in texts:
            for parts in _name_forms(text):
                yield from _name_keys(parts)


def _numbers(texts: Sequence[str]) -> set[tuple[str, str]]:
    """Country code and national number of all that was said whole, and of the pieces joined,
    which have lost their country."""
    whole = {phone_number(text) for text in texts if text.lstrip(" (").startswith(("+", "0"))}
    joined = phone_number(joined_number(texts))
    known = any(country and national == joined[1] for country, national in whole)
    return whole if known else whole | {joined}


def _number_keys(country: str, national: str) -> Iterator[Key]:
    """`+49 30 1` and `030 1` are one number, `+43 30 1` is another."""
    if len(national) < SHORTEST_NUMBER:
        return
    if country:
        yield "e164", country + national
        yield "national", national
    else:
        yield "unknown_country", national


def _sought_number(text: str) -> Iterator[Key]:
    country, national = phone_number(written(text, ""))
    if len(national) < SHORTEST_NUMBER:
        raise UsageError(f"a phone number has {SHORTEST_NUMBER} digits or more")
    yield "unknown_country", national
    yield ("e164", country + national) if country else ("national", national)


def _sought_address(text: str) -> Iterator[Key]:
    form = normal_form(EntityType.EMAIL_ADDRESS, written(text, ""))
    if not ADDRESS.fullmatch(form):
        raise UsageError("this is no e-mail address")
    yield "email", form


def _sought_name(text: str) -> Iterator[tuple[Why, bool, Key]]:
    forms = _name_forms(written(text, ""))
    if not any(forms):
        raise UsageError("a name has two letters or more")
    for parts in forms:
        last = parts[-1]
        if len(parts) == 1:
            yield Why.NAME_PART, False, ("other_name", last)
        else:
            yield Why.FULL_NAME, True, ("full_name", _joined_name(parts))
        yield Why.LAST_NAME, False, ("last_name", last)
        if len(last) >= _SOUND_FROM:
            yield Why.SOUNDS_ALIKE, False, ("sound", sound(last))


def _name_keys(parts: Sequence[str]) -> Iterator[Key]:
    *others, last = parts
    yield "last_name", last
    if len(last) >= _SOUND_FROM:
        yield "sound", sound(last)
    if others:
        yield "full_name", _joined_name(parts)
    for other in others:
        yield "other_name", other
        yield "full_name", _joined_name([other, last])


def _joined_name(parts: Sequence[str]) -> str:
    """Whichever comes first, `Müller Martina` is the same person."""
    return " ".join(sorted(set(parts)))


def _name_forms(text: str) -> list[list[str]]:
    """The parts of a written name, the last name last; a double name as one part and as two."""
    family, comma, given = text.partition(",")
    text = f"{given} {family}" if comma else text
    forms = [_parts(text.replace("-", "")), _parts(text.replace("-", " "))]
    return [parts for at, parts in enumerate(forms) if parts and parts not in forms[:at]]


def _parts(text: str) -> list[str]:
    parts = ("".join(filter(str.isalnum, part)) for part in text.split())
    return [part for part in parts if len(part) > 1 and part not in _TITLES]
