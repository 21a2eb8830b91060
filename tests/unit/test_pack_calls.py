"""Many calls at once: batches over calls, trouble that stays with the call it belongs to."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from pipeline.adapters.memory.clock import StoppedClock
from pipeline.domain.call import Call, CallStatus, Intake
from pipeline.domain.errors import ServiceUnavailable, TransientError
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.recording import RecordingLimits
from pipeline.domain.transcript import TimeSpan, Word
from pipeline.ports import Row, Samples
from pipeline.usecases.customers import add_customer
from pipeline.usecases.deck import Deck, Transcriber
from pipeline.usecases.pack_calls import AHEAD
from pipeline.usecases.process_calls import Surroundings, process_waiting
from pipeline.usecases.submit_call import submit_call
from tests.decks import memory_deck
from tests.scripted import ScriptedRecogniser
from tests.unit.test_process_calls import a_recording

CUSTOMER = CustomerId("musterhaus")


@dataclass
class Model(ScriptedRecogniser):
    """Three seconds of speech on each channel; rows of calls in `breaks` break their batch."""

    batches: list[int] = field(default_factory=list)
    broken: set[int] = field(default_factory=set)
    gate: threading.Event | None = None

    def detect(self, *arguments: Any) -> tuple[Any, ...]:
        if len(arguments) == 1:
            return (TimeSpan(0.0, 0.5),)
        return tuple(() for _ in arguments[0])

    def said(self, samples: Samples) -> Sequence[Word]:
        return (Word(0.0, 0.4, 0.9, 0, "ja"),)

    def recognise(self, rows: Sequence[Row]) -> tuple[tuple[Word, ...], ...]:
        if self.gate is not None:
            assert self.gate.wait(20)
        self.batches.append(len(rows))
        if any(len(row.features) in self.broken for row in rows):
            raise RuntimeError("native trouble")
        return super().recognise(rows)


@dataclass
class Site:
    deck: Deck
    model: Model
    told: list[Call] = field(default_factory=list)
    broke: list[tuple[CallId, Exception]] = field(default_factory=list)

    def push(self, recording: bytes | None = None) -> CallId:
        return submit_call(Intake(CUSTOMER), [recording or a_recording()], self.deck).id

    def run(self, **around: Any) -> None:
        process_waiting(
            self.deck,
            "worker-1",
            Surroundings(self.told.append, lambda *two: self.broke.append(two), **around),
        )

    def status(self, call_id: CallId) -> CallStatus:
        return self.deck.calls.call(call_id).status


@pytest.fixture
def site() -> Site:
    model = Model()
    transcriber = Transcriber(
        RecordingLimits(), _decoders(), lambda: model, lambda: model, lambda: model
    )
    deck = memory_deck(StoppedClock(), transcriber=transcriber)
    add_customer(CUSTOMER, "Musterhaus", deck)
    return Site(deck, model)


def _decoders() -> Any:
    from pipeline.adapters.audio import decoders

    return decoders()


def test_rows_of_many_calls_share_batches(site: Site) -> None:
    site.model.gate = threading.Event()
    pushed = [site.push() for _ in range(8)]

    def stopping() -> bool:
        site.model.gate.set()  # type: ignore[union-attr]
        return False

    site.run(stopping=stopping)
    assert {call.id for call in site.told} == set(pushed)
    assert all(site.status(call_id) is CallStatus.STORED for call_id in pushed)
    assert sum(site.model.batches) == 8 and max(site.model.batches) > 1


def test_a_lone_call_waits_for_no_other(site: Site) -> None:
    pushed = site.push()
    site.run()
    assert site.status(pushed) is CallStatus.STORED and site.model.batches == [1]


def test_a_batch_that_breaks_is_tried_call_by_call(site: Site) -> None:
    good = [site.push() for _ in range(3)]
    bad = site.push(_half_as_long())
    site.model.broken = {4_000}
    with pytest.raises(RuntimeError):
        site.run()
    assert [call_id for call_id, _ in site.broke] == [bad]
    assert site.status(bad) is CallStatus.PROCESSING, "its lease runs out, which costs a try"
    assert all(site.status(call_id) is CallStatus.STORED for call_id in good)


def _half_as_long() -> bytes:
    import io

    import numpy as np
    import soundfile

    buffer = io.BytesIO()
    tone = 0.1 * np.sin(np.arange(2_000) / 5)
    soundfile.write(buffer, tone, 8_000, format="WAV", subtype="ULAW")
    return buffer.getvalue()


def test_told_to_stop_it_finishes_what_is_begun_and_gives_back_the_rest(site: Site) -> None:
    site.model.gate = threading.Event()
    pushed = [site.push() for _ in range(AHEAD + 6)]
    asked = []

    def stopping() -> bool:
        asked.append(True)
        site.model.gate.set()  # type: ignore[union-attr]
        return len(asked) > 2

    reader = site.deck.recordings.reader
    begun = threading.Semaphore(0)

    class Slow:
        def __getattr__(self, name: str) -> Any:
            return getattr(site_recordings, name)

        @contextmanager
        def reader(self, *arguments: Any) -> Any:
            begun.release()
            while len(asked) <= 3:
                threading.Event().wait(0.01)
            with reader(*arguments) as opened:
                yield opened

    site_recordings = site.deck.recordings
    site.deck = replace(site.deck, recordings=Slow())  # type: ignore[arg-type]
    site.run(stopping=stopping)
    states = [site.deck.calls.call(call_id) for call_id in pushed]
    assert [call.status for call in states].count(CallStatus.STORED) == AHEAD
    left = [call for call in states if call.status is CallStatus.RECEIVED]
    assert len(left) == 6 and all(call.attempts == 0 for call in left)


def test_enough_takes_nothing_more_in(site: Site) -> None:
    site.push()
    site.run(enough=lambda: True)
    assert site.told == []


def test_a_call_that_is_given_back_is_told_and_the_others_go_on(site: Site) -> None:
    lost, good = site.push(), site.push()
    reader = site.deck.recordings.reader

    class Lost:
        def __getattr__(self, name: str) -> Any:
            return getattr(recordings, name)

        def reader(self, call_id: CallId, *arguments: Any) -> Any:
            if call_id == lost:
                raise ServiceUnavailable("the store is away")
            return reader(call_id, *arguments)

    recordings = site.deck.recordings
    site.deck = replace(site.deck, recordings=Lost())  # type: ignore[arg-type]
    with pytest.raises(TransientError):
        site.run()
    assert [call_id for call_id, _ in site.broke] == [lost]
    assert (site.status(lost), site.status(good)) == (CallStatus.RECEIVED, CallStatus.STORED)


def test_suspects_run_alone(site: Site) -> None:
    pushed = [site.push() for _ in range(4)]
    clock = site.deck.clock
    site.deck.calls.claim(pushed, "killed", clock.now(), site.deck.policy.lease)
    clock.turn(2 * site.deck.policy.lease)  # type: ignore[attr-defined]
    fresh = site.push()
    site.run()
    assert site.model.batches == [1] * 5
    assert site.told[-1].id == fresh


def test_bells_of_claimed_calls_are_answered_but_one_sleeps_no_worker(site: Site) -> None:
    for _ in range(5):
        site.push()
    assert site.deck.queue.answer(1) == 1  # the bell that woke this worker
    site.run()
    assert site.deck.queue.waiting() == 0


def test_a_store_that_goes_away_between_claims_ends_the_run_when_all_is_done(site: Site) -> None:
    pushed = site.push()
    claim_waiting, times = site.deck.calls.claim_waiting, []

    class Away:
        def __getattr__(self, name: str) -> Any:
            return getattr(calls, name)

        def claim_waiting(self, *arguments: Any, **named: Any) -> Any:
            times.append(1)
            if len(times) > 1:
                raise ServiceUnavailable("the database is away")
            return claim_waiting(*arguments, **named)

    calls = site.deck.calls
    site.deck = replace(site.deck, calls=Away())  # type: ignore[arg-type]
    with pytest.raises(ServiceUnavailable):
        site.run()
    assert site.status(pushed) is CallStatus.STORED


def test_every_step_is_watched(site: Site) -> None:
    watched = []

    @contextmanager
    def watch(seconds: float) -> Any:
        watched.append(seconds)
        yield

    site.push()
    site.run(watch=watch)
    assert watched == [float("inf"), 0.5]
