"""Files that are whole or absent: written aside, synced, then renamed into place."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.domain.errors import StorageFull

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def full_disk_reported() -> Iterator[None]:
    """Inside, an `OSError` that means "no room" becomes `StorageFull`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull("no room left on the disk: nothing was kept; free some") from None
        raise


def make_private_folder(path: Path) -> None:
    """Create `path` for its owner only; an existing folder keeps its mode."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def sync_folder(path: Path) -> None:
    """Make renames and unlinks in `path` durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def create_private(path: Path) -> int:
    """Descriptor of a new file, readable by its owner only. Raises `FileExistsError`."""
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)


def write_all(descriptor: int, content: bytes) -> None:
    """`os.write` until all of `content` is written."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def write_durably(path: Path, content: bytes) -> None:
    """Create or replace `path` atomically. Raises `StorageFull`; then `path` is as it was."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with full_disk_reported():
            descriptor = create_private(aside)
            try:
                write_all(descriptor, content)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            aside.replace(path)
            sync_folder(path.parent)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def shred(path: Path) -> bool:
    """Overwrite, unlink and sync; False where there was no file.

    On copy-on-write and flash storage the overwriting may miss the old blocks: encrypt the disk.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        overwrite(descriptor)
    finally:
        os.close(descriptor)
    path.unlink()
    sync_folder(path.parent)
    return True


def overwrite(descriptor: int) -> None:
    """Random bytes in the place of all that the file holds, synced."""
    write_all(descriptor, secrets.token_bytes(os.fstat(descriptor).st_size))
    os.fsync(descriptor)
