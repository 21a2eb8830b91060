"""E-mail and web addresses, spoken and written."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.stages.spoken_forms import FormKind, read
from tests.unit.marked_text import assert_written, marked

E_MAILS = [
    ("de", "[max punkt mustermann ät gmail punkt com]", "max.mustermann@gmail.com"),
    ("de", "[Max Punkt Mustermann at Gmail Punkt com].", "max.mustermann@gmail.com"),
    ("de", "[max minus muster klammeraffe web punkt de]", "max-muster@web.de"),
    ("de", "[max unterstrich muster at gmx punkt de]", "max_muster@gmx.de"),
    ("de", "[max plus haus at web punkt de]", "max+haus@web.de"),
    ("de", "meine mail ist [anna at firma strich sued punkt de]", "anna@firma-sued.de"),
    ("de", "[max fünfundachtzig at web punkt de]", "max85@web.de"),
    ("de", "[max 85 at web punkt de]", "max85@web.de"),
    ("de", "[m wie martha u e l l e r at gmx punkt de]", "mueller@gmx.de"),
    ("de", "[max at web punkt kom]", "max@web.com"),
    ("de", "[max at t-online punkt de]", "max@t-online.de"),
    ("de", "[max at t online punkt de]", "max@t-online.de"),
    ("de", "[max at t minus online punkt de]", "max@t-online.de"),
    ("de", "[max at t online]", "max@t-online"),
    ("de", "[max at tango punkt de]", "max@tango.de"),
    ("de", "[max at firma punkt co punkt uk]", "max@firma.co.uk"),
    ("de", "[max, at firma punkt de]", "max@firma.de"),
    ("de", "[max äh punkt muster at firma punkt de]", "max.muster@firma.de"),
    ("de", "[max.muster, alles klein geschrieben, at web punkt de]", "max.muster@web.de"),
    ("de", "[max at, firma punkt de]", "max@firma.de"),
    ("de", "[max at eins zwei punkt de]", "max@12.de"),
    # the dot or the ending is often swallowed, above all behind well-known providers
    ("de", "[anna at gmail]", "anna@gmail"),
    ("de", "[max at web de]", "max@web.de"),
    ("de", "[annagmail punkt com]", "annagmail.com"),
    # the name may be lost, too: the rest still says where somebody can be reached
    ("de", "[at gmail punkt com]", "@gmail.com"),
    ("en", "my email is [john dot smith at gmail dot com]", "john.smith@gmail.com"),
    ("en", "[john smith at outlook dot com] thanks", "johnsmith@outlook.com"),
    ("en", "[john underscore smith at example dot co dot uk]", "john_smith@example.co.uk"),
    # as a recogniser with a feeling for them writes them
    ("de", "[info@firma.de]", "info@firma.de"),
    ("de", "schreiben Sie an [info@firma-nord.de].", "info@firma-nord.de"),
    ("de", "[max-muster@web.de], ja", "max-muster@web.de"),
    ("de", "[max+immo@web.de]", "max+immo@web.de"),
    ("en", "[john_smith@example.co.uk]", "john_smith@example.co.uk"),
    # what follows or stands before does not belong to it
    ("de", "[max at firma punkt com] minus haus", "max@firma.com"),
    ("de", "[max at firma punkt com] haus", "max@firma.com"),
    ("de", "[max at firma punkt com] punkt anna kommt", "max@firma.com"),
    ("de", "schreiben sie [anna at web punkt de]", "anna@web.de"),
    ("de", "max - [muster at firma punkt de]", "muster@firma.de"),
    ("de", "( [at firma punkt de]", "@firma.de"),
    ("de", "- [at firma punkt de]", "@firma.de"),
    ("de", "max\n[at web punkt de]", "@web.de"),
]

WEB_ADDRESSES = [
    ("en", "[www dot example dot co dot uk]", "www.example.co.uk"),
    ("en", "[www.example.com/path]", "www.example.com/path"),
    ("en", "[www dot example dot com slash contact slash us]", "www.example.com/contact/us"),
    ("en", "[www.example.com]/", "www.example.com"),
    ("en", "[www.example.com]/(new)", "www.example.com"),
    ("de", "[http://www.firma.de]", "http://www.firma.de"),
    ("de", "auf [firma punkt de] steht es", "firma.de"),
    ("de", "[firma punkt co punkt uk]", "firma.co.uk"),
    ("de", "[firma.info]", "firma.info"),
    ("en", "[e x a m p l e dot com]", "example.com"),
    ("en", "at [gmail dot com]", "gmail.com"),
    ("de", "max at\n[web punkt de]", "web.de"),
    ("de", "ist nicht at sehr langer guter [laden punkt de]", "laden.de"),
]


@pytest.mark.parametrize(("language", "sentence", "written"), E_MAILS)
def test_e_mail_addresses(language: str, sentence: str, written: str) -> None:
    assert_written(language, sentence, FormKind.EMAIL, written)


@pytest.mark.parametrize(("language", "sentence", "written"), WEB_ADDRESSES)
def test_web_addresses(language: str, sentence: str, written: str) -> None:
    assert_written(language, sentence, FormKind.URL, written)


@pytest.mark.parametrize("scheme", ["https firma punkt de", "https slash slash firma punkt de"])
def test_a_scheme_belongs_to_its_address(scheme: str) -> None:
    (form,) = read(scheme, "de").forms
    assert (form.kind, form.start, form.end) == (FormKind.URL, 0, len(scheme))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "ich bin at home."),
        ("de", "das ist der Punkt"),
        ("de", "der Punkt ist, dass"),
        ("de", "Punkt de"),
        ("de", ". de"),
        ("en", "firma dot at or"),
        ("de", "firma punkt info ist"),
        ("de", "firma . info"),
        ("de", "www"),
        ("de", "www ist"),
        ("de", "https://"),
        ("de", "google das mal"),
        ("de", "max at"),
        ("de", "max at me"),
        ("de", "max at ( firma"),
        ("de", "max at web minus"),
        ("en", "look at the house"),
        ("en", "at gmail"),
    ],
)
def test_what_is_no_address(language: str, text: str) -> None:
    kinds = {form.kind for form in read(text, language).forms}
    assert kinds.isdisjoint({FormKind.EMAIL, FormKind.URL})


def test_two_addresses_in_one_sentence() -> None:
    text, spans = marked("[max@web.de] oder [anna at gmx punkt de]")
    assert [(form.start, form.end) for form in read(text, "de").forms] == spans


def test_a_sentence_in_front_is_not_part_of_the_address() -> None:
    text = "die Wohnung hat drei Zimmer, schreiben Sie mir an max at web punkt de"
    (address,) = (form for form in read(text, "de").forms if form.kind is FormKind.EMAIL)
    assert text[address.start :] == "max at web punkt de"


def test_the_name_is_never_cut_but_for_length() -> None:
    """At most three plain words go before the at; digits and letters as many as there are."""
    text = "eins zwei drei vier fünf max at web punkt de"
    (address,) = read(text, "de").forms
    assert (address.start, address.written) == (0, "12345max@web.de")
    text = "stühle tische bänke lampen max at web punkt de"
    (address,) = read(text, "de").forms
    assert text[address.start :] == "bänke lampen max at web punkt de"


_NAMES = ["max", "anna", "mustermann", "petra", "xaver", "schulze", "lindner"]
_SIGNS = {
    ".": ["punkt", "Punkt", "dot"],
    "-": ["minus", "bindestrich", "strich", "mittelstrich"],
    "_": ["unterstrich", "underscore", "tiefstrich"],
}
_DOMAINS = {
    "gmail.com": "gmail punkt com",
    "web.de": "web punkt de",
    "gmx.net": "gmx punkt net",
    "firma-nord.de": "firma minus nord punkt de",
    "acme.co.uk": "acme punkt co punkt uk",
}


@given(
    st.lists(st.sampled_from(_NAMES), min_size=1, max_size=4),
    st.data(),
    st.sampled_from(["at", "ät", "ett", "Klammeraffe", "@"]),
    st.sampled_from(sorted(_DOMAINS)),
)
def test_any_spoken_address_is_read(
    names: list[str], data: st.DataObject, at: str, domain: str
) -> None:
    spoken, written = names[0], names[0]
    for name in names[1:]:
        sign = data.draw(st.sampled_from(sorted(_SIGNS)))
        spoken += f" {data.draw(st.sampled_from(_SIGNS[sign]))} {name}"
        written += sign + name
    address = f"{spoken} {at} {_DOMAINS[domain]}"
    text = f"meine Adresse ist {address}, danke"
    (form,) = read(text, "de").forms
    assert (form.kind, form.written) == (FormKind.EMAIL, f"{written}@{domain}")
    assert text[form.start : form.end] == address


@given(st.from_regex(r"[a-z]{3,8}([._-][a-z]{3,8}){0,2}", fullmatch=True))
def test_any_written_address_is_read(local: str) -> None:
    text = f"unter {local}@firma.de."
    (form, *more) = read(text, "de").forms
    assume(not more)
    assert (form.kind, text[form.start : form.end]) == (FormKind.EMAIL, f"{local}@firma.de")
