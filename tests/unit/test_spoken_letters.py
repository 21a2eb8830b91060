"""Spelling on the phone: alphabets, single letters, doubles, and codes of letters and digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.names import word_list
from pipeline.stages.spoken_forms import FormKind, written_view
from tests.unit.marked_text import assert_plain, assert_written

SPELLED = [
    # the German alphabets, old and new
    ("de", "[M wie Martha]", "M"),
    ("de", "mein Name ist [M wie Martha Ü L L E R]", "Müller"),
    ("de", "[M, wie Martha, U, E, L, L, E, R]", "Mueller"),
    ("de", "[M wie Martha, Ü wie Übermut, Doppel-L, E wie Emil, R wie Richard]", "Müller"),
    ("de", "[M wie München, A wie Aachen, I wie Ingelheim]", "Mai"),
    ("de", "[anton berta caesar]", "Abc"),
    ("de", "[Ä wie Ärger, Ö wie Ökonom]", "Äö"),
    ("de", "[M wie der Martha]", "M"),
    ("de", "[es wie in Siegfried]", "S"),
    ("de", "[ka wie Kaufmann]", "K"),
    ("de", "[ß wie Eszett]", "ß"),
    # what was heard instead of the letter does not matter
    ("de", "[Bär wie Berta]", "B"),
    # an example of the speaker's own counts where the letter stands alone
    ("de", "[H wie Hund]", "H"),
    ("en", "[S for sugar]", "S"),
    ("en", "[B as in Bravo]", "B"),
    ("en", "[k as in king]", "K"),
    ("en", "[kay as in kilo]", "K"),
    # NATO
    ("en", "my name is [Mike Uniform Lima]", "Mul"),
    ("en", "[mike uniform lima lima echo romeo]", "Muller"),
    ("de", "[alpha bravo charlie]", "Abc"),
    # letter by letter
    ("en", "it's [S M I T H]", "Smith"),
    ("de", "[S C H M I D T] bitte", "Schmidt"),
    ("de", "[M. A. Y. E. R].", "Mayer"),
    ("de", "[a a r o n]", "Aaron"),
    # as the names of letters, which are words too
    ("de", "[em ü el el eh er]", "Müller"),
    ("de", "[es ce ha em i de te]", "Schmidt"),
    ("en", "[el em en oh pee]", "Lmnop"),
    ("de", "[Jot Ö R G]", "Jörg"),
    ("de", "[G R O eszett]", "Groß"),
    # doubles and specials
    ("de", "[M A Doppel-T]", "Matt"),
    ("de", "[H A doppel N E S]", "Hannes"),
    ("de", "[zweimal das L]", "Ll"),
    ("de", "Matthäus mit [zwei t]", "Tt"),
    ("en", "[double l]", "Ll"),
    ("de", "[scharfes S]", "ß"),
    ("de", "[G R O scharfes S]", "Groß"),
    ("de", "[umlaut a]", "Ä"),
    ("de", "Schmidt mit [d t]", "Dt"),
    ("de", "[K A I . U W E]", "Kaiuwe"),
    ("de", "[B A U M strich M A N N]", "Baummann"),
    ("de", "[double u i l s o n]", "Wilson"),
]

CODES = [
    # house numbers with letters
    ("de", "Hausnummer [12a]", "12A"),
    ("de", "Hausnummer [12 b]", "12B"),
    ("de", "Hauptstraße [zwölf a]", "12A"),
    ("de", "[zwölf b wie berta]", "12B"),
    ("en", "flat [4 a]", "4A"),
    # plates
    ("de", "Kennzeichen [B M W null sieben]", "BMW07"),
    ("de", "[B - M W 4 7 1 1]", "BMW4711"),
    ("de", "[B-MW 4711]", "BMW4711"),
    ("de", "[K wie Köln, A, H eins zwei]", "KAH12"),
    # IBANs, identity cards and the like
    ("de", "IBAN [DE12 5001 0517 5407 3249 31]", "DE12500105175407324931"),
    ("de", "IBAN [d e eins zwei fünf null]", "DE1250"),
    ("de", "[D wie Dora E wie Emil acht neun]", "DE89"),
    ("de", "[AB 4471]", "AB4471"),
    # postcodes
    ("en", "[nw1 6xe]", "NW16XE"),
    ("en", "her postcode is [sw1a 1aa]", "SW1A1AA"),
    ("en", "[S W one A one A A]", "SW1A1AA"),
]


@pytest.mark.parametrize(("language", "sentence", "written"), SPELLED)
def test_spelled(language: str, sentence: str, written: str) -> None:
    assert_written(language, sentence, FormKind.SPELLED, written)


@pytest.mark.parametrize(("language", "sentence", "written"), CODES)
def test_codes_of_letters_and_digits(language: str, sentence: str, written: str) -> None:
    assert_written(language, sentence, FormKind.CODE, written)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "M wie"),
        ("de", "M wie in Berta"),
        ("de", "ka wie Nordpol"),
        ("de", "es wie geht"),
        ("de", "es geht so"),
        ("de", "umlaut i"),
        ("de", "scharfes Messer"),
        ("de", "ein Doppel"),
        ("de", "doppel u"),
        ("de", "Anton und Berta"),
        ("de", "Anton Berta"),
        ("de", "Ypsilon"),
        ("de", "de ef"),
        ("de", "ich habe ein a und ein b"),
        ("de", "das ist a"),
        ("en", "I am a man"),
        ("en", "see you are"),
        ("en", "tee for the team"),
    ],
)
def test_words_that_are_no_spelling(language: str, text: str) -> None:
    assert_plain(language, text)


@pytest.mark.parametrize(
    ("language", "sentence", "number"),
    [
        ("en", "a [five]", "5"),
        ("en", "I [5]", "5"),
        ("de", "M wie [5]", "5"),
        ("de", "zimmer [vier] er", "4"),
        ("de", "PLZ [50667]", "50667"),
        ("de", "Hutter mit [zwei] te", "2"),
        ("de", "abc [123]", "123"),
        ("de", "ABCDE [123]", "123"),
        ("de", "ÄB [123]", "123"),
        ("de", "[12] qm, [5] km", "12 5"),
        ("en", "[two] ells", "2"),
    ],
)
def test_a_word_beside_a_number_is_no_code(language: str, sentence: str, number: str) -> None:
    assert_written(language, sentence, FormKind.NUMBER, *number.split())


def test_two_spelled_words_stay_two() -> None:
    assert_written("de", "[W wie Wilhelm]? [A, L]", FormKind.SPELLED, "W", "Al")


_DIN = {
    "a": "Anton", "b": "Berta", "c": "Cäsar", "d": "Dora", "e": "Emil", "f": "Friedrich",
    "g": "Gustav", "h": "Heinrich", "i": "Ida", "k": "Konrad", "l": "Ludwig", "m": "Martha",
    "n": "Nordpol", "o": "Otto", "p": "Paula", "q": "Quelle", "r": "Richard", "s": "Samuel",
    "t": "Theodor", "u": "Ulrich", "v": "Viktor", "w": "Wilhelm", "x": "Xanthippe",
    "z": "Zacharias",
}  # fmt: skip
_NATO = word_list(
    """
    Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November Oscar
    Papa Quebec Romeo Sierra Tango Uniform Victor Whiskey Xray Yankee Zulu
    """
)


@given(
    st.text(sorted(_DIN), min_size=1, max_size=12),
    st.sampled_from([", ", " "]),
)
def test_any_name_spelled_with_examples_is_read(name: str, separator: str) -> None:
    spoken = separator.join(f"{letter.upper()} wie {_DIN[letter]}" for letter in name)
    view = written_view(f"also {spoken}.", "de")
    assert view.text == f"also {name.capitalize()}."
    assert view.source(5, 5 + len(name)) == (5, 5 + len(spoken))


@given(st.lists(st.sampled_from(_NATO), min_size=3, max_size=12))
def test_any_name_in_the_nato_alphabet_is_read(spoken: list[str]) -> None:
    name = "".join(word[0] for word in spoken).capitalize()
    assert written_view(" ".join(spoken), "en").text == name
