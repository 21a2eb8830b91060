"""Age groups and postcode areas, and nothing where nothing is sure."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.privacy import EntityType, Vault, VaultEntry
from pipeline.stages.generalise import generalised

T = EntityType
TODAY = date(2026, 1, 31)


def coarse(kind: EntityType, *said: str, on: date | None = TODAY) -> str | None:
    entries = tuple(VaultEntry(f"[{kind}_1]", kind, n, 0, text) for n, text in enumerate(said))
    return generalised(Vault(entries), "de", on).get(f"[{kind}_1]")


@pytest.mark.parametrize(
    ("said", "group"),
    [
        ("3. August 1985", "40-49"),
        ("dritter achter fünfundachtzig", "40-49"),
        ("31.01.1986", "40-49"),
        ("01.02.1986", "30-39"),
        ("12/25/1990", "30-39"),
        ("1.1.2026", "0-9"),
        ("1.1.1936", "90+"),
        ("1.1.1907", "90+"),
        ("1.1.1905", None),
        ("1.2.2026", None),
        ("am dritten August", None),
        ("zweiundvierzig", None),
    ],
)
def test_a_date_of_birth_becomes_an_age_group(said: str, group: str | None) -> None:
    assert coarse(T.DATE_OF_BIRTH, said) == group
    assert coarse(T.DATE_OF_BIRTH, said, on=None) is None


@pytest.mark.parametrize(
    ("said", "area"),
    [
        ("80331", "80***"),
        ("acht null drei drei eins", "80***"),
        ("D-80331", "80***"),
        ("1010", "1***"),
        ("SW1A 1AA", "SW***"),
        ("N1 9GU", "N***"),
        ("803", None),
        ("803312", None),
        ("München", None),
    ],
)
def test_a_postcode_becomes_an_area(said: str, area: str | None) -> None:
    assert coarse(T.POSTCODE, said) == area
    assert coarse(T.POSTCODE, said, on=None) == area


def test_the_first_that_is_sure_counts_and_other_types_have_none() -> None:
    assert coarse(T.POSTCODE, "acht null", "80331", "10115") == "80***"
    assert coarse(T.OTHER_ID, "80331") is None
    assert coarse(T.PERSON, "3. August 1985") is None


@given(
    st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    st.dates(date(1990, 1, 1), date(2020, 1, 1)),
)
def test_an_age_lies_in_its_group(born: date, on: date) -> None:
    group = coarse(T.DATE_OF_BIRTH, f"{born:%d.%m.%Y}", on=on)
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    if age < 0 or age > 120 or group is None:
        assert group is None and not 0 <= age <= 120
    elif age >= 90:
        assert group == "90+"
    else:
        first, last = map(int, group.split("-"))
        assert first <= age <= last == first + 9


@given(st.from_regex(r"[0-9]{5}", fullmatch=True))
def test_an_area_keeps_two_digits(postcode: str) -> None:
    assert coarse(T.POSTCODE, postcode) == f"{postcode[:2]}***"
