"""How moments, periods and codes are said in German and in English."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from pipeline.formats.moments import Language, day_in, moment_in

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
            "folder": "eigener Ordner des Auftragsverarbeiters",
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
            "folder": "a folder of the processor's own",
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


def moment(value: datetime | None, language: Language, zone: ZoneInfo) -> str:
    """By the clock of `zone`, to the minute; a dash for None."""
    return "–" if value is None else moment_in(value, language, zone)


def day(value: datetime | str | None, language: Language, zone: ZoneInfo) -> str:
    """Of a moment, the day in `zone`; ISO dates are read as they are; a dash for None."""
    if value is None:
        return "–"
    return day_in(date.fromisoformat(value) if isinstance(value, str) else value, language, zone)


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
