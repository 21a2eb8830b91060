"""What the deletion ledger tells of marks, legal holds and requests: the database must have the
last that was told of each. A line is written before its commit, and a line `undone` takes back
what never was committed; `committed` says that it was after all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline.usecases.verification.findings import Finding, Grace, from_text
from pipeline.usecases.verification.rows import Rows

_MARKS = {
    "restrict": ("restricted_at", True),
    "lift": ("restricted_at", False),
    "object": ("objected_at", True),
    "lift_objection": ("objected_at", False),
    "owe": ("erasure_owed_at", True),
    "take_back": ("erasure_owed_at", False),
}
"""By the kind of a line: the column of the call, and whether it is set."""
_COLUMNS = ("restricted_at", "objected_at", "erasure_owed_at")
_NAMES = {"hold": "hold", "release": "hold", "request": "request", "answer": "request"}
"""By the kind of a line: under which fact it names what it is about, unless by its own id."""

_CALL = (
    "SELECT restricted_at, objected_at, erasure_owed_at FROM calls"
    " JOIN customers ON customers.id = calls.customer_id"
    " WHERE calls.id = ? AND erased_at IS NULL AND closed_at IS NULL"
)
_KNOWN = "SELECT 1 FROM calls WHERE id = ?"
_CUSTOMER = "SELECT 1 FROM customers WHERE id = ?"
_HOLD = "SELECT released_at FROM legal_holds WHERE id = ?"
_REQUEST = 'SELECT closed_at, "right" FROM rights_requests WHERE id = ?'


@dataclass(frozen=True, slots=True)
class _Line:
    """`about` is the call, the hold or the request."""

    kind: str
    about: str
    at: datetime
    customer_id: str
    call_id: str | None
    until: datetime | None

    @property
    def matter(self) -> tuple[str, str]:
        """Of two lines of one matter the later counts."""
        return (_MARKS[self.kind][0] if self.kind in _MARKS else _NAMES[self.kind]), self.about


@dataclass(slots=True)
class Told:
    """Lines by their ids, in the order that counts, and the ids of those that were undone."""

    lines: dict[str, _Line] = field(default_factory=dict)
    undone: set[str] = field(default_factory=set)

    def read(self, body: list[Any] | None) -> None:
        """Take a line of the ledger: id, kind, moment, customer, call, facts."""
        if body is None or not isinstance(body[5], dict):
            return
        about = str(body[5].get("entry"))
        if body[1] == "undone":
            self.undone.add(about)
        elif body[1] == "committed":
            self.undone.discard(about)
        elif (line := _line(body)) is not None:
            self.undone.discard(str(body[0]))
            self.lines.pop(str(body[0]), None)
            self.lines[str(body[0])] = line

    def last(self) -> Iterator[_Line]:
        """Of each matter the line that counts."""
        told = (line for line_id, line in self.lines.items() if line_id not in self.undone)
        yield from {line.matter: line for line in told}.values()


def verify_told(rows: Rows, told: Told, now: datetime, grace: Grace) -> Iterator[Finding]:
    """`told` was read before `rows` were opened. What was told lately may still be committed, or
    done again; and of strangers the database knows nothing."""
    asked = (_CALL, _HOLD, _REQUEST)
    if not all(rows.reads(query, ("",)) for query in asked):
        return
    for line in told.last():
        if line.at > now - grace.sweep or not _has(rows, _CUSTOMER, line.customer_id):
            continue
        if line.kind in _MARKS:
            yield from _mark(rows, line)
        elif line.kind in ("hold", "release"):
            yield from _hold(rows, line, now)
        else:
            yield from _request(rows, line)


def _mark(rows: Rows, line: _Line) -> Iterator[Finding]:
    row = rows.execute(_CALL, (line.about,)).fetchone()
    if row is None:
        return
    column, is_set = _MARKS[line.kind]
    since = row[_COLUMNS.index(column)]
    if is_set and since is None:
        detail = f"the ledger tells of a mark that the call does not bear ({line.kind})"
        yield Finding("mark_lost", line.about, detail)
    elif not is_set and since is not None and from_text(since) <= line.at:
        detail = f"the call bears a mark whose end the ledger tells ({line.kind})"
        yield Finding("mark_lost", line.about, detail)


def _hold(rows: Rows, line: _Line, now: datetime) -> Iterator[Finding]:
    """One that ended is removed after years; one of a call that is not here keeps nothing."""
    row = rows.execute(_HOLD, (line.about,)).fetchone()
    if line.kind == "release":
        if row is not None and row[0] is None:
            detail = "the ledger tells that the hold was released, and it is still in force"
            yield Finding("hold_lost", line.about, detail)
    elif row is None and _keeps(rows, line, now):
        detail = "the ledger tells of a legal hold that the database lacks"
        yield Finding("hold_lost", line.about, detail)


def _keeps(rows: Rows, line: _Line, now: datetime) -> bool:
    ended = line.until is not None and line.until <= now
    return not ended and (line.call_id is None or _has(rows, _KNOWN, line.call_id))


def _request(rows: Rows, line: _Line) -> Iterator[Finding]:
    """One that was closed is removed after years; one that was answered with a correction is open
    again where a restore took the correction."""
    row = rows.execute(_REQUEST, (line.about,)).fetchone()
    if line.kind == "request" and row is None:
        detail = "the ledger tells of an open request that the database lacks"
        yield Finding("request_lost", line.about, detail)
    elif line.kind == "answer" and row is not None and row[0] is None and row[1] != "rectify":
        detail = "the ledger tells of the answer to a request that is open here"
        yield Finding("request_lost", line.about, detail)


def _has(rows: Rows, query: str, name: str) -> bool:
    return rows.execute(query, (name,)).fetchone() is not None


def _line(body: list[Any]) -> _Line | None:
    """None for a line of another kind, and for one that cannot be read: the chain tells that."""
    line_id, kind, at, customer_id, call_id, facts = body
    if kind not in _MARKS and kind not in _NAMES:
        return None
    about = call_id if kind in _MARKS else facts.get(_NAMES[kind], line_id)
    with suppress(ValueError, TypeError):
        until = facts.get("until")
        return _Line(
            str(kind),
            str(about),
            datetime.fromisoformat(at),
            str(customer_id),
            None if call_id is None else str(call_id),
            None if until is None else datetime.fromisoformat(until),
        )
    return None
