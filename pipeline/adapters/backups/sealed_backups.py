"""The backup file: a line that says what it is, the data key wrapped by the content master key,
and a tar archive sealed as a stream. No key file is in it: keys lie apart from what is copied.

::

    deckname/backup/2 <fingerprint of the content master key, 16 hex digits>\\n
    4 bytes, big-endian: how long the wrapped key is
    the wrapped key
    AES-256-GCM-HKDF stream: deckname.db, blobs/call_…, manifest.json

Files of the first format have no fingerprint.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from pipeline.adapters.backups import tar_stream
from pipeline.adapters.backups.snapshot import Counted, ServerRows, counted, snapshot
from pipeline.adapters.backups.staging import place, staged
from pipeline.adapters.backups.tar_stream import Member
from pipeline.adapters.durable_files import create_private, full_disk_reported, write_all
from pipeline.adapters.new_file import new_file
from pipeline.adapters.sealing.keys import Master, SealingKeys
from pipeline.adapters.sealing.primitives import DataKey, bound_to
from pipeline.domain.backup import DATABASE, MANIFEST, RECORDINGS, Manifest
from pipeline.domain.errors import (
    ConfigurationError,
    Conflict,
    KeyDestroyed,
    SealBroken,
    UsageError,
    WrongKey,
)
from pipeline.domain.ids import CallId, is_call_id

_LINE = re.compile(rb"deckname/backup/(?:1|2 ([0-9a-f]{16}))\n")
_LONGEST_LINE = 40
_LONGEST_KEY = 1 << 16


class SealedBackups:
    """A `Backups` of the store in `home`, whose database is a file or a server."""

    def __init__(self, home: Path, database: Path | ServerRows, keys: SealingKeys) -> None:
        self._home = home
        self._database = database
        self._keys = keys

    def create(self, target: Path, now: datetime) -> Manifest:
        """See `Backups.create`."""
        if isinstance(self._database, Path) and not self._database.exists():
            raise UsageError("there is no store in DECKNAME_HOME yet: nothing to back up")
        key = DataKey.new_streaming()
        master = self._keys.make_master_key(Master.CONTENT)
        line = f"deckname/backup/2 {master.fingerprint}\n".encode()
        wrapped = master.wrap(key, _key_bound(master.fingerprint))
        with new_file(target) as sink, snapshot(self._database, self._home) as copy:
            sink.write(line + len(wrapped).to_bytes(4, "big") + wrapped)
            made = _Making(copy, self._home / RECORDINGS, now)
            key.seal_stream(made.pieces(), sink, _bound(wrapped))
        return made.manifest

    @contextmanager
    def unpacked(self, source: Path, home: Path) -> Iterator[tuple[Path, Manifest]]:
        """See `Backups.unpacked`."""
        if isinstance(self._database, Path) and self._database != self._home / DATABASE:
            raise ConfigurationError(
                "a backup is restored as SQLite in the data folder, or into PostgreSQL: unset"
                " DECKNAME_DATABASE_URL, or name a PostgreSQL"
            )
        if not isinstance(self._database, Path) and not self._database.is_empty():
            raise Conflict(
                "the database of DECKNAME_DATABASE_URL holds a store: name an empty one; nothing"
                " was changed"
            )
        with ExitStack() as stack:
            try:
                stream = stack.enter_context(source.open("rb"))
            except OSError:
                raise UsageError("the backup cannot be read: is the file there?") from None
            key, bound = self._opened(stream)
            folder = stack.enter_context(staged(home))
            with key.opened_stream(stream, bound) as plain:
                manifest = _unpack(plain, folder)
            yield folder, manifest

    def place(self, folder: Path) -> None:
        """See `Backups.place`."""
        if isinstance(self._database, Path):
            place(folder)
        else:
            place(folder, self._database.read)

    def _opened(self, stream: BinaryIO) -> tuple[DataKey, bytes]:
        line = _LINE.fullmatch(stream.readline(_LONGEST_LINE))
        if line is None:
            raise SealBroken("this is no Deckname backup, or one of a newer format")
        length = int.from_bytes(stream.read(4), "big")
        wrapped = stream.read(min(length, _LONGEST_KEY))
        if len(wrapped) != length:
            raise SealBroken("the backup is cut short: nothing was restored")
        try:
            master = self._keys.master_key(Master.CONTENT)
        except KeyDestroyed:
            raise ConfigurationError(
                "the key folder has no master key: let DECKNAME_KEYS name the one that was in use"
                " when the backup was made"
            ) from None
        wanted = None if line[1] is None else line[1].decode()
        try:
            return master.unwrap(wrapped, _key_bound(wanted)), _bound(wrapped)
        except WrongKey:
            raise _unopened(wanted, master.fingerprint) from None


class _Making:
    """The members in their order; the manifest comes last and tells of the others."""

    def __init__(self, copy: Path, blobs: Path, now: datetime) -> None:
        self._copy = copy
        self._blobs = blobs
        self._now = now
        self._digests: dict[str, tuple[int, str]] = {}
        self.manifest: Manifest

    def pieces(self) -> Iterator[bytes]:
        return tar_stream.written(self._members(), self._digests)

    def _members(self) -> Iterator[Member]:
        known = counted(self._copy)
        with self._copy.open("rb") as database:
            yield Member(DATABASE, self._copy.stat().st_size, database)
        for call_id in known.with_audio:
            try:
                blob = (self._blobs / call_id).open("rb")
            except FileNotFoundError:
                continue  # the call has ended since; the ledger tells a restore of it
            with blob:
                yield Member(f"{RECORDINGS}/{call_id}", blob.seek(0, 2), _rewound(blob))
        self.manifest = _manifest(known, dict(self._digests), self._now)
        written = self.manifest.written()
        yield Member(MANIFEST, len(written), io.BytesIO(written))


def _manifest(known: Counted, members: dict[str, tuple[int, str]], now: datetime) -> Manifest:
    return Manifest(
        at=now,
        schema=known.schema,
        customers=known.customers,
        calls=known.calls,
        recordings=len(members) - 1,
        audit_position=known.audit_position,
        audit_head=known.audit_head,
        members=members,
    )


def _unpack(plain: BinaryIO, folder: Path) -> Manifest:
    """Write every member into `folder`, and hold it against the manifest. Raises `SealBroken`."""
    found: dict[str, tuple[int, str]] = {}
    manifest: Manifest | None = None
    for member in tar_stream.read(plain):
        if manifest is not None or member.name in found:
            raise SealBroken("the backup holds more than its manifest tells")
        if member.name == MANIFEST:
            manifest = Manifest.read(member.source.read())
        else:
            found[member.name] = member.size, _written(member, folder)
    if manifest is None or dict(manifest.members) != found or DATABASE not in found:
        raise SealBroken("the backup does not hold what its manifest tells")
    return manifest


def _written(member: Member, folder: Path) -> str:
    path = folder / member.name
    if member.name != DATABASE:
        where, _, name = member.name.partition("/")
        if where != RECORDINGS or not is_call_id(name):
            raise SealBroken("the backup holds something that is no part of a store")
        path = folder / RECORDINGS / CallId(name)
    digest = hashlib.sha256()
    with full_disk_reported():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with open(create_private(path), "wb", buffering=0) as sink:  # noqa: PTH123
            while piece := member.source.read(tar_stream.PIECE):
                digest.update(piece)
                write_all(sink.fileno(), piece)
    return digest.hexdigest()


def _unopened(wanted: str | None, present: str) -> SealBroken:
    if wanted == present:
        return SealBroken("the backup was altered: nothing was restored")
    named = "another content master key" if wanted is None else f"the content master key {wanted}"
    return WrongKey(
        f"the backup needs {named}, and DECKNAME_KEYS has {present}: put back `content` and `vault`"
        " as they were before the rotation, beside the ledger of today, or let"
        " DECKNAME_OTHER_MASTER_KEY be the secret of then; nothing was restored"
    )


def _key_bound(fingerprint: str | None) -> bytes:
    return bound_to("backup_key", *(() if fingerprint is None else (fingerprint,)))


def _rewound(blob: BinaryIO) -> BinaryIO:
    blob.seek(0)
    return blob


def _bound(wrapped: bytes) -> bytes:
    return bound_to("backup", hashlib.sha256(wrapped).hexdigest())
