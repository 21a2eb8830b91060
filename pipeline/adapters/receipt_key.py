"""The key pair that signs deletion receipts: PEM files in the key folder, made on first use.

Plain Ed25519 (RFC 8032) in PEM (RFC 8410), so that anybody can check a receipt with the public
key and a common tool: `openssl pkeyutl -verify -pubin -rawin`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from pipeline.adapters.durable_files import (
    full_disk_reported,
    make_private_folder,
    write_durably,
)
from pipeline.domain.errors import Conflict, KeysElsewhere, SealBroken, UsageError

_LOST = (
    "the key that signs deletion receipts is missing (DECKNAME_KEYS/receipts/signing.pem), and "
    "this store has receipts that it signed: put back its copy, or, if there is none, make a new "
    "one with `deckname keys signing`. Until then no receipt is signed, and nothing is lost"
)


class FileReceiptSigner:
    """A `ReceiptSigner`. `check` raises where the folder is not the one to sign in; `has_signed`
    tells whether there are receipts."""

    def __init__(
        self,
        folder: Path,
        check: Callable[[], None] = lambda: None,
        has_signed: Callable[[], bool] = lambda: False,
    ) -> None:
        self._folder = folder
        self._path = folder / "signing.pem"
        self._check = check
        self._has_signed = has_signed

    @property
    def exists(self) -> bool:
        """Whether the key was made yet; the other members make it."""
        return self._path.exists()

    def renew(self) -> None:
        """See `ReceiptSigner`."""
        if self.exists or not self._make():
            raise Conflict("the key that signs receipts is there: nothing was changed")

    def require(self) -> None:
        """See `ReceiptSigner`."""
        if not self.exists and self._has_signed():
            raise KeysElsewhere(_LOST)

    @property
    def key_id(self) -> str:
        """See `ReceiptSigner`."""
        return key_id_of(self._public)

    def sign(self, document: bytes) -> bytes:
        """See `ReceiptSigner`."""
        self._check()
        return self._key.sign(document)

    def public_key(self) -> bytes:
        """See `ReceiptSigner`."""
        return self._public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        if not self.exists:
            self._check()  # a folder that is not mounted is told as such
            self.require()
            self._make()
        try:
            key = load_pem_private_key(self._path.read_bytes(), password=None)
        except (ValueError, UnsupportedAlgorithm):
            raise SealBroken("the key that signs receipts is damaged") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise SealBroken("the key that signs receipts is no Ed25519 key")
        return key

    @property
    def _public(self) -> Ed25519PublicKey:
        return self._key.public_key()

    def _make(self) -> bool:
        """False where another process was first."""
        self._check()
        with full_disk_reported():
            make_private_folder(self._folder)
        descriptor = os.open(self._folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if self.exists:
                return False
            key = Ed25519PrivateKey.generate()
            pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            write_durably(self._path, pem)
            return True
        finally:
            os.close(descriptor)


def key_id_of(key: Ed25519PublicKey) -> str:
    """16 hex digits of the SHA-256 of the raw public key."""
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


def key_id_in(pem: bytes) -> str:
    """Of the public key `pem`. Raises `UsageError` where it is none."""
    return key_id_of(_public_key(pem))


def verifies(pem: bytes, document: bytes, signature: bytes) -> bool:
    """Whether the owner of the public key `pem` signed `document`. Raises `UsageError` where
    `pem` is no Ed25519 public key."""
    try:
        _public_key(pem).verify(signature, document)
    except InvalidSignature:
        return False
    return True


def _public_key(pem: bytes) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError("the public key is no Ed25519 key in PEM")
    return key
