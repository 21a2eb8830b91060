"""German speech: what the rules find, which type wins, and what is left alone.

Every case names a class of speech; none depends on one name. What the tagger alone decides is
measured by `make bench-pii`.
"""

from __future__ import annotations

import pytest

from models.names import load_lexicon
from models.training.pii.shapes import SOCIAL_DE
from pipeline.adapters.presidio import PresidioDetector, german_cues
from pipeline.adapters.presidio.everyday import is_everyday, only_words
from pipeline.adapters.presidio.internet import InternetRecognizer
from pipeline.adapters.presidio.names import PersonRecognizer
from pipeline.adapters.presidio.numbers import NumberRecognizer
from pipeline.adapters.presidio.organizations import OrganizationRecognizer
from pipeline.adapters.presidio.reading import Reading, SpokenRecognizer
from pipeline.adapters.presidio.streets import StreetRecognizer
from pipeline.domain.privacy import EntityType
from pipeline.stages.spoken_forms import read


def reading(text: str, language: str = "de") -> Reading:
    return Reading(read(text, language), load_lexicon())


def found(recognizer: type[SpokenRecognizer], text: str) -> list[tuple[str, str]]:
    return [
        (text[each.start : each.end], each.type.value)
        for each in recognizer("de").find(reading(text))
    ]


@pytest.fixture(scope="module")
def detector() -> PresidioDetector:
    return PresidioDetector()


def types(detector: PresidioDetector, *turns: str) -> list[tuple[str, str]]:
    spans = detector.detect(turns, "de")
    return [
        (turn[each.start : each.end], each.type.value)
        for turn, mine in zip(turns, spans, strict=True)
        for each in mine
    ]


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("rentennummer 53 241162 k 047", "53 241162 k 047", "SOCIAL_SECURITY"),
        ("die e card hat vier eins sieben zwo zwanzig null drei", "vier eins sieben zwo zwanzig "
         "null drei", "SOCIAL_SECURITY"),
        ("meine ahv ist 756.9217.0769.85", "756.9217.0769.85", "SOCIAL_SECURITY"),
        ("das ist 756.9217.0769.85", "756.9217.0769.85", "SOCIAL_SECURITY"),
        ("beim finanzamt die nummer ist zwo eins vier drei acht", "zwo eins vier drei acht",
         "TAX_ID"),
        ("jobticket mit der nummer sechs eins drei neun acht", "sechs eins drei neun acht",
         "OTHER_ID"),
        ("die abholnummer ist vier vier eins neun", "vier vier eins neun", "OTHER_ID"),
        ("identitätskarte e 417 90 82", "e 417 90 82", "ID_CARD"),
        ("nur hg-tk 428", "hg-tk 428", "LICENSE_PLATE"),
    ],
)  # fmt: skip
def test_a_number_is_of_the_kind_it_was_announced_as(
    detector: PresidioDetector, text: str, value: str, kind: str
) -> None:
    assert (value, kind) in types(detector, text)


def test_a_number_that_begins_as_telephone_numbers_do_stays_one() -> None:
    text = "zur kundennummer habe ich die nummer null eins sieben eins vier acht drei zwei"
    assert found(NumberRecognizer, text) == [
        ("null eins sieben eins vier acht drei zwei", "PHONE_NUMBER")
    ]


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("abholnummer", "other_id"), ("abholnummern", "other_id"), ("rueckrufnummer", "phone"),
        ("lohnsteuernummer", "tax"), ("ahvnummer", "social"), ("hausnummer", "address"),
        ("zimmernummer", None), ("nummer", None), ("hummer", None), ("svnr", "social"),
    ],
)  # fmt: skip
def test_a_compound_says_what_the_number_is(word: str, kind: str | None) -> None:
    assert german_cues.kind_of(word) == kind


def test_a_postcode_before_a_town_is_no_birth_date() -> None:
    text = "heuweg 12, 97318 kitzingen, geboren 07.07.2001"
    assert ("97318", "POSTCODE") in found(NumberRecognizer, text)


@pytest.mark.parametrize(
    ("text", "births"),
    [
        ("am 14.06. um halb neun, geboren bin ich am 17.03.1958", ["17.03.1958"]),
        ("am 17.03.1958 geboren", ["17.03.1958"]),
    ],
)
def test_of_two_dates_the_birth_is_the_one_behind_its_word(text: str, births: list[str]) -> None:
    assert [value for value, _ in found(NumberRecognizer, text)] == births


@pytest.mark.parametrize(
    ("text", "street"),
    [
        ("kosten für die hasenbergsteige vierundsechzig", "hasenbergsteige vierundsechzig"),
        ("ich wohne platz der alten synagoge eins", "platz der alten synagoge eins"),
        ("straße des 17. juni 135", "straße des 17. juni 135"),
        ("mariahilfer gürtel zwei stiege drei top neun", "mariahilfer gürtel zwei stiege drei top "
         "neun"),
        ("goethestraße drei top secret", "goethestraße drei"),
        ("sie wohnt papenhude sechs", "papenhude sechs"),
        ("meine anschrift\nauf dem wörth", "auf dem wörth"),
        ("gerne die anschrift\nan der dreispitz\nnummer vier", "an der dreispitz"),
        ("die adresse ist zum alten gaswerk 3 a", "zum alten gaswerk 3 a"),
    ],
)  # fmt: skip
def test_streets_that_no_common_ending_marks(text: str, street: str) -> None:
    assert (street, "STREET_ADDRESS") in found(StreetRecognizer, text)


