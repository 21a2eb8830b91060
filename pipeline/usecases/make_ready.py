"""Calls made ready for recognition in threads, stretch by stretch, ahead of the model.

A call that has just come goes before the next stretch of a long one: nobody waits until an hour is
decoded. No more is made ready than is soon recognised.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from types import TracebackType

from pipeline.domain.call import Call, Claim
from pipeline.ports import BLOCK_SECONDS
from pipeline.stages.transcribe import Part

Watch = Callable[[float], AbstractContextManager[None]]
"""Ends the process where the block, which works on that many seconds of audio, hangs."""
Parts = Generator[Part, None, Call | None]
"""The stretches of a recording; comes back with the call where that ended."""
End = Call | BaseException | None
"""How making ready ended: the call has ended, it went wrong, or the recording is whole."""


_SHORT = 3
"""Steps that a call of two stretches takes; the third one finds its end."""


@dataclass(slots=True, eq=False)
class _Course:
    claim: Claim
    parts: Parts = field(repr=False)
    arrived: int
    steps: int = 0
    at_work: bool = False
    dropped: bool = False

    @property
    def turn(self) -> tuple[int, int, int]:
        return -self.claim.call.priority, min(self.steps, _SHORT), self.arrived


class MakingReady(AbstractContextManager["MakingReady"]):
    """`threads` that make calls ready while the block runs. `has_enough` says, of the seconds of
    speech that were told and not `taken` yet, whether to wait; `tell` hears of each stretch and of
    the end, from any thread."""

    def __init__(
        self,
        threads: int,
        has_enough: Callable[[float], bool],
        tell: Callable[[Claim, Part | End], None],
        watch: Watch,
    ) -> None:
        self._has_enough, self._tell, self._watch = has_enough, tell, watch
        self._changed = threading.Condition()
        self._courses: list[_Course] = []
        self._coming = 0.0
        self._arrived = 0
        self._over = False
        self._threads = [
            threading.Thread(target=self._work, name=f"prepare_{at}") for at in range(threads)
        ]

    def __enter__(self) -> MakingReady:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stretches that are being made are finished, no other is begun."""
        with self._changed:
            self._over = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        for course in list(self._courses):
            self._put_away(course)

    @property
    def coming(self) -> float:
        """Seconds of speech that were told and not taken yet."""
        return self._coming

    @property
    def unbegun(self) -> int:
        """How many calls have not had their first turn."""
        with self._changed:
            return sum(not each.steps for each in self._courses)

    def begin(self, claim: Claim, parts: Parts) -> None:
        """Make this call ready, too, as soon as it has its turn."""
        with self._changed:
            self._courses.append(_Course(claim, parts, self._arrived))
            self._arrived += 1
            self._changed.notify_all()

    def taken(self, part: Part) -> None:
        """A stretch that was told waits here no more."""
        with self._changed:
            self._coming -= part.seconds
            self._changed.notify_all()

    def look_again(self) -> None:
        """`has_enough` may have changed its mind."""
        with self._changed:
            self._changed.notify_all()

    def cancel(self, claim: Claim) -> bool:
        """Forget a call of which nothing was begun; False where something was."""
        with self._changed:
            course = next((each for each in self._courses if each.claim is claim), None)
            if course is None or course.steps:
                return False
            self._courses.remove(course)
            return True

    def drop(self, claim: Claim) -> None:
        """Forget a call; nothing more is told of it. What it leaves is room for others."""
        with self._changed:
            self._changed.notify_all()
            for course in [each for each in self._courses if each.claim is claim]:
                course.dropped = True
                if not course.at_work:  # else the thread that is at it puts it away
                    self._put_away(course)

    def _work(self) -> None:
        while (course := self._next()) is not None:
            what = self._one_step(course)
            with self._changed:
                course.at_work = False
                wanted = not course.dropped
                if wanted and isinstance(what, Part):
                    self._coming += what.seconds
                else:
                    self._put_away(course)
                self._changed.notify_all()
            if wanted:
                self._tell(course.claim, what)

    def _next(self) -> _Course | None:
        """Whose turn it is, once there is one; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or self._due() is not None)
            course = None if self._over else self._due()
            if course is not None:
                course.at_work = True
                course.steps += 1
            return course

    def _due(self) -> _Course | None:
        if self._has_enough(self._coming):
            return None
        free = (each for each in self._courses if not each.at_work)
        return min(free, key=lambda each: each.turn, default=None)

    def _one_step(self, course: _Course) -> Part | End:
        try:
            with self._watch(BLOCK_SECONDS):
                return next(course.parts)
        except StopIteration as end:
            ended: Call | None = end.value
            return ended
        except BaseException as error:
            return error

    def _put_away(self, course: _Course) -> None:
        self._courses.remove(course)
        with suppress(Exception):  # a recording that nobody wants any more stops no thread
            course.parts.close()
