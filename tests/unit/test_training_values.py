"""Values drawn for training: of the form of those they replace, many, the same for the same seed.

What a training run draws decides what the tagger has seen; none of this runs in the product.
"""

from __future__ import annotations

import re
from collections import Counter
from random import Random

import pytest

from models.training.pii.names import Names
from models.training.pii.people import People
from models.training.pii.said import Voice
from models.training.pii.wordlists import FOLDER, letters_at, word_lists

LANGUAGES = ("de", "en")
FILES = sorted(path.stem for path in FOLDER.glob("*.txt"))
SLOT = re.compile(r"\{([^{}]+)\}")
#: slots that a drawer makes itself
MADE = {
    "firms": {"first", "last", "town", "coined", "glued", "letter", "acronym", "spelled"},
    "streets": {"first", "last", "head", "street", "letter", "number", "small", "block"},
    "places": {"first", "last", "town"},
}
#: wordings that replace another one by the form they have
FIRMS = (
    "ikea", "Ikea", "wolf und partner", "the mill road practice", "a v c s", "j and k motors",
    "AOK", "blue heron drywall l l c", "d h l express", "W&K Bau", "",
)  # fmt: skip
STREETS = (
    "14", "14 a", "12–14", "vierzehn", "fourteen", "Sixteen", "zwölf bis vierzehn",
    "eighty eight to ninety", "Mühlstieg 8 c", "mühlstieg acht", "four high street", "lange reihe",
    "the old forge", "flat two", "Q 7, 24", "b", "W Y C H W O O D", "gardens", "rosenweg", "Top 4",
    "neunzehnhundert",
)  # fmt: skip


@pytest.fixture(scope="module")
def names() -> Names:
    """The lexicon, read once; `seeded` gives it its chance."""
    return Names(Random(0))


@pytest.fixture
def seeded(names: Names, monkeypatch: pytest.MonkeyPatch):
    def make(language: str, seed: int = 7) -> People:
        dice = Random(seed)
        monkeypatch.setattr(names, "_dice", dice)
        return People(language, dice, names)

    return make


def everything(people: People) -> list[str]:
    drawn = [people.firm(like) for like in FIRMS for _ in range(40)]
    drawn += [people.street(like) for like in STREETS for _ in range(40)]
    return drawn + [
        people.place(like) for like in ("", "ulm", "bad orb", "u l m") for _ in range(40)
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_seed_draws_the_same(seeded, language: str) -> None:
    first = everything(seeded(language, 3))
    assert everything(seeded(language, 3)) == first
    assert everything(seeded(language, 4)) != first


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_drawn_is_clean_text(seeded, language: str) -> None:
    for value in everything(seeded(language)):
        assert value
        assert value == " ".join(value.split()), value
        assert not set(value) & set("{}|#⏎"), value


def test_every_topic_has_lists_in_both_languages() -> None:
    assert sorted(f"{topic}_{language}" for topic in MADE for language in LANGUAGES) == FILES


@pytest.mark.parametrize("stem", FILES)
def test_the_lists_are_whole(stem: str) -> None:
    headings = re.findall(r"^# (.+)$", (FOLDER / f"{stem}.txt").read_text("utf-8"), re.MULTILINE)
    assert [name for name, count in Counter(headings).items() if count > 1] == []
    lists = word_lists(stem)
    made = MADE[stem.split("_")[0]]
    for name, entries in lists.items():
        assert entries, name
        assert [entry for entry, count in Counter(entries).items() if count > 1] == [], name
        for entry in entries:
            assert entry and entry == entry.strip() and "  " not in entry, (name, entry)
            assert set(SLOT.findall(entry)) <= made | set(lists), (name, entry)
            assert not set(SLOT.sub("", entry)) & set("{}#"), (name, entry)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lists_of_firms_are_long(language: str) -> None:
    lists = word_lists(f"firms_{language}")
    assert len(lists["brands"]) >= 250
    assert len({*lists["nouns"], *lists["adjectives"]}) >= 350
    assert len(lists["trades"]) >= 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_firms_are_many(seeded, language: str) -> None:
    people = seeded(language)
    assert len({people.firm("wolf und partner") for _ in range(2000)}) >= 1500
    assert len({people.firm("ikea") for _ in range(2000)}) >= 1200
    words = {word for _ in range(2000) for word in people.firm().lower().split()}
    assert len(words) >= 1900


@pytest.mark.parametrize("language", LANGUAGES)
def test_firms_keep_their_length(seeded, language: str) -> None:
    people = seeded(language)
    one = [len(people.firm("ikea").split()) for _ in range(500)]
    assert 400 < one.count(1) < 500
    two = [len(people.firm("wolf immobilien").split()) for _ in range(500)]
    assert sum(length in (2, 3) for length in two) > 480
    assert two.count(1) < 10


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("like", "lower"), [("a v c s", True), ("T H W", False)])
def test_an_acronym_that_was_spelled_stays_so(
    seeded, language: str, like: str, lower: bool
) -> None:
    people = seeded(language)
    for value in (people.firm(like) for _ in range(200)):
        words = value.split()
        assert letters_at(words)[0] == len(words) >= 2, value
        assert value.islower() if lower else value.isupper(), value


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_spelled_in_a_firm_stays_spelled(seeded, language: str) -> None:
    people = seeded(language)
    for _ in range(200):
        head = people.firm("d h l express").split()
        assert 2 <= letters_at(head)[0] < len(head)
        tail = people.firm("blue heron drywall l l c").split()
        assert 2 <= letters_at(tail)[1] < len(tail)


