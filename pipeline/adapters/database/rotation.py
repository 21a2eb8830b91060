"""The half of `CallRepository` that rotates keys: wrapped keys are read, and swapped if unchanged.

Nothing here opens anything: what is wrapped with what is the vault's to know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Select, Table, and_, literal, select, update

from pipeline.adapters.database.audit_log import append_event
from pipeline.adapters.database.engine import Database
from pipeline.adapters.database.tables import (
    calls,
    consent_quotes,
    customers,
    index_secrets,
    known_parties,
    redaction_policies,
    transcripts,
    vaults,
)
from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Customer
from pipeline.domain.errors import Conflict, NotFound
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.keys import WrappedKey


@dataclass(frozen=True, slots=True)
class _Place:
    """A table whose `wrapped_key` a customer's key wraps, for `purpose`."""

    table: Table
    purpose: str
    row: str = "call_id"

    @property
    def key(self) -> Column[str]:
        return self.table.c[self.row]

    def of(self, customer_id: CustomerId) -> Select[Any]:
        """Row, call and wrapped key of everything there of the customer, in order of rows."""
        if "customer_id" in self.table.c:
            query = select(self.key, literal(""), self.table.c.wrapped_key)
            query = query.where(self.table.c.customer_id == customer_id)
        else:
            query = select(self.key, self.table.c.call_id, self.table.c.wrapped_key)
            # Not a join: from the customer's side, each page would sort all of its calls.
            owner = select(calls.c.customer_id).where(calls.c.id == self.table.c.call_id)
            query = query.where(owner.scalar_subquery() == customer_id)
        return query.where(self.table.c.wrapped_key.is_not(None)).order_by(self.key)

    def parsed(self, row: str) -> str | int:
        return int(row) if self.key.type.python_type is int else row


PLACES = {
    place.table.name: place
    for place in (
        _Place(redaction_policies, "lists", "customer_id"),
        _Place(index_secrets, "index", "customer_id"),
        _Place(known_parties, "known"),
        _Place(transcripts, "transcript"),
        _Place(vaults, "vault"),
        _Place(consent_quotes, "quote", "entry_id"),
    )
}


class SqlKeyRotation:
    """See `CallRepository` for every method."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def replace_customer_keys(self, before: Customer, after: Customer, event: AuditEvent) -> None:
        """Raises `NotFound`, `Conflict`."""
        with self._database.write() as connection:
            replaced = connection.execute(
                update(customers)
                .where(
                    customers.c.id == before.id,
                    customers.c.closed_at.is_(None),
                    customers.c.wrapped_key == before.wrapped_key,
                    customers.c.wrapped_vault_key == before.wrapped_vault_key,
                )
                .values(
                    wrapped_key=after.wrapped_key,
                    wrapped_vault_key=after.wrapped_vault_key,
                    key_version=after.key_version,
                    keys_made_at=after.keys_made_at,
                )
            )
            if replaced.rowcount != 1:
                raise _missed(connection, before.id)
            append_event(connection, event)
        self._database.forget_deleted()

    def wrapped_keys(
        self, customer_id: CustomerId, after: WrappedKey | None = None, limit: int = 500
    ) -> tuple[WrappedKey, ...]:
        """By place, then by row."""
        names = list(PLACES)
        found: list[WrappedKey] = []
        with self._database.read() as connection:
            for name in names[names.index(after.place) if after else 0 :]:
                place = PLACES[name]
                query = place.of(customer_id).limit(limit - len(found))
                if after is not None and after.place == name:
                    query = query.where(place.key > place.parsed(after.row))
                for row, call_id, wrapped in connection.execute(query):
                    key = WrappedKey(name, str(row), place.purpose, CallId(call_id), wrapped)
                    found.append(key)
                if len(found) == limit:
                    break
        return tuple(found)

    def rewrap_keys(self, customer_id: CustomerId, keys: Sequence[tuple[WrappedKey, bytes]]) -> int:
        """In one transaction. A row that went, or was sealed anew, is left alone."""
        if not keys:
            return 0
        replaced = 0
        with self._database.write() as connection:
            for key, wrapped in keys:
                place = PLACES[key.place]
                same = and_(
                    place.key == place.parsed(key.row), place.table.c.wrapped_key == key.wrapped
                )
                changed = connection.execute(
                    update(place.table).where(same).values(wrapped_key=wrapped)
                )
                replaced += changed.rowcount
        return replaced


def _missed(connection: Connection, customer_id: CustomerId) -> Exception:
    query = select(customers.c.id).where(customers.c.id == customer_id)
    if connection.execute(query).first() is None:
        return NotFound("there is no such customer")
    return Conflict("the customer was closed, or its keys replaced just now; nothing was changed")
