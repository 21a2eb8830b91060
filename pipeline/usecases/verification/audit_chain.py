"""The audit log, entry by entry: does each follow from the one before, and does it say ids, counts,
codes and times only. The hash is written here anew, from its description alone.

The last `audit_pruned` entry is the anchor: it names a position and the hash there, behind which no
entry may be missing, and a digest over the entries before that which were kept."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pipeline.usecases.verification.findings import Finding
from pipeline.usecases.verification.rows import Answers, Rows

FIRST = "0" * 64
_ANCHOR = (
    "SELECT position, facts FROM audit_log WHERE name = 'audit_pruned'"
    " ORDER BY position DESC LIMIT 1"
)
_PLAIN = re.compile(r"[A-Za-z0-9_.:,+-]*\Z")
_NUMBER = re.compile(r"\+?[0-9]{6,20}\Z")


@dataclass(slots=True)
class Chain:
    """What the walk found. `length` is the last position, `anchor` that behind which no entry is
    missing. `adopted` are the digests of receipts that a restore took in, by the receipt's id;
    `first_receipt` is when the first receipt was chained."""

    length: int = 0
    anchor: int = 0
    adopted: dict[str, str] = field(default_factory=dict)
    first_receipt: str | None = None


def verify_chain(rows: Rows, chain: Chain) -> Iterator[Finding]:
    """Walk the whole log and fill `chain`. A broken chain is told of once, at its first fault."""
    query = (
        "SELECT position, name, at, call_id, customer_id, facts, previous, hash"
        " FROM audit_log ORDER BY position"
    )
    anchor = _anchor(rows)
    with rows.stream(query) as entries:
        yield from _walk(entries, anchor, chain)


def _walk(entries: Answers, anchor: tuple[int, int, str, str], chain: Chain) -> Iterator[Finding]:
    told_at, chain.anchor, previous, kept = anchor
    whole, left, expected = chain.anchor < told_at or told_at == 0, hashlib.sha256(), chain.anchor
    if not whole:
        yield Finding("audit_chain_broken", f"entry {told_at}", "the entry is no anchor")
    for position, name, at, call_id, customer_id, facts, stated, digest in entries:
        chain.length = position
        told = _parsed(facts)
        if position <= chain.anchor:
            left.update(f"{position}:{digest}\n".encode())
            follows = True
        else:
            expected += 1
            follows = position == expected and stated == previous
            previous = digest
        if whole and not (
            follows
            and told is not None
            and digest == _hash(stated, name, at, call_id, customer_id, told)
        ):
            whole = False
            place = f"entry {min(position, expected)}"
            yield Finding("audit_chain_broken", place, "the entry does not follow")
        if told is None:
            continue
        if not all(map(_is_plain, told.values())):
            yield Finding("audit_wordy", f"entry {position}", "an entry says more than a code")
        if name == "receipt_adopted":
            chain.adopted[str(told.get("receipt"))] = str(told.get("digest"))
        elif name == "deletion_receipt" and chain.first_receipt is None:
            chain.first_receipt = at
    if whole and left.hexdigest() != kept:
        place = f"entry {chain.anchor}"
        yield Finding("audit_chain_broken", place, "up to there an entry is missing or was added")


def _anchor(rows: Rows) -> tuple[int, int, str, str]:
    """Where it is told, where it lies, the hash there, and the digest of what was kept. One that
    cannot be read lies where it is told."""
    nothing = hashlib.sha256().hexdigest()
    for told_at, facts in rows.execute(_ANCHOR):
        told = _parsed(facts) or {}
        position, digest, kept = (told.get(name) for name in ("to", "hash", "kept"))
        if isinstance(position, int) and isinstance(digest, str) and isinstance(kept, str):
            return told_at, max(position, 0), digest, kept
        return told_at, told_at, FIRST, nothing
    return 0, 0, FIRST, nothing


def _hash(
    previous: str, name: str, at: str, call_id: str | None, customer_id: str | None, facts: Any
) -> str | None:
    """SHA-256 over the previous hash, a line feed and the event as canonical JSON."""
    try:
        moment = datetime.fromisoformat(at).replace(tzinfo=UTC).isoformat()
        body = json.dumps(
            [name, moment, call_id, customer_id, facts], sort_keys=True, separators=(",", ":")
        )
    except (ValueError, TypeError):
        return None
    return hashlib.sha256(f"{previous}\n{body}".encode()).hexdigest()


def _parsed(facts: str) -> dict[str, Any] | None:
    try:
        told = json.loads(facts)
    except (ValueError, TypeError):
        return None
    return told if isinstance(told, dict) else None


def _is_plain(value: object) -> bool:
    """Numbers may be counts; a text may not be a sentence, an address or a phone number."""
    if not isinstance(value, str):
        return value is None or isinstance(value, int | float)
    return bool(_PLAIN.match(value)) and not _NUMBER.match(value)