@pytest.mark.parametrize(("language", "joint"), [("de", "und"), ("en", "and")])
def test_initials_stay_initials(seeded, language: str, joint: str) -> None:
    people = seeded(language)
    for _ in range(200):
        assert re.search(rf"\b[A-Z] {joint} [A-Z]\b", people.firm(f"j {joint} k motors"))
        assert re.search(r"\b[A-Z]&[A-Z]\b", people.firm("J&K Motors"))


@pytest.mark.parametrize(
    ("language", "like"), [("en", "the mill"), ("de", "zur alten eiche"), ("de", "Zum Hirschen")]
)
def test_a_name_that_begins_with_an_article_often_stays_one(
    seeded, language: str, like: str
) -> None:
    people, opener = seeded(language), like.split()[0]
    same = [people.firm(like).lower().startswith(f"{opener.lower()} ") for _ in range(300)]
    assert 120 < sum(same) < 300


@pytest.mark.parametrize(("language", "word"), [("de", "vierzehn"), ("en", "fourteen")])
def test_a_number_alone_stays_a_number(seeded, language: str, word: str) -> None:
    people = seeded(language)
    said = {part for number in range(1, 10000) for part in spoken(people, number).split()}
    said |= {"oh", "to", "bis", *"abcdefgh", "zero", "zwo", "null"}
    said |= {part.removeprefix("ein") for part in said if part.startswith("einhundert")}
    for _ in range(300):
        assert re.fullmatch(r"\d+(?:(?:[-–/]| bis | to )\d+| ?[a-h])?", people.street("14"))
        assert set(people.street(word).split()) <= said
        capital = people.street(word.capitalize())
        assert capital[0].isupper() and set(capital.lower().split()) <= said


def spoken(people: People, number: int) -> str:
    return people.voice().cardinal(number)


@pytest.mark.parametrize(
    ("language", "figures", "words"),
    [("de", "12–14", "zwölf bis vierzehn"), ("en", "12-14", "twelve to fourteen")],
)
def test_ranges_and_letters_tend_to_stay(seeded, language: str, figures: str, words: str) -> None:
    people = seeded(language)
    joint = words.split()[1]
    ranges = sum(f" {joint} " in people.street(words) for _ in range(300))
    assert 180 < ranges < 280
    ranges = sum(len(re.findall(r"\d+", people.street(figures))) == 2 for _ in range(300))
    assert 180 < ranges < 280
    letters = sum(people.street("8 c")[-1].isalpha() for _ in range(300))
    assert 180 < letters < 280


@pytest.mark.parametrize(
    ("language", "figures", "words"),
    [("de", "Mühlstieg 8 c", "mühlstieg acht c"), ("en", "4 High Street", "four high street")],
)
def test_an_address_has_figures_where_it_had_them(
    seeded, language: str, figures: str, words: str
) -> None:
    people = seeded(language)
    with_words = [people.street(words) for _ in range(300)]
    assert not any(re.search(r"\d", value) for value in with_words)
    assert all(len(value.split()) > 1 for value in with_words)
    assert all(re.search(r"\d", people.street(figures)) for _ in range(300))


