"""What a file of deletion receipts may look like: receipts as `deckname receipts show` hands them
out, one a line; one receipt, or a list of them, as JSON of any layout; and the answer of the API,
``{"receipts": […]}``.

A line must be, byte for byte, as it was handed out. Elsewhere the layout is not looked at, but no
field may be missing, added or named twice.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pipeline.domain.errors import SealBroken

_FIELDS = frozenset({"document", "key", "signature"})
_ENVELOPE = frozenset({"receipts"})


@dataclass(frozen=True, slots=True)
class Signed:
    """A receipt that nobody has verified yet. `name` says which one of its file it is."""

    name: str
    document: str = field(repr=False)
    key: str
    signature: bytes = field(repr=False)


def as_line(receipt: dict[str, str]) -> bytes:
    """One line of JSON, in the one form that verifies as a line."""
    return json.dumps(receipt, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def receipts_in(content: bytes) -> Iterator[Signed]:
    """Every receipt of a file, in its order. Raises `SealBroken` where there is none, or something
    else."""
    found = _listed(content)
    if found is None:
        lines = content.removesuffix(b"\n").split(b"\n") if content else []
        found = [(line, _parsed(line)) for line in lines]
    if not found:
        raise SealBroken("the file holds no receipt")
    for number, (line, value) in enumerate(found, start=1):
        name = f"receipt {number}" if len(found) > 1 else "the receipt"
        signed = _signed(value, name)
        if line is not None and as_line(_handed_out(signed)) != line + b"\n":
            raise SealBroken(f"{name} is not as it was handed out: it was altered")
        yield signed


def _listed(content: bytes) -> list[tuple[bytes | None, Any]] | None:
    """The values of a file that is one JSON value; None where it is one of lines."""
    value = _parsed(content)
    if isinstance(value, dict) and value.keys() == _ENVELOPE:
        value = value["receipts"]
    elif isinstance(value, dict) and b"\n" in content.strip():
        value = [value]
    return [(None, each) for each in value] if isinstance(value, list) else None


def _signed(value: Any, name: str) -> Signed:
    try:
        if value.keys() != _FIELDS:
            raise ValueError
        document, key = value["document"], value["key"]
        signature = base64.b64decode(value["signature"], validate=True)
        document.encode()
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        raise SealBroken(
            f"{name} cannot be read: it is none, or was altered; a file holds what `deckname"
            " receipts show` or the API hands out: one receipt, one a line, or a list"
        ) from None
    signed = Signed(name, document, key, signature)
    if _handed_out(signed)["signature"] != value["signature"]:
        raise SealBroken(f"{name} is not as it was handed out: it was altered")
    return signed


def _handed_out(signed: Signed) -> dict[str, str]:
    encoded = base64.b64encode(signed.signature).decode()
    return {"document": signed.document, "key": signed.key, "signature": encoded}


def _parsed(content: bytes) -> Any:
    """None where it is no JSON, or names a field twice: of two, others may read the first."""
    try:
        return json.loads(content.decode(), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) != len(pairs):
        raise ValueError
    return found
