"""Known parties at rest: they are PII, so they lie sealed like a vault."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pipeline.domain.privacy import EntityType, KnownParty


def known_to_json(known: Sequence[KnownParty]) -> bytes:
    """The bytes to seal."""
    return json.dumps([[party.type.value, party.value] for party in known]).encode()


def open_known(content: bytes) -> tuple[KnownParty, ...]:
    """The parties in opened bytes."""
    return tuple(KnownParty(EntityType(kind), value) for kind, value in json.loads(content))
