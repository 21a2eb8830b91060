"""One person, one number, one place: one pseudonym, through the whole call."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.privacy import EntityType
from pipeline.stages.identities import IdentityRegister, alike, fold, sound

PERSON, PHONE, PLACE = EntityType.PERSON, EntityType.PHONE_NUMBER, EntityType.LOCATION


def pseudonyms(kind: EntityType, *said: str | tuple[str, int]) -> list[str]:
    """The pseudonyms of what was said, one segment each unless a segment is given."""
    register = IdentityRegister("de")
    return [
        register.pseudonym(kind, *(each if isinstance(each, tuple) else (each, index)))
        for index, each in enumerate(said)
    ]


def numbers(kind: EntityType, *said: str | tuple[str, int]) -> list[int]:
    """As `pseudonyms`, but only their numbers."""
    return [int(name.rsplit("_", 1)[1][:-1]) for name in pseudonyms(kind, *said)]


ONE_IDENTITY = [
    (PERSON, "Anna Müller", "anna mueller"),
    (PERSON, "Anna Müller", "Müller"),
    (PERSON, "Müller", "Anna Müller"),
    (PERSON, "Anna Müller", "MÜLLER"),
    (PERSON, "Anna Müller", "Mu\u0308ller"),
    # misheard, another spelling of the same sound, spelled out
    (PERSON, "Schulz", "Schultz"),
    (PERSON, "Meier", "Mayer"),
    (PERSON, "Stephan", "Stefan"),
    (PERSON, "Schmidt", "Schmitt"),
    (PERSON, "Berger", "Bergner"),
    (PERSON, "Müller", "M wie Martha Ü L L E R"),
    (PERSON, "Müller", "em ü el el eh er"),
    (PLACE, "Köln", "koeln"),
    (PLACE, "Stuttgart", "Stutgart"),
    (PHONE, "null eins fünf zwei", "0152"),
    (PHONE, "+49 152 3456789", "plus neunundvierzig eins fünf zwei 345 67 89"),
    (PHONE, "0152 3456789", "3456789"),
    (PHONE, "0152", "0152 3456789"),
    (EntityType.EMAIL_ADDRESS, "max punkt muster ät gmail punkt com", "Max.Muster@gmail.com"),
    (EntityType.DATE_OF_BIRTH, "dritter achter fünfundachtzig", "3.8.1985"),
    (EntityType.POSTCODE, "fünf null sechs sechs sieben", "50667"),
    (EntityType.STREET_ADDRESS, "Hauptstraße 12a", "hauptstrasse zwölf a"),
    (EntityType.STREET_ADDRESS, "Hauptstraße 12", "Hauptstraße"),
    (EntityType.ORGANIZATION, "Acme Immobilien", "Acme"),
    (EntityType.IBAN, "DE12 5001 0517 5407 3249 31", "d e eins zwei fünf null null eins"),
]

TWO_IDENTITIES = [
    (PERSON, "Anna Müller", "Peter Schulz"),
    (PERSON, "Anna Müller", "Peter Müller"),
    (PERSON, "Ulf", "Ulm"),
    (PERSON, "Hans", "Franz"),
    (PLACE, "Berlin", "Bonn"),
    (PLACE, "Köln", "Köln Deutz"),
    (EntityType.POSTCODE, "50667", "50668"),
    (EntityType.DATE_OF_BIRTH, "3.8.1985", "4.8.1985"),
    (EntityType.EMAIL_ADDRESS, "max@web.de", "max.m@web.de"),
    (EntityType.STREET_ADDRESS, "Hauptstraße 12", "Bahnhofstraße 12"),
    (PHONE, "0152 3456789", "0301 9988776"),
    (EntityType.LICENSE_PLATE, "B MW 4711", "B MW 4712"),
]


@pytest.mark.parametrize(("kind", "one", "other"), ONE_IDENTITY)
def test_these_are_the_same(kind: EntityType, one: str, other: str) -> None:
    assert numbers(kind, one, other) == [1, 1]


@pytest.mark.parametrize(("kind", "one", "other"), TWO_IDENTITIES)
def test_these_are_two(kind: EntityType, one: str, other: str) -> None:
    assert numbers(kind, one, other) == [1, 2]


def test_one_surface_of_two_types_is_two_identities() -> None:
    register = IdentityRegister("de")
    assert register.pseudonym(PERSON, "Essen", 0) == "[PERSON_1]"
    assert register.pseudonym(PLACE, "Essen", 0) == "[LOCATION_1]"
    assert register.pseudonyms == {"[PERSON_1]": PERSON, "[LOCATION_1]": PLACE}


def test_a_name_learned_later_belongs_to_the_person() -> None:
    assert numbers(PERSON, "Anna Müller", "Müller", "Anna", "Anna Müller Schmidt", "Schmidt") == [
        1, 1, 1, 1, 1,
    ]  # fmt: skip


def test_of_two_that_fit_the_one_named_last_is_meant() -> None:
    assert numbers(PERSON, "Anna Müller", "Peter Müller", "Müller") == [1, 2, 2]


def test_a_number_in_pieces_is_one_number() -> None:
    said = ("null eins fünf zwei", "null eins fünf zwei", "drei vier fünf", "sechs sieben")
    assert numbers(PHONE, *said) == [1, 1, 1, 1]
    assert numbers(PHONE, *said, "01523456 7", "34567") == [1, 1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("segment", "expected"),
    [(0, 2), (1, 1), (3, 1), (4, 2)],
    ids=["beside it", "next", "near", "far"],
)
def test_a_rest_belongs_to_a_number_only_if_it_follows_soon(segment: int, expected: int) -> None:
    assert numbers(PHONE, ("0152", 0), ("99", segment)) == [1, expected]


def test_a_whole_second_number_is_another_one() -> None:
    assert numbers(PHONE, "0152 3456789", "030 1234567") == [1, 2]


def test_numbers_count_on_and_ten_is_not_one() -> None:
    surfaces = ["Abel", "Brandt", "Curtius", "Dohm", "Engels", "Fichte", "Gauss", "Hegel", "Immer",
                "Jünger", "Kant"]  # fmt: skip
    assert pseudonyms(PERSON, *surfaces) == [f"[PERSON_{number}]" for number in range(1, 12)]


def test_what_was_said_literally_is_handed_to_nobody() -> None:
    register = IdentityRegister("de", reserved=frozenset({"[PERSON_1]", "[PERSON_2]"}))
    assert register.pseudonym(PERSON, "Anna", 0) == "[PERSON_3]"
    assert register.pseudonym(PERSON, "Peter", 0) == "[PERSON_4]"
    assert register.pseudonym(PLACE, "Ulm", 0) == "[LOCATION_1]"


def test_a_surface_without_letters_is_an_identity_too() -> None:
    assert numbers(PERSON, "...", "Anna", "?!") == [1, 2, 1]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("anna", "anna", True),
        ("abc", "abd", False),
        ("anna", "hanna", True),
        ("berlin", "merlin", True),
        ("bergers", "berger", True),
        ("abcd", "abcdef", False),
        ("philipp", "filip", False),
        ("wever", "weber", True),
        ("hans", "franz", False),
        ("koch", "kock", True),
        ("bernd", "bernt", True),
    ],
)
def test_alike(one: str, other: str, same: bool) -> None:
    assert alike(one, other) is same
    assert alike(other, one) is same


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("mueller miller", "657"),
        ("schmidt schmitt", "862"),
        ("philipp filipp", "351"),
        ("beck bek", "14"),
    ],
)
def test_what_sounds_the_same_has_one_key(words: str, key: str) -> None:
    assert [sound(word) for word in words.split()] == [key] * 2


@pytest.mark.parametrize("text", ["Müller-Lüdenscheidt é ß", "MU\u0308LLER-LÜDENSCHEIDT É SS"])
def test_values_are_compared_without_case_umlauts_and_accents(text: str) -> None:
    assert fold(text) == "mueller-luedenscheidt e ss"


_SURFACES = st.one_of(
    st.tuples(
        st.sampled_from([PERSON, PLACE, EntityType.EMAIL_ADDRESS]), st.text(min_size=1, max_size=12)
    ),
    st.tuples(st.just(PHONE), st.text("0123456789 ", min_size=3, max_size=12)),
)


@given(st.lists(_SURFACES, max_size=12))
def test_what_was_said_once_more_has_the_same_pseudonym(said: list[tuple[EntityType, str]]) -> None:
    register = IdentityRegister("de")
    for segment, (kind, surface) in enumerate(said):
        name = register.pseudonym(kind, surface, segment)
        assert name.startswith(f"[{kind.value}_")
        assert register.pseudonyms[name] is kind
        if sum(char.isdigit() for char in surface) not in {1, 2}:
            assert register.pseudonym(kind, surface, segment) == name
    assert len(register.pseudonyms) <= len(said)
