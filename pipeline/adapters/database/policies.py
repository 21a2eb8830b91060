"""Redaction policies, inside an open transaction. A customer without a row has the defaults."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from pipeline.adapters.database.audit_log import append_event
from pipeline.adapters.database.fences import check_sealed
from pipeline.adapters.database.tables import customers, redaction_policies
from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Sealed
from pipeline.domain.errors import Conflict
from pipeline.domain.ids import CustomerId
from pipeline.domain.redaction_policy import StoredPolicy


def read(connection: Connection, customer_id: CustomerId) -> StoredPolicy:
    """The defaults also for a customer that does not exist."""
    own = redaction_policies.c.customer_id == customer_id
    row = connection.execute(select(redaction_policies).where(own)).first()
    if row is None:
        return StoredPolicy()
    sealed = None if row.ciphertext is None else Sealed(row.ciphertext, row.wrapped_key)
    return StoredPolicy(row.keep_vault, row.link_callers, row.generalise, sealed)


def change(
    connection: Connection,
    customer_id: CustomerId,
    before: StoredPolicy,
    after: StoredPolicy,
    fields: Sequence[str],
    at: datetime,
) -> None:
    """Raises `Conflict` where somebody else changed it since `before` was read."""
    # One at a time, also where transactions run side by side (SQLite has but one writer).
    connection.execute(
        select(customers.c.id).where(customers.c.id == customer_id).with_for_update()
    )
    if read(connection, customer_id).content != before.content:
        raise Conflict("somebody changed this customer's redaction just now; try again")
    check_sealed(connection, customer_id, after.sealed)
    drop(connection, customer_id)
    connection.execute(
        insert(redaction_policies).values(
            customer_id=customer_id,
            keep_vault=after.keep_vault,
            link_callers=after.link_callers,
            generalise=after.generalise,
            ciphertext=after.sealed.ciphertext if after.sealed else None,
            wrapped_key=after.sealed.wrapped_key if after.sealed else None,
        )
    )
    facts = {"fields": ",".join(fields)}
    append_event(connection, AuditEvent("redaction_changed", at, None, customer_id, facts))


def drop(connection: Connection, customer_id: CustomerId) -> None:
    """With the lists and the link secret; nothing where there is none."""
    connection.execute(
        delete(redaction_policies).where(redaction_policies.c.customer_id == customer_id)
    )
