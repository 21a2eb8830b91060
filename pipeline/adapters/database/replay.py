"""Bringing a restored database up to date: what the deletion ledger says is done again, each
entry in one transaction. No hold is asked: what the ledger tells has happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from pipeline.adapters.database import again, known_entries
from pipeline.adapters.database.audit_log import append_event, last_anchor
from pipeline.adapters.database.deletions import collecting
from pipeline.adapters.database.engine import Database
from pipeline.adapters.database.tables import audit_log, deletions, watermarks
from pipeline.domain.audit import AuditEvent
from pipeline.domain.deletion import LedgerEntry, Receipt
from pipeline.domain.ids import CallId
from pipeline.domain.ledger import Kind, LedgerMark

_LEDGER = "ledger"

_AGAIN: dict[str, again.Step] = {
    Kind.RECEIPT: again.delete_again,
    Kind.DELETED: again.begin_again,
    Kind.CONSENT: again.refuse_again,
    Kind.HOLD: again.hold_again,
    Kind.RELEASE: again.release_again,
    Kind.RESTRICT: again.mark_again,
    Kind.LIFT: again.mark_again,
    Kind.OBJECT: again.mark_again,
    Kind.LIFT_OBJECTION: again.mark_again,
    Kind.OWE: again.mark_again,
    Kind.TAKE_BACK: again.mark_again,
    Kind.REQUEST: again.request_again,
    Kind.ANSWER: again.answer_again,
    Kind.RETENTION: again.rule_again,
    Kind.API_KEY: again.key_again,
}

_DELETIONS = (Kind.RECEIPT, Kind.DELETED)
"""They leave a receipt, whatever of it is here."""


class SqlLedgerReplay:
    """See `LedgerReplay` for every method."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unknown(self, entries: Sequence[LedgerEntry]) -> tuple[LedgerEntry, ...]:
        """In their order."""
        with self._database.read() as connection:
            known = known_entries.among(connection, entries)
        return tuple(entry for entry in entries if entry.id not in known)

    def apply(
        self, entry: LedgerEntry, now: datetime, destroy: Callable[[str], object]
    ) -> tuple[CallId, ...] | None:
        """Raises `SealBroken`. An entry of a kind that a newer Deckname wrote is passed over."""
        step = _AGAIN.get(entry.kind)
        if step is None:
            return None
        with self._database.write() as connection:
            collecting(connection)  # the ledger knows: it tells of each of them, or why it begins
            known = known_entries.has_customer(connection, entry.customer_id)
            if entry.kind not in _DELETIONS and not known:
                return None
            return step(connection, entry, now, destroy)

    def replayed_to(self) -> tuple[LedgerMark, datetime] | None:
        """None also where an older version left its mark."""
        query = select(watermarks.c.mark, watermarks.c.at).where(watermarks.c.name == _LEDGER)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        mark = None if row is None or row.mark is None else LedgerMark.read(row.mark)
        return None if row is None or mark is None else (mark, row.at)

    def mark(self, reached: LedgerMark, applied: int, now: datetime) -> None:
        """One row, overwritten; then what was deleted again leaves the write-ahead log too."""
        with self._database.write() as connection:
            _set_mark(connection, reached, now)
            if applied:
                facts: dict[str, str | int] = {"to": reached.written(), "applied": applied}
                append_event(connection, AuditEvent("ledger_replayed", now, facts=facts))
        if applied:
            self._database.forget_deleted()

    def last_receipt(self) -> Receipt | None:
        """None where nothing was ever deleted."""
        query = select(deletions).where(deletions.c.done_at.is_not(None))
        query = query.order_by(deletions.c.done_at.desc()).limit(1)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else Receipt(row.id, row.document, row.signature)

    def has_in_audit(self, receipt: Receipt) -> bool:
        """Raises `SealBroken` for a receipt that says nothing of the audit log."""
        position, previous = again.place_in_audit(receipt)
        with self._database.read() as connection:
            own = connection.scalar(
                select(deletions.c.document).where(deletions.c.id == receipt.id)
            )
            if own != receipt.document:
                return True
            chained = _is_chained(connection, receipt, position, previous)
            return chained or _was_adopted(connection, receipt)


def _set_mark(connection: Connection, reached: LedgerMark, now: datetime) -> None:
    values = {"at": now, "mark": reached.written()}
    own = update(watermarks).where(watermarks.c.name == _LEDGER).values(values)
    if connection.execute(own).rowcount:
        return
    # Another instance may set its first mark now: either is right, and the next start moves it.
    with suppress(IntegrityError), connection.begin_nested():
        connection.execute(insert(watermarks).values(name=_LEDGER, **values))


def _is_chained(connection: Connection, receipt: Receipt, position: int, previous: str) -> bool:
    columns = select(audit_log.c.previous, audit_log.c.facts)
    row = connection.execute(columns.where(audit_log.c.position == position)).first()
    if row is None:
        return position <= last_anchor(connection)[1].position
    return bool(f'"{receipt.digest}"' in row.facts and row.previous == previous)


def _was_adopted(connection: Connection, receipt: Receipt) -> bool:
    adopted = audit_log.c.name == "receipt_adopted"
    names_it = audit_log.c.facts.contains(receipt.digest)
    query = select(audit_log.c.position).where(adopted, names_it).limit(1)
    return connection.execute(query).first() is not None
