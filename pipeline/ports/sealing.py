"""Blobs, keys, and what is sealed with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import BinaryIO, Protocol

from pipeline.domain.call import Customer, Sealed
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.keys import MasterKey, WrappedKey
from pipeline.domain.recording import RetainedKey, SealedRecording


class ObjectStore(Protocol):
    """Sealed blobs under opaque names."""

    @property
    def place(self) -> str:
        """As receipts name where the blobs lie: letters, digits and `.:/_-` only."""
        ...

    def write(self, name: str) -> AbstractContextManager[BinaryIO]:
        """A stream that becomes the blob `name` when its context ends well, and nothing at all
        when it does not. Durable (synced) at its end. Raises `StorageFull`."""
        ...

    def open(self, name: str) -> BinaryIO:
        """The blob for reading, from any place. Raises `NotFound`; reading may raise it, too, and
        `ServiceUnavailable`."""
        ...

    def delete(self, name: str) -> bool:
        """Unlink; False where there was nothing. Afterwards nobody can read it here: no copy, no
        older version."""
        ...

    def list(self) -> Iterable[tuple[str, datetime]]:
        """Names and times of last change of all blobs, half-written ones included."""
        ...


class RecordingVault(Protocol):
    """Seals recordings: streaming AEAD, one data key a recording, wrapped by the day key."""

    @property
    def place(self) -> str:
        """As receipts name where the blobs lie."""
        ...

    def seal(
        self, call_id: CallId, received_at: datetime, chunks: Iterable[bytes]
    ) -> SealedRecording:
        """Stream `chunks` into a new sealed blob; memory use does not depend on their sum.
        On any error, also one raised by `chunks`, nothing is left."""
        ...

    def open(self, call_id: CallId, recording: SealedRecording | RetainedKey) -> bytes:
        """The recording in memory. Raises `KeyDestroyed`, `SealBroken`, `NotFound`."""
        ...

    def reader(
        self, call_id: CallId, recording: SealedRecording | RetainedKey
    ) -> AbstractContextManager[BinaryIO]:
        """The recording as a seekable file that is never whole in memory. All of it was
        authenticated when the context is entered. Raises like `open`, at the context's end too,
        where the blob changed under the reader: then use nothing that was read."""
        ...

    def retain(self, call_id: CallId, recording: SealedRecording, until: datetime) -> RetainedKey:
        """Wrap the data key with a key of its own that is to be destroyed at `until`."""
        ...

    def destroy_retained(self, key_name: str) -> bool:
        """Destroy the key made by `retain`: the recording is unreadable from now on."""
        ...

    def unlink(self, call_id: CallId) -> bool:
        """Remove the blob; False where it was gone already."""
        ...

    def blobs(self) -> Iterable[tuple[CallId, datetime]]:
        """All blobs, half-written ones included, with the time of their last change."""
        ...


class KeyStore(Protocol):
    """Keys that lie apart from data and backups (`DECKNAME_KEYS`)."""

    def day_keys(self) -> tuple[str, ...]:
        """ISO dates of the day keys that still exist."""
        ...

    def destroy_due(self, now: datetime) -> tuple[str, ...]:
        """Destroy every day key and retention key whose time is over; their names."""
        ...

    def retention_ends(self) -> tuple[datetime, ...]:
        """When each retention key that exists is destroyed, earliest first."""
        ...

    def retention_keys(self) -> tuple[tuple[str, datetime], ...]:
        """Names of the retention keys that this store made and that exist, each with the moment it
        was made."""
        ...

    def master_keys(self) -> tuple[MasterKey, ...]:
        """What there is of them. Raises `WrongKey` where a file is damaged, `ServiceUnavailable`
        where the folder or the key service cannot be reached."""
        ...

    def masters(self, *, exclusive: bool = False) -> AbstractContextManager[None]:
        """Inside, no old master key is dropped; `exclusive`: and nobody else is inside. Whoever
        wraps with a master key and then stores the result does both in here."""
        ...

    def begin_master_rotation(self) -> None:
        """New master keys wrap from now on, the old ones open still. Where a rotation is under
        way, nothing: that one is to be finished first. Raises `UsageError` where the operator has
        to give a new one first."""
        ...

    def drop_old_masters(self) -> int:
        """Destroy the master keys that only open; how many. Nothing must be wrapped with them any
        more: call it inside `masters(exclusive=True)`."""
        ...


class StoreMark(Protocol):
    """Ties the database to its key folder: a random id that both have. Where the folder lacks the
    database's, it is another store's or not mounted, and no key may be made, destroyed or used to
    sign."""

    def id(self) -> str | None:
        """The database's; None before the two were tied. Raises `ServiceUnavailable`."""
        ...

    def check(self) -> None:
        """Raises `KeysElsewhere` where the key folder does not have the database's mark."""
        ...

    def keys_in_use(self) -> bool:
        """Whether the key folder holds a key, a deletion ledger or a signing key of any store."""
        ...

    def tie(self) -> None:
        """Give the key folder the database's mark, and first both a new one where the database
        has none. Raises `ServiceUnavailable`, `StorageFull`."""
        ...

    def renew(self) -> None:
        """Give both a new mark: the database is a copy of another. The folder keeps the mark of
        that one, too. Raises like `tie`."""
        ...

    def others(self) -> int:
        """How many marks of other stores the key folder has. Whether they still live, nobody can
        tell from here. Raises `ServiceUnavailable`."""
        ...

    def forget_others(self) -> int:
        """Remove those marks, and tell how many there were. To a store that lives after all the
        key folder is another's from then on. Raises as `others`."""
        ...


class TranscriptVault(Protocol):
    """Seals what is kept: transcripts with the customer key, vaults with the vault key."""

    def new_customer_keys(self, customer_id: CustomerId) -> tuple[bytes, bytes]:
        """Fresh (content key, vault key), each wrapped by its master key."""
        ...

    def seal(self, customer: Customer, call_id: CallId, purpose: str, content: bytes) -> Sealed:
        """Seal `content`; `purpose` (`transcript`, `quote`; `vault`, `known`, `lists`, `index`) and
        the ids are bound to it as associated data; the first two use the content key, the others
        the vault key."""
        ...

    def open(self, customer: Customer, call_id: CallId, purpose: str, sealed: Sealed) -> bytes:
        """Raises `SealBroken`, `KeyDestroyed`."""
        ...

    def key_versions(self, customer: Customer) -> int:
        """How many content keys open the customer's transcripts: one, or two while they are
        rotated. Raises `WrongKey`, `KeyDestroyed`."""
        ...

    def rewrapped(self, customer: Customer) -> Customer:
        """With its keys wrapped by the present master keys; unchanged where they are. Raises
        `WrongKey`, `KeyDestroyed`."""
        ...

    def with_new_keys(self, customer: Customer, at: datetime) -> Customer:
        """Fresh keys seal from now on, the old ones open still; the version is one more."""
        ...

    def without_old_keys(self, customer: Customer) -> Customer:
        """With the keys that seal, and no other."""
        ...

    def rewrap(
        self, customer: Customer, keys: Sequence[WrappedKey]
    ) -> tuple[tuple[WrappedKey, bytes | None], ...]:
        """Those of `keys` that an older key of the customer wraps, each wrapped anew; None in its
        place where no key opens it. Raises `WrongKey` where the customer's own keys do not open."""
        ...
