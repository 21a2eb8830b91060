"""PII: its types, where it stands in a text, and what stands for it after redaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class EntityType(StrEnum):
    """What kind of personal data a span holds. The value is the name in every output."""

    PERSON = "PERSON"
    LOCATION = "LOCATION"
    STREET_ADDRESS = "STREET_ADDRESS"
    POSTCODE = "POSTCODE"
    PHONE_NUMBER = "PHONE_NUMBER"
    EMAIL_ADDRESS = "EMAIL_ADDRESS"
    DATE_OF_BIRTH = "DATE_OF_BIRTH"
    IBAN = "IBAN"
    CREDIT_CARD = "CREDIT_CARD"
    TAX_ID = "TAX_ID"
    SOCIAL_SECURITY = "SOCIAL_SECURITY"
    ID_CARD = "ID_CARD"
    PASSPORT = "PASSPORT"
    LICENSE_PLATE = "LICENSE_PLATE"
    ORGANIZATION = "ORGANIZATION"
    URL = "URL"
    OTHER_ID = "OTHER_ID"


@dataclass(frozen=True, slots=True, order=True)
class PiiSpan:
    """Characters `start` up to but not including `end` of a text are PII of one type.

    `score` is a confidence between 0 and 1. Spans of one text never overlap once they leave
    `stages/detect_pii`.
    """

    start: int
    end: int
    type: EntityType
    score: float

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"span {self.start}:{self.end} is empty or negative")


@dataclass(frozen=True, slots=True)
class KnownParty:
    """Values the push already knew about somebody in the call: always redacted."""

    type: EntityType
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class VaultEntry:
    """What a pseudonym stood for at one place: `original` is the surface as it was said.

    `segment` is the index of the segment, `start` the character offset of the pseudonym in the
    *redacted* text of that segment.
    """

    pseudonym: str
    type: EntityType
    segment: int
    start: int
    original: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Vault:
    """Everything that re-identifies one call. Sealed with its own key, stored apart."""

    entries: tuple[VaultEntry, ...] = field(repr=False, default=())

    def counts(self) -> dict[EntityType, int]:
        """How many identities (not occurrences) of each type the vault holds."""
        identities = {(entry.type, entry.pseudonym) for entry in self.entries}
        counts: dict[EntityType, int] = {}
        for entity_type, _ in sorted(identities):
            counts[entity_type] = counts.get(entity_type, 0) + 1
        return counts
