"""The written view: what was spoken is written, and every character knows where it came from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.stages.spoken_forms import clean, read, written_view
from pipeline.stages.spoken_forms.words import BOTH, ENGLISH, GERMAN

GERMAN_FORMS = {
    "null eins fünf zwei": "0152",
    "zwo drei": "23",
    "doppel null dreiundzwanzig": "0023",
    "drei mal die vier": "444",
    "zweimal die sieben": "77",
    "plus neunundvierzig eins fünf": "+4915",
    "fünf und achtzig": "85",
    "hundertzwanzig": "120",
    "hundert zwanzig": "120",
    "achtzehnhundert": "1800",
    "neunzehnhundertfünfundachtzig": "1985",
    "zweitausendvier": "2004",
    "zwei tausend drei hundert": "2300",
    "nulleinsfünfzwo": "0152",
    "vier ein neun": "419",
    "max punkt mustermann ät gmail punkt com": "max.mustermann@gmail.com",
    "info klammeraffe t minus online punkt de": "info@t-online.de",
    "a unterstrich b 85 at gmx de": "a_b85@gmx.de",
    "www punkt wohnen minus am see punkt de schrägstrich kontakt": "www.wohnen-amsee.de/kontakt",
    "M wie Martha Ü Doppel-L E R": "Müller",
    "em wie martha": "M",
    "anton berta cäsar": "Abc",
    "w e i scharfes s": "Weiß",
    "b umlaut a r": "Bär",
    "dritter achter fünfundachtzig": "03.08.1985",
    "fünfzehnter mai neunzehnhundertfünfundachtzig": "15.05.1985",
    "15. Mai 1985": "15.05.1985",
    "3.8.85": "03.08.1985",
    "b wie berta strich m w vier sieben": "BMW47",
    "d e zwölf fünfzig": "DE1250",
}
ENGLISH_FORMS = {
    "double seven oh four": "7704",
    "triple five": "555",
    "eighty five": "85",
    "one hundred and twenty": "120",
    "nineteen eighty five": "1985",
    "two thousand and four": "2004",
    "seven five to one": "7521",
    "john dot smith at outlook dot com": "john.smith@outlook.com",
    "www dot example dot co dot uk": "www.example.co.uk",
    "M as in Mike I L L E R": "Miller",
    "bravo echo november": "Ben",
    "the third of august nineteen eighty five": "the 03.08.1985",
    "March 14, 1992": "14.03.1992",
    "s w one a two a a": "SW1A2AA",
}


@pytest.mark.parametrize(("spoken", "written"), GERMAN_FORMS.items())
def test_german(spoken: str, written: str) -> None:
    assert written_view(spoken, "de").text == written


@pytest.mark.parametrize(("spoken", "written"), ENGLISH_FORMS.items())
def test_english(spoken: str, written: str) -> None:
    assert written_view(spoken, "en").text == written


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "wir sind in acht und bitte um ruhe"),
        ("de", "es geht um die wohnung am see"),
        ("en", "i have a house at the lake"),
        ("en", "look at that dot on the wall"),
    ],
)
def test_plain_speech_keeps_its_words(language: str, text: str) -> None:
    assert not [form for form in read(text, language).forms if len(form.written) > 1]


def test_pieces_map_to_their_words() -> None:
    text = "nummer null eins fünf zwei bitte"
    view = written_view(text, "de")
    start = view.text.index("0152")
    first, last = view.source(start, start + 4)
    assert text[first:last] == "null eins fünf zwei"
    one = view.source(start + 1, start + 2)
    assert text[slice(*one)].strip() == "eins"


@pytest.mark.parametrize("text", ["hundert " * 3000, "zwei tausend " * 2000, "doppel " * 3000])
def test_long_chains_of_number_words_end(text: str) -> None:
    assert read(text, "de").forms is not None


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Mu\u0308ller", "Müller"),
        ("Mül\u00adler", "Müller"),
        ("Mül\u200bler", "Müller"),
        ("Mül\u200dler", "Müller"),
        ("аnnа", "аnnа".replace("а", "a")),
        ("анна", "анна"),
        ("０１５２", "0152"),
        ("80\u00a0m²", "80 m²"),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    view = clean(text)
    assert view.text == cleaned
    assert view.source(0, len(cleaned)) == (0, len(text))


_WORDS = {
    word for words in (GERMAN, ENGLISH) for name in words.__slots__ for word in getattr(words, name)
}
_SIGNS = ["@", ".", ",", "-", "?", "\n", "12", "0152", "3.", "a", "B", "Ü", "ß", "²", "gmail"]
_VOCABULARY = [*sorted(_WORDS), *_SIGNS]
SPEECH = st.lists(st.sampled_from(_VOCABULARY), max_size=25).map(" ".join)
ANYTHING = st.text(max_size=60)


@given(st.one_of(SPEECH, ANYTHING), st.sampled_from(["de", "en", "xx"]))
def test_maps_lead_back(text: str, language: str) -> None:
    view = written_view(text, language)
    if view.starts is None:
        assert view.text == text
        return
    assert view.ends is not None
    assert len(view.text) == len(view.starts) == len(view.ends)
    assert all(0 <= a < b <= len(text) for a, b in zip(view.starts, view.ends, strict=True))
    assert list(view.starts) == sorted(view.starts)
    assert list(view.ends) == sorted(view.ends)


@given(ANYTHING)
def test_clean_maps_lead_back(text: str) -> None:
    view = clean(text)
    for at in range(len(view.text)):
        start, end = view.source(at, at + 1)
        assert 0 <= start < end <= len(text)
    assert clean(view.text).text == view.text or not text.isascii()


def test_unknown_languages_get_both() -> None:
    assert written_view("null eins fünf", "fr").text == "015"
    assert written_view("seven oh nine", "").text == "709"
    assert BOTH.digits["zwo"] == "2"
