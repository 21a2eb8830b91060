"""What was sealed with a key that was replaced meanwhile must not get in: nobody would rewrap it
any more, and with the old key it would be lost."""

from __future__ import annotations

from sqlalchemy import Connection, select

from pipeline.adapters.database.tables import customers
from pipeline.domain.call import Sealed
from pipeline.domain.errors import KeyRotated
from pipeline.domain.ids import CustomerId


def check_sealed(connection: Connection, customer_id: CustomerId, *sealed: Sealed | None) -> None:
    """Before any `sealed` is stored, in the same transaction. Raises `KeyRotated`."""
    versions = {each.key_version for each in sealed if each is not None}
    if not versions:
        return
    # Shared lock: a rotation that begins now waits for this transaction, and sees its rows.
    query = select(customers.c.key_version).where(customers.c.id == customer_id)
    if versions != {connection.scalar(query.with_for_update(read=True))}:
        raise KeyRotated(
            "the customer's key was replaced while this was sealed: nothing was stored, try again"
        )
