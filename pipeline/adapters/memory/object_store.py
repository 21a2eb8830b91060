"""Blobs in a dict."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import BinaryIO

from pipeline.adapters.memory.clock import StoppedClock
from pipeline.domain.errors import Conflict, NotFound, StorageFull
from pipeline.ports import Clock

_PART = ".part"


class MemoryObjectStore:
    """An `ObjectStore`. `capacity` is in bytes over all blobs; None means no limit."""

    def __init__(self, clock: Clock | None = None, capacity: int | None = None) -> None:
        self.blobs: dict[str, bytes] = {}
        self._changed: dict[str, datetime] = {}
        self._clock = clock or StoppedClock()
        self._capacity = capacity

    @property
    def place(self) -> str:
        """See `ObjectStore.place`."""
        return "blobs"

    @contextmanager
    def write(self, name: str) -> Iterator[BinaryIO]:
        """See `ObjectStore.write`."""
        part = name + _PART
        if name in self.blobs or part in self._changed:
            raise Conflict("there is a blob of this name already")
        self._changed[part] = self._clock.now()
        try:
            stream = io.BytesIO()
            yield stream
            self._check_room(len(stream.getvalue()))
            self.blobs[name] = stream.getvalue()
            self._changed[name] = self._clock.now()
        finally:
            del self._changed[part]

    def open(self, name: str) -> BinaryIO:
        """See `ObjectStore.open`."""
        if name not in self.blobs:
            raise NotFound("the blob is gone")
        return io.BytesIO(self.blobs[name])

    def delete(self, name: str) -> bool:
        """See `ObjectStore.delete`. Half-written blobs stay: their writer lives, or they would
        not be here."""
        if name not in self.blobs:
            return False
        del self.blobs[name], self._changed[name]
        return True

    def list(self) -> Iterator[tuple[str, datetime]]:
        """See `ObjectStore.list`."""
        yield from tuple(self._changed.items())

    def _check_room(self, size: int) -> None:
        used = sum(map(len, self.blobs.values()))
        if self._capacity is not None and used + size > self._capacity:
            raise StorageFull("no room left in memory: nothing was kept")
