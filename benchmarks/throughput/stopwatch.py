"""Time by stage, each second counted once: a stage that another one begins pauses that one."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

T = TypeVar("T")
Read = Callable[[], tuple[float, float]]
"""Wall seconds and CPU seconds."""


def _read() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


class Stopwatch:
    """Adds up seconds by stage. CPU seconds are those of the whole process, for a model computes
    in threads of its own: run one call at a time."""

    def __init__(self, read: Read = _read) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._stack = threading.local()
        self.wall: dict[str, float] = defaultdict(float)
        self.cpu: dict[str, float] = defaultdict(float)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """The block is that stage, in this thread."""
        names = self._names()
        self._turn(names)
        names.append(name)
        try:
            yield
        finally:
            self._turn(names)
            names.pop()

    def timed(self, name: str, function: Callable[..., T]) -> Callable[..., T]:
        """`function` as that stage."""

        @wraps(function)
        def run(*arguments: Any, **named: Any) -> T:
            with self.stage(name):
                return function(*arguments, **named)

        return run

    def each(self, name: str, items: Iterator[T]) -> Iterator[T]:
        """`items`, what it takes to make each of them as that stage."""
        while True:
            with self.stage(name):
                try:
                    item = next(items)
                except StopIteration:
                    return
            yield item

    def _names(self) -> list[str]:
        if not hasattr(self._stack, "names"):
            self._stack.names, self._stack.since = [], (0.0, 0.0)
        names: list[str] = self._stack.names
        return names

    def _turn(self, names: list[str]) -> None:
        """What passed since the last turn belongs to the innermost stage."""
        now, since = self._read(), self._stack.since
        if names:
            with self._lock:
                self.wall[names[-1]] += now[0] - since[0]
                self.cpu[names[-1]] += now[1] - since[1]
        self._stack.since = now


class Timed:
    """Stands before `inner`; methods that are named count as their stage."""

    def __init__(self, inner: Any, watch: Stopwatch, stages: dict[str, str]) -> None:
        self._inner, self._watch, self._stages = inner, watch, stages

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        stage = self._stages.get(name, self._stages.get("*"))
        if stage is None or not callable(found):
            return found
        return self._watch.timed(stage, found)
