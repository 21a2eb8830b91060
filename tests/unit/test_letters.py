"""The answer under Art. 15 as a letter: days and hours as its reader's clock has them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipeline.domain.errors import ConfigurationError
from pipeline.formats.moments import Language, day_in, moment_in
from pipeline.formats.subject_page import subject_page
from pipeline.formats.subject_words import SUBJECT_WORDS
from pipeline.settings import load_settings

BERLIN, ATHENS, LISBON, DUBLIN = (
    ZoneInfo(f"Europe/{city}") for city in ("Berlin", "Athens", "Lisbon", "Dublin")
)
WINTER = datetime(2026, 11, 25, 13, 5, tzinfo=UTC)
SUMMER = datetime(2026, 7, 31, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "language", "zone", "said"),
    [
        (WINTER, "de", BERLIN, "25.11.2026, 14:05 Uhr (MEZ)"),
        (SUMMER, "de", BERLIN, "01.08.2026, 00:30 Uhr (MESZ)"),
        (WINTER, "en", BERLIN, "25 November 2026, 14:05 (CET)"),
        (SUMMER, "en", BERLIN, "1 August 2026, 00:30 (CEST)"),
        (SUMMER, "de", ATHENS, "01.08.2026, 01:30 Uhr (OESZ)"),
        (WINTER, "de", LISBON, "25.11.2026, 13:05 Uhr (WEZ)"),
        (SUMMER, "en", DUBLIN, "31 July 2026, 23:30 (IST)"),
        (WINTER, "de", ZoneInfo("UTC"), "25.11.2026, 13:05 Uhr (UTC)"),
    ],
)
def test_a_moment_is_told_by_the_clock_on_the_wall(
    at: datetime, language: Language, zone: ZoneInfo, said: str
) -> None:
    assert moment_in(at, language, zone) == said
    assert said.startswith(day_in(at, language, zone))


def test_the_two_hours_of_one_name_in_autumn_are_told_apart() -> None:
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert moment_in(first, "de", BERLIN) == "25.10.2026, 02:30 Uhr (MESZ)"
    assert moment_in(second, "de", BERLIN) == "25.10.2026, 02:30 Uhr (MEZ)"


def document(language: Language) -> dict[str, Any]:
    """What `export_subject` returns, with each moment that it may tell."""
    call = {
        "id": "call_1",
        "status": "stored",
        "duration": 83.4,
        "audio": "retained",
        "received_at": "2026-11-24T23:40:00+00:00",
        "retention": {
            "audio_until": "2026-12-25T13:05:00+00:00",
            "transcript_until": None,
            "restricted_at": "2026-11-25T13:06:00+00:00",
            "objected_at": "2026-07-31T22:30:00+00:00",
            "erasure_owed_at": "2026-11-25T13:07:00+00:00",
            "legal_hold": True,
        },
        "transcript": {
            "segments": [{"speaker": "caller", "start": 61.2, "text": "Ja, <gern>."}],
            "own": {"[PERSON_1]": "Sabine Vogt"},
            "hidden": {},
            "hidden_because": None,
        },
        "declarations": [
            {
                "purpose": "audio_retention",
                "act": "given",
                "at": "2026-11-25T13:05:00+00:00",
                "until": "2026-12-25T13:05:00+00:00",
            },
            {"purpose": "model_training", "act": "refused", "at": "2026-11-25T13:05:00+00:00"}
            | {"until": None},
        ],
        "deletions": [{"done": "2026-11-25T13:05:59.9+00:00", "class": "raw_audio"}],
    }
    words = SUBJECT_WORDS[language]
    return {
        "language": language,
        "made_at": WINTER.isoformat(),
        "request": {
            "id": "req_1",
            "received_at": "2026-11-20T23:30:00+00:00",
            "due_at": "2026-12-20T23:30:00+00:00",
        },
        "controller": {"id": "musterhaus", "name": "Musterhaus"},
        "purposes": list(words.purposes),
        "categories": list(words.categories),
        "recipients": list(words.recipients),
        "origin": words.origin,
        "calls": [call],
        "rights": list(words.rights),
        "waiting": 0,
        "possible": 0,
    }


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "de",
            [
                "eingegangen am</dt><dd>21.11.2026</dd>",
                "zu beantworten bis</dt><dd>21.12.2026</dd>",
                "Stand</dt><dd>25.11.2026, 14:05 Uhr (MEZ)</dd>",
                "<h3>25.11.2026, 00:40 Uhr (MEZ)</h3>",
                "Dauer (Minuten:Sekunden)</dt><dd>01:23</dd>",
                "Tonaufnahme bis</dt><dd>25.12.2026, 14:05 Uhr (MEZ)</dd>",
                "seit</dt><dd>25.11.2026, 14:06 Uhr (MEZ)</dd>",
                "Widerspruch vom</dt><dd>01.08.2026, 00:30 Uhr (MESZ)</dd>",
                "verlangt am</dt><dd>25.11.2026, 14:07 Uhr (MEZ)</dd>",
                "<li>25.11.2026, 14:05 Uhr (MEZ): Aufbewahrung der Tonaufnahme, erteilt "
                "(bis 25.12.2026, 14:05 Uhr (MEZ))</li>",
                "<li>25.11.2026, 14:05 Uhr (MEZ): Tonaufnahme</li>",
            ],
        ),
        (
            "en",
            [
                "received on</dt><dd>21 November 2026</dd>",
                "to be answered by</dt><dd>21 December 2026</dd>",
                "as of</dt><dd>25 November 2026, 14:05 (CET)</dd>",
                "<h3>25 November 2026, 00:40 (CET)</h3>",
                "recording kept until</dt><dd>25 December 2026, 14:05 (CET)</dd>",
                "objection of</dt><dd>1 August 2026, 00:30 (CEST)</dd>",
                "asked for on</dt><dd>25 November 2026, 14:07 (CET)</dd>",
                "given (until 25 December 2026, 14:05 (CET))</li>",
            ],
        ),
    ],
)
def test_every_moment_of_a_letter_has_the_readers_form(
    language: Language, expected: list[str]
) -> None:
    page = subject_page(document(language), BERLIN)
    for each in expected:
        assert each in page
    assert not re.search(r"\d{4}-\d\d-\d\d|UTC|\d\d:\d\d:\d\d", page), "nothing is left in ISO"
    assert f'<html lang="{language}">' in page and "Ja, &lt;gern&gt;." in page


def test_a_long_call_may_break_over_printed_pages() -> None:
    page = subject_page(document("de"), BERLIN)
    assert "section{break-inside" not in page and "break-after:avoid" in page


def test_both_languages_have_the_same_labels() -> None:
    assert SUBJECT_WORDS["de"].labels.keys() == SUBJECT_WORDS["en"].labels.keys()


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "", "Europe"])
def test_a_time_zone_that_does_not_exist_is_one_line(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DECKNAME_TIME_ZONE", name)
    with pytest.raises(ConfigurationError, match=r"^DECKNAME_TIME_ZONE: no such time zone; one is"):
        load_settings()


def test_letters_tell_the_clock_of_berlin_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert load_settings().zone == BERLIN
    monkeypatch.setenv("DECKNAME_TIME_ZONE", "Europe/Athens")
    assert load_settings().zone == ATHENS
