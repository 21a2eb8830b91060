"""Blobs in one local folder. Whoever writes holds a lock on the half-written file, so that a
reaper in another process can tell an upload in progress from what a crash left."""

from __future__ import annotations

import fcntl
import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from pipeline.adapters.durable_files import (
    create_private,
    full_disk_reported,
    make_private_folder,
    sync_folder,
)
from pipeline.domain.errors import Conflict, NotFound

if TYPE_CHECKING:
    from typing_extensions import Buffer

PART = ".part"
"""Suffix of half-written blobs."""

_NAME = re.compile(r"[a-z0-9_]{1,64}(?:\.part)?\Z")


class FolderObjectStore:
    """An `ObjectStore`; its folder is made on the first write."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def place(self) -> str:
        """See `ObjectStore.place`."""
        return "blobs"

    @contextmanager
    def write(self, name: str) -> Iterator[BinaryIO]:
        """See `ObjectStore.write`. Raises `StorageFull`; `Conflict` where the blob exists."""
        path = self._path(name)
        part = path.with_name(name + PART)
        with full_disk_reported():
            make_private_folder(self._folder)
            if path.exists():
                raise Conflict("there is a blob of this name already")
            writer = _Writer(_create_locked(part))
            try:
                yield cast(BinaryIO, writer)
                os.fsync(writer.fileno())
                part.rename(path)
                sync_folder(self._folder)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
            finally:
                writer.close()

    def open(self, name: str) -> BinaryIO:
        """See `ObjectStore.open`."""
        try:
            return self._path(name).open("rb")
        except FileNotFoundError:
            raise NotFound("the blob is gone") from None

    def delete(self, name: str) -> bool:
        """See `ObjectStore.delete`. A half-written blob stays while its writer lives."""
        path = self._path(name)
        if name.endswith(PART) and _is_locked(path):
            return False
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        sync_folder(self._folder)
        return True

    def list(self) -> Iterator[tuple[str, datetime]]:
        """See `ObjectStore.list`. Half-written blobs end in `.part`."""
        try:
            entries = list(os.scandir(self._folder))
        except FileNotFoundError:
            return
        for entry in entries:
            try:
                changed = entry.stat(follow_symlinks=False).st_mtime
            except FileNotFoundError:
                continue
            if _NAME.match(entry.name) and entry.is_file(follow_symlinks=False):
                yield entry.name, datetime.fromtimestamp(changed, UTC)

    def _path(self, name: str) -> Path:
        if not _NAME.match(name):
            raise NotFound("no blob can have such a name")
        return self._folder / name


class _Writer(io.RawIOBase):
    """Unbuffered, so that a full disk shows at the write it happens at."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def write(self, chunk: Buffer, /) -> int:
        rest = memoryview(chunk).cast("B")
        size = len(rest)
        with full_disk_reported():
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        return size

    def close(self) -> None:
        if not self.closed:
            super().close()
            os.close(self._descriptor)


def _create_locked(part: Path) -> int:
    try:
        descriptor = create_private(part)
    except FileExistsError:
        raise Conflict("this blob is being written already") from None
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def _is_locked(part: Path) -> bool:
    try:
        descriptor = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