@pytest.mark.parametrize(
    "text",
    [
        "im hof stehen vier autos da ist keine straße",
        "die adresse in coburg neun sechs vier fünf null",
        "die adresse in hoyerswerda null zwo neun sieben sieben",
        "sie wohnt",
        "sie wohnt drei tage hier",
        "sie wohnt insgesamt drei tage hier",
        "auf dem wörth war es schön",
        "wie geht es\nauf dem wörth",
        "die anschrift\nauf dem wörth war es immer schön",
        "die anschrift\nin wörth",
        "die anschrift\nauf dem boden",
        "die anschrift\nauf",
        "der platz der freude,",
        "der platz der",
        "der platz der freude",
        "am ring um die stadt",
    ],
)
def test_what_only_looks_like_a_street(text: str) -> None:
    assert found(StreetRecognizer, text) == []


def test_a_preposition_that_belongs_to_the_street_is_hidden_with_it(
    detector: PresidioDetector,
) -> None:
    turn = "ich bin umgezogen, früher am alten gaswerk 3 a, jetzt an der schanz 22"
    assert [value for value, _ in types(detector, turn)] == [
        "am alten gaswerk 3 a",
        "an der schanz 22",
    ]


@pytest.mark.parametrize(
    ("text", "office"),
    [
        ("jobcenter suhl zahlt direkt", "jobcenter suhl"),
        ("beim finanzamt chemnitz süd", "finanzamt chemnitz süd"),
        ("mieterverein essen guten tag", "mieterverein essen"),
        ("notariat weidenfeller", "notariat weidenfeller"),
    ],
)
def test_an_office_with_its_town_is_an_organisation(text: str, office: str) -> None:
    assert (office, "ORGANIZATION") in found(OrganizationRecognizer, text)


@pytest.mark.parametrize(
    "text",
    ["das jobcenter zahlt", "das jobcenter", "jobcenter müssen wir fragen", "jobcenter, suhl",
     "finanzamt drei", "polizei rufen"],
)  # fmt: skip
def test_an_office_without_a_town_is_none(text: str) -> None:
    assert found(OrganizationRecognizer, text) == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("schreiben sie an drei vom deich at gmx punkt de", "drei vom deich at gmx punkt de"),
        ("ferienhaus am see at t minus online punkt de", "ferienhaus am see at t minus online "
         "punkt de"),
        ("das heißt bei uns immer weiss mit doppel s at gmx punkt net", "weiss mit doppel s at gmx "
         "punkt net"),
        ("rufen sie lieber vorher an ja gerne lisa at gmx punkt de", "lisa at gmx punkt de"),
        ("post äd kolb punkt net", "post äd kolb punkt net"),
    ],
)  # fmt: skip
def test_everyday_words_before_the_at_belong_to_the_address(text: str, address: str) -> None:
    assert found(InternetRecognizer, text) == [(address, "EMAIL_ADDRESS")]


@pytest.mark.parametrize("text", ["straße mit doppel s", "schürmann ist es\nmit u e"])
def test_how_a_name_is_written_names_nobody(text: str) -> None:
    spelled = [value for value, _ in found(PersonRecognizer, text)]
    assert not {"doppel s", "u e", "mit u e"} & set(spelled)


@pytest.mark.parametrize(
    ("word", "everyday"),
    [
        ("einbaukueche", True), ("kellerabteil", True), ("gericht", True), ("wagner", False),
        ("hamburg", False), ("howoge", False), ("qwx", False),
    ],
)  # fmt: skip
def test_compounds_of_common_words_are_everyday_words(word: str, everyday: bool) -> None:
    assert is_everyday(load_lexicon(), word) is everyday


@pytest.mark.parametrize(
    ("text", "kind", "score", "doubted"),
    [
        ("einbauküche", EntityType.ORGANIZATION, 0.6, True),
        ("einbauküche", EntityType.LOCATION, 0.6, True),
        ("einbauküche", EntityType.ORGANIZATION, 0.8, False),
        ("einbauküche", EntityType.PERSON, 0.6, False),
        ("howoge", EntityType.ORGANIZATION, 0.6, False),
        ("kirche", EntityType.STREET_ADDRESS, 0.6, False),
    ],
)
def test_a_doubtful_find_of_everyday_words_is_dropped(
    text: str, kind: EntityType, score: float, doubted: bool
) -> None:
    view = reading(text)
    assert only_words(view, 0, len(view.document.tokens) - 1, kind, score) is doubted


def test_english_texts_are_judged_by_their_own_rules() -> None:
    assert not only_words(reading("einbauküche", "en"), 0, 0, EntityType.ORGANIZATION, 0.5)


def test_training_knows_the_numbers_of_three_countries() -> None:
    assert {len(shape) for shape in SOCIAL_DE} == {10, 12, 13}
