"""From a destroyed key to a signed receipt: every place, every ending, whatever fails between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.adapters.memory import StoppedClock
from pipeline.adapters.memory_queue import MemoryJobQueue
from pipeline.adapters.receipt_key import verifies
from pipeline.domain.call import Call, Intake, Outcome
from pipeline.domain.consent import ConsentClaim, Purpose
from pipeline.domain.deletion import Receipt, deletion_of
from pipeline.domain.errors import KeyDestroyed, ServiceUnavailable
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.recording import SealedRecording
from pipeline.usecases.customers import add_customer, close_customer
from pipeline.usecases.deck import Deck
from pipeline.usecases.enforce_retention import enforce_retention
from pipeline.usecases.finish_deletions import finish_deletions, unlinked
from pipeline.usecases.submit_call import submit_call
from tests.decks import WAV_HEAD, disk_deck, memory_deck

CUSTOMER = CustomerId("musterhaus")
DAY = timedelta(days=1)


@pytest.fixture(params=["memory", "disk"])
def deck(request: pytest.FixtureRequest, tmp_path: Path) -> Deck:
    clock = StoppedClock()
    made = memory_deck(clock) if request.param == "memory" else disk_deck(tmp_path, clock)
    add_customer(CUSTOMER, "Musterhaus", made)
    return made


def push(deck: Deck, kept: timedelta | None = None) -> Call:
    claims = (ConsentClaim(Purpose.AUDIO_RETENTION, kept),) if kept else ()
    return submit_call(Intake(CUSTOMER, consents=claims), [WAV_HEAD * 9], deck)


def end(deck: Deck, call: Call, kept: timedelta | None = None) -> None:
    """What a worker does, without its model."""
    (claim,) = deck.calls.claim([call.id], "worker-1", deck.clock.now(), DAY)
    customer, seal = deck.calls.customer(CUSTOMER), deck.transcripts.seal
    retained = None
    if kept:
        sealed = deck.calls.recording(call.id)
        assert isinstance(sealed, SealedRecording)
        retained = deck.recordings.retain(call.id, sealed, call.received_at + kept)
    outcome = Outcome("de", 1.0, seal(customer, call.id, "transcript", b"{}"), None, (), retained)
    deck.calls.complete(claim, outcome, deck.clock.now())
    if not kept:
        unlinked(call.id, deck)


def places(receipt: Receipt) -> dict[str, str]:
    return {place["where"]: place["method"] for place in receipt.body["places"]}


def check(receipt: Receipt, deck: Deck) -> None:
    """Signed, chained, in the ledger, and free of anything but ids, codes and times."""
    public = deck.signer.public_key()
    assert verifies(public, receipt.document.encode(), receipt.signature)
    assert not verifies(
        public, receipt.document.replace("done", "d0ne").encode(), receipt.signature
    )
    assert receipt.body["key"] == deck.signer.key_id
    ledger = {entry.id: entry for entry in deck.ledger.entries()}
    assert ledger[receipt.id].facts["document"] == receipt.document
    assert deletion_of(receipt).id == receipt.id
    assert deck.audit.verify() >= receipt.body["audit"]["position"]


def test_an_ended_call_gets_one_receipt_for_its_voice(deck: Deck) -> None:
    call = push(deck)
    end(deck, call)
    (receipt,) = finish_deletions(deck)
    check(receipt, deck)
    assert receipt.body["class"] == "raw_audio"
    assert receipt.body["trigger"] == "done"
    assert receipt.body["call"] == call.id
    assert places(receipt) == {
        "database:audio_keys": "key_destroyed",
        "blobs": "unlinked",
        "redis:job": "redis_deleted",
    }
    assert all(place["done"] for place in receipt.body["places"])
    assert finish_deletions(deck) == ()
    assert deck.deletions.receipts(call_id=call.id) == (receipt,)
    assert deck.deletions.receipt(receipt.id) == receipt


def test_a_crash_before_the_unlinking_is_made_good(deck: Deck) -> None:
    call = push(deck)
    (claim,) = deck.calls.claim([call.id], "worker-1", deck.clock.now(), DAY)
    deck.calls.fail(claim, "recording_rejected:no_audio", deck.clock.now())
    assert [call_id for call_id, _ in deck.recordings.blobs()] == [call.id]
    (receipt,) = finish_deletions(deck)
    check(receipt, deck)
    assert receipt.body["trigger"] == "failure"
    assert places(receipt)["blobs"] == "unlinked"
    assert list(deck.recordings.blobs()) == []


def test_audio_that_a_consent_kept_ends_with_its_key(deck: Deck) -> None:
    call = push(deck, 3 * DAY)
    end(deck, call, 3 * DAY)
    assert finish_deletions(deck) == ()
    key = deck.calls.recording(call.id)
    assert isinstance(deck.clock, StoppedClock)
    deck.clock.turn(3 * DAY)
    # The rows go, and then somebody pulls the plug before the key file does.
    deck.calls.destroy_audio(call.id, "audio_retention_over", deck.clock.now())
    (receipt,) = finish_deletions(deck)
    check(receipt, deck)
    assert receipt.body["class"] == "retained_audio"
    assert receipt.body["trigger"] == "consent_over"
    assert receipt.body["due"] == (call.received_at + 3 * DAY).isoformat()
    assert places(receipt)["keys:retained"] == "key_destroyed"
    assert places(receipt)["blobs"] == "unlinked"
    with pytest.raises(KeyDestroyed):
        deck.recordings.open(call.id, key)


def test_what_retention_ends_has_receipts_too(deck: Deck) -> None:
    kept, waiting = push(deck, 3 * DAY), push(deck)
    end(deck, kept, 3 * DAY)
    assert isinstance(deck.clock, StoppedClock)
    deck.clock.turn(31 * DAY)
    enforce_retention(deck)
    found = {receipt.body["call"]: receipt for receipt in finish_deletions(deck)}
    assert found[kept.id].body["trigger"] == "consent_over"
    assert found[waiting.id].body["trigger"] == "cap"
    for receipt in found.values():
        check(receipt, deck)
        assert receipt.body["due"] < receipt.body["done"]
        assert places(receipt)["blobs"] == "unlinked"
    assert places(found[kept.id])["keys:retained"] == "key_destroyed"


def test_an_erased_call_has_a_receipt_for_its_transcript(deck: Deck) -> None:
    call = push(deck)
    end(deck, call)
    assert deck.calls.erase_call(call.id, "erased_on_request", deck.clock.now())
    voice, transcript = sorted(finish_deletions(deck), key=lambda each: each.body["class"])
    assert (voice.body["class"], transcript.body["class"]) == ("raw_audio", "transcript")
    check(transcript, deck)
    assert transcript.body["hold"] == "none"
    assert places(transcript)["database:transcripts"] == "row_deleted"
    assert not deck.calls.erase_call(call.id, "erased_on_request", deck.clock.now())
    assert finish_deletions(deck) == ()


def test_a_closed_customer_has_one_receipt_for_all_content(deck: Deck) -> None:
    ended, waiting = push(deck), push(deck)
    end(deck, ended)
    close_customer(CUSTOMER, deck)
    finish_deletions(deck)
    found = deck.deletions.receipts(CUSTOMER)
    for receipt in found:
        check(receipt, deck)
    classes = sorted(receipt.body["class"] for receipt in found)
    assert classes == ["customer", "raw_audio", "raw_audio"]
    (whole,) = [receipt for receipt in found if receipt.body["class"] == "customer"]
    assert whole.body["call"] is None
    assert places(whole)["database:customers"] == "key_destroyed"
    assert {each.id for each in deck.calls.calls(CUSTOMER)} == {ended.id, waiting.id}
    assert all(each.erased_at for each in deck.calls.calls(CUSTOMER))


class Unreachable(MemoryJobQueue):
    """A Redis that comes back later."""

    def __init__(self, inner: MemoryJobQueue) -> None:
        super().__init__()
        self.inner, self.away = inner, {"calls"}

    def forget(self, call_id: CallId) -> bool:
        if self.away:
            raise ServiceUnavailable("away")
        return self.inner.forget(call_id)


def test_without_redis_the_voice_is_gone_and_the_receipt_waits(deck: Deck) -> None:
    assert isinstance(deck.queue, MemoryJobQueue)
    queue = Unreachable(deck.queue)
    call = push(deck)
    end(deck, call)
    deck = replace(deck, queue=queue)
    assert finish_deletions(deck) == ()
    assert list(deck.recordings.blobs()) == []
    (pending,) = deck.deletions.pending()
    assert pending.call_id == call.id
    queue.away.clear()
    (receipt,) = finish_deletions(deck)
    check(receipt, deck)


def test_a_receipt_that_was_signed_by_another_process_meanwhile_is_the_receipt(deck: Deck) -> None:
    call = push(deck)
    end(deck, call)
    (deletion,) = deck.deletions.pending()
    (first,) = finish_deletions(deck)

    def never(*_: object) -> Receipt:
        raise AssertionError("signed twice")

    assert deck.deletions.finish(deletion, never, deck.clock.now()) == first


def test_one_call_can_be_finished_alone(deck: Deck) -> None:
    one, other = push(deck), push(deck)
    for call in (one, other):
        end(deck, call)
    (receipt,) = finish_deletions(deck, one.id)
    assert receipt.body["call"] == one.id
    assert len(deck.deletions.pending()) == 1


def test_a_receipt_has_these_fields_and_no_other(deck: Deck) -> None:
    end(deck, push(deck))
    (receipt,) = finish_deletions(deck)
    assert set(receipt.body) == {
        "format", "id", "class", "rule", "trigger", "customer", "call", "hold", "due", "begun",
        "done", "places", "audit", "key",
    }  # fmt: skip
