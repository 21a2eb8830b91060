"""Rows of many calls → full batches, oldest call first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from pipeline.ports import Row


@dataclass(frozen=True, slots=True)
class Placed:
    """A row, whose it is, and which of its rows."""

    owner: Hashable
    number: int
    row: Row


class Shelf:
    """Rows that wait. A batch is never waited for: `take` gives what there is."""

    def __init__(self) -> None:
        # By shape, because only rows of one shape share a batch; each in order of arrival.
        self._waiting: dict[Hashable, OrderedDict[int, Placed]] = {}
        self._arrived = 0
        self._seconds = 0.0

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    @property
    def seconds(self) -> float:
        """Seconds of speech that wait."""
        return self._seconds

    def put(self, owner: Hashable, rows: Sequence[Row]) -> None:
        """All rows of one call."""
        for number, row in enumerate(rows):
            self._waiting.setdefault(row.shape, OrderedDict())[self._arrived] = Placed(
                owner, number, row
            )
            self._arrived += 1
            self._seconds += row.seconds

    def take(self, most: int) -> tuple[Placed, ...]:
        """The row that waits longest and up to `most` - 1 others of its shape, in order of
        arrival; nothing where nothing waits."""
        if not self._waiting:
            return ()
        shape = min(self._waiting, key=lambda each: next(iter(self._waiting[each])))
        waiting = self._waiting[shape]
        taken = [waiting.popitem(last=False)[1] for _ in range(min(most, len(waiting)))]
        if not waiting:
            del self._waiting[shape]
        self._seconds -= sum(each.row.seconds for each in taken)
        return tuple(taken)

    def drop(self, owner: Hashable) -> None:
        """Forget the rows of a call that ended."""
        for shape in list(self._waiting):
            kept = OrderedDict(
                (at, each) for at, each in self._waiting[shape].items() if each.owner != owner
            )
            self._waiting[shape] = kept
            if not kept:
                del self._waiting[shape]
        self._seconds = sum(
            each.row.seconds for waiting in self._waiting.values() for each in waiting.values()
        )
