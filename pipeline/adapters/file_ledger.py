"""The deletion ledger: one chained JSON line a deletion, in the key folder.

It lies where no backup of the data reaches, so a restored database can be told what must not come
back. Whoever appends holds a lock; a line that a crash cut short is dropped by the next writer.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from pipeline.adapters.durable_files import (
    create_private,
    full_disk_reported,
    make_private_folder,
    sync_folder,
    write_all,
)
from pipeline.adapters.ledger_start import is_start, read_start, start_line
from pipeline.adapters.told_ids import ToldIds
from pipeline.domain.audit import GENESIS
from pipeline.domain.deletion import LedgerEntry
from pipeline.domain.errors import SealBroken, ServiceUnavailable
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.ledger import START, TOLD_FREELY, LedgerMark

_FILE = "deletions.jsonl"
_BLOCK = 1 << 16
_DIGEST = -len(f',"{GENESIS}"]\n')
_TAIL = re.compile(rb',"([0-9a-f]{64})"\]\n')
_WAY_OUT = (
    "put back its own copy (DECKNAME_KEYS/ledger); where there is none, move the file out of the "
    "key folder, and `deckname backup remake-ledger` writes one from what the database knows"
)
_DAMAGED = f"the deletion ledger is damaged: {_WAY_OUT}"
_ALTERED = f"the deletion ledger was altered, its chain is broken: {_WAY_OUT}"


class FileLedger:
    """A `DeletionLedger`. `check` raises where the folder is not the store's."""

    def __init__(self, folder: Path, check: Callable[[], None] = lambda: None) -> None:
        self._path = folder / _FILE
        self._check = check
        self._told = ToldIds()
        self._read_to = 0
        self._last = GENESIS
        self._start = START

    def append(self, *entries: LedgerEntry, lasting: bool = True) -> None:
        """See `DeletionLedger`. Raises `StorageFull`, `SealBroken`, and what `check` raises."""
        if not entries:
            return
        self._check()
        with self._locked() as descriptor, full_disk_reported():
            end, last = self._end(descriptor, entries)
            os.ftruncate(descriptor, end)
            lines = []
            for entry in entries:
                if entry.id not in self._told:
                    lines.append(_line(entry, last))
                    last = _digest(lines[-1])
            os.lseek(descriptor, end, os.SEEK_SET)
            write_all(descriptor, b"".join(lines))
            if lasting:
                os.fsync(descriptor)

    def entries(
        self, after: LedgerMark = START, until: LedgerMark | None = None
    ) -> Iterator[LedgerEntry]:
        """See `DeletionLedger`."""
        try:
            with _usable(), self._path.open("rb") as lines:
                start = read_start(lines)
                begin = max(after, start.mark, key=lambda mark: mark.position)
                last, at = begin.digest, begin.position
                lines.seek(start.place(at))
                for line in lines:
                    at += len(line)
                    if not line.endswith(b"\n") or (until is not None and at > until.position):
                        return
                    entry, last = _parsed(line, last)
                    yield entry
        except FileNotFoundError:
            return

    def end(self) -> LedgerMark:
        """See `DeletionLedger`."""
        try:
            with _usable(), self._path.open("rb") as source:
                os.fsync(source.fileno())  # nobody remembers an end that a power cut takes away
                start, end = read_start(source), _end_of_lines(source)
                mark = START if end == 0 else _mark(source, end)
        except FileNotFoundError:
            return START
        if mark is None:
            raise SealBroken(_DAMAGED)
        return start.counted(mark)

    def start(self) -> LedgerMark:
        """See `DeletionLedger`."""
        try:
            with _usable(), self._path.open("rb") as source:
                return read_start(source).mark
        except FileNotFoundError:
            return START

    def holds(self, mark: LedgerMark) -> bool:
        """See `DeletionLedger`."""
        try:
            with _usable(), self._path.open("rb") as source:
                return _holds(source, mark)
        except FileNotFoundError:
            return mark == START

    def latest(self, limit: int = 64) -> tuple[LedgerEntry, ...]:
        """See `DeletionLedger`. Reads the end of the file only; the lines it reads must chain."""
        try:
            with _usable(), self._path.open("rb") as source:
                lines = _last_lines(source, limit + 1)
        except FileNotFoundError:
            return ()
        # The line before the first one is read for its digest only.
        before = lines and (len(lines) > limit or is_start(lines[0]))
        last = _digest(lines.pop(0)) if before else GENESIS
        entries = []
        for line in lines:
            entry, last = _parsed(line, last)
            entries.append(entry)
        return tuple(entries)

    def mark_before(self, moment: datetime) -> LedgerMark:
        """See `DeletionLedger`."""
        reached = self.start()
        if reached == self.end():
            return reached
        with _usable(), self._path.open("rb") as lines:
            lines.seek(read_start(lines).place(reached.position))
            for line in lines:
                entry, digest = _parsed(line, reached.digest)
                if entry.at > moment:
                    break
                reached = LedgerMark(reached.position + len(line), digest)
        return reached

    def forget(self, until: LedgerMark) -> None:
        """See `DeletionLedger`. Raises `StorageFull`, and what `check` raises."""
        self._check()
        with (
            self._locked() as descriptor,
            full_disk_reported(),
            os.fdopen(os.dup(descriptor), "rb") as source,
        ):
            start = read_start(source)
            if until.position <= start.mark.position or not _holds(source, until):
                return
            end = _end_of_lines(source)
            source.seek(start.place(until.position))
            self._replace(start_line(until), source, end - source.tell())

    def _replace(self, first: bytes, rest: BinaryIO, size: int) -> None:
        """A new file of the line `first` and the next `size` bytes of `rest`. Whoever waits for the
        lock of the old one looks again."""
        aside = self._path.with_name(f".{_FILE}.part")
        aside.unlink(missing_ok=True)  # a killed one's
        descriptor = create_private(aside)
        try:
            write_all(descriptor, first)
            while size > 0:
                block = rest.read(min(_BLOCK, size))
                write_all(descriptor, block)
                size -= len(block)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        aside.replace(self._path)
        sync_folder(self._path.parent)

    def _end(self, descriptor: int, entries: Iterable[LedgerEntry]) -> tuple[int, str]:
        """Where the last whole line ends, and its digest. Not all is read for what may be told
        twice: a transaction of the database waits for this."""
        if any(not entry.id.startswith(TOLD_FREELY) for entry in entries):
            return self._catch_up(descriptor), self._last
        with os.fdopen(os.dup(descriptor), "rb") as lines:
            end = _end_of_lines(lines)
            mark = START if end == 0 else _mark(lines, end)
        if mark is None:
            raise SealBroken(_DAMAGED)
        return end, mark.digest

    def _catch_up(self, descriptor: int) -> int:
        """Read what others appended; where the last whole line ends."""
        with os.fdopen(os.dup(descriptor), "rb") as lines:
            start, size = read_start(lines), os.fstat(descriptor).st_size
            # Lines were forgotten since, or an older copy was put back.
            if start.mark != self._start or size < self._read_to:
                self._told, self._read_to, self._last = ToldIds(), start.size, start.mark.digest
                self._start = start.mark
            lines.seek(self._read_to)
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                entry_id, self._last = _followed(line, self._last)
                self._told.take(entry_id)
                self._read_to += len(line)
        return self._read_to

    @contextmanager
    def _locked(self) -> Iterator[int]:
        fresh = not self._path.exists()
        with full_disk_reported(), _usable():
            make_private_folder(self._path.parent)
            descriptor = self._opened()
        try:
            if fresh:
                sync_folder(self._path.parent)
            yield descriptor
        finally:
            os.close(descriptor)

    def _opened(self) -> int:
        """Descriptor of the file, locked; not of one that was replaced while this waited."""
        while True:
            descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if os.path.samestat(os.fstat(descriptor), self._path.stat()):
                    return descriptor
            except FileNotFoundError:
                pass  # taken away by hand: the next turn makes it
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)


