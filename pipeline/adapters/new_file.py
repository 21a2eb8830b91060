"""A file that is there when it is whole, and of which a crash leaves nothing."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pipeline.adapters.durable_files import create_private, full_disk_reported, sync_folder
from pipeline.domain.errors import Conflict, UsageError


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A stream that becomes `path`, readable by its owner only, when the context ends well.
    Raises `Conflict` where there is such a file already, `UsageError` where none can be made,
    `StorageFull`."""
    if path.exists():
        raise Conflict("there is such a file already: it was left as it is")
    with full_disk_reported():
        try:
            descriptor, aside = _nameless(path.parent)
        except OSError as error:
            raise UsageError(
                f"no file can be written there ({os.strerror(error.errno or 0)})"
            ) from None
    try:
        with full_disk_reported(), open(descriptor, "wb") as sink:  # noqa: PTH123
            yield sink
            sink.flush()
            os.fsync(descriptor)
            _name(descriptor, aside, path)
    finally:
        if aside is not None:
            aside.unlink(missing_ok=True)
    sync_folder(path.parent)


def _nameless(folder: Path) -> tuple[int, Path | None]:
    """A file without a name, of which nothing is left when its writer dies; where the file system
    has none, one of a passing name."""
    try:
        return os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600), None
    except OSError:
        aside = folder / f".{secrets.token_hex(8)}.part"
        return create_private(aside), aside


def _name(descriptor: int, aside: Path | None, path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        source = f"/proc/self/fd/{descriptor}" if aside is None else str(aside)
        os.link(source, path, src_dir_fd=folder, follow_symlinks=True)
    except FileExistsError:
        raise Conflict("there is such a file already: it was left as it is") from None
    finally:
        os.close(folder)
