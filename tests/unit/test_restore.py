"""Restoring what a language model wrote: every disguise of a pseudonym, and nothing else."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.privacy import EntityType, Vault, VaultEntry
from pipeline.stages.folded_text import FoldedText
from pipeline.stages.restore import Restored, restore_text
from pipeline.stages.token_words import TYPES

PERSON, EMAIL, STREET = EntityType.PERSON, EntityType.EMAIL_ADDRESS, EntityType.STREET_ADDRESS


def vault(**originals: str) -> Vault:
    """`PERSON_1="Anna"`: one entry each."""
    return Vault(
        tuple(
            VaultEntry(f"[{name}]", EntityType(name.rpartition("_")[0]), 0, 0, original)
            for name, original in originals.items()
        )
    )


ANNA = vault(PERSON_1="Anna", PERSON_10="Zoe")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[PERSON_1]", "Anna"),
        # case
        ("[Person_1] [person_1] [pErSoN_1]", "Anna Anna Anna"),
        # endings
        ("[PERSON_1]s Hund, [PERSON_1]'s dog", "Annas Hund, Anna's dog"),
        ("[PERSON_1's] dog, [PERSON_1s] Hund", "Anna's dog, Annas Hund"),
        ("PERSON_1s Hund, person_1's dog", "Annas Hund, Anna's dog"),
        ("PERSON_1-Wohnung, Frau-PERSON_1", "Anna-Wohnung, Frau-Anna"),
        # brackets
        ("(PERSON_1) {PERSON_1} <PERSON_1> {{PERSON_1}} [[PERSON_1]]", "Anna Anna Anna Anna Anna"),
        ("［ＰＥＲＳＯＮ＿１］ 【PERSON_1】 ⟨PERSON_1⟩ 「PERSON_1」", "Anna Anna Anna Anna"),
        ("&lt;PERSON_1&gt; &#91;PERSON_1&#93;", "Anna Anna"),
        ("([PERSON_1]) [{PERSON_1}]", "(Anna) [Anna]"),
        ("[PERSON_1) [PERSON_1 fehlt", "[Anna) [Anna fehlt"),
        ("[PERSON_1, PERSON_10]", "[Anna, Zoe]"),
        # Markdown
        ("**[PERSON_1]** `[PERSON_1]` _[PERSON_1]_", "**Anna** `Anna` _Anna_"),
        (r"\[PERSON\_1\] PERSON\_1 \\[PERSON\\_1\\]", "Anna Anna Anna"),
        ("[**PERSON_1**] [`PERSON_1`] [ PERSON_1 ]", "Anna Anna Anna"),
        ("_PERSON_1_ __PERSON_1__ _Frau PERSON_1_", "_Anna_ __Anna__ _Frau Anna_"),
        # the number apart, or other digits
        ("[PERSON 1] [PERSON - 1] [PERSON_ 1] [PERSON #1] [PERSON: 1] [PERSON1]", "Anna " * 6),
        ("[PERSON\n1] [PERSON\u00a0_1] [PERSON_\u200b1] [PER\u00adSON_1]", "Anna " * 4),
        ("[PERSON]_1 [PERSON]1 [PERSON]#1 {PERSON}_1", "Anna Anna Anna Anna"),
        ("[PERSON_１] [PERSON_١] [PERSON_01] [Person Nr. 1] [person number 1]", "Anna " * 5),
        # no brackets
        ("PERSON_1, person_1. Person_1! NAME_1", "Anna, Anna. Anna! Anna"),
        ('{"name": "PERSON_1", "wer": ["PERSON_1"]}', '{"name": "Anna", "wer": ["Anna"]}'),
    ],
)  # fmt: skip
def test_disguises(text: str, expected: str) -> None:
    result = restore_text(text, ANNA)
    assert (result.text, result.unknown) == (expected.strip(), ())


@pytest.mark.parametrize(
    "text",
    [
        "person 1 und PERSON 1, Person1, person-1",
        "LOCATION 2 wie in Zimmer (Person 1) oder {person: 1}",
        "my_person_1 PERSON_1_NAME my__person_1 XPERSON_1 PERSON_1x PERSON_1.5 person_1²",
        "name_1 kunde_1 Name_1",
        "person_2 person_100 Telefonnummer_7",
        "[PERSON] [1] [] [PERSON_] [_1] [PERSON_1234567890] (ID 5) [x 1] [PERSON] 1 {PERSON: 1}",
    ],
)
def test_what_is_no_token_stays(text: str) -> None:
    result = restore_text(text, vault(PERSON_3="Anna", LOCATION_2="Ulm", PERSON_1="Eva"))
    assert (result.text, result.restored, result.unknown) == (text, (), ())


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        ("[NAME_1]", "PERSON"),
        ("[PERSONE_1]", "PERSON"),
        ("[Personen 1]", "PERSON"),
        ("[ANRUFERIN_1]", "PERSON"),
        ("[PERSONNE_1]", "PERSON"),
        ("[NOMBRE_1]", "PERSON"),
        ("[TELEFONNUMMER_1]", "PHONE_NUMBER"),
        ("[Telefon-Nummer 1]", "PHONE_NUMBER"),
        ("[NUMÉRO_DE_TÉLÉPHONE_1]", "PHONE_NUMBER"),
        ("[STRASSE_1]", "STREET_ADDRESS"),
        ("[Straße 1]", "STREET_ADDRESS"),
        ("[ADRESSE_1]", "STREET_ADDRESS"),
        ("[ADDRESS_1]", "STREET_ADDRESS"),
        ("[E-MAIL_1]", "EMAIL_ADDRESS"),
        ("E-MAIL_1", "EMAIL_ADDRESS"),
        ("[E-Mail-Adresse 1]", "EMAIL_ADDRESS"),
        ("[email address 1]", "EMAIL_ADDRESS"),
        ("[GEBURTSDATUM_1]", "DATE_OF_BIRTH"),
        ("[ORT_1]", "LOCATION"),
        ("[Ortes 1]", "LOCATION"),
        ("[VILLE_1]", "LOCATION"),
        ("[PLZ_1]", "POSTCODE"),
        ("[FIRMA_1]", "ORGANIZATION"),
        ("[UNTERNEHMENS_1]", "ORGANIZATION"),
        ("[ORGANISATION_1]", "ORGANIZATION"),
        ("[KENNZEICHEN_1]", "LICENSE_PLATE"),
        ("[LICENCE_PLATE_1]", "LICENSE_PLATE"),
        ("[STEUERNUMMER_1]", "TAX_ID"),
        ("[SOZIALVERSICHERUNGSNUMMER_1]", "SOCIAL_SECURITY"),
        ("[PERSONALAUSWEIS_1]", "ID_CARD"),
        ("[REISEPASS_1]", "PASSPORT"),
        ("[KONTONUMMER_1]", "IBAN"),
        ("[KREDITKARTE_1]", "CREDIT_CARD"),
        ("[WEBSEITE_1]", "URL"),
        ("[KUNDENNUMMER_1]", "OTHER_ID"),
    ],
)
def test_translated(token: str, kind: str) -> None:
    assert restore_text(f"x {token}.", vault(**{f"{kind}_1": "Wert"})).text == "x Wert."


@pytest.mark.parametrize("kind", EntityType)
def test_the_name_of_a_type_means_that_type_whatever_else_there_is(kind: EntityType) -> None:
    full = vault(**{f"{each}_1": f"<{each}>" for each in EntityType})
    for token in (f"[{kind}_1]", f"[{kind.replace('_', ' ').title()} 1]", f"{kind}_1".lower()):
        assert restore_text(token, full).text == f"<{kind}>"


def test_one_is_no_part_of_ten() -> None:
    assert restore_text("[PERSON_1] [PERSON_10] PERSON_10", ANNA).text == "Anna Zoe Zoe"
    alone = restore_text("[PERSON_10] PERSON_10", vault(PERSON_1="Anna"))
    assert alone == Restored(
        "[PERSON_10] PERSON_10", (), ("[PERSON_10]", "PERSON_10"), ("[PERSON_1]",)
    )


def test_what_may_be_two_is_reported_not_guessed() -> None:
    both = vault(STREET_ADDRESS_1="Ulmenweg 3", EMAIL_ADDRESS_2="a@b.de")
    result = restore_text("[ADRESSE_1], [ADRESSE_2], ADRESSE_1, [ANSCHRIFT_1]", both)
    assert result.text == "[ADRESSE_1], [ADRESSE_2], ADRESSE_1, Ulmenweg 3"
    assert result.unknown == ("[ADRESSE_1]", "[ADRESSE_2]")
    assert result.lost == ("[EMAIL_ADDRESS_2]",)


def test_invented_ones_are_reported_once() -> None:
    result = restore_text("[PERSON_7] [AMOUNT_1] [PERSON_7] [Person_1] [Betrag 1]", ANNA)
    assert result.text == "[PERSON_7] [AMOUNT_1] [PERSON_7] Anna [Betrag 1]"
    assert result.unknown == ("[PERSON_7]", "[AMOUNT_1]")
    assert (result.restored, result.lost) == (("[PERSON_1]",), ("[PERSON_10]",))


def test_originals_are_not_read_again() -> None:
    sly = vault(PERSON_1="[PERSON_2]", PERSON_2="PERSON_1")
    assert restore_text("[PERSON_1] [PERSON_2]", sly).text == "[PERSON_2] PERSON_1"


@pytest.mark.parametrize(
    ("kind", "originals", "fullest"),
    [
        ("PERSON", ["Keller", "Martina Keller", "Frau Keller"], "Martina Keller"),
        ("PERSON", ["K wie Konrad, E wie Emil, L, L, E, R", "Keller"], "Keller"),
        ("PERSON", ["M A R T I N A K E L L E R", "Keller"], "Keller"),
        ("PERSON", ["Ka E El El E Er", "Koch"], "Koch"),
        ("PERSON", ["K O C H"], "K O C H"),
        ("PERSON", ["Anna", "Emma"], "Anna"),
        ("PHONE_NUMBER", ["null eins sieben sechs", "0176 5538"], "0176 5538"),
        ("PHONE_NUMBER", ["vier neun", "null eins sieben sechs"], "null eins sieben sechs"),
        ("STREET_ADDRESS", ["Ulmenweg", "Ulmenweg 3 B"], "Ulmenweg 3 B"),
        ("LICENSE_PLATE", ["1234", "K A B 1 2 3 4"], "K A B 1 2 3 4"),
    ],
)
def test_the_fullest_original_is_inserted(kind: str, originals: list[str], fullest: str) -> None:
    entries = (VaultEntry(f"[{kind}_1]", EntityType(kind), 0, 0, each) for each in originals)
    assert restore_text(f"[{kind}_1]", Vault(tuple(entries))).text == fullest


def test_a_vault_of_other_names_restores_nothing_and_never_fails() -> None:
    names = ("PERSON_1", "[PERSONA_1]", "[PERSON_]", f"[PERSON_{'1' * 5000}]", "", "[PERSON_01]")
    odd = Vault(tuple(VaultEntry(name, PERSON, 0, 0, "x") for name in names))
    result = restore_text("[PERSON_1] [PERSON_01]", odd)
    assert result == Restored("x x", ("[PERSON_01]",), (), names[:5])


def test_contents_stay_out_of_the_repr() -> None:
    assert "Anna" not in repr(restore_text("[PERSON_1]", ANNA))


def test_no_word_stands_for_everything() -> None:
    assert all(word == word.lower() and word.isascii() for word in TYPES)
    assert all(len(kinds) < len(EntityType) for kinds in TYPES.values())


@pytest.mark.parametrize(
    "text", ["", "Straße", "Ü\u0308", "ﬁn", "a\u0301b", "\u200b", "１２", "½²Ⅷ", "a–b"]
)
def test_folded_text_leads_back(text: str) -> None:
    folded = FoldedText(text)
    assert folded.part(0, 0) == ""
    for at in range(len(folded.text)):
        start, end = folded.source(at, at + 1)
        assert end == start + 1 and folded.part(at, at + 1) == text[start]


@pytest.mark.parametrize(
    "pattern",
    [
        "[[[[[PERSON_", "[", "]", "\\", "_", "[PERSON", "PERSON_", "PERSON-", "a_", "e-", "[a ",
        "[PERSON_1]", "((((PERSON_1", "&lt;", "1", "[person 1 ", "[a-b_c d'e.f", "_person_1_", "ä",
        "[PERSON_1" + "1" * 40, "{{{ *_PERSON",
    ],
)  # fmt: skip
def test_time_is_linear_whatever_comes(pattern: str) -> None:
    def seconds(size: int) -> float:
        text = pattern * (size // len(pattern))
        started = time.process_time()
        restore_text(text, ANNA)
        return time.process_time() - started

    assert seconds(200_000) < 2


_KINDS = st.sampled_from(EntityType)
_ORIGINALS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
_WORDS = st.text("abcäöüß éABC,.;:!?-'\"*#%&/=+~^°\n", max_size=10)


@st.composite
def vaults(draw: st.DrawFn) -> Vault:
    names = draw(st.sets(st.tuples(_KINDS, st.integers(1, 120)), max_size=6))
    return Vault(
        tuple(VaultEntry(f"[{k}_{n}]", k, 0, 0, draw(_ORIGINALS)) for k, n in sorted(names))
    )


def wide(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


DISGUISES = (
    lambda kind, number: f"[{kind}_{number}]",
    lambda kind, number: f"[{kind.title()}_{number}]",
    lambda kind, number: f"[{kind.replace('_', ' ')} {number}]",
    lambda kind, number: f"[{kind.replace('_', '-').lower()} {number}]",
    lambda kind, number: f"[{kind.replace('_', '')}{number}]",
    lambda kind, number: f"({kind}_{number})",
    lambda kind, number: f"{{{kind}_{number}}}",
    lambda kind, number: f"<{kind}_{number}>",
    lambda kind, number: f"{{{{{kind}_{number}}}}}",
    lambda kind, number: re.sub(r"([\[\]_])", r"\\\1", f"[{kind}_{number}]"),
    lambda kind, number: wide(f"[{kind}_{number}]"),
    lambda kind, number: f"[{kind}_{wide(str(number))}]",
    lambda kind, number: f"[{kind}]_{number}",
    lambda kind, number: f"{kind}_{number}",
    lambda kind, number: f"{kind}_{number}".lower(),
)  # fmt: skip


@given(vaults(), st.data())
def test_any_text_in_any_disguise(vault: Vault, data: st.DataObject) -> None:
    written, expected, used = "", "", []
    entries = st.sampled_from(vault.entries) if vault.entries else st.nothing()
    for part in data.draw(st.lists(st.one_of(_WORDS, entries), max_size=8)):
        if isinstance(part, str):
            written, expected = written + part, expected + part
            continue
        number = int(part.pseudonym[1:-1].rpartition("_")[2])
        disguise = data.draw(st.sampled_from(DISGUISES))
        ending = data.draw(st.sampled_from(["", "-Wohnung", "'s", ",", "."]))
        written += f" {disguise(str(part.type), number)}{ending} "
        expected += f" {part.original}{ending} "
        used.append(part.pseudonym)
    result = restore_text(written, vault)
    assert (result.text, result.unknown) == (expected, ())
    assert result.restored == tuple(dict.fromkeys(used))
    assert set(result.lost) == {entry.pseudonym for entry in vault.entries} - set(used)


@given(vaults(), st.text(st.characters(exclude_categories=["Nd", "No", "Cs"])))
def test_a_text_without_tokens_is_unchanged(vault: Vault, text: str) -> None:
    names = tuple(entry.pseudonym for entry in vault.entries)
    assert restore_text(text, vault) == Restored(text, (), (), names)


@given(
    vaults(), st.text(st.sampled_from(list("[](){}<>_-\\ 12１.'*PERSONpersonÄß\u200b\u0308#:&lt;")))
)
def test_nothing_raises_and_every_token_is_accounted_for(vault: Vault, text: str) -> None:
    result = restore_text(text, vault)
    assert {*result.restored, *result.lost} == {entry.pseudonym for entry in vault.entries}
    assert not set(result.restored) & set(result.lost)
    if not result.restored:
        assert result.text == text
