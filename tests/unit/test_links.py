"""Links: one person or number, one link, and only under the customer's secret."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.privacy import EntityType, Vault, VaultEntry
from pipeline.stages.links import LINKED, links

T = EntityType
SECRET, OTHER = b"secret of one customer", b"secret of another"


def vault(*said: tuple[EntityType, str]) -> Vault:
    """Each type's values as one identity of the call."""
    return Vault(
        tuple(
            VaultEntry(f"[{kind}_1]", kind, index, 0, text)
            for index, (kind, text) in enumerate(said)
        )
    )


def link(kind: EntityType, *said: str, secret: bytes = SECRET) -> str | None:
    found = links(vault(*((kind, text) for text in said)), "de", secret)
    assert set(found) <= {f"[{kind}_1]"}
    return found.get(f"[{kind}_1]")


@pytest.mark.parametrize(
    ("kind", "calls"),
    [
        (
            T.PERSON,
            (
                ("Martina Müller",),
                ("MARTINA MUELLER", "Müller"),
                ("Müller", "M Ü L L E R", "Martina Müller", "Müller"),
                ("Müller, Martina", "Martina"),
            ),
        ),
        (
            T.PHONE_NUMBER,
            (
                ("0176 553 820 49",),
                ("+49 176 55382049",),
                ("null eins sieben sechs, fünf fünf drei, acht zwei null, vier neun",),
                ("null eins sieben sechs", "0176?", "fünf fünf drei", "820", "vier neun"),
                ("+49 176", "0176 55382049", "382049"),
                ("0176", "55382049"),
            ),
        ),
        (
            T.EMAIL_ADDRESS,
            (
                ("martina.keller@example.org",),
                ("martina punkt keller ät example punkt org", "keller"),
                ("martina.kelle@example.org", *["Martina.Keller@example.org"] * 2),
            ),
        ),
    ],
)
def test_the_same_is_linked_however_it_was_said(
    kind: EntityType, calls: tuple[tuple[str, ...], ...]
) -> None:
    found = {link(kind, *said) for said in calls}
    assert len(found) == 1
    (one,) = found
    assert one is not None and re.fullmatch("[0-9a-f]{16}", one)


def test_others_other_customers_and_other_types_have_other_links() -> None:
    mine = link(T.PERSON, "Martina Keller")
    assert mine != link(T.PERSON, "Martina Kessler")
    assert mine != link(T.PERSON, "Martina Keller", secret=OTHER)
    assert link(T.PHONE_NUMBER, "0176 55382049") != link(T.PHONE_NUMBER, "0176 55382048")
    assert link(T.PERSON, "a@b.de") != link(T.EMAIL_ADDRESS, "a@b.de")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (T.PHONE_NUMBER, "0176"),
        (T.PHONE_NUMBER, "sieben sieben"),
        (T.EMAIL_ADDRESS, "ät web punkt de"),
        (T.EMAIL_ADDRESS, "martina.keller"),
        (T.PERSON, "…"),
        (T.IBAN, "DE89 3704 0044 0532 0130 00"),
        (T.DATE_OF_BIRTH, "3. August 1985"),
    ],
)
def test_fragments_and_other_types_have_none(kind: EntityType, said: str) -> None:
    assert link(kind, said) is None


def test_a_second_whole_number_does_not_disturb_the_first() -> None:
    first = link(T.PHONE_NUMBER, "0176 55382049")
    assert link(T.PHONE_NUMBER, "0176 55382049", "0151 2345678") == first


@given(st.lists(st.tuples(st.sampled_from(EntityType), st.text(max_size=12)), max_size=6))
def test_links_tell_nothing_and_always_say_the_same(said: list[tuple[EntityType, str]]) -> None:
    found = links(vault(*said), "de", SECRET)
    assert found == links(vault(*said), "de", SECRET)
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in found.values())
    assert set(found) <= {f"[{kind}_1]" for kind, _ in said if kind in LINKED}
    assert set(found.values()).isdisjoint(links(vault(*said), "de", OTHER).values())
