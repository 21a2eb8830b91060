"""Where a restore builds the store: a folder of its own in the data folder, out of which all is
moved at the end, the database last. Without a database in its place there is no store."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.adapters.durable_files import full_disk_reported, make_private_folder, sync_folder
from pipeline.domain.backup import DATABASE, RECORDINGS
from pipeline.domain.errors import Conflict

STAGING = "restoring"
_LOCK = "up.lock"
_OF_SETTINGS = frozenset({_LOCK, "deckname.toml"})


@contextmanager
def staged(home: Path) -> Iterator[Path]:
    """A fresh folder inside `home`; `place` moves out of it what is whole. Raises `Conflict` where
    `home` holds anything, or `deckname up` runs there. What an earlier restore left that was
    killed, goes."""
    with full_disk_reported():
        make_private_folder(home)
    with _alone(home):
        _reap(home)
        left = sorted(path.name for path in home.iterdir() if path.name not in _OF_SETTINGS)
        if left:
            raise Conflict(
                f"the data folder is not empty ({len(left)} entries): move it away, or restore"
                " --into another one; nothing was changed"
            )
        folder = home / STAGING
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            _reap(home)


def place(folder: Path, take_in: Callable[[Path], None] | None = None) -> None:
    """Move the store out of the staging folder. After the last step it is there, before it not:
    that is the move of the database's file, or `take_in`, by which a server takes its rows in."""
    home = folder.parent
    for recordings in folder.glob(RECORDINGS):
        recordings.rename(home / RECORDINGS)
    sync_folder(home)
    if take_in is not None:
        take_in(folder / DATABASE)
        end_placing(home)
        return
    (folder / DATABASE).rename(home / DATABASE)
    sync_folder(home)
    sync_folder(folder)


def end_placing(home: Path) -> None:
    """The server has taken the rows in: what is left of the staging folder goes."""
    with suppress(FileNotFoundError):  # a start may do the same at this moment
        shutil.rmtree(home / STAGING)
    sync_folder(home)


def is_cut_short(home: Path) -> bool:
    """Whether a restore was killed here, and none runs."""
    return (home / STAGING).is_dir() and not (home / DATABASE).exists()


def reap_staging(home: Path) -> None:
    """Remove what a restore left that was killed once its store was in its place."""
    if (home / DATABASE).exists():
        shutil.rmtree(home / STAGING, ignore_errors=True)


def _reap(home: Path) -> None:
    if (home / STAGING).is_dir() and not (home / DATABASE).exists():
        shutil.rmtree(home / RECORDINGS, ignore_errors=True)
    shutil.rmtree(home / STAGING, ignore_errors=True)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """The lock of `deckname up`, which does not start while a restore runs either."""
    lock = os.open(home / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Conflict("`deckname up` runs in this data folder: end it first") from None
    else:
        yield
    finally:
        os.close(lock)
