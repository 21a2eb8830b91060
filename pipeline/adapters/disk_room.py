"""How much room the disk of a folder has."""

from __future__ import annotations

import os
from pathlib import Path


class FolderDiskRoom:
    """A `DiskRoom`: of the file system that `folder` lies on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def free(self) -> int:
        """See `ports.DiskRoom`. What only root may use does not count."""
        found = os.statvfs(self._folder)
        return found.f_bavail * found.f_frsize
