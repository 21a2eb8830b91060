from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.memory import MemoryCallRepository
from pipeline.domain.call import CallStatus, Intake
from pipeline.domain.consent import ConsentClaim, Purpose
from pipeline.domain.errors import (
    AccessDenied,
    NotFound,
    RecordingRejected,
    ServiceUnavailable,
    StorageFull,
)
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.privacy import EntityType, KnownParty
from pipeline.domain.recording import RecordingLimits
from pipeline.usecases.customers import add_customer, close_customer
from pipeline.usecases.deck import Deck
from pipeline.usecases.known_parties import open_brought
from pipeline.usecases.submit_call import admitted, submit_call
from tests.decks import WAV_HEAD, memory_deck

ACME = CustomerId("acme")
LIMITS = RecordingLimits(max_bytes=1000)


def deck_with_acme(**replaced: Any) -> Deck:
    deck = memory_deck(limits=LIMITS, **replaced)
    add_customer("acme", "Acme", deck)
    return deck


def blobs(deck: Deck) -> list[CallId]:
    return [call_id for call_id, _ in deck.recordings.blobs()]


def test_a_call_is_sealed_inserted_and_rung() -> None:
    deck = deck_with_acme()
    consent = ConsentClaim(Purpose.AUDIO_RETENTION, timedelta(days=30))
    known = KnownParty(EntityType.PERSON, "Martina Keller")
    intake = Intake(ACME, language="de", consents=(consent,), known=(known,))
    call = submit_call(intake, [WAV_HEAD, b"samples"], deck)
    assert deck.calls.call(call.id, ACME) == call
    assert (call.status, call.language, call.consents) == (CallStatus.RECEIVED, "de", (consent,))
    assert deck.recordings.open(call.id, deck.calls.recording(call.id)) == WAV_HEAD + b"samples"
    assert deck.queue.waiting() == 1
    sealed = deck.calls.known(call.id)
    assert sealed is not None and b"Keller" not in sealed.ciphertext
    opened = deck.transcripts.open(deck.calls.customer(ACME), call.id, "known", sealed)
    assert open_brought(opened).known == (known,)


@pytest.mark.parametrize(
    ("chunks", "reason"),
    [
        ([], "empty"),
        ([b"", b""], "empty"),
        ([b"Sehr geehrte Damen"], "unknown_format"),
        ([b"Hi"], "unknown_format"),
        ([WAV_HEAD, bytes(985)], "too_large"),
        ([WAV_HEAD] + [bytes(100)] * 10, "too_large"),
    ],
)
def test_what_is_no_recording_leaves_nothing(chunks: list[bytes], reason: str) -> None:
    deck = deck_with_acme()
    with pytest.raises(RecordingRejected) as caught:
        submit_call(Intake(ACME), chunks, deck)
    assert caught.value.reason == reason
    assert (blobs(deck), deck.calls.calls(), deck.queue.waiting()) == ([], (), 0)


def test_an_upload_that_breaks_off_leaves_nothing() -> None:
    def broken() -> Iterator[bytes]:
        yield WAV_HEAD
        raise ConnectionResetError

    deck = deck_with_acme()
    with pytest.raises(ConnectionResetError):
        submit_call(Intake(ACME), broken(), deck)
    assert (blobs(deck), deck.calls.calls()) == ([], ())


class FailingInsert(MemoryCallRepository):
    committed = False

    def add_call(self, *arguments: Any) -> Any:
        if self.committed:
            super().add_call(*arguments)
        raise StorageFull("the disk is full")


def test_a_failed_insert_unlinks_the_blob() -> None:
    deck = deck_with_acme(calls=FailingInsert())
    with pytest.raises(StorageFull):
        submit_call(Intake(ACME), [WAV_HEAD], deck)
    assert (blobs(deck), deck.queue.waiting()) == ([], 0)


def test_a_commit_whose_answer_was_lost_keeps_the_blob() -> None:
    calls = FailingInsert()
    deck = deck_with_acme(calls=calls)
    calls.committed = True
    with pytest.raises(StorageFull):
        submit_call(Intake(ACME), [WAV_HEAD], deck)
    assert blobs(deck) == [call.id for call in deck.calls.calls()] != []


class SilentQueue:
    def ring(self, call_id: CallId) -> None:
        raise ServiceUnavailable("Redis does not answer")

    def waiting(self) -> int:
        return 0


def test_a_push_survives_without_redis(caplog: pytest.LogCaptureFixture) -> None:
    deck = deck_with_acme(queue=SilentQueue())
    call = submit_call(Intake(ACME), [WAV_HEAD], deck)
    assert deck.calls.call(call.id).status is CallStatus.RECEIVED
    assert [record.message for record in caplog.records] == ["doorbell_failed"]
    later = deck.clock.now() + timedelta(minutes=1)
    assert deck.calls.stranded(later, timedelta(seconds=10)) == (call.id,)


def test_the_same_idempotency_key_gives_the_earlier_call_and_keeps_one_blob() -> None:
    deck = deck_with_acme()
    intake = Intake(ACME, idempotency_key="abc")
    first = submit_call(intake, [WAV_HEAD], deck)
    second = submit_call(intake, [WAV_HEAD, b"again"], deck)
    assert first == second
    assert blobs(deck) == [first.id]
    assert deck.queue.waiting() == 1


def test_unknown_and_closed_customers_keep_nothing() -> None:
    deck = deck_with_acme()
    with pytest.raises(NotFound):
        submit_call(Intake(CustomerId("nobody")), [WAV_HEAD], deck)
    close_customer(ACME, deck)
    with pytest.raises(AccessDenied):
        submit_call(Intake(ACME), [WAV_HEAD], deck)
    assert blobs(deck) == []


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_admitted_passes_every_byte_on_unchanged(rest: list[bytes]) -> None:
    chunks = [WAV_HEAD[:3], b"", WAV_HEAD[3:], *rest]
    assert b"".join(admitted(chunks, RecordingLimits())) == b"".join(chunks)


def test_the_size_is_counted_while_it_streams() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        yield WAV_HEAD
        while True:
            taken += 1
            yield bytes(100)

    with pytest.raises(RecordingRejected, match="larger than 1000"):
        list(admitted(endless(), LIMITS))
    assert taken == 10
