"""Dates as people say them, most of all dates of birth."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.stages.spoken_forms import FormKind, read
from tests.unit.marked_text import assert_written, marked

WITH_A_YEAR = [
    ("de", "geboren am [dritter achter fünfundachtzig]", "03.08.1985"),
    ("de", "am [dritten, achten, fünfundachtzig]", "03.08.1985"),
    ("de", "am [dritten achten neunzehnhundertfünfundachtzig]", "03.08.1985"),
    ("de", "[fünfzehnten Mai neunzehnhundert siebzig]", "15.05.1970"),
    ("de", "der [fünfte März zweitausendeins]", "05.03.2001"),
    ("de", "[zwanzigster zwölfter neunzehn siebzig]", "20.12.1970"),
    ("de", "[zwanzigster zwölfter null fünf]", "20.12.2005"),
    ("de", "[erster Januar im Jahr 1985]", "01.01.1985"),
    ("de", "[erster erster '85]", "01.01.1985"),
    ("de", "[erster Mai zweitausend]", "01.05.2000"),
    ("de", "am [3.8.1985]", "03.08.1985"),
    ("de", "[3. 8. 85]", "03.08.1985"),
    ("de", "[3/8/85] und mehr", "03.08.1985"),
    ("de", "[15. Mai 1985]", "15.05.1985"),
    ("de", "[dritter 8. 1985]", "03.08.1985"),
    ("de", "vom [3.8.1985] bis [5.8.1985]", "03.08.1985"),
    ("de", "am [03 . 08 . 1985]", "03.08.1985"),
    ("en", "[March the third 1985]", "03.03.1985"),
    ("en", "[May 5, 1990]", "05.05.1990"),
    ("en", "[fifth of may nineteen ninety]", "05.05.1990"),
    ("en", "[twenty first of june 2001]", "21.06.2001"),
    ("en", "[3rd of May 1985]", "03.05.1985"),
    ("en", "[15/05/1985]", "15.05.1985"),
    ("en", "[1985-08-03]", "03.08.1985"),
    ("de", "[1985-8-3].", "03.08.1985"),
]

WITHOUT_A_YEAR = [
    ("de", "[fünfzehnter Mai]", "15.05."),
    ("de", "[fünf Mai]", "05.05."),
    ("de", "am [zwanzigsten zwölften] dann", "20.12."),
    ("de", "am [31. Oktober], passt das", "31.10."),
    ("en", "the [fifth of May]", "05.05."),
    ("en", "[March the third]", "03.03."),
    ("en", "[may the fifth]", "05.05."),
    ("en", "[twenty-first of june]", "21.06."),
    ("en", "[thirty first of october]", "31.10."),
    ("en", "[thirtieth of june]", "30.06."),
]


@pytest.mark.parametrize(("language", "sentence", "written"), WITH_A_YEAR)
def test_dates_with_a_year(language: str, sentence: str, written: str) -> None:
    text, spans = marked(sentence)
    dates = [form for form in read(text, language).forms if form.kind is FormKind.DATE]
    assert [(form.start, form.end) for form in dates] == spans
    assert (dates[0].written, dates[0].year) == (written, int(written[-4:]))


@pytest.mark.parametrize(("language", "sentence", "written"), WITHOUT_A_YEAR)
def test_dates_without_a_year(language: str, sentence: str, written: str) -> None:
    assert_written(language, sentence, FormKind.DATE, written)
    text, _ = marked(sentence)
    assert [form.year for form in read(text, language).forms] == [None]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "der dritte Anruf"),
        ("de", "dritter dreizehnter"),
        ("de", "dritter 8 Uhr"),
        ("de", "44 Mai"),
        ("de", "im Mai"),
        ("de", "im Jahr 1985"),
        ("de", "32.13.1985"),
        ("de", "0.5.1990"),
        ("de", "1-2-3-4-5"),
        ("de", "0152-34-5678"),
        ("de", "1.2"),
        ("de", "3. 13."),
        ("en", "may five of us come"),
        ("en", "may I"),
        ("en", "June"),
        ("en", "june the"),
        ("en", "twenty of them"),
        ("en", "the twenty"),
        ("en", "twenty-twelfth of"),
    ],
)
def test_what_is_no_date(language: str, text: str) -> None:
    assert all(form.kind is not FormKind.DATE for form in read(text, language).forms)


@pytest.mark.parametrize("sentence", ["am [3. 8]. geboren", "am [dritten 8].", "der [3. 8]."])
def test_the_full_stop_behind_a_date_is_not_part_of_it(sentence: str) -> None:
    text, spans = marked(sentence)
    (form,) = read(text, "de").forms
    assert (form.kind, form.written) == (FormKind.DATE, "03.08.")
    assert [(form.start, form.end)] == spans


def test_a_number_behind_a_date_is_not_swallowed() -> None:
    text, spans = marked("am [3.8.1985] [5] Personen")
    forms = read(text, "de").forms
    assert [(form.start, form.end) for form in forms] == spans
    assert [form.kind for form in forms] == [FormKind.DATE, FormKind.NUMBER]


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("erster erster 1700", None),
        ("erster Mai dreitausend", None),
        ("erster Mai dreißigtausend", None),
        ("erster erster eins", None),
        ("erster erster plus eins", None),
        ("erster erster zwanzig", 2020),
        ("erster erster zwanzig zwanzig", 2020),
        ("erster Mai achtzehn neunzig", 1890),
        ("erster erster einunddreißig", 1931),
        ("erster erster dreißig", 2030),
    ],
)
def test_which_year_is_meant(text: str, year: int | None) -> None:
    (form, *_) = read(text, "de").forms
    assert (form.kind, form.year) == (FormKind.DATE, year)


_DAYS = (
    "erster", "zweiter", "dritter", "vierter", "fünfter", "sechster", "siebter", "achter",
    "neunter", "zehnter", "elfter", "zwölfter", "dreizehnter", "vierzehnter", "fünfzehnter",
    "sechzehnter", "siebzehnter", "achtzehnter", "neunzehnter", "zwanzigster",
    "einundzwanzigster", "zweiundzwanzigster", "dreiundzwanzigster", "vierundzwanzigster",
    "fünfundzwanzigster", "sechsundzwanzigster", "siebenundzwanzigster", "achtundzwanzigster",
    "neunundzwanzigster", "dreißigster", "einunddreißigster",
)  # fmt: skip
_MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
    "November", "Dezember",
)  # fmt: skip


@given(
    st.dates(date(1930, 1, 1), date(2029, 12, 31)),
    st.booleans(),
    st.sampled_from(["{}", "{},", "also {} genau"]),
)
def test_any_date_of_birth_in_german(day: date, month_by_name: bool, frame: str) -> None:
    month = _MONTHS[day.month - 1] if month_by_name else _DAYS[day.month - 1]
    spoken = f"{_DAYS[day.day - 1]} {month} {day.year}"
    text = frame.format(spoken)
    (form,) = read(text, "de").forms
    assert (form.kind, form.written, form.year) == (
        FormKind.DATE,
        day.strftime("%d.%m.%Y"),
        day.year,
    )
    assert text[form.start : form.end] == spoken
