"""Which key folder a database without a mark is tied to, and which it is not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.adapters.memory import StoppedClock
from pipeline.adapters.sealing import FileKeyStore, MasterSource, TinkTranscriptVault
from pipeline.domain.call import Intake
from pipeline.domain.errors import KeysElsewhere
from pipeline.domain.ids import CustomerId
from pipeline.usecases.customers import add_customer, close_customer
from pipeline.usecases.deck import Deck
from pipeline.usecases.submit_call import submit_call
from pipeline.usecases.tie_keys import adopt_keys, check_keys
from tests.builders import ACME, NOON
from tests.decks import WAV_HEAD, disk_deck, memory_deck

KEYS, AWAY = "keys", "away"


def deck_in(folder: Path) -> Deck:
    return disk_deck(folder, StoppedClock(NOON))


def with_secret(folder: Path) -> Deck:
    """Its master keys come from the environment."""
    deck = deck_in(folder)
    keys = FileKeyStore(folder / KEYS, deck.clock, MasterSource(b"s" * 32))
    return replace(deck, keys=keys, transcripts=TinkTranscriptVault(keys))


def used(deck: Deck) -> Deck:
    """A store of an older Deckname, which knew no marks."""
    add_customer(ACME, "Acme", deck)
    submit_call(Intake(ACME), [WAV_HEAD, b"samples"], deck)
    return deck


def refused(deck: Deck, words: str) -> None:
    before = deck.mark.id()
    with pytest.raises(KeysElsewhere, match=words):
        check_keys(deck)
    assert deck.mark.id() == before


def test_a_new_database_and_a_new_folder_are_tied(tmp_path: Path) -> None:
    for deck in (memory_deck(), deck_in(tmp_path)):
        check_keys(deck)
        tied = deck.mark.id()
        assert tied is not None
        check_keys(deck)
        assert deck.mark.id() == tied


def test_a_start_that_was_killed_half_way_is_made_good(tmp_path: Path) -> None:
    (tmp_path / KEYS / "stores").mkdir(parents=True)
    (tmp_path / KEYS / "stores" / f"store_{'0' * 32}").touch()
    check_keys(deck_in(tmp_path))


def test_an_older_store_is_tied_where_its_keys_open(tmp_path: Path) -> None:
    deck = used(deck_in(tmp_path))
    check_keys(deck)
    assert deck.mark.id() is not None
    deck.mark.check()


def test_an_older_store_is_not_tied_to_an_empty_or_another_folder(tmp_path: Path) -> None:
    deck = used(deck_in(tmp_path))
    (tmp_path / KEYS).rename(tmp_path / AWAY)
    refused(deck, "opens nothing")
    assert not list((tmp_path / KEYS).glob("*/*")), "nothing was made"
    other = used(deck_in(tmp_path / "other"))
    shutil.rmtree(tmp_path / KEYS)
    shutil.copytree(tmp_path / "other" / KEYS, tmp_path / KEYS)
    refused(deck, "opens nothing")
    check_keys(other)
    shutil.rmtree(tmp_path / KEYS)
    (tmp_path / AWAY).rename(tmp_path / KEYS)
    check_keys(deck)


def test_a_secret_of_the_environment_is_no_proof_of_a_folder(tmp_path: Path) -> None:
    deck = with_secret(tmp_path)
    add_customer(ACME, "Acme", deck)
    submit_call(Intake(ACME), [WAV_HEAD, b"samples"], deck)
    (tmp_path / KEYS).rename(tmp_path / AWAY)
    refused(deck, "opens nothing")
    shutil.rmtree(tmp_path / KEYS)
    (tmp_path / AWAY).rename(tmp_path / KEYS)
    check_keys(deck)


def test_a_secret_and_customers_without_calls_need_no_folder_yet(tmp_path: Path) -> None:
    deck = with_secret(tmp_path)
    add_customer(ACME, "Acme", deck)
    check_keys(deck)


def test_a_new_database_is_not_tied_to_keys_that_are_in_use(tmp_path: Path) -> None:
    used(deck_in(tmp_path))
    (tmp_path / "home").rename(tmp_path / "lost")
    refused(deck_in(tmp_path), "database is new")


def test_customers_that_are_closed_prove_nothing_and_hinder_nothing(tmp_path: Path) -> None:
    deck = used(deck_in(tmp_path))
    add_customer("other", "Other", deck)
    close_customer(ACME, deck)
    check_keys(deck)
    close_customer(CustomerId("other"), deck)
    older = deck_in(tmp_path / "older")
    used(older)
    close_customer(ACME, older)
    check_keys(older)


def test_one_that_is_closed_while_we_look_is_no_wrong_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deck = used(deck_in(tmp_path))
    look = deck.calls.customers

    def close_after_the_look() -> object:
        found = look()
        close_customer(ACME, deck)
        return found

    monkeypatch.setattr(deck.calls, "customers", close_after_the_look)
    adopt_keys(deck)
    deck.mark.check()


def test_another_process_may_tie_them_while_we_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deck = deck_in(tmp_path)
    monkeypatch.setattr(deck.mark, "keys_in_use", lambda: check_keys(deck_in(tmp_path)) or True)
    check_keys(deck)
    assert deck.mark.id() == deck_in(tmp_path).mark.id()


def test_a_tied_store_without_its_folder_is_refused_and_adopted(tmp_path: Path) -> None:
    deck = used(deck_in(tmp_path))
    check_keys(deck)
    store = deck.mark.id()
    shutil.rmtree(tmp_path / KEYS / "stores")
    refused(deck, "keys adopt")
    adopt_keys(deck)
    check_keys(deck)
    assert deck.mark.id() == store


def test_a_folder_that_opens_nothing_is_not_adopted(tmp_path: Path) -> None:
    deck = used(deck_in(tmp_path))
    shutil.rmtree(tmp_path / KEYS)
    with pytest.raises(KeysElsewhere, match="opens nothing"):
        adopt_keys(deck)
    assert deck.mark.id() is None


def test_a_new_database_is_begun_beside_old_keys_when_the_operator_says_so(tmp_path: Path) -> None:
    used(deck_in(tmp_path))
    (tmp_path / "home").rename(tmp_path / "lost")
    deck = deck_in(tmp_path)
    adopt_keys(deck)
    check_keys(deck)
