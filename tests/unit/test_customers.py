from __future__ import annotations

import pytest

from pipeline.domain.call import Intake
from pipeline.domain.errors import Conflict, KeyDestroyed, NotFound, UsageError
from pipeline.domain.ids import CustomerId
from pipeline.usecases.customers import add_customer, close_customer, hash_of, issue_key
from pipeline.usecases.submit_call import submit_call
from tests.decks import WAV_HEAD, memory_deck

ACME = CustomerId("acme")


def test_the_key_opens_its_customer_and_is_stored_nowhere() -> None:
    deck = memory_deck()
    customer, key = add_customer("acme", "Acme", deck)
    assert deck.calls.customer_by_key(hash_of(key)) == customer
    assert len(key) > 40 and key not in repr(vars(deck.calls))


def test_ids_are_dns_labels_and_unique() -> None:
    deck = memory_deck()
    add_customer("acme", "Acme", deck)
    with pytest.raises(Conflict):
        add_customer("acme", "Other", deck)
    for wrong in ("", "Acme", "a_b", "-a", "a" * 64, "a b", "ä"):
        with pytest.raises(UsageError):
            add_customer(wrong, "Acme", deck)


def test_a_new_key_ends_the_old_one() -> None:
    deck = memory_deck()
    _, old = add_customer("acme", "Acme", deck)
    new = issue_key(ACME, deck)
    assert deck.calls.customer_by_key(hash_of(old)) is None
    assert deck.calls.customer_by_key(hash_of(new)) is not None
    with pytest.raises(NotFound):
        issue_key(CustomerId("nobody"), deck)


def test_closing_takes_keys_and_audio() -> None:
    deck = memory_deck()
    _, key = add_customer("acme", "Acme", deck)
    call = submit_call(Intake(ACME), [WAV_HEAD], deck)
    assert close_customer(ACME, deck) == (call.id,)
    assert list(deck.recordings.blobs()) == []
    assert deck.calls.customer_by_key(hash_of(key)) is None
    with pytest.raises(KeyDestroyed):
        deck.calls.recording(call.id)
    for verb in (close_customer, issue_key):
        with pytest.raises(Conflict):
            verb(ACME, deck)


def test_the_audit_log_tells_of_it_without_names() -> None:
    deck = memory_deck()
    add_customer("acme", "Zwiebelfisch GmbH", deck)
    issue_key(ACME, deck)
    close_customer(ACME, deck)
    entries = repr(deck.audit.entries)  # type: ignore[attr-defined]
    assert "customer_added" in entries and "customer_closed" in entries
    assert "Zwiebelfisch" not in entries
