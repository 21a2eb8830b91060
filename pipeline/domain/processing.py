"""What the papers on data protection tell of: an installation, its customers and their stock.

Facts of configuration and counts only: no content, and no name of a data subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pipeline.domain.ids import CustomerId
from pipeline.domain.keys import MasterKey
from pipeline.domain.redaction_policy import StoredPolicy
from pipeline.domain.retention_policy import RetentionPolicy


class Where(StrEnum):
    """How far from this machine a service is, as far as its address tells."""

    EMBEDDED = "embedded"
    THIS_MACHINE = "this_machine"
    PRIVATE_NETWORK = "private_network"
    ELSEWHERE = "elsewhere"


class Measure(StrEnum):
    """What no program can know about itself: the operator says it, or the paper shows a gap."""

    PREMISES = "premises"
    PERSONNEL = "personnel"
    DISKS = "disks"
    TRANSPORT = "transport"
    BACKUPS = "backups"
    INCIDENTS = "incidents"


@dataclass(frozen=True, slots=True)
class SubProcessor:
    """A company that the operator says it engages (Art. 28 (2), (4) GDPR). `safeguard` is what
    allows a transfer to a third country (Art. 44 ff.), None where there is none."""

    name: str
    address: str
    service: str
    personal_data: str
    country: str
    safeguard: str | None = None


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs Deckname, in its own words. None is a gap that the papers show."""

    name: str | None = None
    address: str | None = None
    contact: str | None = None
    representative: str | None = None
    data_protection_officer: str | None = None
    controllers: Mapping[str, str] = field(default_factory=dict)
    measures: Mapping[Measure, str] = field(default_factory=dict)
    subprocessors: tuple[SubProcessor, ...] | None = None


@dataclass(frozen=True, slots=True)
class Library:
    """Software that processes personal data inside Deckname."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Installation:
    """What the settings and the machine say. `model_origin` is `bundled`, `folder` or `hub`;
    `swap` is None where it cannot be known; `time_zone` is an IANA name."""

    version: str
    operator: Operator
    model: str
    model_origin: str
    device: str
    recognizers: int
    database: str
    database_at: Where
    redis_at: Where
    recordings_at: Where
    api_at: Where
    max_call_hours: float
    log_days: int
    evidence_years: int
    time_zone: str
    swap: bool | None
    libraries: tuple[Library, ...]


@dataclass(frozen=True, slots=True)
class Stock:
    """What there is of one customer. Moments are those of the oldest that is still there."""

    received: int = 0
    processing: int = 0
    stored: int = 0
    failed: int = 0
    erased: int = 0
    audio: int = 0
    retained: int = 0
    receipts: int = 0
    pending: int = 0
    holds: int = 0
    requests: int = 0
    overdue: int = 0
    oldest_call: datetime | None = None
    oldest_audio: datetime | None = None

    def plus(self, other: Stock) -> Stock:
        """Both together."""
        return Stock(
            received=self.received + other.received,
            processing=self.processing + other.processing,
            stored=self.stored + other.stored,
            failed=self.failed + other.failed,
            erased=self.erased + other.erased,
            audio=self.audio + other.audio,
            retained=self.retained + other.retained,
            receipts=self.receipts + other.receipts,
            pending=self.pending + other.pending,
            holds=self.holds + other.holds,
            requests=self.requests + other.requests,
            overdue=self.overdue + other.overdue,
            oldest_call=_earliest((self.oldest_call, other.oldest_call)),
            oldest_audio=_earliest((self.oldest_audio, other.oldest_audio)),
        )


@dataclass(frozen=True, slots=True)
class Census:
    """The stock of all customers that have one, and the revision of the database's schema."""

    schema: str
    stocks: Mapping[CustomerId, Stock]


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """One customer: its rules, and what there is. A closed one has the rules of nobody: None."""

    id: CustomerId
    name: str
    since: datetime
    closed: datetime | None
    retention: RetentionPolicy | None
    redaction: StoredPolicy | None
    stock: Stock


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """The keys' ages. `oldest_day` is an ISO date, None where there is no day key; `signer` names
    the key of the receipts. `overdue` counts day keys that should be gone, `retention` the keys of
    consents."""

    masters: tuple[MasterKey, ...]
    days: int
    oldest_day: str | None
    next_end: datetime | None
    overdue: int
    retention: int
    signer: str


@dataclass(frozen=True, slots=True)
class Processing:
    """Everything that the papers say, at one moment.

    `only` is the one customer that it is about, None for all. `audit_entries` is None where only
    one customer is shown; `audit_whole` tells whether the chain is. `findings` is how many the
    verifier had, None where it was not asked.
    """

    at: datetime
    installation: Installation
    schema: str
    customers: tuple[CustomerFacts, ...]
    keys: KeyFacts
    audit_entries: int | None
    audit_whole: bool
    findings: int | None
    only: CustomerId | None

    @property
    def total(self) -> Stock:
        """All customers' stock together."""
        total = Stock()
        for customer in self.customers:
            total = total.plus(customer.stock)
        return total


def _earliest(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
