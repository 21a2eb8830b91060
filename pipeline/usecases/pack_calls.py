"""Many calls at once: made ready in threads, recognised in full batches, finished one by one.

Calls are taken in while there is room. Each is decoded and searched for speech ahead of the model,
stretch by stretch; the speech of all of them shares batches; a call whose last row is recognised
is finished at once, while the next batch runs. A call that goes wrong ends alone. Of long calls no
more is held than waits for the model.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue

from pipeline.domain.call import Call, Claim
from pipeline.domain.errors import LeaseLost, TransientError
from pipeline.domain.ids import CallId
from pipeline.ports import Recogniser
from pipeline.stages.pack_rows import Placed, Shelf
from pipeline.stages.transcribe import Listening, Part
from pipeline.usecases.deck import Deck
from pipeline.usecases.keep_lease import KeptLeases

AHEAD = 2
"""Threads that make calls ready. More would only hold more audio in memory."""
_ENOUGH_BATCHES = 2
"""Full batches of speech that wait before no more of it is made ready: memory has an end."""
_ASK_AGAIN = 0.25
"""Seconds until a source that had nothing is asked again, while other calls run."""
_UNKNOWN = float("inf")

Watch = Callable[[float], AbstractContextManager[None]]
"""Ends the process where the block, which works on that many seconds of audio, hangs."""
Give = Callable[[Part], bool]
"""Takes the next stretch of a recording; False where nobody wants any more."""


@dataclass(frozen=True, slots=True)
class Way:
    """The steps of a call before and after recognition. `prepare` gives the recording's parts, and
    comes back with the call where it ended. Both may raise `LeaseLost` and other
    `TransientError`s, upon which the call is given back."""

    prepare: Callable[[Claim, Give], Call | None]
    finish: Callable[[Claim, Listening], Call]


@dataclass(slots=True)
class _AtWork:
    claim: Claim
    preparing: Future[Call | None]
    listening: Listening
    is_whole: bool = False


_Event = tuple[CallId, "Part | Future[Call | None] | Future[Call]"]


class Packing:
    """One run. `more` claims up to that many calls, and is asked again and again. `told` hears of
    each call that ended, `broke` of each that did not. Once `stopping`, what is begun is finished
    and the rest given back."""

    def __init__(
        self,
        more: Callable[[int], Sequence[Claim]],
        way: Way,
        deck: Deck,
        watch: Watch | None = None,
        told: Callable[[Call], None] = lambda _: None,
        broke: Callable[[CallId, Exception], None] = lambda *_: None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._more, self._way, self._deck = more, way, deck
        self._told, self._broke, self._stopping = told, broke, stopping
        self._watch: Watch = watch or (lambda _: nullcontext())
        self._recogniser: Recogniser = deck.transcriber.recogniser()
        windowing = self._recogniser.windowing
        self._enough = _ENOUGH_BATCHES * windowing.batch * windowing.seconds
        self._shelf = Shelf()
        self._room = threading.Condition()
        self._coming = 0.0  # seconds of speech that threads gave and the shelf has not got yet
        self._events: SimpleQueue[_Event] = SimpleQueue()
        self._calls: dict[CallId, _AtWork] = {}
        self._asked = float("-inf")
        self._trouble: Exception | None = None

    def run(self) -> None:
        """Until `more` has nothing and everything taken in has ended. Raises the first
        `TransientError` of a call that was given back, or what else a call raised; all others go
        their way before."""
        with (
            KeptLeases(self._deck) as self._leases,
            ThreadPoolExecutor(AHEAD, "prepare") as self._ahead,
            ThreadPoolExecutor(1, "finish") as self._behind,
        ):
            try:
                while self._take_in() or self._calls:
                    if self._stopping():
                        self._give_back_unbegun()
                    self._hear_of_threads()
                    self._recognise(self._shelf.take(self._recogniser.windowing.batch))
            finally:
                self._calls.clear()  # whoever waits for room learns that nobody wants more
                self._make_room()
        if self._trouble is not None:
            raise self._trouble

    def _take_in(self) -> bool:
        """Whether anything came."""
        if self._stopping() or self._trouble is not None:  # trouble is around us: wait outside
            return False
        room = self._deck.policy.calls_at_once - len(self._calls)
        idle = not self._calls
        if room <= 0 or self._has_enough():
            return False
        if not idle and time.monotonic() - self._asked < _ASK_AGAIN:
            return False
        try:
            claims = self._more(room)
        except TransientError as error:
            if idle:
                raise
            claims, self._trouble = (), error
        self._asked = float("-inf") if claims else time.monotonic()
        for claim in claims:
            self._begin(claim)
        return bool(claims)

    def _begin(self, claim: Claim) -> None:
        call_id = claim.call.id
        self._leases.keep(claim)
        begun = threading.Event()
        preparing = self._ahead.submit(self._prepare, claim, begun)
        self._calls[call_id] = _AtWork(claim, preparing, Listening())
        begun.set()
        preparing.add_done_callback(lambda future: self._events.put((call_id, future)))

    def _prepare(self, claim: Claim, begun: threading.Event) -> Call | None:
        begun.wait()
        with self._watch(_UNKNOWN):
            return self._way.prepare(claim, partial(self._give, claim.call.id))

    def _give(self, call_id: CallId, part: Part) -> bool:
        with self._room:
            self._room.wait_for(lambda: not self._has_enough() or call_id not in self._calls)
            self._coming += part.seconds
        self._events.put((call_id, part))
        return call_id in self._calls

    def _has_enough(self) -> bool:
        """What comes counts, too: while a batch runs nothing reaches the shelf, and threads would
        make a whole call ready."""
        return self._shelf.seconds + self._coming > self._enough

    def _hear_of_threads(self) -> None:
        """What they have done; waits for it where there is nothing to recognise."""
        timeout = 0.0 if len(self._shelf) else _ASK_AGAIN
        with suppress(Empty):
            while True:
                call_id, what = self._events.get(timeout=timeout)
                timeout = 0.0
                work = self._calls.get(call_id)
                if isinstance(what, Part):
                    self._put_on_shelf(call_id, work, what)
                elif work is not None and not what.cancelled():
                    self._thread_ended(work, what)

    def _put_on_shelf(self, call_id: CallId, work: _AtWork | None, part: Part) -> None:
        if work is not None:
            first = work.listening.add(part)
            self._shelf.put(call_id, part.rows, first)
        with self._room:
            self._coming -= part.seconds
            self._room.notify_all()  # what a call that ended leaves is room for another

    def _thread_ended(self, work: _AtWork, ended: Future[Call | None] | Future[Call]) -> None:
        error = ended.exception()
        if isinstance(error, Exception):
            self._give_up(work, error)
            return
        call = ended.result()
        if call is not None:
            self._forget(work.claim)
            self._told(call)
            return
        work.is_whole = True
        self._finish_if_heard(work)

    def _recognise(self, batch: Sequence[Placed]) -> None:
        if not batch:
            return
        self._make_room()
        try:
            with self._watch(sum(each.row.seconds for each in batch)):
                heard = self._recogniser.recognise([each.row for each in batch])
        except Exception as error:
            self._one_by_one(batch, error)
            return
        for each, words in zip(batch, heard, strict=True):
            work = self._calls.get(CallId(str(each.owner)))
            if work is not None:
                work.listening.hear(each.number, words)
                self._finish_if_heard(work)

    def _one_by_one(self, batch: Sequence[Placed], error: Exception) -> None:
        """A batch that broke says not which call broke it."""
        owners = list(dict.fromkeys(CallId(str(each.owner)) for each in batch))
        if len(owners) > 1:
            for owner in owners:
                self._recognise([each for each in batch if each.owner == owner])
        elif (work := self._calls.get(owners[0])) is not None:
            self._give_up(work, error)

    def _finish_if_heard(self, work: _AtWork) -> None:
        if work.is_whole and not work.listening.waits:
            call_id = work.claim.call.id
            finish = self._behind.submit(self._way.finish, work.claim, work.listening)
            finish.add_done_callback(lambda future: self._events.put((call_id, future)))

    def _give_back_unbegun(self) -> None:
        for work in [each for each in self._calls.values() if each.preparing.cancel()]:
            self._release(work.claim)

    def _give_up(self, work: _AtWork, error: Exception) -> None:
        """Give the call back where trying again helps. Where something unforeseen happened its
        lease runs out, which counts as an attempt."""
        call_id = work.claim.call.id
        if isinstance(error, LeaseLost):
            self._forget(work.claim)
            with suppress(TransientError):
                self._told(self._deck.calls.call(call_id))
            return
        if isinstance(error, TransientError):
            self._release(work.claim)
        else:
            self._forget(work.claim)
        self._trouble = self._trouble or error
        self._broke(call_id, error)

    def _release(self, claim: Claim) -> None:
        self._forget(claim)
        with suppress(TransientError):  # then the lease runs out instead
            self._deck.calls.release(claim, self._deck.clock.now())

    def _forget(self, claim: Claim) -> None:
        self._leases.let_go(claim)
        self._shelf.drop(claim.call.id)
        del self._calls[claim.call.id]
        self._make_room()

    def _make_room(self) -> None:
        with self._room:
            self._room.notify_all()
