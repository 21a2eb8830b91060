"""The consent register: rows are added, never changed; a quote goes with its call."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, insert, select

from pipeline.adapters.database.audit_log import append_event
from pipeline.adapters.database.engine import Database
from pipeline.adapters.database.fences import check_sealed
from pipeline.adapters.database.tables import calls, consent_entries, consent_quotes
from pipeline.domain.call import Sealed
from pipeline.domain.consent import (
    ConsentAct,
    ConsentEntry,
    ConsentSource,
    Purpose,
    consent_event,
    refuse_for_owed,
    withdrawn_before,
)
from pipeline.domain.ids import CallId, CustomerId


def insert_entry(connection: Connection, entry: ConsentEntry, quote: Sealed | None) -> None:
    """Add `entry`, its sealed quote beside it, and tell the audit log."""
    entry_id = connection.execute(
        insert(consent_entries)
        .values(
            customer_id=entry.customer_id,
            call_id=entry.call_id,
            purpose=entry.purpose.value,
            act=entry.act.value,
            source=entry.source.value,
            at=entry.at,
            until=entry.until,
            segment=entry.segment,
            digest=entry.digest,
        )
        .returning(consent_entries.c.id)
    ).scalar_one()
    if quote is not None:
        check_sealed(connection, entry.customer_id, quote)
        values: dict[str, Any] = {"ciphertext": quote.ciphertext, "wrapped_key": quote.wrapped_key}
        connection.execute(
            insert(consent_quotes).values(entry_id=entry_id, call_id=entry.call_id, **values)
        )
    append_event(connection, consent_event(entry))


def add_entry(connection: Connection, entry: ConsentEntry, quote: Sealed | None = None) -> bool:
    """`insert_entry`, unless the register says so already; False then. Raises `Conflict` where
    `entry` is a consent about a call that is to be erased."""
    # Whoever withdraws at the same time waits here, and sees what was recorded.
    own = select(calls.c.erasure_owed_at).where(calls.c.id == entry.call_id)
    refuse_for_owed(entry, connection.scalar(own.with_for_update()))
    if withdrawn_before(entries_of(connection, entry.call_id), entry):
        return False
    insert_entry(connection, entry, quote)
    return True


def entries_of(connection: Connection, call_id: CallId) -> tuple[ConsentEntry, ...]:
    """In the order in which they were recorded."""
    query = (
        select(consent_entries)
        .where(consent_entries.c.call_id == call_id)
        .order_by(consent_entries.c.id)
    )
    return tuple(_entry(row) for row in connection.execute(query))


class SqlConsentRegister:
    """See `ConsentRegister` for every method."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, entry: ConsentEntry, quote: Sealed | None = None) -> bool:
        """In a transaction of its own. Raises `Conflict`."""
        with self._database.write() as connection:
            return add_entry(connection, entry, quote)

    def of_call(self, call_id: CallId) -> tuple[ConsentEntry, ...]:
        """In the order in which they were recorded."""
        with self._database.read() as connection:
            return entries_of(connection, call_id)

    def quotes(self, call_id: CallId) -> tuple[Sealed | None, ...]:
        """One for each entry of `of_call`."""
        query = (
            select(consent_entries.c.id, consent_quotes.c.ciphertext, consent_quotes.c.wrapped_key)
            .outerjoin(consent_quotes, consent_quotes.c.entry_id == consent_entries.c.id)
            .where(consent_entries.c.call_id == call_id)
            .order_by(consent_entries.c.id)
        )
        with self._database.read() as connection:
            return tuple(
                None if row.ciphertext is None else Sealed(row.ciphertext, row.wrapped_key)
                for row in connection.execute(query)
            )


def _entry(row: Row[Any]) -> ConsentEntry:
    return ConsentEntry(
        customer_id=CustomerId(row.customer_id),
        call_id=CallId(row.call_id),
        purpose=Purpose(row.purpose),
        act=ConsentAct(row.act),
        source=ConsentSource(row.source),
        at=row.at,
        until=row.until,
        segment=row.segment,
        digest=row.digest,
    )
