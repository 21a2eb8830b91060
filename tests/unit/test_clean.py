"""The clean view: what a text says, whatever characters it is written in, with a map back."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.stages.spoken_forms.clean import clean, is_invisible, is_mark, without_symbols
from pipeline.stages.spoken_forms.textmap import TextMap

SAYS = {
    "Mu\u0308ller": "Müller",
    "Mu\u00ad\u0308ller": "Müller",
    "Mu\u0323\u0308ller": "Müller",
    "Nguyễn Ẓẉị, Straẞe ǘ": "Nguyên Zwi, Straẞe ǘ",
    "=\u0338 й ά Å 한": "= й ά Å 한",
    "\u00ad\u0308x\u200d": "x",
    "\u0308x": "x",
    "a\n\u0308b": "a\nb",
    "a \u0308b": "a b",
    "a\r\n\tb\x0bc\x1dd\u2028e\u2800f": "a \n b c d e f",
    "a\ufe0f\u034f\u180b\U000e0100\u20e3b": "ab",
    "1\u3164\uffa0\ufeff\U000e00412": "12",
    "ｍａｘ＠ｗｅｂ．ｄｅ": "max@web.de",
    "０٠۱२①𝟏": "001211",
    "𝐌𝐚𝐱 ﬁn Ⅻ ſ ﺍ": "Max fin XII s ا",
    "80 m² ½ ° … ´": "80 m² ½ ° … ´",
    "का": "का",
    "a\x00b🙂": "a\x00b🙂",
    # look-alikes: beside Latin letters, in codes, in a text with Latin letters
    "Аnnа Мüllеr": "Anna Müller",
    "Schмidт": "Schmidt",
    "СН93": "CH93",
    "ΑΤ61": "AT61",
    "ich bin Сора": "ich bin Copa",
    "А\u00adnna": "Anna",
    "Сора": "Сора",
    "Анна Иванова": "Анна Иванова",
    "bei Анна": "bei Анна",
    "д93": "д93",
}


@pytest.mark.parametrize(("text", "said"), SAYS.items())
def test_what_it_says(text: str, said: str) -> None:
    assert clean(text).text == said


def test_plain_text_is_its_own_view() -> None:
    for text in ("", "Anna Müller, 12.\n", "שלום"):
        assert clean(text) == TextMap(text)
        assert without_symbols(TextMap(text)) == TextMap(text)


def test_where_it_comes_from() -> None:
    text = "\ufeffＭu\u00ad\u0308\u0323llеr\u200d"
    view = clean(text)
    assert view.text[0] == "M" and view.text.endswith("ller")
    assert view.source(0, len(view.text)) == (1, len(text) - 1)
    assert view.source(1, 2) == (2, 6)


def test_long_runs_of_punctuation_are_shortened() -> None:
    assert clean("a" + "([" * 16 + "b").text == "a" + "([" * 16 + "b"
    view = clean("a" + "([" * 5_000 + "b\u0308")
    assert view.text == "a" + "([" * 16 + "b"
    assert view.source(32, 34) == (10_000, 10_003)


def test_symbols_go_from_the_second_view() -> None:
    view = clean("a🙂b\x00c\ue000d🏽e→f ° © m² +\n")
    bare = without_symbols(view)
    assert bare.text == "abcdef ° © m² +\n"
    assert bare.source(0, 6) == (0, 11)
    assert without_symbols(bare) is bare


ODD = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("abА еМ.\n\r\u00ad\u200d\u0308\u0323\u0301\ufe0f\u20e3🙂\x00０٣①ﬁ\u3164"),
    ),
    max_size=40,
)


@given(ODD)
def test_the_map_is_in_order_and_cuts_no_character_from_its_marks(text: str) -> None:
    for view in (clean(text), without_symbols(clean(text))):
        places = [view.source(at, at + 1) for at in range(len(view.text))]
        assert all(0 <= start < end <= len(text) for start, end in places)
        assert all(left[1] <= right[0] or left == right for left, right in pairwise(places))
        for start, end in places:
            assert end == len(text) or text[start] == "\n" or not is_mark(text[end])
            baseless = start == 0 or text[start - 1] == "\n" or is_invisible(text[start - 1])
            assert baseless or not is_mark(text[start])


@given(ODD)
def test_no_letter_or_digit_is_lost(text: str) -> None:
    view = clean(text)
    covered = {
        at for place in range(len(view.text)) for at in range(*view.source(place, place + 1))
    }
    lost = {char for at, char in enumerate(text) if at not in covered and char.isalnum()}
    assert lost <= set("\u115f\u1160\u3164\uffa0")


def test_a_mark_that_stands_alone_and_is_its_own_writing_stays() -> None:
    assert clean("\u093f").text == "\u093f"
