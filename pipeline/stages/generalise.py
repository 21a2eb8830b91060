"""Coarse values beside pseudonyms: an age group for a date of birth, an area for a postcode."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from pipeline.domain.privacy import EntityType, Vault
from pipeline.stages.normal_form import normal_form, written

_DATE = re.compile(r"\b(\d{2})\.(\d{2})\.(\d{4})\b")
_NUMERIC = re.compile(r"(?:[a-z]{1,2})?(\d{4,5})")
_BRITISH = re.compile(r"([a-z]{1,2})\d[a-z\d]?\d[a-z]{2}")
_OLDEST_GROUP = 90
_OLDEST = 120


def generalised(vault: Vault, language: str, on: date | None) -> Mapping[str, str]:
    """The coarse value of each pseudonym that has one: `40-49` for an age on the day `on` (none
    without it), `90+` from ninety on; `80***` for a postcode."""
    values: dict[str, str] = {}
    for entry in vault.entries:
        text = written(entry.original, language)
        value = None
        if entry.type is EntityType.DATE_OF_BIRTH and on is not None:
            value = _age_group(text, on)
        elif entry.type is EntityType.POSTCODE:
            value = _area(normal_form(entry.type, text))
        if value is not None:
            values.setdefault(entry.pseudonym, value)
    return values


def _age_group(text: str, on: date) -> str | None:
    match = _DATE.search(text)
    if match is None:
        return None
    day, month, year = map(int, match.groups())
    if month > 12:
        day, month = month, day  # as Americans write it
    age = on.year - year - ((on.month, on.day) < (month, day))
    if not 0 <= age <= _OLDEST:
        return None
    decade = age - age % 10
    return f"{_OLDEST_GROUP}+" if age >= _OLDEST_GROUP else f"{decade}-{decade + 9}"


def _area(postcode: str) -> str | None:
    """German, Austrian and American ones without their last three digits, British ones without
    all but the area's letters; each area has tens of thousands of people at least."""
    if match := _NUMERIC.fullmatch(postcode):
        return match[1][:-3] + "***"
    if match := _BRITISH.fullmatch(postcode):
        return match[1].upper() + "***"
    return None
