"""Tink keysets of several keys, which Tink's Python can use but not make.

The primary key wraps, every key opens: that is what makes a rotation without downtime. A keyset is
a protocol buffer, https://developers.google.com/tink/wire-format; a key made here is AES-256-GCM
with the prefix that names it, so that a ciphertext tells which key of the set it needs.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import tink
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from google.protobuf.message import DecodeError
from tink import aead, proto_keyset_format, secret_key_access
from tink.proto import aes_gcm_pb2, tink_pb2

_TEMPLATE = aead.aead_key_templates.AES256_GCM
_PREFIX = b"\x01"  # of a ciphertext whose next four bytes are the key's id


def new() -> Any:
    """A keyset of one fresh key."""
    return tink.new_keyset_handle(_TEMPLATE)


def derived(secret: bytes, purpose: str) -> Any:
    """A keyset of one key made from `secret` (32 bytes or more of full entropy) by HKDF-SHA256
    (RFC 5869): the same for the same secret and purpose, on every machine."""
    info = f"deckname/1 {purpose}".encode()
    made = HKDF(SHA256(), 36, None, info).derive(secret)
    keyset = tink_pb2.Keyset(primary_key_id=int.from_bytes(made[32:], "big") or 1)
    key = keyset.key.add(
        status=tink_pb2.ENABLED,
        key_id=keyset.primary_key_id,
        output_prefix_type=tink_pb2.TINK,
    )
    key.key_data.type_url = _TEMPLATE.type_url
    key.key_data.value = aes_gcm_pb2.AesGcmKey(key_value=made[:32]).SerializeToString()
    key.key_data.key_material_type = tink_pb2.KeyData.SYMMETRIC
    return _handle(keyset)


def joined(first: Any, other: Any) -> Any:
    """`first`, whose primary wraps, opening also what `other` opens."""
    keyset = _proto(first)
    held = [key.key_data for key in keyset.key]
    keyset.key.extend(key for key in _proto(other).key if key.key_data not in held)
    return _handle(keyset)


def primary_alone(handle: Any) -> Any:
    """Without the keys that only open."""
    keyset = _proto(handle)
    primary = [key for key in keyset.key if key.key_id == keyset.primary_key_id]
    return _handle(tink_pb2.Keyset(primary_key_id=keyset.primary_key_id, key=primary[:1]))


def size(handle: Any) -> int:
    """How many keys there are in it."""
    return len(handle.keyset_info().key_info)


def is_by_primary(handle: Any, wrapped: bytes) -> bool:
    """Whether the keyset `wrapped` names the primary key as the one that encrypted it. Nothing is
    opened: a forged name is noticed when it is."""
    try:
        sealed = tink_pb2.EncryptedKeyset.FromString(wrapped).encrypted_keyset
    except DecodeError:
        return False
    primary: int = handle.keyset_info().primary_key_id
    return bool(sealed[:5] == _PREFIX + primary.to_bytes(4, "big"))


def fingerprint(handle: Any) -> str:
    """16 hex digits that name the primary key and tell nothing about it: an HMAC under it."""
    (key,) = _proto(primary_alone(handle)).key
    secret = aes_gcm_pb2.AesGcmKey.FromString(key.key_data.value).key_value
    return hmac.digest(secret, b"deckname fingerprint", hashlib.sha256).hex()[:16]


def _proto(handle: Any) -> Any:
    clear = proto_keyset_format.serialize(handle, secret_key_access.TOKEN)
    return tink_pb2.Keyset.FromString(clear)


def _handle(keyset: Any) -> Any:
    return proto_keyset_format.parse(keyset.SerializeToString(), secret_key_access.TOKEN)
