"""The subject index: keyed hashes in rows, their key sealed like a vault."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from pipeline.adapters.database import customers as accounts
from pipeline.adapters.database.audit_log import append_event
from pipeline.adapters.database.call_rows import read_call
from pipeline.adapters.database.engine import Database
from pipeline.adapters.database.fences import check_sealed
from pipeline.adapters.database.tables import (
    calls,
    index_secrets,
    subject_index,
    transcripts,
    vaults,
)
from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import CallStatus, Sealed
from pipeline.domain.errors import Conflict
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.rights import Rectification

_WAITING = (CallStatus.RECEIVED.value, CallStatus.PROCESSING.value)


class SqlSubjectIndex:
    """See `SubjectIndex` for every method."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def secret(self, customer_id: CustomerId) -> Sealed | None:
        """None where there is none yet."""
        with self._database.read() as connection:
            return _secret(connection, customer_id)

    def keep_secret(self, customer_id: CustomerId, secret: Sealed) -> Sealed:
        """Raises `NotFound`, `Conflict`."""
        with self._database.write() as connection:
            accounts.open_account(connection, customer_id)
            check_sealed(connection, customer_id, secret)
            values = _sealed(secret) | {"customer_id": customer_id}
            with suppress(IntegrityError), connection.begin_nested():
                connection.execute(insert(index_secrets).values(values))
            return _secret(connection, customer_id) or secret

    def find(self, customer_id: CustomerId, token: str) -> tuple[CallId, ...]:
        """Newest first."""
        query = (
            select(calls.c.id)
            .join(subject_index, subject_index.c.call_id == calls.c.id)
            .where(subject_index.c.customer_id == customer_id, subject_index.c.token == token)
            .order_by(calls.c.received_at.desc(), calls.c.id.desc())
        )
        with self._database.read() as connection:
            return tuple(CallId(call_id) for call_id in connection.scalars(query))

    def tokens(self, call_id: CallId) -> tuple[str, ...]:
        """Sorted."""
        query = select(subject_index.c.token).where(subject_index.c.call_id == call_id)
        with self._database.read() as connection:
            return tuple(connection.scalars(query.order_by(subject_index.c.token)))

    def count(self, customer_id: CustomerId) -> int:
        """Those that were not erased."""
        return self._count(customer_id)

    def waiting(self, customer_id: CustomerId) -> int:
        """Received or in a worker's hands."""
        return self._count(customer_id, calls.c.status.in_(_WAITING))

    def _count(self, customer_id: CustomerId, *which: ColumnElement[bool]) -> int:
        living = (calls.c.customer_id == customer_id, calls.c.erased_at.is_(None))
        query = select(func.count()).select_from(calls).where(*living, *which)
        with self._database.read() as connection:
            return int(connection.scalar(query) or 0)

    def rectify(self, call_id: CallId, change: Rectification, now: datetime) -> None:
        """Raises `NotFound`, `Conflict`."""
        with self._database.write() as connection:
            call = read_call(connection, call_id)
            check_sealed(connection, call.customer_id, change.vault, change.transcript)
            renewed = connection.execute(
                update(vaults)
                .where(
                    vaults.c.call_id == call_id,
                    vaults.c.ciphertext == change.before.ciphertext,
                )
                .values(_sealed(change.vault))
            )
            if renewed.rowcount != 1:
                raise Conflict("the call was changed or erased just now; nothing was rectified")
            connection.execute(
                update(transcripts)
                .where(transcripts.c.call_id == call_id)
                .values(_sealed(change.transcript))
            )
            _renew(connection, call_id, call.customer_id, change)
            facts = {"pseudonym": change.pseudonym.strip("[]")}
            event = AuditEvent("vault_rectified", now, call_id, call.customer_id, facts)
            append_event(connection, event)
        self._database.forget_deleted()


def _renew(
    connection: Connection, call_id: CallId, customer_id: CustomerId, change: Rectification
) -> None:
    stale = (*change.gone, *change.added)
    connection.execute(
        delete(subject_index).where(
            subject_index.c.call_id == call_id, subject_index.c.token.in_(stale)
        )
    )
    for token in dict.fromkeys(change.added):
        connection.execute(
            insert(subject_index).values(call_id=call_id, token=token, customer_id=customer_id)
        )


def _secret(connection: Connection, customer_id: CustomerId) -> Sealed | None:
    query = select(index_secrets).where(index_secrets.c.customer_id == customer_id)
    row = connection.execute(query).first()
    return None if row is None else Sealed(row.ciphertext, row.wrapped_key)


def _sealed(sealed: Sealed) -> dict[str, Any]:
    return {"ciphertext": sealed.ciphertext, "wrapped_key": sealed.wrapped_key}
