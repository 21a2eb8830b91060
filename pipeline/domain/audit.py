"""Audit events: that something happened, never what was said.

Each entry's hash covers the one before. Entries whose period is over are removed all the same: an
`audit_pruned` event is chained that says up to where the log was gone through (the anchor), and
which entries were kept before that, because what they are about still lives. Behind the anchor the
chain has no gap.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

GENESIS = "0" * 64
PRUNED = "audit_pruned"
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One event before it is chained. `facts` hold ids, counts, codes and times only."""

    name: str
    at: datetime
    call_id: str | None = None
    customer_id: str | None = None
    facts: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)


def chain_hash(previous: str, event: AuditEvent) -> str:
    """SHA-256 over the previous hash and the canonical JSON of `event`, as 64 hex digits."""
    body = json.dumps(
        [event.name, event.at.isoformat(), event.call_id, event.customer_id, dict(event.facts)],
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=True,
    )
    return hashlib.sha256(f"{previous}\n{body}".encode()).hexdigest()


def kept_digest(entries: Iterable[tuple[int, str]]) -> str:
    """SHA-256 over `position:hash` and a line feed of each entry that was kept, oldest first."""
    digest = hashlib.sha256()
    for position, own in entries:
        digest.update(f"{position}:{own}\n".encode())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the unbroken chain begins: behind the entry at `position`, whose hash is `digest`.
    `kept` is the `kept_digest` of the entries that are left up to there."""

    position: int = 0
    digest: str = GENESIS
    kept: str = kept_digest(())


def anchor_event(anchor: Anchor, removed: int, now: datetime) -> AuditEvent:
    """That `removed` entries went, and what holds the rest."""
    facts: dict[str, str | int] = {
        "to": anchor.position,
        "hash": anchor.digest,
        "kept": anchor.kept,
        "removed": removed,
    }
    return AuditEvent(PRUNED, now, facts=facts)


def anchor_in(facts: Mapping[str, Any]) -> Anchor:
    """The inverse. Raises `ValueError` for facts that hold none."""
    position, digest, kept = facts.get("to"), facts.get("hash"), facts.get("kept")
    if type(position) is not int or position < 1:
        raise ValueError("an anchor names a position")
    if not all(isinstance(each, str) and _DIGEST.match(each) for each in (digest, kept)):
        raise ValueError("an anchor names two digests")
    return Anchor(position, str(digest), str(kept))
