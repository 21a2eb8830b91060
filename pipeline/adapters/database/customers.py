"""Customers and their API keys, inside an open transaction."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from pipeline.adapters.database import erasures
from pipeline.adapters.database.audit_log import append_event
from pipeline.adapters.database.deletions import begin
from pipeline.adapters.database.endings import without_audio
from pipeline.adapters.database.tables import (
    api_keys,
    audio_keys,
    calls,
    customers,
    index_secrets,
    redaction_policies,
    retention_policies,
)
from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import CallStatus, Customer
from pipeline.domain.deletion import (
    DataClass,
    Deletion,
    HoldCheck,
    Method,
    Place,
    Trigger,
    new_deletion_id,
)
from pipeline.domain.errors import Conflict, Held, NotFound
from pipeline.domain.ids import CallId, CustomerId

CLOSED = "customer_closed"


def add(connection: Connection, customer: Customer, key_hash: str) -> None:
    """Raises `Conflict`."""
    try:
        with connection.begin_nested():
            connection.execute(
                insert(customers).values(
                    id=customer.id,
                    name=customer.name,
                    created_at=customer.created_at,
                    closed_at=None,
                    wrapped_key=customer.wrapped_key,
                    wrapped_vault_key=customer.wrapped_vault_key,
                    salt=secrets.token_bytes(32),
                )
            )
            connection.execute(insert(api_keys).values(customer_id=customer.id, key_hash=key_hash))
    except IntegrityError:
        raise Conflict("there is a customer of this id already") from None
    append_event(connection, AuditEvent("customer_added", customer.created_at, None, customer.id))


def get(connection: Connection, customer_id: CustomerId) -> Row[Any]:
    """Raises `NotFound`."""
    row = connection.execute(select(customers).where(customers.c.id == customer_id)).first()
    if row is None:
        raise NotFound("there is no such customer")
    return row


def open_account(connection: Connection, customer_id: CustomerId) -> Row[Any]:
    """Raises `NotFound`, and `Conflict` where the customer is closed."""
    row = get(connection, customer_id)
    if row.closed_at is not None:
        raise Conflict("the customer is closed")
    return row


def from_row(row: Row[Any]) -> Customer:
    """The customer in a row of `customers`."""
    return Customer(
        id=CustomerId(row.id),
        name=row.name,
        created_at=row.created_at,
        wrapped_key=row.wrapped_key,
        wrapped_vault_key=row.wrapped_vault_key,
        closed_at=row.closed_at,
        key_version=row.key_version,
        keys_made_at=row.keys_made_at,
    )


def replace_key(connection: Connection, customer_id: CustomerId, key_hash: str) -> None:
    """The old API key opens nothing any more."""
    own = api_keys.c.customer_id == customer_id
    connection.execute(update(api_keys).where(own).values(key_hash=key_hash))


def idempotency_hash(row: Row[Any], key: str | None) -> str | None:
    """HMAC under the customer's salt: the keys customers choose may hold names or numbers, and
    without the salt, which goes when the customer is closed, nobody can guess them back."""
    return None if key is None else hmac.digest(row.salt, key.encode(), "sha256").hex()


def close(connection: Connection, customer_id: CustomerId, at: datetime) -> tuple[CallId, ...]:
    """Destroy the keys of the customer and of all its audio, its lists and its content; the calls
    whose blobs go. Raises `NotFound`, `Held`."""
    row = get(connection, customer_id)
    if row.closed_at is not None:
        return ()
    if erasures.any_hold(connection, customer_id, at):
        raise Held("a legal hold keeps transcripts of this customer: release it first")
    ended = tuple(CallId(call_id) for call_id in _open_calls(connection, customer_id))
    for call_id in ended:
        without_audio(connection, call_id, CLOSED, at)
    places = destroy_account(connection, customer_id, at)
    begin(connection, _deletion(customer_id, places, at))
    facts = {"calls": len(ended)}
    append_event(connection, AuditEvent(CLOSED, at, None, customer_id, facts))
    return ended


def destroy_account(connection: Connection, customer_id: CustomerId, at: datetime) -> list[Place]:
    """Destroy the keys of a customer, its policies and the content of its calls; the places."""
    closed = connection.execute(
        update(customers)
        .where(customers.c.id == customer_id)
        .values(closed_at=at, wrapped_key=b"", wrapped_vault_key=b"", salt=b"")
    )
    method = Method.KEY_DESTROYED if closed.rowcount else Method.NOT_PRESENT
    places = [Place("database:customers", method, at)]
    for table in (api_keys, redaction_policies, retention_policies, index_secrets):
        gone = connection.execute(delete(table).where(table.c.customer_id == customer_id))
        if gone.rowcount:
            places.append(Place(f"database:{table.name}", Method.ROW_DELETED, at))
    return places + erasures.empty(connection, customer_id, at)


def _deletion(customer_id: CustomerId, places: list[Place], at: datetime) -> Deletion:
    return Deletion(
        id=new_deletion_id(),
        data_class=DataClass.CUSTOMER,
        rule=str(DataClass.CUSTOMER),
        rule_version=1,
        trigger=Trigger.CONTRACT_END,
        customer_id=customer_id,
        call_id=None,
        hold=HoldCheck.NONE,
        due=at,
        begun=at,
        places=tuple(places),
    )


def _open_calls(connection: Connection, customer_id: CustomerId) -> list[str]:
    """Those with an audio key, and those not finished."""
    unfinished = calls.c.status.in_((CallStatus.RECEIVED.value, CallStatus.PROCESSING.value))
    query = (
        select(calls.c.id)
        .outerjoin(audio_keys, audio_keys.c.call_id == calls.c.id)
        .where(calls.c.customer_id == customer_id, audio_keys.c.call_id.is_not(None) | unfinished)
        .order_by(calls.c.received_at, calls.c.id)
    )
    return list(connection.scalars(query))