@pytest.mark.parametrize(
    ("language", "like"), [("de", "lange reihe"), ("en", "marine parade"), ("en", "the old forge")]
)
def test_a_street_without_a_number_gets_none(seeded, language: str, like: str) -> None:
    people = seeded(language)
    drawn = {people.street(like) for _ in range(1000)}
    assert not any(re.search(r"\d", value) for value in drawn)
    assert not any(re.search(r" [a-h]$", value) for value in drawn)
    assert len(drawn) > 800


def test_german_streets_of_one_word_stay_one_word(seeded) -> None:
    people = seeded("de")
    assert sum(" " not in people.street("rosenweg") for _ in range(300)) > 290


def test_streets_stay_what_they_were(seeded) -> None:
    people = seeded("en")
    assert {people.street("gardens").title() for _ in range(500)} <= set(
        word_lists("streets_en")["ends"]
    )
    assert all(re.fullmatch("[a-h]", people.street("b")) for _ in range(100))
    for _ in range(100):
        assert re.fullmatch(r"\w(?: \w)+", people.street("W Y C H W O O D"))
        assert people.street("s c h o o n e r").islower()
        assert re.fullmatch(r"[A-Z]\w* \d+", people.street("Flat 2"))
    people = seeded("de")
    for _ in range(100):
        assert re.match(r"[A-U] ?[1-7]", people.street("Q 7, 24"))


KINDS = {
    "en": r"""
        ^Flat.\d+,
        ^\d+.(North|South).\w+$
        ^Rural.Route.\d+
        \bCottage\b
        ^\d+[-–]\d+.
        ^\d+[a-h].
        \bthe.(Old.)?\w+$
        \bUnit.\d+$
    """,
    "de": r"""
        ^Am.Alten.\w+.\d
        ^Hinter.der.\w+.\d
        ^Zum.\w+.\d
        ^Unter.den.\w+.\d
        ^\w+-\w+-Straße.\d
        ^\w+er.Straße.\d
        ^\w+stieg.\d
        Stiege.\d+,?.Top.\d
        ^[A-U].?[1-7],.\d
        ^\w+chaussee.\d
        .\d+.[a-hA-H]$
    """,
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_streets_are_of_the_many_kinds_there_are(seeded, language: str) -> None:
    people = seeded(language)
    drawn = "\n".join(people.street("4 High Street") for _ in range(3000))
    missing = [kind for kind in KINDS[language].split() if not re.search(kind, drawn, re.MULTILINE)]
    assert missing == []


def test_corners_need_no_number(seeded) -> None:
    for language, like, kind in (
        ("en", "marine parade", r"corner of .+ and "),
        ("de", "lange reihe", r"Ecke .+ und "),
    ):
        people = seeded(language)
        assert any(re.search(kind, people.street(like)) for _ in range(500))


@pytest.mark.parametrize(("language", "several"), [("de", "bad orb"), ("en", "lower slaughter")])
def test_places_keep_their_form(seeded, language: str, several: str) -> None:
    people = seeded(language)
    assert sum(" " in people.place(several) for _ in range(400)) > 350
    assert sum(" " not in people.place("ulm") for _ in range(400)) > 350
    for _ in range(100):
        assert re.fullmatch(r"\w(?: \w)+", people.place("u l m"))


def test_places_have_kin(seeded) -> None:
    german = {seeded("de", seed).place("bad orb") for seed in range(400)}
    assert any(place.startswith("Bad ") for place in german)
    assert any(" an der " in place for place in german)
    english = {seeded("en", seed).place("lower slaughter") for seed in range(400)}
    assert any(place.startswith(("Saint ", "St ")) for place in english)
    assert any(re.match(r"(Upper|Lower|Great|Little) ", place) for place in english)


def test_digits_are_also_said_in_hundreds() -> None:
    voices = (Voice("de", Random(seed)) for seed in range(60))
    said = {voice.digits("418307555") for voice in voices}
    assert "vierhundertachtzehn dreihundertsieben fünfhundertfünfundfünfzig" in said
