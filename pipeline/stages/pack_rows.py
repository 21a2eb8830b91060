"""Rows of many calls → full batches, each call its share."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from pipeline.ports import Row


@dataclass(frozen=True, slots=True)
class Placed:
    """A row, whose it is, and which of its rows."""

    owner: Hashable
    number: int
    row: Row


class Shelf:
    """Rows that wait. A batch is never waited for: `take` gives what there is.

    Calls share the model as start-time fair queueing shares a line (Goyal, Vin and Cheng, 1996):
    the rows of a call that comes while an hour-long one runs are next, in turn with its rows.
    Those of a higher priority go before all others.
    """

    def __init__(self) -> None:
        # By shape, because only rows of one shape share a batch: heaps of (-priority, turn,
        # arrival, row).
        self._waiting: dict[Hashable, list[tuple[int, int, int, Placed]]] = {}
        self._arrived = 0
        self._turn = 0
        self._following: dict[Hashable, int] = {}  # of each owner the turn of its next row
        self._seconds = 0.0

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    @property
    def seconds(self) -> float:
        """Seconds of speech that wait."""
        return self._seconds

    def put(self, owner: Hashable, rows: Sequence[Row], first: int = 0, priority: int = 0) -> None:
        """Rows of one call, numbered from `first` on."""
        turn = max(self._turn, self._following.get(owner, 0))
        self._following[owner] = turn + len(rows)
        for ahead, row in enumerate(rows):
            placed = Placed(owner, first + ahead, row)
            place = (-priority, turn + ahead, self._arrived, placed)
            heappush(self._waiting.setdefault(row.shape, []), place)
            self._arrived += 1
            self._seconds += row.seconds

    def take(self, most: int) -> tuple[Placed, ...]:
        """The row whose turn it is and up to `most` - 1 others of its shape, in order of their
        turns; nothing where nothing waits."""
        if not self._waiting:
            return ()
        shape = min(self._waiting, key=lambda each: self._waiting[each][0][:3])
        waiting = self._waiting[shape]
        self._turn = max(self._turn, waiting[0][1])
        taken = [heappop(waiting)[3] for _ in range(min(most, len(waiting)))]
        if not waiting:
            del self._waiting[shape]
        self._seconds -= sum(each.row.seconds for each in taken)
        return tuple(taken)

    def drop(self, owner: Hashable) -> None:
        """Forget a call that ended, and its rows."""
        self._following.pop(owner, None)
        for shape, waiting in list(self._waiting.items()):
            kept = [each for each in waiting if each[3].owner != owner]
            heapify(kept)
            self._waiting[shape] = kept
            if not kept:
                del self._waiting[shape]
        self._seconds = sum(
            each[3].row.seconds for waiting in self._waiting.values() for each in waiting
        )
