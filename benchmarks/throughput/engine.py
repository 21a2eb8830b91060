"""Deckname in this process: a real store with real seals, all models, and a queue in memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from benchmarks.throughput.corpus import TestCall
from pipeline.adapters.memory_queue import MemoryJobQueue
from pipeline.bootstrap import bootstrap
from pipeline.domain.call import Call, CallStatus, Intake
from pipeline.domain.ids import CallId, CustomerId
from pipeline.settings import Settings
from pipeline.usecases.customers import add_customer
from pipeline.usecases.deck import Deck
from pipeline.usecases.process_calls import Surroundings, process_waiting
from pipeline.usecases.submit_call import submit_call

CUSTOMER = CustomerId("bench")


class NotStored(Exception):
    """A call did not end as it should; nothing that was measured counts."""


def push(call: TestCall, deck: Deck) -> CallId:
    """As an API client does: the bytes arrive, the answer is the call's id."""
    return submit_call(Intake(CUSTOMER, language=call.language), [call.wav], deck).id


def load_models(deck: Deck) -> None:
    """Before anything is measured."""
    deck.transcriber.speech_detector()
    deck.transcriber.recogniser()
    deck.transcriber.detector()


class Engine:
    """One store with its worker's way of working."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        home = settings.model_copy(update={"home": folder / "home", "keys": folder / "keys"})
        self.bell = Doorbell()
        self.deck = replace(bootstrap(home), queue=self.bell)
        add_customer(CUSTOMER, "Bench", self.deck)
        load_models(self.deck)

    def run(self, calls: Iterable[TestCall]) -> None:
        """Push all of them, then process until all are stored. Raises `NotStored`."""
        self.finish({push(call, self.deck) for call in calls})

    def finish(self, pushed: Set[CallId]) -> None:
        """Process until nothing waits. Raises `NotStored` unless that was all of `pushed`."""
        stored: set[CallId] = set()
        self.drain(lambda call: stored.add(_checked(call).id))
        if stored != pushed:
            raise NotStored(f"{len(pushed - stored)} of {len(pushed)} calls were not processed")

    def drain(self, told: Callable[[Call], None]) -> None:
        """Answer every doorbell as a worker does."""
        while self.bell.take() is not None:
            process_waiting(self.deck, "bench", Surroundings(told=told))


class Doorbell(MemoryJobQueue):
    """A queue that can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.rung = threading.Event()

    def ring(self, call_id: CallId) -> None:
        """See `ports.JobQueue`."""
        super().ring(call_id)
        self.rung.set()


class Serving:
    """A context in which the engine works in a thread of its own, as calls come in."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._stored: dict[CallId, float] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._failed: Exception | None = None
        self._thread = threading.Thread(target=self._serve, name="engine")

    def __enter__(self) -> Serving:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closed = True
        self._engine.bell.rung.set()
        self._thread.join()

    def stored(self, call_ids: Sequence[CallId], patience: float) -> list[float]:
        """When each was stored, by `time.perf_counter`; waits for it. Raises `NotStored`."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._failed is not None or self._stored.keys() >= set(call_ids), patience
            )
        if self._failed is not None:
            raise self._failed
        missing = len(set(call_ids) - self._stored.keys())
        if missing:
            raise NotStored(f"{missing} calls were not stored within {patience:g} s")
        return [self._stored[call_id] for call_id in call_ids]

    def _serve(self) -> None:
        bell = self._engine.bell
        try:
            while not self._closed:
                bell.rung.wait()
                bell.rung.clear()
                self._engine.drain(self._told)
        except Exception as error:
            with self._changed:
                self._failed = error
                self._changed.notify_all()

    def _told(self, call: Call) -> None:
        with self._changed:
            self._stored[_checked(call).id] = time.perf_counter()
            self._changed.notify_all()


def _checked(call: Call) -> Call:
    if call.status is not CallStatus.STORED:
        raise NotStored(f"a call ended as {call.status} ({call.failure})")
    return call
