"""Audit events: that something happened, never what was said."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

GENESIS = "0" * 64


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
