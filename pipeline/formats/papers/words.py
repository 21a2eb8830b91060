"""How moments, periods and codes are said in German and in English."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Literal

Language = Literal["de", "en"]

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]

WORDS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "de": {
            "gap": "zu ergänzen",
            "none": "keine",
            "yes": "ja",
            "no": "nein",
            "embedded": "eingebettet, auf demselben Rechner",
            "this_machine": "auf demselben Rechner",
            "private_network": "auf einem anderen Rechner im privaten Netz",
            "elsewhere": "auf einem Rechner außerhalb des privaten Netzes",
            "sqlite": "SQLite (Datei im Datenordner)",
            "postgresql": "PostgreSQL",
            "bundled": "mit Deckname ausgeliefert",
            "folder": "eigener Ordner der Betreiberin",
            "hub": "einmalig aus einem Modellverzeichnis im Internet geladen",
            "auto": "Grafikkarte, wenn vorhanden, sonst Prozessor",
            "cpu": "Prozessor",
            "cuda": "Grafikkarte",
            "destroy": "Audio wird vernichtet",
            "keep": "Audio bleibt, das Fehlen des Belegs wird vermerkt",
            "until_contract_ends": "bis zum Vertragsende",
            "file": "Datei im Schlüsselordner",
            "kms": "Datei, versiegelt von einem Schlüsseldienst (KMS)",
            "environment": "Umgebung des Prozesses",
            "memory": "nur Arbeitsspeicher",
            "table": "Tabellen",
            "column": "Spalten",
            "group": "Zeilen",
            "blob": "Versiegelte Dateien",
            "redis": "Redis",
            "home": "Datenordner",
            "key": "Schlüsselordner",
            "log": "Protokolldateien",
            "metric": "Messwerte",
            "backup": "Sicherungen",
            "page": "Seite",
            "of": "von",
        },
        "en": {
            "gap": "to be completed",
            "none": "none",
            "yes": "yes",
            "no": "no",
            "embedded": "embedded, on the same machine",
            "this_machine": "on the same machine",
            "private_network": "on another machine in the private network",
            "elsewhere": "on a machine outside the private network",
            "sqlite": "SQLite (a file in the data folder)",
            "postgresql": "PostgreSQL",
            "bundled": "shipped with Deckname",
            "folder": "a folder of the operator's own",
            "hub": "downloaded once from a model hub on the internet",
            "auto": "graphics card where there is one, else processor",
            "cpu": "processor",
            "cuda": "graphics card",
            "destroy": "the audio is destroyed",
            "keep": "the audio stays, the missing evidence is on record",
            "until_contract_ends": "until the contract ends",
            "file": "a file in the key folder",
            "kms": "a file sealed by a key management service",
            "environment": "the environment of the process",
            "memory": "memory only",
            "table": "Tables",
            "column": "Columns",
            "group": "Rows",
            "blob": "Sealed files",
            "redis": "Redis",
            "home": "Data folder",
            "key": "Key folder",
            "log": "Log files",
            "metric": "Metrics",
            "backup": "Backups",
            "page": "Page",
            "of": "of",
        },
    }
)


def moment(value: datetime | None, language: Language) -> str:
    """In UTC, to the minute; a dash for None."""
    if value is None:
        return "–"
    at = value.astimezone(UTC)
    return f"{day(at.date(), language)}, {at:%H:%M}" + (" Uhr UTC" if language == "de" else " UTC")


def day(value: date | datetime | str | None, language: Language) -> str:
    """`25.11.2026`, `25 November 2026`; ISO dates are read; a dash for None."""
    if value is None:
        return "–"
    if isinstance(value, str):
        value = date.fromisoformat(value)
    if isinstance(value, datetime):
        value = value.astimezone(UTC).date()
    if language == "de":
        return f"{value:%d.%m.%Y}"
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def period(value: timedelta | None, language: Language) -> str:
    """In days, or hours below two days; None is until the contract ends."""
    if value is None:
        return WORDS[language]["until_contract_ends"]
    hours = value.total_seconds() / 3600
    one, many = ("Tag", "Tage") if language == "de" else ("day", "days")
    if hours < 48:
        one, many = ("Stunde", "Stunden") if language == "de" else ("hour", "hours")
        return f"{number(hours, language)} {one if hours == 1 else many}"
    return f"{number(hours / 24, language)} {many}"


def number(value: float, language: Language) -> str:
    """With thousands apart, and two decimals at most."""
    text = f"{value:,.2f}".rstrip("0").rstrip(".") if value % 1 else f"{value:,.0f}"
    return text.translate({ord(","): ".", ord("."): ","}) if language == "de" else text
