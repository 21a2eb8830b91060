"""Catching up with the ledger, and writing a lost one anew, over the in-memory store."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.adapters.memory import MemoryLedger, StoppedClock
from pipeline.domain.consent import ConsentAct, ConsentEntry, ConsentSource, Purpose
from pipeline.domain.errors import ConfigurationError, ServiceUnavailable
from pipeline.domain.ids import CallId
from pipeline.domain.rights import LegalHold, new_hold_id
from pipeline.usecases.deck import Deck
from pipeline.usecases.finish_deletions import finish_deletions
from pipeline.usecases.remake_ledger import remake_ledger
from pipeline.usecases.replay_ledger import Replayed, catch_up
from tests.builders import ACME, NOON, call, customer, push
from tests.decks import memory_deck

CALL = CallId("call_" + "7" * 32)


def opened(clock: StoppedClock | None = None) -> Deck:
    deck = memory_deck(clock or StoppedClock(NOON))
    deck.calls.add_customer(customer(), "hash")
    return deck


def erased(deck: Deck, count: int = 1) -> None:
    for _ in range(count):
        deck.calls.erase_call(push(deck.calls).id, "erased_on_request", NOON)
    finish_deletions(deck)


def test_a_fresh_store_has_nothing_to_catch_up_with() -> None:
    deck = opened()
    assert catch_up(deck) == Replayed()
    erased(deck)
    assert catch_up(deck) == Replayed()


def test_a_database_that_is_older_is_caught_up_once(caplog: pytest.LogCaptureFixture) -> None:
    deck = opened()
    erased(deck, 50)
    restored = replace(opened(), ledger=deck.ledger)
    caplog.set_level(logging.WARNING)
    assert catch_up(restored).entries == 100
    assert [record.message for record in caplog.records] == ["ledger_replayed"]
    assert catch_up(restored) == Replayed()
    assert set(restored.deletions.receipts(limit=999)) == set(deck.deletions.receipts(limit=999))
    assert restored.replay.replayed_to() == deck.ledger.latest(1)[0].id


def test_a_queue_that_is_away_hinders_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    deck = opened()
    pushed = push(deck.calls, call(call_id=CALL))
    deck.calls.destroy_audio(pushed.id, "consent_withdrawn", NOON)
    finish_deletions(deck)
    restored = replace(opened(), ledger=deck.ledger)
    push(restored.calls, call(call_id=CALL))

    def away(call_id: CallId) -> bool:
        raise ServiceUnavailable("Redis is away")

    monkeypatch.setattr(restored.queue, "forget", away)
    assert catch_up(restored) == Replayed(1, 1)
    assert not restored.calls.has_audio_key([CALL])[CALL]


def test_a_lost_ledger_is_written_anew() -> None:
    clock = StoppedClock(NOON)
    deck = opened(clock)
    erased(deck, 2)
    told, held = push(deck.calls), push(deck.calls)
    deck.consents.record(
        ConsentEntry(
            ACME,
            told.id,
            Purpose.MODEL_TRAINING,
            ConsentAct.WITHDRAWN,
            ConsentSource.OPERATOR,
            NOON,
        )
    )
    deck.holds.place(LegalHold(new_hold_id(), ACME, held.id, "words", "operator", NOON))
    deck.calls.mark_call(told.id, restricted_at=NOON, objected_at=NOON)
    lost = replace(deck, ledger=MemoryLedger())
    with pytest.raises(ConfigurationError, match="missing"):
        catch_up(lost)
    assert remake_ledger(lost) == 4 + 1 + 2 + 1
    assert remake_ledger(lost) == 0
    assert catch_up(lost) == Replayed()
    assert {entry.kind for entry in lost.ledger.entries()} == {
        "receipt",
        "consent",
        "restrict",
        "object",
        "hold",
    }
    kept = {entry.id: entry.facts for entry in deck.ledger.entries()}
    assert kept.items() <= {entry.id: entry.facts for entry in lost.ledger.entries()}.items()
    clock.turn(timedelta(seconds=1))
    erased(deck)
    with pytest.raises(ConfigurationError, match="cut"):
        catch_up(lost)
