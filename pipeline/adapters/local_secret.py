"""The secret behind the operator's local access: a file in the key folder, mode 0600."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

NAME = "local-access"
_BYTES = 32


def local_secret(keys: Path) -> bytes:
    """The secret in the folder `keys`; made at first use. Raises `OSError` where the folder
    cannot be read or written."""
    path = keys / NAME
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes()
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = keys / f".{NAME}-{secrets.token_hex(8)}"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(secrets.token_bytes(_BYTES))
    try:
        # A link fails where another process was first, and never shows a half-written file.
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(fresh)
    finally:
        fresh.unlink()
    return path.read_bytes()
