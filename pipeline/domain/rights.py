"""What data subjects may ask for (Art. 15 to 21 GDPR), and what may stand against it."""

from __future__ import annotations

import calendar
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pipeline.domain.ids import CallId, CustomerId


class Right(StrEnum):
    """Articles 15/20, 16, 17, 18, 21."""

    EXPORT = "export"
    RECTIFY = "rectify"
    ERASE = "erase"
    RESTRICT = "restrict"
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class RightsRequest:
    """A request and its clock. Who asked is not in it: `subject` is a keyed hash, or None where
    calls were named. `outcome` is a snake_case code, e.g. `done`, `legal_hold`, `nothing_found`."""

    id: str
    customer_id: CustomerId
    right: Right
    received_at: datetime
    due_at: datetime
    calls: int = 0
    subject: str | None = field(default=None, repr=False)
    closed_at: datetime | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class LegalHold:
    """Keeps transcripts of one call, or of a whole customer, from expiry and erasure."""

    id: str
    customer_id: CustomerId
    call_id: CallId | None
    reason: str = field(repr=False)
    placed_by: str
    placed_at: datetime
    until: datetime | None = None
    released_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it is in force at `now`."""
        return self.released_at is None and (self.until is None or now < self.until)


def one_month_after(received_at: datetime) -> datetime:
    """The end of the month that Art. 12 (3) GDPR gives: the same day of the next month, or its
    last day (Regulation 1182/71, Art. 3 (2) c)."""
    year, month = divmod(received_at.year * 12 + received_at.month, 12)
    day = min(received_at.day, calendar.monthrange(year, month + 1)[1])
    return received_at.replace(year=year, month=month + 1, day=day)


def new_request_id() -> str:
    """`req_` and 128 random bits."""
    return f"req_{secrets.token_hex(16)}"


def new_hold_id() -> str:
    """`hold_` and 128 random bits."""
    return f"hold_{secrets.token_hex(16)}"
