"""Opaque identifiers. They carry no meaning, so they may stand in logs, queues and file names."""

from __future__ import annotations

import re
import secrets
from typing import NewType

CallId = NewType("CallId", str)
CustomerId = NewType("CustomerId", str)

CANARY = CustomerId("deckname-canary")
"""Whose calls `deckname verify --canary` pushes: no business, and nobody's data."""

_CALL = re.compile(r"call_[0-9a-f]{32}\Z")
_CUSTOMER = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")


def new_call_id() -> CallId:
    """A call id with 128 random bits."""
    return CallId(f"call_{secrets.token_hex(16)}")


def is_call_id(text: str) -> bool:
    """Whether `text` has the form of a call id."""
    return _CALL.match(text) is not None


def is_customer_id(text: str) -> bool:
    """Whether `text` may be a customer's id: a DNS label (a-z, 0-9, inner dashes, 63 at most)."""
    return _CUSTOMER.match(text) is not None
