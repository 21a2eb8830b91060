"""What the rules alone make of English speech: which number it is, which name is a firm's.

The tagger has no say here, save where its odds are given.
"""

from __future__ import annotations

import numpy as np
import pytest

from models.names import load_lexicon
from models.names.tagger import LABELS
from pipeline.adapters.presidio.learned import LearnedRecognizer
from pipeline.adapters.presidio.names import PersonRecognizer
from pipeline.adapters.presidio.numbers import NumberRecognizer
from pipeline.adapters.presidio.organizations import OrganizationRecognizer
from pipeline.adapters.presidio.reading import Reading, SpokenRecognizer
from pipeline.stages.spoken_forms import read


def reading(text: str) -> Reading:
    return Reading(read(text, "en"), load_lexicon())


def found(recognizer: type[SpokenRecognizer], text: str) -> list[tuple[str, str]]:
    spans = recognizer("en").find(reading(text))
    return sorted((text[span.start : span.end], span.type.value) for span in spans)


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("my n i number\np w two six oh nine five five a", "p w two six oh nine five five a",
         "SOCIAL_SECURITY"),
        ("the u t r is two oh one nine eight four four oh one two",
         "two oh one nine eight four four oh one two", "TAX_ID"),
        ("my d o b is\nnine six eighty one", "nine six eighty one", "DATE_OF_BIRTH"),
        ("id card number four four oh nine one two eight", "four four oh nine one two eight",
         "ID_CARD"),
        ("library card number two one one two oh oh four nine", "two one one two oh oh four nine",
         "OTHER_ID"),
        ("my card number is four four oh nine one two eight two",
         "four four oh nine one two eight two", "CREDIT_CARD"),
        ("my driver number is k h nine seven oh three one five",
         "k h nine seven oh three one five", "OTHER_ID"),
        ("your licence number\nk h nine seven oh three one five",
         "k h nine seven oh three one five", "OTHER_ID"),
        ("my tag is c j h two eight four", "c j h two eight four", "LICENSE_PLATE"),
        ("the routing number is oh two six oh oh nine five", "oh two six oh oh nine five",
         "OTHER_ID"),
        ("his number's nine one seven five five five oh", "nine one seven five five five oh",
         "PHONE_NUMBER"),
        ("application id is a p p four four one nine and my birthday is in may",
         "a p p four four one nine", "OTHER_ID"),
        ("born the thirtieth of october nineteen eighty one",
         "the thirtieth of october nineteen eighty one", "DATE_OF_BIRTH"),
        ("house number please\neighty eight", "eighty eight", "STREET_ADDRESS"),
        ("house number please\na hundred and four", "a hundred and four", "STREET_ADDRESS"),
    ],
)  # fmt: skip
def test_what_was_asked_for_says_what_a_number_is(text: str, value: str, kind: str) -> None:
    assert (value, kind) in found(NumberRecognizer, text)


@pytest.mark.parametrize(
    "text",
    [
        "national insurance i've paid since 2014",
        "my passport runs to 2031",
        "long number please\nexpiry is oh four twenty nine",
        "your phone and your address\neighty eight",
    ],
)
def test_years_and_validity_are_nobodys_number(text: str) -> None:
    assert found(NumberRecognizer, text) == []


@pytest.mark.parametrize(
    ("text", "firm"),
    [
        ("british gas came on monday", "british gas"),
        ("royal bank of scotland wrote again", "royal bank of scotland"),
        ("i saw it on zoopla", "zoopla"),
        ("a letter from the d v l a came", "d v l a"),
        ("this is greyfriars library", "greyfriars library"),
        ("i've got an account with halifax", "halifax"),
        ("i work at brackenfold now", "brackenfold"),
        ("trading as quillfeather", "quillfeather"),
        ("who do you work for\nfennimore", "fennimore"),
        ("o'leary solicitors rang", "o'leary solicitors"),
    ],
)
def test_firms_are_found(text: str, firm: str) -> None:
    assert (firm, "ORGANIZATION") in found(OrganizationRecognizer, text)


