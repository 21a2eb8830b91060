"""All ways to say or write one value have one normal form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.privacy import EntityType
from pipeline.stages.normal_form import normal_form, phone_number, written

DIGITS = ["null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"]
PHONE, PERSON = EntityType.PHONE_NUMBER, EntityType.PERSON


def of(kind: EntityType, text: str, language: str = "de") -> str:
    return normal_form(kind, written(text, language))


@pytest.mark.parametrize(
    ("kind", "same"),
    [
        (
            PHONE,
            (
                "030 1234567",
                "030/123 45-67",
                "null drei null, eins zwei drei vier fünf sechs sieben",
                "+49 30 1234567",
                "+49 (0)30 1234567",
                "(+49) 30 1234567",
                "0049 30 1234567",
                "49 30 1234567",
                "plus neunundvierzig dreißig eins zwei drei vier fünf sechs sieben",
            ),
        ),
        (
            PERSON,
            ("Jörg Müller", "JÖRG MÜLLER", "joerg mueller", "Jörg, Müller", "Jörg M Ü L L E R"),
        ),
        (EntityType.STREET_ADDRESS, ("Ahornallee 7", "ahornallee sieben", "Ahornallee, 7")),
        (
            EntityType.EMAIL_ADDRESS,
            ("Info@Musterhaus.de", "info ät musterhaus punkt de", "info @ musterhaus . de"),
        ),
        (EntityType.POSTCODE, ("80331", "80 331", "acht null drei drei eins")),
        (EntityType.DATE_OF_BIRTH, ("3.8.1985", "3. August 1985", "dritter achter fünfundachtzig")),
        (EntityType.IBAN, ("DE89 3704 0044", "de8937040044")),
    ],
)
def test_one_value_has_one_form(kind: EntityType, same: tuple[str, ...]) -> None:
    assert len({of(kind, text) for text in same}) == 1
    assert of(kind, same[0])


@pytest.mark.parametrize(
    ("text", "country", "national"),
    [
        ("+1 202 555 0147", "1", "2025550147"),
        ("+44 20 7946 0958", "44", "2079460958"),
        ("+352 621 123 456", "352", "621123456"),
        ("+7 912 3456789", "7", "9123456789"),
        ("0176 55382049", "", "17655382049"),
        ("49 30 123", "", "4930123"),
        ("Martina Keller", "", ""),
    ],
)
def test_country_codes_are_told_apart(text: str, country: str, national: str) -> None:
    assert phone_number(written(text, "en")) == (country, national)


def test_where_nothing_is_left_the_form_is_empty() -> None:
    assert of(PHONE, "Anna Keller, 030 1234567") == of(PHONE, "keine") == ""
    assert of(PHONE, "--") == of(PERSON, " -- ") == of(EntityType.IBAN, "") == ""


@given(st.text("0123456789", min_size=4, max_size=14))
def test_a_number_spoken_digit_by_digit_is_the_written_one(digits: str) -> None:
    spoken = " ".join(DIGITS[int(digit)] for digit in digits)
    assert of(EntityType.OTHER_ID, spoken) == of(EntityType.OTHER_ID, digits)
    assert of(PHONE, spoken) == of(PHONE, digits)


@given(st.text(max_size=30), st.sampled_from(EntityType), st.sampled_from(["de", "en", "xx"]))
def test_any_text_has_a_form_that_does_not_depend_on_case(
    text: str, kind: EntityType, language: str
) -> None:
    form = of(kind, text, language)
    assert normal_form(kind, form) == form or kind is PHONE
    assert form == form.strip()
