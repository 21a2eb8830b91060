"""A disk that fills up: a small file system where this user may mount one; else processes that
may write no more, which the kernel tells them with another number (`EFBIG`)."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MIB = 1 << 20


class CrampedDisk:
    """At `folder`; `is_small` says whether it is a file system of its own."""

    def __init__(self, folder: Path, is_small: bool) -> None:
        self.folder = folder
        self.is_small = is_small
        self._limited: tuple[int, ...] = ()

    @property
    def free_bytes(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def fill(self, *pids: int, leaving: int = 0) -> None:
        """Until there is room for `leaving` bytes; where the disk is large, for the processes
        `pids` in each of their files."""
        if not self.is_small:
            self._limited = pids
            self._limit(max(leaving, 1))
            return
        with (self.folder / "ballast").open("wb", buffering=0) as ballast:
            try:
                while (much := min(self.free_bytes - leaving, MIB)) > 0:
                    ballast.write(bytes(much))
            except OSError:
                return

    def free(self) -> None:
        """There is room again."""
        (self.folder / "ballast").unlink(missing_ok=True)
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, most: int) -> None:
        for pid in self._limited:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


@contextmanager
def cramped_disk(folder: Path, mebibytes: int = 48) -> Iterator[CrampedDisk]:
    """Mounted there, where that is allowed."""
    folder.mkdir(parents=True)
    options = f"size={mebibytes}m,mode=700"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True
    )
    try:
        yield CrampedDisk(folder, mounted.returncode == 0)
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