@pytest.mark.parametrize(
    "text",
    [
        "major works are planned for the summer",
        "dad's garage is full",
        "they're homes for the elderly",
        "i work at leeds now and then",
        "bank of what",
        "what company\nno idea sorry",
        "is it for work\nsarah said so",
        "the company\nit has moved",
    ],
)
def test_words_and_towns_are_no_firms(text: str) -> None:
    assert found(OrganizationRecognizer, text) == []


def test_abbreviations_are_nobodys_name_unless_they_are_spelled_as_one() -> None:
    assert found(PersonRecognizer, "the i t i n is on the form") == []
    assert found(PersonRecognizer, "write to the d v l a about it") == []
    assert ("n i n o", "PERSON") in found(PersonRecognizer, "how do you spell it\nn i n o")


def learned(text: str, odds: dict[int, tuple[str, float]]) -> list[tuple[str, str]]:
    """What becomes of the tagger's opinion: label and probability by token."""
    made = reading(text)
    table = np.zeros((len(made.document.tokens), len(LABELS)), np.float32)
    table[:, 0] = 1
    for at, (label, certain) in odds.items():
        table[at, 0], table[at, LABELS.index(label)] = 1 - certain, certain
    made.__dict__["odds"] = table
    spans = LearnedRecognizer("en").find(made)
    return [(text[span.start : span.end], span.type.value) for span in spans]


def test_a_town_beside_a_postcode_is_no_part_of_it() -> None:
    odds = dict.fromkeys(range(4), ("POSTCODE", 0.9))
    odds[0] = ("POSTCODE", 0.8)
    spans = learned("london nw1 6xe", odds | {})
    assert spans[-1][1] == "POSTCODE"
    assert not spans[-1][0].startswith("london")
    assert spans[0][0].startswith("london")


def test_a_town_behind_a_street_is_no_part_of_it() -> None:
    text = "forty two sandgate road folkestone"
    spans = learned(text, dict.fromkeys(range(5), ("STREET_ADDRESS", 0.9)))
    assert ("forty two sandgate road", "STREET_ADDRESS") in spans
    assert any(value == "folkestone" and kind != "STREET_ADDRESS" for value, kind in spans)


@pytest.mark.parametrize(
    ("text", "odds", "value"),
    [
        ("it's the old forge", {2: 0.9, 3: 0.9}, "the old forge"),
        ("on the high street", {2: 0.9, 3: 0.9}, "high street"),
        ("in flat nine", {2: 0.9}, "flat nine"),
    ],
)
def test_what_belongs_to_an_address_is_hidden_with_it(
    text: str, odds: dict[int, float], value: str
) -> None:
    spans = learned(text, {at: ("STREET_ADDRESS", each) for at, each in odds.items()})
    assert spans == [(value, "STREET_ADDRESS")]


def test_a_firms_trade_and_the_end_of_an_address_are_hidden_with_it() -> None:
    firm = dict.fromkeys(range(2), ("ORGANIZATION", 0.9))
    assert learned("crimson moon estate agents", firm) == [
        ("crimson moon estate agents", "ORGANIZATION")
    ]
    mail = {0: ("EMAIL_ADDRESS", 0.9), 1: ("EMAIL_ADDRESS", 0.4)}
    assert learned("dev at", mail) == [("dev at", "EMAIL_ADDRESS")]


@pytest.mark.parametrize(
    ("text", "at", "label", "certain"),
    [
        ("we start on the first of may", (4, 5, 6), "DATE_OF_BIRTH", 0.5),
        ("he put it at three sixty", (4, 5), "PHONE_NUMBER", 0.4),
        ("that is probably fine", (2,), "TAX_ID", 0.5),
        ("u t r yes", (0, 1, 2), "TAX_ID", 0.6),
    ],
)
def test_a_doubtful_number_needs_a_reason(
    text: str, at: tuple[int, ...], label: str, certain: float
) -> None:
    assert learned(text, dict.fromkeys(at, (label, certain))) == []


def test_a_doubtful_date_of_birth_that_was_asked_for_stays() -> None:
    odds = dict.fromkeys((5, 6, 7), ("DATE_OF_BIRTH", 0.5))
    assert learned("date of birth please\nfirst of may", odds) == [
        ("first of may", "DATE_OF_BIRTH")
    ]
