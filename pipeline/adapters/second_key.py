"""The hash of the erasure key: a file in the key folder, so that whoever can write the database
cannot put a key of their own there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pipeline.adapters.durable_files import (
    full_disk_reported,
    make_private_folder,
    write_durably,
)


class FileSecondKey:
    """A `SecondKey`. `check` raises where the folder is not the store's."""

    def __init__(self, folder: Path, check: Callable[[], None] = lambda: None) -> None:
        self._path = folder / "erasure.sha256"
        self._check = check

    def digest(self) -> str | None:
        """See `SecondKey`."""
        try:
            return self._path.read_text("ascii").strip()
        except FileNotFoundError:
            return None

    def replace(self, digest: str) -> None:
        """See `SecondKey`. Raises `StorageFull`."""
        self._check()
        with full_disk_reported():
            make_private_folder(self._path.parent)
        write_durably(self._path, f"{digest}\n".encode())
