"""Many calls at once: made ready in threads, recognised in full batches, finished one by one.

Calls are taken in while there is room. Each is decoded and searched for speech ahead of the model,
stretch by stretch (`make_ready`); the speech of all of them shares batches; a call whose last row
is recognised is finished at once, while the next batch runs. A call that goes wrong ends alone. Of
long calls no more is held than waits for the model.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from pipeline.domain.call import Call, Claim
from pipeline.domain.errors import LeaseLost, TransientError
from pipeline.domain.ids import CallId
from pipeline.ports import Recogniser
from pipeline.stages.pack_rows import Placed, Shelf
from pipeline.stages.transcribe import Listening, Part
from pipeline.usecases.deck import Deck
from pipeline.usecases.keep_lease import KeptLeases
from pipeline.usecases.make_ready import End, MakingReady, Parts, Watch

AHEAD = 2
"""Threads that make calls ready. More would only hold more audio in memory."""
_ENOUGH_BATCHES = 2
"""Full batches of speech that wait before no more of it is made ready: memory has an end."""
_ASK_AGAIN = 0.25
"""Seconds until a source that had nothing is asked again, while other calls run."""


@dataclass(frozen=True, slots=True)
class Way:
    """The steps of a call before and after recognition. Both may raise `LeaseLost` and other
    `TransientError`s, upon which the call is given back."""

    prepare: Callable[[Claim], Parts]
    finish: Callable[[Claim, Listening], Call]


@dataclass(slots=True)
class _AtWork:
    claim: Claim
    listening: Listening = field(default_factory=Listening)
    is_whole: bool = False


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
        self._events: SimpleQueue[tuple[Claim, Part | End]] = SimpleQueue()
        self._calls: dict[CallId, _AtWork] = {}
        self._asked = float("-inf")
        self._trouble: Exception | None = None

    def run(self) -> None:
        """Until `more` has nothing and everything taken in has ended. Raises the first
        `TransientError` of a call that was given back, or what else a call raised; all others go
        their way before."""
        with (
            KeptLeases(self._deck) as self._leases,
            MakingReady(AHEAD, self._has_enough, self._tell, self._watch) as self._ahead,
            ThreadPoolExecutor(1, "finish") as self._behind,
        ):
            while self._take_in() or self._calls:
                if self._stopping():
                    self._give_back_unbegun()
                self._hear_of_threads()
                self._recognise(self._shelf.take(self._recogniser.windowing.batch))
        if self._trouble is not None:
            raise self._trouble

    def _take_in(self) -> bool:
        """Whether anything came."""
        if self._stopping() or self._trouble is not None:  # trouble is around us: wait outside
            return False
        idle = not self._calls
        room = self._room(idle)
        if room <= 0:
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

    def _room(self, idle: bool) -> int:
        """For how many calls. Where enough waits for the model they are left to other workers, but
        for one: it goes before what is left of a long call."""
        room = self._deck.policy.calls_at_once - len(self._calls)
        if idle or not self._has_enough(self._ahead.coming):
            return room
        return min(room, 1 - self._ahead.unbegun)

    def _begin(self, claim: Claim) -> None:
        self._leases.keep(claim)
        self._calls[claim.call.id] = _AtWork(claim)
        self._ahead.begin(claim, self._way.prepare(claim))

    def _tell(self, claim: Claim, what: Part | End) -> None:
        self._events.put((claim, what))

    def _has_enough(self, coming: float) -> bool:
        """What comes counts, too: while a batch runs nothing reaches the shelf, and threads would
        make a whole call ready."""
        return self._shelf.seconds + coming > self._enough

    def _hear_of_threads(self) -> None:
        """What they have done; waits for it where there is nothing to recognise."""
        timeout = 0.0 if len(self._shelf) else _ASK_AGAIN
        with suppress(Empty):
            while True:
                claim, what = self._events.get(timeout=timeout)
                timeout = 0.0
                work = self._calls.get(claim.call.id)
                work = work if work is not None and work.claim is claim else None
                if isinstance(what, Part):
                    self._put_on_shelf(work, what)
                elif work is not None:
                    self._thread_ended(work, what)

    def _put_on_shelf(self, work: _AtWork | None, part: Part) -> None:
        if work is not None:
            first, call = work.listening.add(part), work.claim.call
            self._shelf.put(call.id, part.rows, first, call.priority)
        self._ahead.taken(part)  # what a call that ended leaves is room for another

    def _thread_ended(self, work: _AtWork, end: End) -> None:
        if isinstance(end, Exception):
            self._give_up(work, end)
        elif isinstance(end, BaseException):
            raise end
        elif end is not None:
            self._forget(work.claim)
            self._told(end)
        else:
            work.is_whole = True
            self._finish_if_heard(work)

    def _recognise(self, batch: Sequence[Placed]) -> None:
        if not batch:
            return
        self._ahead.look_again()  # the batch has left the shelf
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
            finish = self._behind.submit(self._finish, work)
            finish.add_done_callback(
                lambda future: self._tell(work.claim, future.exception() or future.result())
            )

    def _finish(self, work: _AtWork) -> Call:
        with self._watch(work.listening.duration):
            return self._way.finish(work.claim, work.listening)

    def _give_back_unbegun(self) -> None:
        for work in [each for each in self._calls.values() if self._ahead.cancel(each.claim)]:
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
        self._ahead.drop(claim)
