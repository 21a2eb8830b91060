"""What a backup says of itself: when, of which schema, how much, and the digest of each part."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from pipeline.domain.errors import SealBroken

FORMAT = "deckname/backup/1"
DATABASE, RECORDINGS, MANIFEST = "deckname.db", "blobs", "manifest.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """`members` maps names to (bytes, SHA-256); `audit_head` is the hash of the audit log's last
    entry, at `audit_position`."""

    at: datetime
    schema: str
    customers: int
    calls: int
    recordings: int
    audit_position: int
    audit_head: str
    members: Mapping[str, tuple[int, str]]

    def written(self) -> bytes:
        """As JSON."""
        body = {"format": FORMAT, **asdict(self), "at": self.at.astimezone(UTC).isoformat()}
        return json.dumps(body, sort_keys=True, indent=1).encode()

    @classmethod
    def read(cls, content: bytes) -> Manifest:
        """The inverse of `written`. Raises `SealBroken`."""
        try:
            body: dict[str, Any] = json.loads(content)
            if body.pop("format") != FORMAT:
                raise SealBroken("the backup is of a format that this Deckname does not read")
            members = {str(name): (int(s), str(d)) for name, (s, d) in body["members"].items()}
            at = datetime.fromisoformat(body["at"])
            return cls(**(body | {"at": at, "members": members}))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SealBroken("the backup's manifest cannot be read") from None
