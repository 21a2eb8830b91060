"""The half of the in-memory `CallRepository` that deals with customers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from pipeline.adapters.memory.audit_log import MemoryAuditLog
from pipeline.adapters.memory.deletions import MemoryDeletionLog
from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Customer, Sealed
from pipeline.domain.errors import Conflict, KeyRotated, NotFound
from pipeline.domain.ids import CustomerId
from pipeline.domain.redaction_policy import StoredPolicy
from pipeline.domain.retention_policy import RetentionPolicy, changed_policy, policy_facts


class MemoryCustomers:
    """See `CallRepository` for every method."""

    deletions: MemoryDeletionLog

    def __init__(self, audit: MemoryAuditLog) -> None:
        self.audit = audit
        self._customers: dict[CustomerId, Customer] = {}
        self._key_hashes: dict[CustomerId, str] = {}
        self._policies: dict[CustomerId, StoredPolicy] = {}
        self._retention: dict[CustomerId, RetentionPolicy] = {}
        self.index_secrets: dict[CustomerId, Sealed] = {}

    def add_customer(self, customer: Customer, key_hash: str) -> None:
        """Raises `Conflict`."""
        if customer.id in self._customers or key_hash in self._key_hashes.values():
            raise Conflict("there is a customer of this id already")
        self._customers[customer.id] = customer
        self._key_hashes[customer.id] = key_hash
        self.audit.append(AuditEvent("customer_added", customer.created_at, None, customer.id))

    def customer(self, customer_id: CustomerId) -> Customer:
        """Raises `NotFound`."""
        if customer_id not in self._customers:
            raise NotFound("there is no such customer")
        return self._customers[customer_id]

    def customers(self) -> tuple[Customer, ...]:
        """All, by id."""
        return tuple(customer for _, customer in sorted(self._customers.items()))

    def customer_by_key(self, key_hash: str) -> Customer | None:
        """None where no open customer has this key."""
        for customer_id, held in self._key_hashes.items():
            if held == key_hash:
                return self._customers[customer_id]
        return None

    def key_hash(self, customer_id: CustomerId) -> str | None:
        """None for a closed customer, and for one that does not exist."""
        return self._key_hashes.get(customer_id)

    def replace_key(
        self,
        customer_id: CustomerId,
        key_hash: str,
        tell: Callable[[], object] | None = None,
    ) -> None:
        """Raises `NotFound`, and `Conflict` for a closed customer."""
        self._open_account(customer_id)
        if tell is not None:
            tell()
        self._key_hashes[customer_id] = key_hash

    def redaction_policy(self, customer_id: CustomerId) -> StoredPolicy:
        """Raises `NotFound`."""
        return self._policies.get(self.customer(customer_id).id, StoredPolicy())

    def change_redaction_policy(
        self,
        customer_id: CustomerId,
        before: StoredPolicy,
        after: StoredPolicy,
        fields: Sequence[str],
        at: datetime,
    ) -> None:
        """Raises `NotFound`; `Conflict`, also for a closed customer."""
        self._open_account(customer_id)
        if self.redaction_policy(customer_id).content != before.content:
            raise Conflict("somebody changed this customer's redaction just now; try again")
        self.check_sealed(customer_id, after.sealed)
        self._policies[customer_id] = after
        facts = {"fields": ",".join(fields)}
        self.audit.append(AuditEvent("redaction_changed", at, None, customer_id, facts))

    def retention_policy(self, customer_id: CustomerId) -> RetentionPolicy:
        """Raises `NotFound`."""
        return self._retention.get(self.customer(customer_id).id, RetentionPolicy())

    def change_retention_policy(
        self,
        customer_id: CustomerId,
        before: RetentionPolicy,
        after: RetentionPolicy,
        at: datetime,
        tell: Callable[[RetentionPolicy], object] | None = None,
    ) -> RetentionPolicy:
        """Raises `NotFound`; `Conflict`, also for a closed customer."""
        self._open_account(customer_id)
        if self.retention_policy(customer_id) != before:
            raise Conflict("somebody changed this customer's retention just now; try again")
        stored = changed_policy(before, after)
        if tell is not None:
            tell(stored)
        self.store_retention(customer_id, stored, at)
        return stored

    def store_retention(
        self, customer_id: CustomerId, policy: RetentionPolicy, at: datetime
    ) -> None:
        """Put `policy` in the place of what was set before, with an audit event."""
        self._retention[customer_id] = policy
        event = AuditEvent("retention_changed", at, None, customer_id, policy_facts(policy))
        self.audit.append(event)

    def forget_customer(self, customer_id: CustomerId) -> None:
        """The row of a closed customer that has no call left, with its receipts."""
        receipts = self.deletions.receipts(customer_id, limit=1_000_000_000)
        self.deletions.forget(each.id for each in receipts)
        del self._customers[customer_id]

    def check_sealed(self, customer_id: CustomerId, *sealed: Sealed | None) -> None:
        """Before any of `sealed` is stored. Raises `KeyRotated`."""
        versions = {each.key_version for each in sealed if each is not None}
        if versions - {self.customer(customer_id).key_version}:
            raise KeyRotated("the customer's key was replaced meanwhile: nothing was stored")

    def _open_account(self, customer_id: CustomerId) -> Customer:
        customer = self.customer(customer_id)
        if customer.closed_at is not None:
            raise Conflict("the customer is closed")
        return customer

    def _close_account(self, customer_id: CustomerId, at: datetime) -> None:
        self._key_hashes.pop(customer_id)
        self._policies.pop(customer_id, None)
        self._retention.pop(customer_id, None)
        self.index_secrets.pop(customer_id, None)
        self._customers[customer_id] = replace(
            self._customers[customer_id], closed_at=at, wrapped_key=b"", wrapped_vault_key=b""
        )
