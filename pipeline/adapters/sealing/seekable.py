"""A sealed stream as a file that can be read from any place, one piece of it in memory.

Tink's own stream goes forward only, so going back means beginning anew. Decoders go back a few
times, to a header; a file that is made to send them back and forth is read into memory instead.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

import tink

from pipeline.domain.errors import DecknameError, SealBroken

if TYPE_CHECKING:
    from typing_extensions import Buffer

PIECE = 1 << 20
"""Bytes: Tink's segment, which it authenticates and opens as one."""

MAX_RESTARTS = 16

BROKEN = "the seal is broken: altered, cut short, or sealed with another key"


class OpenedStream(io.RawIOBase):
    """The plaintext of what `begin` begins to decrypt, from its start each time.

    All of it is authenticated before anything is given out. `error` is what broke it later:
    decoders swallow what their source raises, so look there when they are done.
    """

    def __init__(self, begin: Callable[[], BinaryIO], source: Watched) -> None:
        """`begin` reads `source`. Raises `SealBroken`, and what `source` raises."""
        super().__init__()
        self.error: DecknameError | None = None
        self._begin, self._source = begin, source
        self._stream: BinaryIO | None = None
        self._restarts = 0
        self._head = b""
        self._piece, self._piece_at = b"", 0
        self._position, self._size = 0, self._authenticated()

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Bytes of plaintext before the next read."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Costs nothing; the next read does."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Buffer, /) -> int:
        """Up to the end of a piece. Raises `SealBroken`, and what the source raises."""
        target = memoryview(buffer).cast("B")
        if self._position >= self._size or not target:
            return 0
        found = self._at(self._position)[: len(target)]
        target[: len(found)] = found
        self._position += len(found)
        return len(found)

    def close(self) -> None:
        """And let go of the plaintext."""
        if not self.closed:
            self._end()
            self._head = self._piece = b""
        super().close()

    def _authenticated(self) -> int:
        size = 0
        self._restart()
        while piece := self._next():
            self._head = self._head or piece
            size += len(piece)
        self._end()
        return size

    def _at(self, position: int) -> memoryview:
        """At least one byte from `position` on."""
        if position < len(self._head):
            return memoryview(self._head)[position:]
        if self._stream is None or position < self._piece_at:
            self._restart()
        while position >= self._piece_at + len(self._piece):
            following = self._piece_at + len(self._piece)
            self._piece, self._piece_at = self._next(), following
            if not self._piece:
                raise self._broken()
        return memoryview(self._piece)[position - self._piece_at :]

    def _restart(self) -> None:
        self._end()
        self._restarts += 1
        try:
            self._stream = self._begin()
        except (tink.TinkError, DecknameError):
            raise self._broken() from None
        if self._restarts > MAX_RESTARTS:
            self._head = b"".join(iter(self._next, b""))

    def _next(self) -> bytes:
        assert self._stream is not None
        try:
            return self._stream.read(PIECE) or b""
        except (tink.TinkError, DecknameError):
            raise self._broken() from None

    def _broken(self) -> DecknameError:
        self.error = self._source.broken()
        return self.error

    def _end(self) -> None:
        self._piece, self._piece_at = b"", 0
        if self._stream is not None:
            self._stream.close()
            self._stream = None


class Watched(io.RawIOBase):
    """A source that remembers what it raised, which Tink flattens into text: a server that is away
    is no broken seal."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__()
        self._source = source
        self._error: DecknameError | None = None

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """What the source reads."""
        try:
            return self._source.read(size)
        except DecknameError as error:
            self._error = error
            raise

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """As the source seeks."""
        return self._source.seek(offset, whence)

    def broken(self) -> DecknameError:
        """Why decrypting it failed."""
        return self._error or SealBroken(BROKEN)

    def close(self) -> None:
        """And the source."""
        self._source.close()
        super().close()


class Borrowed(io.RawIOBase):
    """A source that Tink may close without closing it."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__()
        self._source = source

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """What the source reads."""
        return self._source.read(size)
