"""One blob on its way to the server, in parts, and back, in pieces. Neither is ever whole here."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from pipeline.adapters.s3_store.client import S3Client, parsed, text
from pipeline.domain.errors import NotFound, ServiceUnavailable

if TYPE_CHECKING:
    from typing_extensions import Buffer

PART_BYTES = 8 << 20
"""Of every part but the last; S3 takes no fewer than 5 MiB, and 10,000 parts."""

PIECE_BYTES = 4 << 20

_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)\Z")


class PartWriter(io.RawIOBase):
    """An upload in parts, begun when this is made. Nothing is an object before `complete`."""

    def __init__(
        self, client: S3Client, name: str, patience: float, monotonic: Callable[[], float]
    ) -> None:
        """`patience` is how many seconds may pass from one part to the next."""
        super().__init__()
        self._client, self._name = client, name
        self._patience, self._monotonic = patience, monotonic
        self._buffer = bytearray()
        self._tags: list[str] = []
        self.upload_id = text(parsed(client.ask("POST", name, [("uploads", "")])), "UploadId")
        self.completing = False
        """Whether the server was asked to make it an object."""
        self._last_part = monotonic()
        if not self.upload_id:
            raise ServiceUnavailable("the S3 server answers something that is not S3")

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, chunk: Buffer, /) -> int:
        """All of it. Raises `StorageFull`, `ServiceUnavailable`."""
        rest = memoryview(chunk).cast("B")
        size = len(rest)
        while rest:
            taken = rest[: PART_BYTES - len(self._buffer)]
            self._buffer += taken
            rest = rest[len(taken) :]
            if len(self._buffer) == PART_BYTES:
                self._send_part()
        return size

    def complete(self) -> None:
        """Send what is left, and make it an object: durable, and whole."""
        if self._buffer or not self._tags:
            self._send_part()
        parts = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(tag)}</ETag></Part>"
            for number, tag in enumerate(self._tags, start=1)
        )
        body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
        self.completing = True
        try:
            self._client.ask("POST", self._name, [("uploadId", self.upload_id)], body)
        except NotFound:
            self._check_completed()

    def close(self) -> None:
        """And let go of what was not sent."""
        if not self.closed:
            self._buffer.clear()
        super().close()

    def _send_part(self) -> None:
        if self._monotonic() - self._last_part > self._patience:
            raise ServiceUnavailable("the recording came too slowly: nothing was kept")
        query = [("partNumber", str(len(self._tags) + 1)), ("uploadId", self.upload_id)]
        try:
            answer = self._client.ask("PUT", self._name, query, self._buffer)
        except NotFound:
            raise ServiceUnavailable(
                "the S3 server dropped an upload under its writer: nothing was kept"
            ) from None
        self._tags.append(answer.headers.get("etag", ""))
        self._buffer.clear()
        self._last_part = self._monotonic()

    def _check_completed(self) -> None:
        """The first answer to `complete` was lost, and the server knows the upload no more: it
        is an object now, or somebody aborted it."""
        try:
            self._client.get(self._name, range="bytes=0-0")
        except NotFound:
            raise ServiceUnavailable(
                "the S3 server dropped an upload under its writer: nothing was kept"
            ) from None


class BlobReader(io.RawIOBase):
    """An object, read in pieces from any place. Begins to read when it is made."""

    def __init__(self, client: S3Client, name: str) -> None:
        """Raises `NotFound`, `ServiceUnavailable`."""
        super().__init__()
        self._client, self._name = client, name
        self._position, self._size = 0, 0
        self._piece, self._piece_at = b"", 0
        self._fetch(0, PIECE_BYTES)

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Bytes before the next read."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Costs nothing; the next read does."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Buffer, /) -> int:
        """Up to the end of a piece. Raises `NotFound`, `ServiceUnavailable`."""
        target = memoryview(buffer).cast("B")
        if self._position >= self._size or not target:
            return 0
        if not self._piece_at <= self._position < self._piece_at + len(self._piece):
            self._fetch(self._position, PIECE_BYTES)
        start = self._position - self._piece_at
        found = memoryview(self._piece)[start : start + len(target)]
        target[: len(found)] = found
        self._position += len(found)
        return len(found)

    def close(self) -> None:
        """And let go of the piece."""
        self._piece = b""
        super().close()

    def _fetch(self, start: int, count: int) -> None:
        """An object that became shorter has no more to give: its seal will not hold."""
        answer = self._client.get(self._name, range=f"bytes={start}-{start + count - 1}")
        told = _RANGE.match(answer.headers.get("content-range", ""))
        if answer.status == 416:
            self._piece, self._piece_at, self._size = b"", start, min(start, self._size)
            return
        if told is None or int(told[1]) != start:
            raise ServiceUnavailable("the S3 server does not give out parts of a blob")
        self._piece, self._piece_at, self._size = answer.content, start, int(told[3])
