"""Keys, as far as they may be shown: how old, how many, where from. Never a key."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pipeline.domain.ids import CallId


class KeySource(StrEnum):
    """Where a master key comes from."""

    FILE = "file"
    KMS = "kms"
    ENVIRONMENT = "environment"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A master key by its name (`content`, `vault`). `versions` is how many keys open what it
    wraps: more than one while a rotation is under way. `fingerprint` names the one that wraps;
    `made` is not known of one from the environment."""

    name: str
    source: KeySource
    fingerprint: str
    versions: int = 1
    made: datetime | None = None


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """The data key of one sealed content of a customer, where it lies: `place` is a table, `row`
    its key there. `purpose` and `call_id` are what the key is bound to."""

    place: str
    row: str
    purpose: str
    call_id: CallId
    wrapped: bytes = field(repr=False)
