"""A power cut at a chosen point of whatever runs: from there on the process changes nothing more.

`PowerCut` is no `Exception`, so nothing that runs takes it for an error; and what a `finally` would
still tidy up in this process is refused, as a killed one would not have done it either.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from sqlalchemy import Connection, Engine, event

from pipeline.adapters.database import Database
from pipeline.adapters.file_ledger import FileLedger

POINTS = ("commit", "committed", "tell", "told", "write", "rename", "unlink")
"""Before and after a database commit, in the middle of a line of the ledger and behind it, in the
middle of another file, before a file gets its name, before one loses it."""


class PowerCut(BaseException):
    """The process is dead."""


class Power:
    """Ends at the `nth` time that `point` is reached, or any point where that is None."""

    def __init__(self, point: str | None, nth: int) -> None:
        self._point, self._left = point, nth
        self._lock = threading.Lock()
        self._telling = threading.local()
        self.cut = False

    def reach(self, point: str) -> None:
        """Raises `PowerCut` here, and ever after."""
        with self._lock:
            self._left -= self._point in (None, point)
            self.cut = self.cut or self._left == 0
            if self.cut:
                raise PowerCut

    @contextmanager
    def on(self) -> Iterator[None]:
        """Everything that changes the store passes a point while this is open."""
        with ExitStack() as stack:
            for name, point in (("replace", "rename"), ("rename", "rename"), ("unlink", "unlink")):
                stack.enter_context(mock.patch.object(os, name, self._before(point, name)))
            stack.enter_context(mock.patch.object(os, "write", self._write(os.write)))
            stack.enter_context(mock.patch.object(FileLedger, "append", self._append()))
            stack.enter_context(mock.patch.object(Database, "write", self._transaction()))
            event.listen(Engine, "commit", self._commit)
            stack.callback(event.remove, Engine, "commit", self._commit)
            yield

    def _before(self, point: str, name: str) -> Callable[..., Any]:
        original = getattr(os, name)

        def reached(*arguments: Any, **named: Any) -> Any:
            self.reach(point)
            return original(*arguments, **named)

        return reached

    def _write(self, original: Callable[[int, Any], int]) -> Callable[[int, Any], int]:
        def write(descriptor: int, content: Any) -> int:
            point = "tell" if getattr(self._telling, "inside", False) else "write"
            before = self.cut
            try:
                self.reach(point)
            except PowerCut:
                if not before:
                    original(descriptor, bytes(content)[: len(content) // 2])
                raise
            return original(descriptor, content)

        return write

    def _append(self) -> Callable[..., None]:
        original, telling = FileLedger.append, self._telling

        def append(ledger: FileLedger, *arguments: Any, **named: Any) -> None:
            telling.inside = True
            try:
                original(ledger, *arguments, **named)
            finally:
                telling.inside = False
            self.reach("told")

        return append

    def _transaction(self) -> Callable[..., Any]:
        original, reach = Database.write, self.reach

        @contextmanager
        def write(database: Database, *arguments: Any, **named: Any) -> Iterator[Connection]:
            with original(database, *arguments, **named) as connection:
                yield connection
            reach("committed")

        return write

    def _commit(self, connection: Connection) -> None:
        if not connection.get_execution_options().get("deckname_read_only", False):
            self.reach("commit")
