"""Moments and days as people write them where they live, in German and in English.

Everything is kept in UTC; a letter or a paper says when that was by the clock on the wall.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

Language = Literal["de", "en"]

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_GERMAN_ZONES: Mapping[str, str] = MappingProxyType(
    {"CET": "MEZ", "CEST": "MESZ", "EET": "OEZ", "EEST": "OESZ", "WET": "WEZ", "WEST": "WESZ"}
)


def moment_in(value: datetime, language: Language, zone: ZoneInfo) -> str:
    """To the minute: `25.11.2026, 14:05 Uhr (MEZ)`, `25 November 2026, 14:05 (CET)`."""
    at = value.astimezone(zone)
    name = at.tzname() or zone.key
    if language == "de":
        return f"{day_in(at.date(), language)}, {at:%H:%M} Uhr ({_GERMAN_ZONES.get(name, name)})"
    return f"{day_in(at.date(), language)}, {at:%H:%M} ({name})"


def day_in(value: date, language: Language, zone: ZoneInfo | None = None) -> str:
    """`25.11.2026`, `25 November 2026`. Of a moment, the day that it is in `zone`."""
    if isinstance(value, datetime):
        value = value.astimezone(zone).date()
    if language == "de":
        return f"{value:%d.%m.%Y}"
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"
