"""Many calls at once: batches over calls, trouble that stays with the call it belongs to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from pipeline.adapters.memory.clock import StoppedClock
from pipeline.domain.call import Call, CallStatus, Claim, Intake
from pipeline.domain.errors import ServiceUnavailable, TransientError
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.recording import RecordingLimits
from pipeline.domain.transcript import TimeSpan, Word
from pipeline.ports import BLOCK_SECONDS, Row, Samples
from pipeline.stages.detect_speech import Piece, SpeechWindow
from pipeline.stages.transcribe import Part
from pipeline.usecases.customers import add_customer
from pipeline.usecases.deck import Deck, Transcriber
from pipeline.usecases.make_ready import Parts
from pipeline.usecases.pack_calls import AHEAD, Packing, Way
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

    def use(self, model: Model) -> None:
        self.model = model
        transcriber = replace(self.deck.transcriber, recogniser=lambda: model)
        self.deck = replace(self.deck, transcriber=transcriber)

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
    ready = threading.Semaphore(0)

    class Last(Model):
        def row(self, samples: Samples, language: str) -> Row:
            ready.release()
            return super().row(samples, language)

        def recognise(self, rows: Sequence[Row]) -> tuple[tuple[Word, ...], ...]:
            if not self.batches:  # like a real one it takes longer than making calls ready
                assert all(ready.acquire(timeout=20) for _ in range(8))
            return super().recognise(rows)

    site.use(Last())
    pushed = [site.push() for _ in range(8)]
    site.run()
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
    # The only stretch, that there is no other, the batch, and what follows recognition.
    assert sorted(watched) == [0.5, 1.0, BLOCK_SECONDS, BLOCK_SECONDS]


class Scripted:
    """A run of its own on calls of the memory twin, each of as many stretches as `lengths` says,
    every one of `rows` rows of `seconds`."""

    def __init__(self, site: Site, seconds: float = 30.0) -> None:
        self.site, self.seconds, self.rows = site, seconds, 1
        self.lengths: dict[CallId, int] = {}
        self.made: list[CallId] = []
        self.stored: list[CallId] = []
        self.ends: dict[CallId, Exception] = {}
        self.closed: list[CallId] = []
        self.coming: list[Claim] = []

    def call(self, stretches: int, end: Exception | None = None, priority: int = 0) -> CallId:
        intake = Intake(CUSTOMER, priority=priority)
        call_id = submit_call(intake, [a_recording()], self.site.deck).id
        self.lengths[call_id] = stretches
        if end is not None:
            self.ends[call_id] = end
        return call_id

    def prepare(self, claim: Claim) -> Parts:
        call_id = claim.call.id
        try:
            for _ in range(self.lengths[call_id]):
                self.made.append(call_id)
                window = SpeechWindow((Piece(0, TimeSpan(0.0, self.seconds)),))
                row = Row(self.seconds, "de", "shape", np.zeros(4))
                yield Part("de", self.seconds, 1, (window,) * self.rows, (row,) * self.rows)
            if call_id in self.ends:
                raise self.ends[call_id]
            return None
        finally:
            self.closed.append(call_id)

    def finish(self, claim: Claim, listening: Any) -> Call:
        self.stored.append(claim.call.id)
        return claim.call

    def claim(self, *call_ids: CallId) -> Sequence[Claim]:
        deck = self.site.deck
        return deck.calls.claim(call_ids, "worker-1", deck.clock.now(), deck.policy.lease)

    def packing(self, more: Callable[[int], Sequence[Claim]]) -> Packing:
        return Packing(more, Way(self.prepare, self.finish), self.site.deck)


def once(*claims: Claim) -> Callable[[int], Sequence[Claim]]:
    left = list(claims)

    def more(room: int) -> Sequence[Claim]:
        taken, left[:] = left[:room], left[room:]
        return taken

    return more


BATCH_SECONDS = ScriptedRecogniser.windowing.batch * ScriptedRecogniser.windowing.seconds


def test_of_a_long_call_no_more_is_made_ready_than_waits_for_the_model(site: Site) -> None:
    """And what was told but did not reach the shelf counts, too: the model holds the main thread,
    so nothing reaches it."""
    run = Scripted(site)
    call_id = run.call(100)
    enough = int(2 * BATCH_SECONDS // run.seconds) + 1
    held: list[int] = []

    class Busy(Model):
        def recognise(self, rows: Sequence[Row]) -> tuple[tuple[Word, ...], ...]:
            begun = sum(self.batches) + len(rows)

            def ahead() -> int:
                return len(run.made) - begun

            until(lambda: ahead() >= enough or len(run.made) == 100)
            settle()
            held.append(ahead())
            return super().recognise(rows)

    site.use(Busy())
    run.packing(once(*run.claim(call_id))).run()
    assert run.stored == [call_id] and sum(site.model.batches) == 100
    assert max(held) == enough and set(held[:10]) == {enough}, held


def settle() -> None:
    """Who is free to go on does within that: it takes no longer than a thread to wake up."""
    for _ in range(5):
        threading.Event().wait(0.01)


def until(holds: Callable[[], bool]) -> None:
    """Fails where that takes 20 seconds."""
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        threading.Event().wait(0.001)


def test_a_dropped_call_leaves_its_room_to_the_others(site: Site) -> None:
    """The rows of a call that broke filled the shelf: who waits for room is woken, although no
    stretch comes and no batch goes."""
    run = Scripted(site)
    run.rows = 20  # five batches at once: after the first one still more waits than is enough
    broken, good = run.call(30), run.call(3)

    class Breaks(Model):
        def recognise(self, rows: Sequence[Row]) -> tuple[tuple[Word, ...], ...]:
            self.batches.append(len(rows))
            if len(self.batches) == 1:
                settle()
                assert run.made == [broken]
                raise RuntimeError("native trouble")
            return super().recognise(rows)

    site.use(Breaks())
    with pytest.raises(RuntimeError):
        within(20, run.packing(once(*run.claim(broken, good))).run)
    assert run.stored == [good]
    assert run.made == [broken, good, good, good] and broken in run.closed


def within(seconds: float, run: Callable[[], None]) -> None:
    """Fails where `run` hangs, instead of hanging with it."""
    raised: list[BaseException] = []

    def work() -> None:
        try:
            run()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), "it hangs"
    if raised:
        raise raised[0]


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> None:
    """The source is asked after every batch."""
    monkeypatch.setattr("pipeline.usecases.pack_calls._ASK_AGAIN", 0.0)


@pytest.mark.usefixtures("asking")
def test_a_short_call_does_not_wait_for_the_end_of_long_ones(site: Site) -> None:
    run = Scripted(site)
    long = [run.call(60) for _ in range(AHEAD + 1)]
    short = run.call(1)
    waiting = [list(run.claim(*long)), list(run.claim(short))]

    def more(room: int) -> Sequence[Claim]:
        if len(waiting) == 2 or (waiting and len(run.made) > 12):
            return waiting.pop(0)
        return ()

    run.packing(more).run()
    assert set(run.stored) == {*long, short} and run.stored[0] == short
    assert run.made.index(short) < 40, "long before one of the others is whole"


@pytest.mark.usefixtures("asking")
def test_an_urgent_call_goes_first_on_all_the_way(site: Site) -> None:
    run = Scripted(site)
    slow, urgent = run.call(40), run.call(40, priority=5)
    waiting = [list(run.claim(slow)), list(run.claim(urgent))]

    def more(room: int) -> Sequence[Claim]:
        return waiting.pop(0) if len(waiting) == 2 or (waiting and len(run.made) > 9) else ()

    run.packing(more).run()
    assert run.stored == [urgent, slow]


@pytest.mark.usefixtures("asking")
def test_where_enough_waits_one_call_at_most_is_held_in_hand(site: Site) -> None:
    """The others are left to workers that have less to do."""
    run = Scripted(site, seconds=3 * BATCH_SECONDS)  # every stretch is more than enough
    long = run.call(12)
    others = [run.call(1) for _ in range(4)]

    class Busy(Model):
        def recognise(self, rows: Sequence[Row]) -> tuple[tuple[Word, ...], ...]:
            begun = sum(self.batches) + len(rows)
            until(lambda: len(run.made) > begun or len(run.made) == 16)
            return super().recognise(rows)

    site.use(Busy())
    left, rooms = [*run.claim(long)], []
    left += run.claim(*others)

    def more(room: int) -> Sequence[Claim]:
        if len(left) == 5:
            return [left.pop(0)]
        if not site.model.batches or not left:
            return []
        rooms.append(room)
        return [left.pop(0)]

    run.packing(more).run()
    assert set(run.stored) == {long, *others} and run.stored[-1] == long
    assert rooms and set(rooms) == {1}


def test_what_is_given_up_is_put_away(site: Site) -> None:
    """A recording that is no longer wanted is open no longer."""
    run = Scripted(site)
    broken, good = run.call(40), run.call(2)

    class Breaks(Model):
        def recognise(self, rows: Sequence[Row]) -> tuple[tuple[Word, ...], ...]:
            raise RuntimeError("native trouble")

    site.use(Breaks())
    with pytest.raises(RuntimeError):
        within(20, run.packing(once(*run.claim(broken, good))).run)
    assert set(run.closed) == {broken, good} and len(run.made) < 42
