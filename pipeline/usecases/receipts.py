"""Deletion receipts for those who want to see them, and their proof without any store.

A receipt is handed out as one line of JSON: its document (a string, for the signature is over its
bytes), the signature in base64, and which key signed it. See `receipt_files` for what verifies.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeline.domain.deletion import FORMAT, Deletion, Receipt, deletion_of
from pipeline.domain.errors import SealBroken
from pipeline.domain.ids import CallId, CustomerId, is_call_id, is_customer_id
from pipeline.usecases.deck import Deck
from pipeline.usecases.receipt_files import Signed, receipts_in

_ID = re.compile(r"del_[0-9a-f]{32}\Z")
_HASH = re.compile(r"[0-9a-f]{64}\Z")
_FIELDS = {
    "format": str,
    "id": str,
    "class": str,
    "rule": dict,
    "trigger": str,
    "customer": str,
    "call": str | None,
    "hold": str,
    "due": str,
    "begun": str,
    "done": str,
    "places": list,
    "audit": dict,
    "key": str,
}

Verifier = Callable[[bytes, bytes], bool]
"""Whether a signature (second) is one over a document (first)."""


@dataclass(frozen=True, slots=True)
class Proven:
    """A receipt that verified."""

    id: str
    deletion: Deletion
    done: datetime
    position: int


def list_receipts(
    deck: Deck,
    customer_id: CustomerId | None = None,
    call_id: CallId | None = None,
    limit: int = 100,
    before: str | None = None,
) -> tuple[Receipt, ...]:
    """Newest first. Raises `NotFound` where there is no such call of the customer, or no such
    customer."""
    if call_id is not None:
        deck.calls.call(call_id, customer_id)
    elif customer_id is not None:
        deck.calls.customer(customer_id)
    return deck.deletions.receipts(customer_id, call_id, limit, before)


def handed_out(receipt: Receipt) -> dict[str, str]:
    """What `prove` reads, as one JSON object."""
    return {
        "document": receipt.document,
        "key": str(receipt.body["key"]),
        "signature": base64.b64encode(receipt.signature).decode(),
    }


def described(receipt: Receipt) -> dict[str, Any]:
    """For listings."""
    body = receipt.body
    names = ("id", "class", "rule", "trigger", "customer", "call", "hold", "due", "begun", "done")
    return {name: body[name] for name in (*names, "places", "audit", "key")}


def prove(content: bytes, key_id: str, verifies: Verifier) -> tuple[Proven, ...]:
    """All receipts of a file, signed by the key `key_id`. Raises `SealBroken` at the first that
    does not verify: where one was altered, none is believed."""
    proven: dict[str, Proven] = {}
    for signed in receipts_in(content):
        one = _proven(signed, key_id, verifies)
        if one.id in proven:
            raise SealBroken(f"{signed.name} stands in the file twice")
        proven[one.id] = one
    return tuple(proven.values())


def _proven(signed: Signed, key_id: str, verifies: Verifier) -> Proven:
    if signed.key != key_id:
        raise SealBroken(f"{signed.name} was signed with another key, or altered")
    if not verifies(signed.document.encode(), signed.signature):
        raise SealBroken(f"{signed.name} was altered: its signature does not verify")
    return _checked(Receipt("", signed.document, signed.signature), signed.name, key_id)


def _checked(receipt: Receipt, name: str, key_id: str) -> Proven:
    """What it says is of the format, too: whoever signs may have been wrong."""
    try:
        body = receipt.body
        deletion = deletion_of(receipt)
        moments = [datetime.fromisoformat(body[each]) for each in ("due", "begun", "done")]
        problems = tuple(_problems(body, deletion, moments, key_id))
        if not problems:
            return Proven(deletion.id, deletion, moments[-1], body["audit"]["position"])
    except (ValueError, KeyError, TypeError, AttributeError):
        problems = ("fields",)
    raise SealBroken(f"{name} is signed and of no format that this Deckname knows ({problems[0]})")


def _problems(
    body: dict[str, Any], deletion: Deletion, moments: list[datetime], key_id: str
) -> Iterator[str]:
    if body["format"] != FORMAT or body.keys() != _FIELDS.keys():
        yield "format"
    if not all(isinstance(body[name], kind) for name, kind in _FIELDS.items()):
        yield "types"
    if not _ID.match(deletion.id) or not is_customer_id(deletion.customer_id):
        yield "ids"
    if deletion.call_id is not None and not is_call_id(deletion.call_id):
        yield "ids"
    if body["key"] != key_id:
        yield "key"
    if any(moment.tzinfo is None for moment in moments):
        yield "times"
    position = body["audit"]["position"]
    if type(position) is not int or position < 1 or not _HASH.match(body["audit"]["previous"]):
        yield "audit"
