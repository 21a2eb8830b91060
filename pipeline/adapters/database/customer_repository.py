"""The half of `CallRepository` that deals with customers, in SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Connection, select

from pipeline.adapters.database import customers as accounts
from pipeline.adapters.database import deletions, policies, retention
from pipeline.adapters.database.engine import Database
from pipeline.adapters.database.rotation import SqlKeyRotation
from pipeline.adapters.database.tables import api_keys, customers
from pipeline.domain.call import Claim, Customer
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.redaction_policy import StoredPolicy
from pipeline.domain.retention_policy import RetentionPolicy
from pipeline.ports import DeletionLedger


class SqlCustomerRepository(SqlKeyRotation):
    """See `CallRepository` for every method. `ledger` is told of each deletion that begins, before
    its transaction commits."""

    def __init__(self, database: Database, ledger: DeletionLedger) -> None:
        super().__init__(database)
        self._ledger = ledger

    def _deleting(self, claim: Claim | None = None) -> AbstractContextManager[Connection]:
        return deletions.telling(self._database, self._ledger, claim)

    def add_customer(self, customer: Customer, key_hash: str) -> None:
        """Raises `Conflict`."""
        with self._database.write() as connection:
            accounts.add(connection, customer, key_hash)

    def customer(self, customer_id: CustomerId) -> Customer:
        """Raises `NotFound`."""
        with self._database.read() as connection:
            return accounts.from_row(accounts.get(connection, customer_id))

    def customers(self) -> tuple[Customer, ...]:
        """All, by id."""
        with self._database.read() as connection:
            rows = connection.execute(select(customers).order_by(customers.c.id)).all()
        return tuple(accounts.from_row(row) for row in rows)

    def customer_by_key(self, key_hash: str) -> Customer | None:
        """None where no open customer has this key."""
        query = (
            select(customers)
            .join(api_keys, api_keys.c.customer_id == customers.c.id)
            .where(api_keys.c.key_hash == key_hash, customers.c.closed_at.is_(None))
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else accounts.from_row(row)

    def key_hash(self, customer_id: CustomerId) -> str | None:
        """None for a closed customer, and for one that does not exist."""
        held = select(api_keys.c.key_hash).where(api_keys.c.customer_id == customer_id)
        with self._database.read() as connection:
            return connection.scalar(held)

    def replace_key(
        self,
        customer_id: CustomerId,
        key_hash: str,
        tell: Callable[[], object] | None = None,
    ) -> None:
        """Raises `NotFound`, and `Conflict` for a closed customer."""
        with self._database.write() as connection:
            accounts.open_account(connection, customer_id)
            accounts.replace_key(connection, customer_id, key_hash)
            if tell is not None:
                tell()

    def redaction_policy(self, customer_id: CustomerId) -> StoredPolicy:
        """Raises `NotFound`."""
        with self._database.read() as connection:
            accounts.get(connection, customer_id)
            return policies.read(connection, customer_id)

    def change_redaction_policy(
        self,
        customer_id: CustomerId,
        before: StoredPolicy,
        after: StoredPolicy,
        fields: Sequence[str],
        at: datetime,
    ) -> None:
        """Raises `NotFound`; `Conflict`, also for a closed customer."""
        with self._database.write() as connection:
            accounts.open_account(connection, customer_id)
            policies.change(connection, customer_id, before, after, fields, at)
        self._database.forget_deleted()

    def retention_policy(self, customer_id: CustomerId) -> RetentionPolicy:
        """Raises `NotFound`."""
        with self._database.read() as connection:
            accounts.get(connection, customer_id)
            return retention.read(connection, customer_id)

    def change_retention_policy(
        self,
        customer_id: CustomerId,
        before: RetentionPolicy,
        after: RetentionPolicy,
        at: datetime,
        tell: Callable[[RetentionPolicy], object] | None = None,
    ) -> RetentionPolicy:
        """Raises `NotFound`; `Conflict`, also for a closed customer."""
        with self._database.write() as connection:
            accounts.open_account(connection, customer_id)
            stored = retention.change(connection, customer_id, before, after, at)
            if tell is not None:
                tell(stored)
        return stored

    def expired(self, now: datetime, limit: int) -> tuple[tuple[CallId, datetime], ...]:
        """Longest overdue first, each with the moment it was due."""
        with self._database.read() as connection:
            return retention.expired(connection, now, limit)

    def retention_keys_named(self) -> frozenset[str]:
        """In one query: a row that ends between two would be in neither."""
        with self._database.read() as connection:
            return retention.keys_named(connection)

    def drop_delivered(self, before: datetime, limit: int) -> int:
        """How many."""
        with self._database.write() as connection:
            return retention.drop_delivered(connection, before, limit)

    def close_customer(self, customer_id: CustomerId, at: datetime) -> tuple[CallId, ...]:
        """Raises `NotFound`; closing twice changes nothing."""
        with self._deleting() as connection:
            ended = accounts.close(connection, customer_id, at)
        self._database.forget_deleted()
        return ended
