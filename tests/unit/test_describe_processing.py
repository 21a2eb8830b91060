"""What the papers are told: rules, counts and ages of the store as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from pipeline.adapters.memory import MemoryAuditLog, StoppedClock
from pipeline.domain.audit import AuditEvent
from pipeline.domain.errors import NotFound
from pipeline.domain.ids import CANARY, CustomerId
from pipeline.domain.processing import Stock
from pipeline.domain.retention_policy import RetentionPolicy
from pipeline.domain.rights import LegalHold, Right, RightsRequest, new_request_id
from pipeline.formats.papers import PAPERS, write_paper
from pipeline.formats.papers.words import Language
from pipeline.usecases.customers import add_customer, close_customer
from pipeline.usecases.deck import Deck
from pipeline.usecases.describe_processing import describe_processing
from tests.builders import ACME, NOON
from tests.decks import memory_deck
from tests.sample_papers import INSTALLATION
from tests.stores import DiskStore

OTHER = CustomerId("bravo")


@pytest.fixture
def deck() -> Deck:
    made = memory_deck(StoppedClock(NOON))
    add_customer(ACME, "Acme Immobilien", made)
    add_customer(OTHER, "Bravo Hausverwaltung", made)
    return made


def request(customer_id: CustomerId, due: timedelta) -> RightsRequest:
    asked = NOON - timedelta(days=40)
    return RightsRequest(new_request_id(), customer_id, Right.ERASE, asked, NOON + due)


def test_every_customer_has_its_rules(deck: Deck) -> None:
    before = deck.calls.retention_policy(ACME)
    deck.calls.change_retention_policy(ACME, before, RetentionPolicy(timedelta(days=90)), NOON)
    acme, bravo = describe_processing(INSTALLATION, deck).customers
    assert (acme.id, acme.name, acme.since, acme.closed) == (ACME, "Acme Immobilien", NOON, None)
    assert acme.retention and acme.retention.transcripts == timedelta(days=90)
    assert bravo.retention == RetentionPolicy() and bravo.redaction is not None
    assert acme.stock == bravo.stock == Stock()


def test_the_verifiers_canary_is_no_customer(deck: Deck) -> None:
    add_customer(CANARY, "Deckname's own canary", deck)
    told = describe_processing(INSTALLATION, deck)
    assert [each.id for each in told.customers] == [ACME, OTHER]
    for language in get_args(Language):
        for name in PAPERS:
            assert "canary" not in write_paper(name, language, told).markdown.lower()
    with pytest.raises(NotFound, match="no paper"):
        describe_processing(INSTALLATION, deck, CANARY)


def test_a_closed_customer_has_no_rules_any_more(deck: Deck) -> None:
    close_customer(OTHER, deck)
    bravo = describe_processing(INSTALLATION, deck).customers[1]
    assert bravo.closed == NOON and bravo.retention is bravo.redaction is None


def test_holds_and_requests_are_counted(deck: Deck) -> None:
    done, *still_open = (request(ACME, timedelta(days=days)) for days in (-2, -1, 0))
    for each in (done, *still_open):
        deck.rights.open(each, NOON)
    deck.rights.close(done.id, "done", 1, NOON)
    deck.holds.place(LegalHold("hold_" + "0" * 32, ACME, None, "Rechtsstreit", "operator", NOON))
    told = describe_processing(INSTALLATION, deck)
    acme, bravo = told.customers
    assert (acme.stock.holds, acme.stock.requests, acme.stock.overdue) == (1, 2, 1)
    assert bravo.stock == Stock()
    assert told.total.holds == 1
    assert not any("Rechtsstreit" in write_paper(paper, "de", told).markdown for paper in PAPERS), (
        "reasons may name people"
    )


def test_one_customer_is_shown_without_the_others(deck: Deck) -> None:
    told = describe_processing(INSTALLATION, deck, only=ACME)
    assert [customer.id for customer in told.customers] == [ACME]
    assert told.only == ACME and told.audit_entries is None
    with pytest.raises(NotFound):
        describe_processing(INSTALLATION, deck, only=CustomerId("nobody"))


def test_a_broken_audit_chain_is_told_and_ends_nothing() -> None:
    audit = MemoryAuditLog()
    made = memory_deck(audit=audit)
    audit.append(AuditEvent("call_received", NOON))
    assert describe_processing(INSTALLATION, made).audit_entries == 1
    event, digest = audit.entries[0]
    audit.entries[0] = (replace(event, name="call_stored"), digest)
    told = describe_processing(INSTALLATION, made)
    assert told.audit_entries is None and not told.audit_whole


def test_keys_are_told_with_their_next_end(tmp_path: Path) -> None:
    clock = StoppedClock(NOON)
    store = DiskStore.open(tmp_path, clock)
    assert describe_processing(INSTALLATION, store.deck).keys.days == 0
    store.push()
    store.store(store.push(timedelta(days=40)), timedelta(days=40))
    keys = describe_processing(INSTALLATION, store.deck).keys
    assert (keys.days, keys.oldest_day, keys.overdue, keys.retention) == (1, "2026-01-31", 0, 1)
    assert keys.next_end == NOON.replace(hour=0) + timedelta(days=30)
    assert {master.name for master in keys.masters} == {"content", "vault"}
    clock.turn(timedelta(days=30))
    assert describe_processing(INSTALLATION, store.deck).keys.overdue == 1
    store.close()


def test_nothing_of_a_call_is_in_the_papers(tmp_path: Path) -> None:
    """The store's recordings and vaults name Frau Sonnenschein in the Ahornallee."""
    store = DiskStore.open(tmp_path, StoppedClock(NOON))
    call = store.store(store.push())
    store.push(timedelta(days=3))
    told = describe_processing(INSTALLATION, store.deck)
    assert told.total.stored == 1 and told.total.oldest_call == NOON
    for paper in PAPERS:
        for language in get_args(Language):
            written = write_paper(paper, language, told).markdown
            for word in ("Sonnenschein", "Ahornallee", "PERSON_1", call.id, str(tmp_path)):
                assert word not in written
    store.close()
