"""Blobs as objects of a bucket. A half-written blob is an upload in parts that has not ended;
nobody sees it as an object before its last request. Whoever writes brings a part within
`WRITER_SECONDS`, so an upload that was silent for longer has no writer any more."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from threading import Lock
from typing import BinaryIO, cast

from pipeline.adapters.s3_store.client import S3Client, code_of, parsed, text
from pipeline.adapters.s3_store.listing import uploads, versions
from pipeline.adapters.s3_store.signing import Query
from pipeline.adapters.s3_store.streams import BlobReader, PartWriter
from pipeline.domain.errors import (
    ConfigurationError,
    Conflict,
    DecknameError,
    NotFound,
    ServiceUnavailable,
)

PART = ".part"
"""Suffix under which half-written blobs are listed and deleted."""

WRITER_SECONDS = 45 * 60.0
DEAD_SECONDS = 60 * 60.0

_NAME = re.compile(r"[a-z0-9_]{1,64}\Z")


class S3ObjectStore:
    """An `ObjectStore`. Its bucket must exist; whether it locks objects is asked once, before the
    first write. `monotonic` tells seconds."""

    def __init__(self, client: S3Client, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._monotonic = monotonic
        self._lock = Lock()
        self._written: set[str] = set()
        """Ids of the uploads that this store is writing."""
        self._checked = False

    @property
    def place(self) -> str:
        """See `ObjectStore.place`."""
        return self._client.bucket.place

    @contextmanager
    def write(self, name: str) -> Iterator[BinaryIO]:
        """See `ObjectStore.write`. Raises `Conflict` where the blob exists, `StorageFull`,
        `ServiceUnavailable`, and `ConfigurationError` for a bucket that locks its objects."""
        key = _checked(name)
        self._refuse_locks()
        if any(not version.marker for version in versions(self._client, key)):
            raise Conflict("there is a blob of this name already")
        if any(uploads(self._client, key)):
            raise Conflict("this blob is being written already")
        writer = PartWriter(self._client, key, WRITER_SECONDS, self._monotonic)
        with self._protected(writer.upload_id):
            try:
                yield cast(BinaryIO, writer)
                writer.complete()
            except BaseException:
                self._undo(key, writer)
                raise
            finally:
                writer.close()

    def open(self, name: str) -> BinaryIO:
        """See `ObjectStore.open`. Reading raises `ServiceUnavailable`, `NotFound`, too."""
        return io.BufferedReader(BlobReader(self._client, _checked(name)))

    def delete(self, name: str) -> bool:
        """See `ObjectStore.delete`: of every version, and it is looked whether one is left. A
        half-written blob stays while its writer may live. Raises `ServiceUnavailable`."""
        if name.endswith(PART):
            return self._abort_dead(_checked(name.removesuffix(PART)))
        key, found = _checked(name), False
        for version in list(versions(self._client, key)):
            found = True
            self._gone(key, [("versionId", version.id)])
        if found and any(versions(self._client, key)):
            raise ServiceUnavailable(
                "the S3 server says that it deleted a blob, and it is still there: is there a "
                "lock or a second writer?"
            )
        return found

    def list(self) -> Iterator[tuple[str, datetime]]:
        """See `ObjectStore.list`. Half-written blobs end in `.part`. A blob of which only an older
        version is left is one, too: somebody deleted it and the bucket kept it."""
        last = ""
        for version in versions(self._client):
            if not version.marker and version.name != last and _NAME.match(version.name):
                last = version.name
                yield version.name, version.changed
        for upload in uploads(self._client):
            if _NAME.match(upload.name):
                yield upload.name + PART, upload.changed

    @contextmanager
    def _protected(self, upload_id: str) -> Iterator[None]:
        with self._lock:
            self._written.add(upload_id)
        try:
            yield
        finally:
            with self._lock:
                self._written.discard(upload_id)

    def _undo(self, key: str, writer: PartWriter) -> None:
        """Where the server cannot be reached, the rest is left to the reaper."""
        with suppress(DecknameError):
            self._gone(key, [("uploadId", writer.upload_id)])
            if writer.completing:  # its answer did not come: it may have become an object
                self.delete(key)

    def _abort_dead(self, key: str) -> bool:
        with self._lock:
            written = frozenset(self._written)
        dead = {
            upload.id
            for upload in uploads(self._client, key)
            if upload.id not in written and upload.silent > DEAD_SECONDS
        }
        for upload_id in dead:
            self._gone(key, [("uploadId", upload_id)])
        if dead and dead & {upload.id for upload in uploads(self._client, key)}:
            raise ServiceUnavailable("the S3 server does not let go of a half-written blob")
        return bool(dead)

    def _gone(self, key: str, query: Query) -> None:
        with suppress(NotFound):
            self._client.ask("DELETE", key, query)

    def _refuse_locks(self) -> None:
        if self._checked:
            return
        if locks_objects(self._client):
            raise ConfigurationError(
                "the S3 bucket has object lock, under which nothing can be deleted: nothing was "
                "kept; let DECKNAME_BLOBS name a bucket without it"
            )
        self._checked = True


def locks_objects(client: S3Client) -> bool | None:
    """Whether the bucket has object lock; None where the server does not say."""
    answer = client.look([("object-lock", "")])
    if answer.status < 300:
        return text(parsed(answer), "ObjectLockEnabled") == "Enabled"
    return False if code_of(answer) == "ObjectLockConfigurationNotFoundError" else None


def keeps_versions(client: S3Client) -> bool | None:
    """Whether the bucket keeps what is deleted or overwritten; None where the server does not
    say. A bucket that ever did may hold old versions still."""
    answer = client.look([("versioning", "")])
    return text(parsed(answer), "Status") != "" if answer.status < 300 else None


def is_replicated(client: S3Client) -> bool | None:
    """Whether the server copies the bucket elsewhere; None where it does not say."""
    answer = client.look([("replication", "")])
    if answer.status < 300:
        return any(text(rule, "Status") == "Enabled" for rule in parsed(answer).iterfind("{*}Rule"))
    return False if code_of(answer) == "ReplicationConfigurationNotFoundError" else None


def _checked(name: str) -> str:
    if not _NAME.match(name):
        raise NotFound("no blob can have such a name")
    return name
