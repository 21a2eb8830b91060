"""The folder for temporary files: audio of ours that somebody decoded or uploaded through it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from pipeline.stages.sniff_format import sniff
from pipeline.usecases.verification.files import Found, found, head, sings
from pipeline.usecases.verification.findings import Canaries, Finding, Looked, Server, StorePlaces

_DEPTH = 4
"""Folders below the temporary one that are entered to look for audio."""


def verify_temp(places: StorePlaces, canaries: Canaries, looked: Looked) -> Iterator[Finding]:
    """Files of `temp_files` that begin like audio or hold a canary."""
    for file in temp_files(places, _DEPTH):
        looked["temp_files"] += 1
        with suppress(OSError):
            if sniff(head(file.path)) is not None:
                yield Finding("audio_in_temp", file.place, "a temporary file begins like audio")
            if canaries and sings(file.path, canaries):
                yield Finding("content_in_temp", file.place, "a temporary file holds content")


def temp_files(places: StorePlaces, depth: int | None = None) -> Iterator[Found]:
    """Files of this user, changed since the store was made, `depth` folders down at most. What was
    there before is none of the store's: other people's files are not to be opened, and neither
    are the store's own, which are searched as such."""
    if places.temp is None:
        return
    own, since = os.getuid(), _made(places)
    for file in _files(places.temp, {places.home, places.keys}, depth):
        if file.owner == own and file.regular and (since is None or file.changed >= since):
            yield file


def _files(folder: Path, spared: set[Path], depth: int | None) -> Iterator[Found]:
    top = len(folder.parts)
    for where, folders, names in os.walk(folder):
        at = Path(where)
        deep = depth is not None and len(at.parts) - top >= depth
        folders[:] = [] if deep else [name for name in folders if at / name not in spared]
        for name in names:
            with suppress(OSError):
                yield found(folder, at / name)


def _made(places: StorePlaces) -> datetime | None:
    """When the database was: its lock file is written once, at that moment, and so is the file
    that ties the keys to a server's."""
    if isinstance(places.database, Server):
        marks = (places.keys / "stores").glob("store_*")
        return min((found(places.keys, mark).changed for mark in marks), default=None)
    for name in (places.database.name + ".lock", places.database.name):
        with suppress(OSError):
            return found(places.database.parent, places.database.parent / name).changed
    return None
