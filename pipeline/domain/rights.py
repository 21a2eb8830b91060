"""What data subjects may ask for (Art. 15 to 21 GDPR), and what may stand against it."""

from __future__ import annotations

import calendar
import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from enum import StrEnum

from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Call, CallStatus, Sealed
from pipeline.domain.ids import CallId, CustomerId

BRAKE_CALLS = 20
"""An erasure of more calls than this, or of more than half of a customer's, needs two people."""


class Right(StrEnum):
    """Articles 15, 20, 16, 17, 18, 21."""

    ACCESS = "access"
    EXPORT = "export"
    RECTIFY = "rectify"
    ERASE = "erase"
    RESTRICT = "restrict"
    OBJECT = "object"


TOLD = (Right.ACCESS, Right.EXPORT)
"""One document answers both: what is kept (Art. 15), in a form that programs read (Art. 20)."""


class Mark(StrEnum):
    """What a call bears for its data subject: a restriction (Art. 18), an objection (Art. 21), an
    erasure that is owed as soon as no legal hold stands against it (Art. 17). The value names where
    a `Call` says since when."""

    RESTRICTION = "restricted_at"
    OBJECTION = "objected_at"
    ERASURE = "erasure_owed_at"


def marked_since(call: Call, mark: Mark) -> datetime | None:
    """None where the call does not bear `mark`."""
    if mark is Mark.ERASURE:
        return call.erasure_owed_at
    return call.restricted_at if mark is Mark.RESTRICTION else call.objected_at


def marked(call: Call, mark: Mark, at: datetime | None) -> Call:
    """The call with `mark` since `at`, without it where that is None."""
    if mark is Mark.ERASURE:
        return replace(call, erasure_owed_at=at)
    if mark is Mark.RESTRICTION:
        return replace(call, restricted_at=at)
    return replace(call, objected_at=at)


def withheld_since(call: Call) -> datetime | None:
    """Since when the call is shown to nobody but its data subject: it is restricted, or only a
    legal hold stands against its erasure, and a hold is no reason to go on using it (Art. 18 (1)
    (c) GDPR, § 35 (3) BDSG). None where it is shown."""
    reasons = (call.restricted_at, call.erasure_owed_at)
    return min((since for since in reasons if since is not None), default=None)


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

    def overdue(self, now: datetime, zone: tzinfo) -> bool:
        """Whether the day on which it is due is over in `zone` and nobody answered. The period ends
        with the last hour of that day (Regulation 1182/71, Art. 3 (2) c)."""
        today, due = (moment.astimezone(zone).date() for moment in (now, self.due_at))
        return self.closed_at is None and today > due


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

    @property
    def end(self) -> datetime | None:
        """When it ended or will; None where only a release ends it."""
        ends = (self.released_at, self.until)
        return min((end for end in ends if end is not None), default=None)


@dataclass(frozen=True, slots=True)
class Rectification:
    """A call after Art. 16: transcript and vault sealed anew, and what changes in the index.
    `before` is the vault that was rectified."""

    pseudonym: str
    before: Sealed
    transcript: Sealed
    vault: Sealed
    gone: tuple[str, ...] = field(repr=False, default=())
    added: tuple[str, ...] = field(repr=False, default=())


def needs_second_key(erased: int, of: int) -> bool:
    """Whether erasing so many calls `of` a customer's is unusual. One call never is."""
    return erased > BRAKE_CALLS or (erased > 1 and 2 * erased > of)


def may_read_by_llm(call: Call) -> bool:
    """Whether a language model may read the call's transcript: there is one, nobody objected
    (Art. 21), and it is not withheld. Every LLM step asks this first."""
    stored = call.status is CallStatus.STORED
    return stored and withheld_since(call) is None and call.objected_at is None


def one_month_after(received_at: datetime, zone: tzinfo) -> datetime:
    """The end of the month that Art. 12 (3) GDPR gives, in UTC: the same day of the next month, or
    its last day (Regulation 1182/71, Art. 3 (2) c), as the calendar of `zone` has days."""
    local = received_at.astimezone(zone)
    year, month = divmod(local.year * 12 + local.month, 12)
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day).astimezone(UTC)


def placed_event(hold: LegalHold) -> AuditEvent:
    """Why is for people, and stays out of the audit log."""
    until = None if hold.until is None else hold.until.isoformat()
    facts = {"hold": hold.id, "by": hold.placed_by, "until": until}
    return AuditEvent("hold_placed", hold.placed_at, hold.call_id, hold.customer_id, facts)


def released_event(hold: LegalHold, by: str, now: datetime) -> AuditEvent:
    """That `by`, a role, ended it."""
    facts = {"hold": hold.id, "by": by}
    return AuditEvent("hold_released", now, hold.call_id, hold.customer_id, facts)


def opened_event(request: RightsRequest, now: datetime) -> AuditEvent:
    """That it was opened `now`, and when it came: a letter may have lain for days. Without the
    subject: its hash would outlive the key of the index."""
    facts = {
        "request": request.id,
        "right": str(request.right),
        "received": request.received_at.isoformat(),
        "due": request.due_at.isoformat(),
    }
    return AuditEvent("rights_opened", now, None, request.customer_id, facts)


def closed_event(request: RightsRequest, now: datetime) -> AuditEvent:
    """How it ended, and how many calls it was about."""
    facts = {
        "request": request.id,
        "right": str(request.right),
        "outcome": request.outcome,
        "calls": request.calls,
    }
    return AuditEvent("rights_closed", now, None, request.customer_id, facts)


def new_request_id() -> str:
    """`req_` and 128 random bits."""
    return f"req_{secrets.token_hex(16)}"


def new_hold_id() -> str:
    """`hold_` and 128 random bits."""
    return f"hold_{secrets.token_hex(16)}"