class BorrowedLedger(FileLedger):
    """The ledger of another store: it is read, and told nothing."""

    def append(self, *entries: LedgerEntry, lasting: bool = True) -> None:
        """Nothing."""

    def forget(self, until: LedgerMark) -> None:
        """Nothing."""


@contextmanager
def _usable() -> Iterator[None]:
    """Inside, something else in the place of the ledger becomes `ServiceUnavailable`; what is not
    there stays what it is."""
    try:
        yield
    except (PermissionError, FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise ServiceUnavailable(
            "the deletion ledger cannot be used"
            f" (DECKNAME_KEYS/ledger/{_FILE}: {os.strerror(error.errno or 0)}): nothing was"
            " changed; move away what is in its place, and put back its own copy"
        ) from None


def _line(entry: LedgerEntry, previous: str) -> bytes:
    text = _canonical(_body(entry))
    return f'[{text},"{_hash(previous, text)}"]\n'.encode()


def _body(entry: LedgerEntry) -> list[Any]:
    at = entry.at.astimezone(UTC).isoformat()
    return [entry.id, entry.kind, at, entry.customer_id, entry.call_id, dict(entry.facts)]


def _canonical(body: list[Any]) -> str:
    return json.dumps(body, sort_keys=True, separators=(",", ":"))


def _hash(previous: str, text: str) -> str:
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def _last_lines(source: BinaryIO, count: int) -> list[bytes]:
    """At most `count` whole lines from the end, oldest first; a torn last one is none."""
    at, rest = source.seek(0, os.SEEK_END), b""
    while at > 0 and rest.count(b"\n") <= count:
        size = min(_BLOCK, at)
        at = source.seek(at - size)
        rest = source.read(size) + rest
    lines = rest.splitlines(keepends=True)
    if at > 0:
        lines = lines[1:]  # its beginning was not read
    if lines and not lines[-1].endswith(b"\n"):
        lines.pop()
    return lines[-count:]


def _end_of_lines(source: BinaryIO) -> int:
    """Where the last whole line ends."""
    at = source.seek(0, os.SEEK_END)
    while at > 0:
        size = min(_BLOCK, at)
        at = source.seek(at - size)
        end = source.read(size).rfind(b"\n")
        if end >= 0:
            return at + end + 1
    return 0


def _holds(source: BinaryIO, mark: LedgerMark) -> bool:
    start = read_start(source)
    if mark.position <= start.mark.position:
        return mark == start.mark
    found = _mark(source, start.place(mark.position))
    return found is not None and start.counted(found) == mark


def _mark(source: BinaryIO, position: int) -> LedgerMark | None:
    """The mark behind the line that ends at `position`; None where none ends there."""
    if position < -_DIGEST:
        return None
    source.seek(position + _DIGEST)
    found = _TAIL.fullmatch(source.read(-_DIGEST))
    return None if found is None else LedgerMark(position, found[1].decode())


def _digest(line: bytes) -> str:
    try:
        _, digest = json.loads(line)
    except (ValueError, TypeError):
        raise SealBroken(_DAMAGED) from None
    return str(digest)


def _followed(line: bytes, previous: str) -> tuple[str, str]:
    """Id and digest of a line behind `previous`, for a writer that reads them all. Parsing takes
    four times as long as hashing, and what has its digest is what was written."""
    text, digest = line[1:_DIGEST].decode("ascii", "replace"), line[_DIGEST:]
    expected = _hash(previous, text)
    if digest == f',"{expected}"]\n'.encode() and text.startswith('["'):
        return text[2 : text.index('"', 2)], expected
    entry, expected = _parsed(line, previous)
    return entry.id, expected


def _parsed(line: bytes, previous: str) -> tuple[LedgerEntry, str]:
    try:
        body, digest = json.loads(line)
        entry_id, kind, at, customer_id, call_id, facts = body
        entry = LedgerEntry(
            entry_id,
            kind,
            datetime.fromisoformat(at),
            CustomerId(customer_id),
            None if call_id is None else CallId(call_id),
            facts,
        )
    except (ValueError, TypeError):
        raise SealBroken(_DAMAGED) from None
    if digest != _hash(previous, _canonical(body)):
        raise SealBroken(_ALTERED)
    return entry, digest
