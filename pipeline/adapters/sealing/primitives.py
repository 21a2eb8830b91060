"""Wrapping keys, sealed content, sealed streams. This module, `keysets` and `kms` alone know Tink.

AES-256-GCM for content and for wrapping keys; AES-256-GCM-HKDF streaming (1 MiB segments) for
recordings, https://developers.google.com/tink/streaming-aead. Tink's errors carry paths and C++
text, so they become `SealBroken` here and are not chained.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import tink
from tink import aead, proto_keyset_format, secret_key_access, streaming_aead

from pipeline.adapters.sealing import keysets
from pipeline.adapters.sealing.seekable import BROKEN, Borrowed, OpenedStream, Watched
from pipeline.domain.errors import SealBroken, WrongKey

if TYPE_CHECKING:
    from typing_extensions import Buffer

aead.register()
streaming_aead.register()

_CONTENT = aead.aead_key_templates.AES256_GCM
_STREAM = streaming_aead.streaming_aead_key_templates.AES256_GCM_HKDF_1MB


def bound_to(purpose: str, *ids: str) -> bytes:
    """Associated data: ties a ciphertext to what it is and whose it is. Ids hold no NUL."""
    return "\0".join(("deckname/1", purpose, *ids)).encode()


class DataKey:
    """Seals one content. Exists unwrapped in memory only."""

    def __init__(self, keyset: Any) -> None:
        self._keyset = keyset

    @classmethod
    def new(cls) -> DataKey:
        """A fresh key for bytes that fit in memory."""
        return cls(tink.new_keyset_handle(_CONTENT))

    @classmethod
    def new_streaming(cls) -> DataKey:
        """A fresh key for a stream."""
        return cls(tink.new_keyset_handle(_STREAM))

    def seal(self, content: bytes, bound: bytes) -> bytes:
        """`content` encrypted and bound to `bound`."""
        sealed: bytes = self._keyset.primitive(aead.Aead).encrypt(content, bound)
        return sealed

    def open(self, sealed: bytes, bound: bytes) -> bytes:
        """Raises `SealBroken`."""
        try:
            content: bytes = self._keyset.primitive(aead.Aead).decrypt(sealed, bound)
        except tink.TinkError:
            raise SealBroken(BROKEN) from None
        return content

    def seal_stream(self, chunks: Iterable[bytes], sink: BinaryIO, bound: bytes) -> int:
        """Encrypt `chunks` into `sink`; how many bytes they had. Whatever `chunks` or `sink`
        raise comes out unchanged, and `sink` then holds no valid ciphertext."""
        guard = _Guard(sink)
        primitive = self._keyset.primitive(streaming_aead.StreamingAead)
        stream = primitive.new_encrypting_stream(guard, bound).detach()
        size = 0
        try:
            for chunk in chunks:
                _write_all(stream, chunk)
                size += len(chunk)
            stream.close()
        except BaseException:
            # Only the base class: Tink's own close() would finish the ciphertext.
            io.RawIOBase.close(stream)
            if guard.error is not None:
                raise guard.error from None
            raise
        finally:
            guard.detach()
        return size

    def open_seekable(self, source: BinaryIO, bound: bytes) -> OpenedStream:
        """`source` decrypted, readable from any place; it stays open as long as that. Raises
        `SealBroken`, and what `source` raises; then nothing of the plaintext was given out."""
        primitive = self._keyset.primitive(streaming_aead.StreamingAead)
        watched = Watched(source)

        def begin() -> BinaryIO:
            watched.seek(0)
            borrowed = Borrowed(cast(BinaryIO, watched))
            stream: BinaryIO = primitive.new_decrypting_stream(borrowed, bound)
            return stream

        return OpenedStream(begin, watched)

    def open_stream(self, source: BinaryIO, bound: bytes) -> bytes:
        """All of `source` decrypted, closed after it. Raises `SealBroken`, and what `source`
        raises; then nothing of the plaintext was given out."""
        primitive = self._keyset.primitive(streaming_aead.StreamingAead)
        watched = Watched(source)
        try:
            with primitive.new_decrypting_stream(watched, bound) as stream:
                content: bytes = stream.read()
        except tink.TinkError:
            raise watched.broken() from None
        return content

    @contextmanager
    def opened_stream(self, source: BinaryIO, bound: bytes) -> Iterator[BinaryIO]:
        """`source` decrypted piece by piece; what was read is authentic, and only an end that was
        reached is the end. Raises `SealBroken`, also while it is read."""
        primitive = self._keyset.primitive(streaming_aead.StreamingAead)
        with _broken_seals_told():
            stream = primitive.new_decrypting_stream(source, bound)
        with stream:
            yield cast(BinaryIO, _Opened(stream))


class WrappingKey(DataKey):
    """Wraps data keys: a day key, a retention key, a master key or a customer's key."""

    @classmethod
    def parse(cls, keyset: bytes) -> WrappingKey:
        """The inverse of `serialise`. Raises `WrongKey`."""
        try:
            return cls(proto_keyset_format.parse(keyset, secret_key_access.TOKEN))
        except tink.TinkError:
            raise WrongKey("a key file is damaged") from None

    @classmethod
    def new(cls) -> WrappingKey:
        """A fresh key."""
        return cls(keysets.new())

    @classmethod
    def derived(cls, secret: bytes, purpose: str) -> WrappingKey:
        """Always the same for the same secret and purpose."""
        return cls(keysets.derived(secret, purpose))

    def succeeded(self) -> WrappingKey:
        """A fresh key that wraps from now on, and this one beside it, which opens still."""
        return WrappingKey.new().joined(self)

    def joined(self, other: WrappingKey) -> WrappingKey:
        """This key, opening also what `other` opens."""
        return WrappingKey(keysets.joined(self._keyset, other._keyset))

    def alone(self) -> WrappingKey:
        """Without the older keys that only open."""
        return WrappingKey(keysets.primary_alone(self._keyset))

    @property
    def versions(self) -> int:
        """How many keys it is: one, or more while a rotation is under way."""
        return keysets.size(self._keyset)

    @property
    def fingerprint(self) -> str:
        """16 hex digits: which key wraps. They tell nothing about it."""
        return keysets.fingerprint(self._keyset)

    def wrapped(self, wrapped: bytes) -> bool:
        """Whether `wrapped` names the key that wraps now; by an older one it must be rewrapped."""
        return keysets.is_by_primary(self._keyset, wrapped)

    def serialise(self) -> bytes:
        """The key in clear, for the key store and nothing else."""
        keyset: bytes = proto_keyset_format.serialize(self._keyset, secret_key_access.TOKEN)
        return keyset

    def wrap(self, key: DataKey, bound: bytes) -> bytes:
        """`key` encrypted with this one."""
        wrapped: bytes = proto_keyset_format.serialize_encrypted(
            key._keyset, self._keyset.primitive(aead.Aead), bound
        )
        return wrapped

    def unwrap(self, wrapped: bytes, bound: bytes) -> DataKey:
        """The inverse of `wrap`. Raises `WrongKey`."""
        return DataKey(self._unwrapped(wrapped, bound))

    def unwrap_wrapping(self, wrapped: bytes, bound: bytes) -> WrappingKey:
        """The same for a wrapped wrapping key. Raises `WrongKey`."""
        return WrappingKey(self._unwrapped(wrapped, bound))

    def _unwrapped(self, wrapped: bytes, bound: bytes) -> Any:
        try:
            return proto_keyset_format.parse_encrypted(
                wrapped, self._keyset.primitive(aead.Aead), bound
            )
        except tink.TinkError:
            raise WrongKey("the wrapping key at hand does not open this key") from None


@contextmanager
def _broken_seals_told() -> Iterator[None]:
    try:
        yield
    except tink.TinkError:
        raise SealBroken(BROKEN) from None


class _Opened:
    """Reads of a decrypting stream, without Tink's errors."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        with _broken_seals_told():
            return self._stream.read(size)


class _Guard(io.RawIOBase):
    """Between Tink and the blob: keeps the error that Tink flattens into text, and lets Tink
    close it without closing the blob, which is not synced yet."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink: BinaryIO | None = sink
        self.error: BaseException | None = None

    def writable(self) -> bool:
        return True

    def detach(self) -> None:
        """From now on, write nothing: what Tink still buffers, its C++ side writes out when it is
        collected, and by then the sink's descriptor may be another file's."""
        self._sink = None

    def write(self, chunk: Buffer, /) -> int:
        if self._sink is None:
            return memoryview(chunk).nbytes
        try:
            return self._sink.write(bytes(chunk))
        except BaseException as error:
            self.error = error
            raise


def _write_all(stream: Any, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[stream.write(rest) :]
