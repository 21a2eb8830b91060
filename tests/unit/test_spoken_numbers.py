"""Numbers as people say them on the phone, and as a recogniser writes that down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.stages.spoken_forms import FormKind, written_view
from pipeline.stages.spoken_forms.numbers import german_value
from tests.unit.marked_text import assert_plain, assert_written

GERMAN_NUMBERS = [
    # digit by digit, as phone numbers and postcodes are read out
    ("meine Nummer ist [null eins fünf zwei] danke", "0152"),
    ("[null eins fuenf zwo]", "0152"),
    ("[Null Eins Fünf Zwei]", "0152"),
    ("[plus neunundvierzig eins sieben null]", "+49170"),
    ("[plus 49 170]", "+49170"),
    ("[+49 170 1234567]", "+491701234567"),
    ("[0152 34 56 789]", "01523456789"),
    ("[0152/34-56.789]", "01523456789"),
    ("[fünf null sechs sechs sieben] Köln", "50667"),
    ("[fünf-fünf-fünf]", "555"),
    # in pairs
    ("[siebzehn fünfundachtzig zwölf]", "178512"),
    ("[dreizehn fünfzehn achtzehn]", "131518"),
    # with fillers between
    ("[null äh eins ähm, fünf und dann zwei]", "0152"),
    # one digit said for two or three
    ("[doppel null sieben]", "007"),
    ("[Doppel-Null sieben]", "007"),
    ("[zwomal die drei]", "33"),
    ("[zweimal die sieben acht]", "778"),
    ("[dreimal die 4]", "444"),
    ("[drei mal die vier]", "444"),
    ("[zwei mal vier null]", "440"),
    # as one word, as some recognisers write them
    ("[nulleinsfünfzwei]", "0152"),
    ("[siebendreizwo] ja", "732"),
    # `ein` is a digit among digits only
    ("[null eins ein eins]", "0111"),
    # whole numbers
    ("[zwo]", "2"),
    ("[achtzehnhundert] Euro", "1800"),
    ("[neunzehnhundertfünfundachtzig]", "1985"),
    ("[neunzehn hundert fünfundachtzig]", "1985"),
    ("[hundertzwanzig] Quadratmeter", "120"),
    ("[hundert zwanzig]", "120"),
    ("[hundertundeins]", "101"),
    ("[einhundertdreiundzwanzig]", "123"),
    ("[einundzwanzig]", "21"),
    ("[fünf und achtzig]", "85"),
    ("[zweitausendvierundzwanzig]", "2024"),
    ("[zwei tausend vier]", "2004"),
    ("[eintausendzweihundertvierunddreißig]", "1234"),
    ("[tausendeins]", "1001"),
    ("[zwei hundert tausend]", "200000"),
    ("[zweihundertfünfzigtausend] Euro", "250000"),
    ("[zwei Millionen dreihunderttausend]", "2300000"),
    ("[zwei million drei tausend vier hundert fünf und sechzig]", "2003465"),
    ("[hundert] und der Rest", "100"),
]

ENGLISH_NUMBERS = [
    ("call [oh one seven seven] please", "0177"),
    ("[seven oh seven]", "707"),
    ("[double seven]", "77"),
    ("[double seven four]", "774"),
    ("[double six six]", "666"),
    ("[seven double oh]", "700"),
    ("[triple zero]", "000"),
    ("[two times seven]", "77"),
    ("[three times the four]", "444"),
    ("[plus four four]", "+44"),
    ("[four four, uh, seven]", "447"),
    ("[eighty five]", "85"),
    ("[eighty-five]", "85"),
    ("[twenty-twenty]", "2020"),
    ("[twenty zero]", "200"),
    ("[eighty] - thanks", "80"),
    ("[one hundred and twenty]", "120"),
    ("[one hundred] and more", "100"),
    ("[nine hundred and ninety nine]", "999"),
    ("[one thousand two hundred]", "1200"),
    ("[ten thousand and five]", "10005"),
    ("[two million] pounds", "2000000"),
    ("[nineteen eighty five]", "1985"),
]


@pytest.mark.parametrize(("sentence", "written"), GERMAN_NUMBERS)
def test_german_numbers(sentence: str, written: str) -> None:
    assert_written("de", sentence, FormKind.NUMBER, written)


@pytest.mark.parametrize(("sentence", "written"), ENGLISH_NUMBERS)
def test_english_numbers(sentence: str, written: str) -> None:
    assert_written("en", sentence, FormKind.NUMBER, written)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "doppelt gut"),
        ("de", "doppelt"),
        ("de", "zweimal die"),
        ("de", "plus Haus"),
        ("de", "das ist ein Plus"),
        ("de", "kleinundzwanzig"),
        ("de", "undzwanzig"),
        ("de", "hunderthundert"),
        ("de", "zweitausendzweitausend"),
        ("de", "hundert" * 12),
        ("en", "double the"),
        ("en", "double glazing"),
        ("en", "oh well, to be fair"),
    ],
)
def test_words_that_only_look_like_numbers(language: str, text: str) -> None:
    assert_plain(language, text)


@pytest.mark.parametrize(
    ("sentence", "parts"),
    [
        ("[null eins]\n[fünf zwei]", ("01", "52")),
        ("[null eins fünf]? [sieben]", ("015", "7")),
        ("[null eins], ruf an, [sieben]", ("01", "7")),
        ("[null eins] also also also also also also [sieben]", ("01", "7")),
        ("dreimal die [44]", ("44",)),
        ("[drei] mal die Woche", ("3",)),
        ("[drei] mal die", ("3",)),
        ("[zwei] mal", ("2",)),
        ("[sieben] mal die [vier]", ("7", "4")),
    ],
)
def test_what_does_not_belong_together_stays_apart(sentence: str, parts: tuple[str, ...]) -> None:
    assert_written("de", sentence, FormKind.NUMBER, *parts)


@pytest.mark.parametrize(
    "sentence",
    [
        "[null eins fünf zwei, nein nicht zwei, drei]",
        "[null eins fünf zwei? nein, sorry, drei]",
        "[null eins fünf zwei; Quatsch, drei]",
    ],
)
def test_a_corrected_number_is_one_form_with_all_that_was_said(sentence: str) -> None:
    """What was said first is redacted with the rest: it may be right after all."""
    assert_written(
        "de", sentence, FormKind.NUMBER, "01523" if "nicht" not in sentence else "015223"
    )


def test_a_language_that_is_neither_gets_the_numbers_of_both() -> None:
    assert_written("fr", "[null eins double seven]", FormKind.NUMBER, "0177")
    assert_written("xx", "[eighty five fünfundachtzig]", FormKind.NUMBER, "8585")


_UNITS = ("", "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun")
_TEENS = (
    "zehn", "elf", "zwölf", "dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn",
    "achtzehn", "neunzehn",
)  # fmt: skip
_TENS = (
    "", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig",
)  # fmt: skip


def in_german(value: int) -> str:
    """The cardinal as German schools teach it; `value` below a million."""
    if value >= 1000:
        head, rest = in_german(value // 1000), value % 1000
        head = head[:-1] if head.endswith("eins") else head
        return f"{head}tausend{in_german(rest) if rest else ''}"
    if value >= 100:
        rest = value % 100
        return _UNITS[value // 100] + "hundert" + (in_german(rest) if rest else "")
    if value >= 20:
        unit = _UNITS[value % 10]
        return (f"{unit}und" if unit else "") + _TENS[value // 10]
    if value >= 10:
        return _TEENS[value - 10]
    return {0: "null", 1: "eins"}.get(value, _UNITS[value])


@given(st.integers(0, 99_999))
def test_every_german_cardinal_up_to_a_hundred_thousand_is_understood(value: int) -> None:
    spoken = in_german(value)
    assert written_view(spoken, "de").text == str(value)


@given(st.lists(st.integers(0, 9), min_size=2, max_size=16), st.sampled_from(["de", "en"]))
def test_digits_read_out_one_by_one_come_back_one_by_one(digits: list[int], language: str) -> None:
    names = {
        "de": ["null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"],
        "en": ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
    }[language]
    spoken = [names[digit] for digit in digits]
    view = written_view(" ".join(spoken), language)
    assert view.text == "".join(map(str, digits))
    end = 0
    for index, word in enumerate(spoken):
        begin, end = end, end + len(word) + bool(index)
        assert view.source(index, index + 1) == (begin, end)


@given(st.text("einzwodrvufühtsagcl", max_size=80))
def test_any_word_is_a_number_or_none(word: str) -> None:
    value = german_value(word)
    assert value is None or 0 <= value < 1_000_000
