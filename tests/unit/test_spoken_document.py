"""The written view of any text, and its exact map back: what every span depends on."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.names import word_list
from pipeline.stages.spoken_forms import FormKind, TextMap, TokenKind, clean, read, written_view
from pipeline.stages.spoken_forms.textmap import replaced
from pipeline.stages.spoken_forms.tokens import tokenize

_WORDS = word_list(
    """
    null eins ein zwei zwo zwanzig und fünfundachtzig hundert tausend Millionen Doppel doppelt
    zweimal drei mal die plus + 0 0152 85 1985 3. 8. . , ? ! - _ / @ at ät Klammeraffe punkt minus
    unterstrich gmail web t online com de co uk www http max anna ist klein M wie Martha Ü ß
    scharfes S es umlaut a o oh em el Ypsilon Anton dritter achter Mai May the of first twenty äh
    ähm nein ' ’ double seven for sugar AB 12a one to mit [ ] 😀 ² ½ Ⅷ ٣ ﬁ İ
    """
)
_MARKS = ["\n", " ", "\u00ad", "\u200d", "u\u0308", "\u0308", "о", "\t", "\u00a0"]
_SPOKEN = st.sampled_from([*_WORDS, *_MARKS])
TEXTS = st.one_of(
    st.lists(st.tuples(_SPOKEN, st.sampled_from([" ", "", "  "])), max_size=25).map(
        lambda parts: "".join(word + space for word, space in parts)
    ),
    st.text(max_size=60),
)
LANGUAGES = st.sampled_from(["de", "en", "de-AT", "EN_gb", "fr", ""])


def assert_exact(view: TextMap, text: str) -> None:
    """Each character of the view comes from a stretch inside the text, in order."""
    ranges = [view.source(at, at + 1) for at in range(len(view.text))]
    assert all(0 <= start < end <= len(text) for start, end in ranges)
    for left, right in pairwise(ranges):
        assert left[0] <= right[0]
        assert left[1] <= right[1]
        assert left == right or left[1] <= right[0]


@given(TEXTS, LANGUAGES)
@example("", "de")
@example("a" * 2000, "de")
def test_the_written_view_maps_back_and_loses_nothing(raw: str, language: str) -> None:
    text = clean(raw).text
    view = written_view(text, language)
    assert_exact(view, text)
    covered = {
        at for index in range(len(view.text)) for at in range(*view.source(index, index + 1))
    }
    assert covered == set(range(len(text)))
    if view.text:
        assert view.source(0, len(view.text)) == (0, len(text))


@given(TEXTS, LANGUAGES)
def test_outside_of_the_forms_the_view_is_the_text(raw: str, language: str) -> None:
    text = clean(raw).text
    document = read(text, language)
    assert all(0 <= form.start < form.end <= len(text) for form in document.forms)
    assert all(left.end <= right.start for left, right in pairwise(document.forms))
    assert all(form.written for form in document.forms)
    edges = [0, *(edge for form in document.forms for edge in (form.start, form.end)), len(text)]
    between = [text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
    written = [*(form.written for form in document.forms), ""]
    assert document.written().text == "".join(
        part for pair in zip(between, written, strict=True) for part in pair
    )


@given(TEXTS, LANGUAGES)
def test_the_same_text_reads_the_same(raw: str, language: str) -> None:
    text = clean(raw).text
    assert read(text, language) == read(text, language)


@given(TEXTS)
def test_the_view_of_each_form_maps_back_to_its_span(raw: str) -> None:
    text = clean(raw).text
    document = read(text, "de")
    view = document.written()
    moved = 0
    for form in document.forms:
        at = form.start + moved
        assert view.text[at : at + len(form.written)] == form.written
        assert view.source(at, at + len(form.written)) == (form.start, form.end)
        moved += len(form.written) - (form.end - form.start)


def test_a_digit_maps_to_the_word_that_said_it() -> None:
    view = written_view("unter null eins fünf zwei bitte", "de")
    assert view.text == "unter 0152 bitte"
    said = ["null", " eins", " fünf", " zwei"]
    text = "unter null eins fünf zwei bitte"
    for index, word in enumerate(said, view.text.index("0152")):
        start, end = view.source(index, index + 1)
        assert text[start:end] == word


def test_each_part_of_a_form_knows_its_kind_and_length() -> None:
    forms = {form.kind: form for form in read("B M W 07, 0152 oder x@web.de am 3.8.85", "de").forms}
    assert {kind: form.digits for kind, form in forms.items()} == {
        FormKind.CODE: 6,
        FormKind.EMAIL: 0,
        FormKind.DATE: 8,
    }


def test_an_address_goes_before_the_numbers_and_dates_in_it() -> None:
    text = "max punkt 3.8.1985 at web punkt de"
    assert [form.kind for form in read(text, "de").forms] == [FormKind.EMAIL]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Äh, 12'a\n_", "WORD MARK DIGITS MARK WORD BREAK MARK"),
        ("O'Brien", "WORD"),
        ("Bär12", "WORD DIGITS"),
        ("½ Ⅷ 😀", "MARK MARK MARK"),
    ],
)
def test_tokens(text: str, kinds: str) -> None:
    tokens = tokenize(text)
    assert [token.kind for token in tokens] == [TokenKind[kind] for kind in kinds.split()]
    assert all(text[token.start : token.end] == token.text for token in tokens)


# What stands in transcripts that were edited, pasted or attacked.

CLEANED = [
    ("Mu\u0308ller", "Müller"),
    ("Mül\u00adler", "Müller"),
    ("Mül\u200dler\u200b", "Müller"),
    ("\ufeffAnna", "Anna"),
    ("null\u00a0eins\u2009zwei\u3000drei", "null eins zwei drei"),
    ("０１５２", "0152"),
    ("٠١٥٢", "0152"),
    ("80 m²", "80 m²"),
    ("Аnnа Мüller", "Anna Müller"),
    ("mах@wеb.dе", "max@web.de"),
    ("äh\ttab\rund", "äh tab und"),
    ("äh\x0bhm\x0c", "äh hm "),
    ("a\tb", "a b"),
    # other scripts are left alone
    ("Анна", "Анна"),
    ("Ελένη", "Ελένη"),
    ("שלום 😀", "שלום 😀"),
    ("زwei", "زwei"),
    ("Анна Müller", "Анна Müller"),
]


@pytest.mark.parametrize(("text", "cleaned"), CLEANED)
def test_what_is_cleaned(text: str, cleaned: str) -> None:
    view = clean(text)
    assert view.text == cleaned
    assert_exact(view, text)


def test_a_span_of_the_clean_text_takes_the_invisible_characters_with_it() -> None:
    text = "Frau Mu\u0308l\u00adler, ja"
    view = clean(text)
    at = view.text.index("Müller")
    start, end = view.source(at, at + len("Müller"))
    assert text[start:end] == "Mu\u0308l\u00adler"


def test_plain_text_costs_no_map() -> None:
    assert clean("null eins\nfünf") == TextMap("null eins\nfünf")
    assert clean("Grüße aus Köln") == TextMap("Grüße aus Köln")


@given(st.one_of(TEXTS, st.text(st.characters(categories=["Mn", "Cf", "Nd", "No", "Ll", "Zs"]))))
def test_clean_text_is_visible_composed_and_maps_back(text: str) -> None:
    view = clean(text)
    assert_exact(view, text)
    assert not any(unicodedata.category(char) == "Cf" for char in view.text)
    lost = set(range(len(text))) - {
        at for index in range(len(view.text)) for at in range(*view.source(index, index + 1))
    }
    assert all(unicodedata.category(text[at]) in {"Cf", "Mn", "Mc", "Me"} for at in lost)


@st.composite
def replacements(draw: st.DrawFn) -> tuple[str, list[tuple[int, int, str]]]:
    text = draw(st.text(min_size=1, max_size=30))
    edges = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return text, [(start, end, draw(st.text(max_size=4))) for start, end in pairs]


@given(replacements())
def test_any_replacement_maps_back(drawn: tuple[str, list[tuple[int, int, str]]]) -> None:
    text, pieces = drawn
    view = replaced(text, pieces)
    assert_exact(view, text)
    expected = text
    for start, end, written in reversed(pieces):
        expected = expected[:start] + written + expected[end:]
    assert view.text == expected
    moved = 0
    for start, end, written in pieces:
        if written:
            assert view.source(start + moved, start + moved + len(written)) == (start, end)
        moved += len(written) - (end - start)
