"""Retention over the in-memory store: what is due goes, what is not stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from pipeline.adapters.memory import (
    MemoryAuditLog,
    MemoryRecordingVault,
    StoppedClock,
)
from pipeline.domain.call import Call, CallStatus, Intake
from pipeline.domain.errors import Conflict, Held, KeyDestroyed, NotFound, ServiceUnavailable
from pipeline.domain.ids import CallId
from pipeline.domain.recording import AudioState, RetainedKey, SealedRecording
from pipeline.domain.retention import day_key_end, day_of
from pipeline.usecases.deck import Deck
from pipeline.usecases.enforce_retention import (
    RetentionReport,
    enforce_retention,
    expire_transcripts,
)
from pipeline.usecases.finish_deletions import finish_deletions
from pipeline.usecases.reap_orphans import GRACE, reap_orphans
from tests.builders import ACME, NOON, call, claim_one, customer, outcome, push
from tests.decks import memory_deck

SECOND = timedelta(seconds=1)


class Store:
    def __init__(self) -> None:
        self.clock = StoppedClock(NOON)
        self.deck = memory_deck(self.clock)
        self.audit: MemoryAuditLog = cast(Any, self.deck.audit)
        self.calls = self.deck.calls
        self.calls.add_customer(customer(), "hash")
        self.recordings: MemoryRecordingVault = cast(Any, self.deck.recordings)

    def push(self) -> Call:
        new = call(received_at=self.clock.now())
        sealed = self.recordings.seal(new.id, new.received_at, [b"audio"])
        return self.calls.add_call(new, Intake(ACME), sealed, None)

    def keep(self, pushed: Call, kept_for: timedelta) -> None:
        sealed = self.calls.recording(pushed.id)
        assert isinstance(sealed, SealedRecording)
        retained = self.recordings.retain(pushed.id, sealed, pushed.received_at + kept_for)
        claim = claim_one(self.calls, pushed.id, self.clock.now())
        self.calls.complete(claim, outcome(retained), self.clock.now())

    def enforce(self) -> RetentionReport:
        return enforce_retention(self.deck)


@pytest.fixture
def store() -> Store:
    return Store()


def test_before_anything_is_due_nothing_happens(store: Store) -> None:
    pushed = store.push()
    store.clock.turn(day_key_end(day_of(NOON)) - NOON - SECOND)
    told = len(store.audit.entries)
    assert store.enforce() == RetentionReport()
    assert len(store.audit.entries) == told
    assert store.recordings.open(pushed.id, store.calls.recording(pushed.id)) == b"audio"


def test_at_the_cap_key_row_and_blob_go_and_the_call_fails(store: Store) -> None:
    pushed = store.push()
    store.clock.turn(day_key_end(day_of(NOON)) - NOON)
    assert store.enforce() == RetentionReport(keys=1, retained=0, capped=1, blobs=1)
    ended = store.calls.call(pushed.id)
    assert (ended.status, ended.failure) == (CallStatus.FAILED, "audio_cap_reached")
    assert list(store.recordings.blobs()) == []
    assert store.recordings.keys.day_keys() == ()
    events = [event for event, _ in store.audit.entries]
    assert [event.name for event in events[-2:]] == ["keys_destroyed", "call_failed"]
    assert events[-2].facts == {"keys": "2026-01-31"}
    assert store.enforce() == RetentionReport()


def test_a_worker_at_the_cap_loses_its_call(store: Store) -> None:
    pushed = store.push()
    claim_one(store.calls, pushed.id)
    store.clock.turn(timedelta(days=31))
    assert store.enforce().capped == 1
    assert store.calls.call(pushed.id).status is CallStatus.FAILED


def test_retained_audio_goes_at_its_own_end(store: Store) -> None:
    short, long = store.push(), store.push()
    store.keep(short, timedelta(days=10))
    store.keep(long, timedelta(days=60))
    kept = store.calls.recording(short.id)
    store.clock.turn(timedelta(days=10) - SECOND)
    assert store.enforce() == RetentionReport()
    store.clock.turn(SECOND)
    assert store.enforce() == RetentionReport(keys=1, retained=1, capped=0, blobs=1)
    with pytest.raises(KeyDestroyed):
        store.recordings.open(short.id, kept)
    done = store.calls.call(short.id)
    assert (done.status, done.audio) == (CallStatus.STORED, AudioState.DESTROYED)
    store.clock.turn(timedelta(days=30))
    assert store.enforce() == RetentionReport(keys=1)
    assert store.recordings.open(long.id, store.calls.recording(long.id)) == b"audio"


def test_the_reaper_takes_the_blob_of_an_ended_call_at_once(store: Store) -> None:
    pushed = store.push()
    store.calls.fail(claim_one(store.calls, pushed.id), "poison", NOON)
    assert reap_orphans(store.calls, store.recordings, NOON) == (pushed.id,)
    assert reap_orphans(store.calls, store.recordings, NOON) == ()


def test_the_reaper_waits_for_the_row_of_an_unknown_call(store: Store) -> None:
    new = call()
    sealed = store.recordings.seal(new.id, NOON, [b"audio"])
    assert reap_orphans(store.calls, store.recordings, NOON + GRACE - SECOND) == ()
    store.calls.add_call(new, Intake(ACME), sealed, None)
    assert reap_orphans(store.calls, store.recordings, NOON + 100 * GRACE) == ()
    other = call()
    store.recordings.seal(other.id, NOON, [b"audio"])
    assert reap_orphans(store.calls, store.recordings, NOON + GRACE) == (other.id,)
    assert store.recordings.open(new.id, sealed) == b"audio"


def test_a_row_that_is_committed_while_the_reaper_looks_keeps_its_blob(store: Store) -> None:
    new = call()
    sealed = store.recordings.seal(new.id, NOON, [b"audio"])
    real = store.calls.has_audio_key

    def commit_in_between(ids: object) -> object:
        store.calls.add_call(new, Intake(ACME), sealed, None)
        return real(ids)  # type: ignore[arg-type]

    store.calls.has_audio_key = commit_in_between  # type: ignore[method-assign,assignment]
    assert reap_orphans(store.calls, store.recordings, NOON + 9 * GRACE) == ()
    assert store.recordings.open(new.id, sealed) == b"audio"


class TestTranscripts:
    """What has expired is erased, with a receipt, however often and by however many."""

    @pytest.fixture
    def deck(self) -> Deck:
        deck = memory_deck(StoppedClock(NOON))
        deck.calls.add_customer(customer(), "hash")
        return deck

    def stored(self, deck: Deck, days: int) -> CallId:
        now = deck.clock.now()
        new = replace(call(received_at=now), transcript_until=now + timedelta(days=days))
        push(deck.calls, new)
        deck.calls.complete(claim_one(deck.calls, new.id, now), outcome(), now)
        return new.id

    def test_a_transcript_goes_when_it_is_due_and_leaves_a_receipt(self, deck: Deck) -> None:
        due, later = self.stored(deck, 10), self.stored(deck, 11)
        cast(StoppedClock, deck.clock).turn(timedelta(days=10) + SECOND)
        assert expire_transcripts(deck) == 1
        assert expire_transcripts(deck) == 0
        with pytest.raises(NotFound):
            deck.calls.transcript(due)
        assert deck.calls.transcript(later) == outcome().transcript
        finish_deletions(deck)
        newest = [receipt.body for receipt in deck.deletions.receipts(call_id=due)]
        [body] = [each for each in newest if each["class"] == "transcript"]
        assert body["trigger"] == "expired"
        assert body["due"] == (NOON + timedelta(days=10)).isoformat()
        assert body["begun"] == (NOON + timedelta(days=10) + SECOND).isoformat()
        assert finish_deletions(deck) == ()

    def test_a_batch_takes_the_longest_overdue(self, deck: Deck) -> None:
        made = [self.stored(deck, days) for days in (3, 1, 2)]
        cast(StoppedClock, deck.clock).turn(timedelta(days=40))
        assert expire_transcripts(deck, limit=2) == 2
        left = [one.id for one in deck.calls.calls() if one.erased_at is None]
        assert left == [made[0]]
        assert (expire_transcripts(deck, limit=2), expire_transcripts(deck, limit=2)) == (1, 0)

    def test_one_that_cannot_be_erased_keeps_no_other(
        self, deck: Deck, caplog: pytest.LogCaptureFixture
    ) -> None:
        held, broken, fine = (self.stored(deck, days) for days in (1, 2, 3))
        cast(StoppedClock, deck.clock).turn(timedelta(days=5))
        real = deck.calls.erase_call

        def erase(call_id: CallId, *rest: object) -> bool:
            if call_id == held:
                raise Held("a hold was placed just now")
            if call_id == broken:
                raise Conflict("its row is damaged")
            return real(call_id, *rest)  # type: ignore[arg-type]

        deck.calls.erase_call = erase  # type: ignore[method-assign,assignment]
        assert expire_transcripts(deck) == 1
        assert deck.calls.call(fine).erased_at is not None
        assert [record.message for record in caplog.records] == ["expiry_failed"]

    def test_a_database_that_is_gone_ends_the_batch(self, deck: Deck) -> None:
        self.stored(deck, 1)
        cast(StoppedClock, deck.clock).turn(timedelta(days=5))

        def gone(*_: object) -> bool:
            raise ServiceUnavailable("the database cannot be reached")

        deck.calls.erase_call = gone  # type: ignore[method-assign,assignment]
        with pytest.raises(ServiceUnavailable):
            expire_transcripts(deck)

    def test_retained_audio_goes_with_its_transcript(self, deck: Deck) -> None:
        kept = RetainedKey("ret_" + "0" * 32, NOON + timedelta(days=90), b"rewrapped")
        new = replace(call(), transcript_until=NOON + timedelta(days=5))
        push(deck.calls, new)
        deck.calls.complete(claim_one(deck.calls, new.id), outcome(kept), NOON)
        cast(StoppedClock, deck.clock).turn(timedelta(days=5))
        assert expire_transcripts(deck) == 1
        assert deck.calls.has_audio_key([new.id]) == {new.id: False}
