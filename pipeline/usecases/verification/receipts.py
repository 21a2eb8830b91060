"""Deletion receipts: each is signed, chained into the audit log and kept in the ledger.

The signature is checked with `cryptography` alone: Ed25519 (RFC 8032) over the document's bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from pipeline.usecases.verification.audit_chain import Chain
from pipeline.usecases.verification.findings import Finding, Looked, StorePlaces
from pipeline.usecases.verification.ledger import Ledger, Line, receipts_of
from pipeline.usecases.verification.rows import Rows

Keys = Mapping[str, Ed25519PublicKey]
_FINISHED = (
    "SELECT id, customer_id, call_id, data_class, document, signature FROM deletions"
    " WHERE done_at IS NOT NULL"
)
_WORDLESS = re.compile(r'[A-Za-z0-9_{}\[\]":,/.+-]*\Z')


def public_keys(folder: Path) -> Keys:
    """By name: 16 hex digits of the SHA-256 of the raw key. Of a private key, its public half."""
    keys = {}
    for path in sorted(folder.glob("*.pem")):
        key = _public_key(path.read_bytes())
        if key is not None:
            raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
            keys[hashlib.sha256(raw).hexdigest()[:16]] = key
    return keys


def verify_receipts(
    rows: Rows,
    places: StorePlaces,
    ledger: Ledger,
    chain: Chain,
    old: datetime,
    looked: Looked,
) -> Iterator[Finding]:
    """Receipts in the database against the ledger and the audit log, and the ledger against the
    database. `ledger` was read before `rows` were opened; what is found in both is taken out of
    it. Where anything was removed for its age, what began before `old` may be in one of them."""
    keys = public_keys(places.keys / "receipts")
    if not keys and (ledger.receipts or _any_receipt(rows)):
        yield Finding("receipt_key_missing", "keys/receipts", "no key is there to check receipts")
    unmatched, differing, last = set[str](), set[str](), 0
    for row in _finished(rows):
        looked["receipts"] += 1
        yield from _verify_receipt(rows, row, keys, chain, old)
        mark, position = ledger.receipts.pop(row[0], (None, 0))
        if mark is None and not (ledger.shortened and _is_older(row[4], old)):
            unmatched.add(row[0])
        elif mark is None:
            continue
        elif mark != _mark(row):
            differing.add(row[0])
        if row[0] not in chain.adopted:
            last = max(last, position)
    later = {line.id for line in receipts_of(places.ledger, unmatched)} if unmatched else set()
    for receipt_id in sorted(unmatched - later):
        yield Finding("receipt_not_in_ledger", receipt_id, "the ledger does not know the receipt")
    rest = ledger.receipts.keys() - _pending(rows)
    if chain.anchor and rest:
        lines = receipts_of(places.ledger, rest)
        rest -= {line.id for line in lines if _is_older(line.document, old)}
    yield from _verify_rest(rest, ledger, chain, last)
    for line in receipts_of(places.ledger, differing | ledger.receipts.keys()):
        if keys and not _is_signed(keys, line.document, _signature(line)):
            yield Finding(
                "ledger_receipt_invalid", line.id, "a receipt in the ledger has no valid signature"
            )


def _finished(rows: Rows) -> Iterator[tuple[Any, ...]]:
    if rows.reads(_FINISHED):
        with rows.stream(_FINISHED) as found:
            yield from found


def _verify_rest(rest: set[str], ledger: Ledger, chain: Chain, last: int) -> Iterator[Finding]:
    """What only the ledger has. A deletion that is pending was interrupted before its commit, and
    then the ledger keeps its first receipt. `last` is the farthest entry that others name."""
    for receipt_id in sorted(rest):
        last = max(last, ledger.receipts[receipt_id][1])
        yield Finding(
            "receipt_lost", receipt_id, "the ledger tells of a deletion that the database lacks"
        )
    if last > chain.length:
        yield Finding(
            "audit_log_cut", f"entry {chain.length}", "receipts name entries behind the last one"
        )


def _verify_receipt(
    rows: Rows, row: tuple[Any, ...], keys: Keys, chain: Chain, old: datetime
) -> Iterator[Finding]:
    receipt_id, customer_id, call_id, data_class, document, signature = row
    told = _parsed(document)
    if told is None or [told.get(name) for name in ("id", "customer", "call", "class")] != [
        receipt_id,
        customer_id,
        call_id,
        data_class,
    ]:
        yield Finding("receipt_invalid", receipt_id, "the receipt tells of another deletion")
        return
    if keys and not _is_signed(keys, document, signature, told):
        yield Finding("receipt_signature_invalid", receipt_id, "the signature does not verify")
    removed = chain.anchor > 0 and _is_older(document, old)
    if not removed and not _is_chained(rows, receipt_id, document, told, chain):
        yield Finding("receipt_not_chained", receipt_id, "the audit log does not hold its digest")
    if not _WORDLESS.match(document):
        yield Finding("receipt_wordy", receipt_id, "the receipt says more than ids and codes")
    if not _is_complete(told):
        yield Finding("receipt_incomplete", receipt_id, "the receipt leaves a place undone")


def _is_signed(
    keys: Keys, document: str, signature: bytes | None, told: dict[str, Any] | None = None
) -> bool:
    told = told or _parsed(document) or {}
    key = keys.get(str(told.get("key")))
    if key is None or not isinstance(signature, bytes):
        return False
    try:
        key.verify(signature, document.encode())
    except InvalidSignature:
        return False
    return True


def _is_chained(
    rows: Rows, receipt_id: str, document: str, told: dict[str, Any], chain: Chain
) -> bool:
    digest = hashlib.sha256(document.encode()).hexdigest()
    if chain.adopted.get(receipt_id) == digest:
        return True
    try:
        position, previous = int(told["audit"]["position"]), told["audit"]["previous"]
        query = "SELECT name, facts, previous FROM audit_log WHERE position = ?"
        name, facts, stated = rows.execute(query, (position,)).fetchone()
        entry = json.loads(facts)
        found = (name, entry["receipt"], entry["digest"], stated)
    except (OverflowError, KeyError, TypeError, ValueError):
        return False
    return bool(found == ("deletion_receipt", receipt_id, digest, previous))


def _is_older(document: Any, old: datetime) -> bool:
    try:
        return datetime.fromisoformat(str((_parsed(document) or {})["begun"])) <= old
    except (KeyError, ValueError, TypeError):
        return False


def _is_complete(told: dict[str, Any]) -> bool:
    try:
        return bool(told["done"]) and all(place["done"] for place in told["places"])
    except (KeyError, TypeError):
        return False


def _pending(rows: Rows) -> set[str]:
    query = "SELECT id FROM deletions WHERE done_at IS NULL"
    return {each for (each,) in rows.execute(query)} if rows.reads(query) else set()


def _any_receipt(rows: Rows) -> bool:
    query = f"{_FINISHED} LIMIT 1"
    return rows.reads(query) and rows.execute(query).fetchone() is not None


def _mark(row: tuple[Any, ...]) -> bytes | None:
    _, _, _, _, document, signature = row
    if not isinstance(document, str) or not isinstance(signature, bytes):
        return None
    return Line("", document, base64.b64encode(signature).decode()).mark


def _signature(line: Line) -> bytes | None:
    with suppress(ValueError):
        return base64.b64decode(line.signature, validate=True)
    return None


def _parsed(document: Any) -> dict[str, Any] | None:
    try:
        told = json.loads(document)
    except (ValueError, TypeError):
        return None
    return told if isinstance(told, dict) else None


def _public_key(pem: bytes) -> Ed25519PublicKey | None:
    with suppress(ValueError, UnsupportedAlgorithm):
        key = load_pem_public_key(pem)
        return key if isinstance(key, Ed25519PublicKey) else None
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        own = load_pem_private_key(pem, password=None)
        return own.public_key() if isinstance(own, Ed25519PrivateKey) else None
    return None
