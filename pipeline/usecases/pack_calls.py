"""Many calls at once: made ready in threads, recognised in full batches, finished one by one.

Calls are taken in while there is room. Each is decoded and searched for speech ahead of the model;
the speech of all of them shares batches, oldest call first; a call whose last row is recognised
is finished at once, while the next batch runs. A call that goes wrong ends alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field

from pipeline.domain.call import Call, Claim
from pipeline.domain.errors import LeaseLost, TransientError
from pipeline.domain.ids import CallId
from pipeline.domain.transcript import Word
from pipeline.ports import Recogniser
from pipeline.stages.pack_rows import Placed, Shelf
from pipeline.stages.transcribe import Prepared
from pipeline.usecases.deck import Deck
from pipeline.usecases.keep_lease import KeptLeases

AHEAD = 2
"""Threads that make calls ready. More would only hold more audio in memory."""
_ENOUGH_SECONDS = 1200.0
"""Speech that waits on the shelf before no further call is taken in: memory has an end."""
_ASK_AGAIN = 0.25
"""Seconds until a source that had nothing is asked again, while other calls run."""

_UNKNOWN = float("inf")

Words = Sequence[tuple[Word, ...]]
Watch = Callable[[float], AbstractContextManager[None]]
"""Ends the process where the block, which works on that many seconds of audio, hangs."""


@dataclass(frozen=True, slots=True)
class Way:
    """The steps of a call before and after recognition. `finish` gets the words of each row;
    both may raise `LeaseLost` and other `TransientError`s, upon which the call is given back."""

    prepare: Callable[[Claim], Prepared | Call]
    finish: Callable[[Claim, Prepared, Words], Prepared | Call]


@dataclass(slots=True)
class _AtWork:
    claim: Claim
    prepared: Prepared
    words: list[tuple[Word, ...] | None] = field(repr=False)


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
        self._shelf = Shelf()
        self._claims: dict[CallId, Claim] = {}
        self._at_work: dict[CallId, _AtWork] = {}
        self._futures: dict[Future[Prepared | Call], CallId] = {}
        self._preparing: set[Future[Prepared | Call]] = set()
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
            while self._take_in() or self._claims:
                if self._stopping():
                    self._give_back_unbegun()
                self._collect()
                batch = self._shelf.take(self._recogniser.windowing.batch)
                if batch:
                    self._recognise(batch)
        if self._trouble is not None:
            raise self._trouble

    def _take_in(self) -> bool:
        """Whether anything came."""
        if self._stopping() or self._trouble is not None:  # trouble is around us: wait outside
            return False
        room = self._deck.policy.calls_at_once - len(self._claims)
        idle = not self._claims
        enough = self._shelf.seconds > _ENOUGH_SECONDS
        if room <= 0 or enough or (not idle and time.monotonic() - self._asked < _ASK_AGAIN):
            return False
        try:
            claims = self._more(room)
        except TransientError as error:
            if idle:
                raise
            claims, self._trouble = (), self._trouble or error
        self._asked = float("-inf") if claims else time.monotonic()
        for claim in claims:
            self._claims[claim.call.id] = claim
            self._leases.keep(claim)
            future = self._ahead.submit(self._prepare, claim)
            self._futures[future] = claim.call.id
            self._preparing.add(future)
        return bool(claims)

    def _collect(self) -> None:
        """What the threads have done; waits for it where there is nothing to recognise."""
        timeout = 0.0 if len(self._shelf) else _ASK_AGAIN
        done, _ = wait(self._futures, timeout, FIRST_COMPLETED)
        for future in done:
            call_id = self._futures.pop(future)
            self._preparing.discard(future)
            try:
                result = future.result()
            except Exception as error:
                self._give_up(call_id, error)
                continue
            if isinstance(result, Prepared):
                self._put_on_shelf(call_id, result)
            else:
                self._ended(call_id, result)

    def _prepare(self, claim: Claim) -> Prepared | Call:
        with self._watch(_UNKNOWN):
            return self._way.prepare(claim)

    def _put_on_shelf(self, call_id: CallId, prepared: Prepared) -> None:
        work = _AtWork(self._claims[call_id], prepared, [None] * len(prepared.rows))
        self._at_work[call_id] = work
        self._shelf.put(call_id, prepared.rows)
        self._finish_if_whole(work)

    def _recognise(self, batch: Sequence[Placed]) -> None:
        try:
            with self._watch(sum(each.row.seconds for each in batch)):
                heard = self._recogniser.recognise([each.row for each in batch])
        except Exception as error:
            self._one_by_one(batch, error)
            return
        for each, words in zip(batch, heard, strict=True):
            work = self._at_work.get(CallId(str(each.owner)))
            if work is not None:
                work.words[each.number] = words
                self._finish_if_whole(work)

    def _one_by_one(self, batch: Sequence[Placed], error: Exception) -> None:
        """A batch that broke says not which call broke it."""
        owners = list(dict.fromkeys(CallId(str(each.owner)) for each in batch))
        if len(owners) == 1:
            self._give_up(owners[0], error)
            return
        for owner in owners:
            self._recognise([each for each in batch if each.owner == owner])

    def _finish_if_whole(self, work: _AtWork) -> None:
        words = [each for each in work.words if each is not None]
        if len(words) == len(work.words):
            del self._at_work[work.claim.call.id]
            finish = self._behind.submit(self._way.finish, work.claim, work.prepared, words)
            self._futures[finish] = work.claim.call.id

    def _give_back_unbegun(self) -> None:
        for future in [each for each in self._preparing if each.cancel()]:
            self._preparing.discard(future)
            self._release(self._claims[self._futures.pop(future)])

    def _give_up(self, call_id: CallId, error: Exception) -> None:
        """Give the call back where trying again helps. Where something unforeseen happened its
        lease runs out, which counts as an attempt."""
        claim = self._claims[call_id]
        self._shelf.drop(call_id)
        self._at_work.pop(call_id, None)
        if isinstance(error, LeaseLost):
            self._forget(claim)
            with suppress(TransientError):
                self._told(self._deck.calls.call(call_id))
            return
        if isinstance(error, TransientError):
            self._release(claim)
        else:
            self._forget(claim)
        self._trouble = self._trouble or error
        self._broke(call_id, error)

    def _release(self, claim: Claim) -> None:
        self._forget(claim)
        with suppress(TransientError):  # then the lease runs out instead
            self._deck.calls.release(claim, self._deck.clock.now())

    def _ended(self, call_id: CallId, call: Call) -> None:
        self._forget(self._claims[call_id])
        self._told(call)

    def _forget(self, claim: Claim) -> None:
        self._leases.let_go(claim)
        del self._claims[claim.call.id]
