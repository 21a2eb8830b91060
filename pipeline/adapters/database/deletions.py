"""Deletions: begun in the transaction that makes content unreadable, finished with a receipt.

The ledger is told of what begins before that transaction commits, and then how it ended: a ledger
that cannot be told lets nothing begin, and no older copy of the database brings back what went.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, tuple_, update

from pipeline.adapters.database.audit_log import append_event, chain_head
from pipeline.adapters.database.call_rows import ID_BATCH
from pipeline.adapters.database.engine import Database
from pipeline.adapters.database.tables import deletions
from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Claim
from pipeline.domain.deletion import (
    DataClass,
    Deletion,
    HoldCheck,
    LedgerEntry,
    Place,
    Receipt,
    Trigger,
    deletion_of,
    read_places,
    receipt_event,
    written_places,
)
from pipeline.domain.errors import DecknameError, NotFound
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.ledger import Kind, deleted_told, outcome_told
from pipeline.ports import DeletionLedger

_BEGUN = "deckname_begun"


@contextmanager
def telling(
    database: Database, ledger: DeletionLedger, claim: Claim | None = None
) -> Iterator[Connection]:
    """A transaction in which deletions may begin; `ledger` is told of them before the commit. Of
    what a worker ends by its `claim`, it is told the commit as well: where the worker is killed
    before that, the recording must live. Raises what `ledger` raises; then nothing was changed."""
    told: tuple[LedgerEntry, ...] = ()
    try:
        with database.write() as connection:
            begun = collecting(connection)
            yield connection
            token = None if claim is None else claim.token
            told = tuple(deleted_told(each, token) for each in begun)
            ledger.append(*told)
    except BaseException:
        _settle(Kind.UNDONE, told, ledger)
        raise
    if claim is not None:
        _settle(Kind.COMMITTED, told, ledger)


def collecting(connection: Connection) -> list[Deletion]:
    """What begins in this transaction from now on, as it begins."""
    begun: list[Deletion] = []
    connection.execution_options(**{_BEGUN: begun})
    return begun


def begin(connection: Connection, deletion: Deletion) -> None:
    """Remember what is still to do, in the open transaction that destroys the key or the rows; it
    must be one that tells the ledger, or whose ledger knows."""
    connection.get_execution_options()[_BEGUN].append(deletion)
    insert_row(connection, deletion)


def insert_row(connection: Connection, deletion: Deletion) -> None:
    """A deletion that the ledger knows."""
    connection.execute(
        insert(deletions).values(
            id=deletion.id,
            customer_id=deletion.customer_id,
            call_id=deletion.call_id,
            data_class=deletion.data_class.value,
            rule=deletion.rule,
            rule_version=deletion.rule_version,
            trigger=deletion.trigger.value,
            hold=deletion.hold.value,
            due_at=deletion.due,
            begun_at=deletion.begun,
            places=written_places(deletion.places),
            key_name=deletion.key_name,
        )
    )


class SqlDeletionLog:
    """See `DeletionLog` for every method."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def pending(
        self,
        limit: int = 100,
        call_id: CallId | None = None,
        customer_id: CustomerId | None = None,
    ) -> tuple[Deletion, ...]:
        """Oldest first."""
        query = select(deletions).where(deletions.c.done_at.is_(None))
        if call_id is not None:
            query = query.where(deletions.c.call_id == call_id)
        if customer_id is not None:
            query = query.where(deletions.c.customer_id == customer_id)
        query = query.order_by(deletions.c.begun_at, deletions.c.id).limit(limit)
        with self._database.read() as connection:
            return tuple(_deletion(row) for row in connection.execute(query))

    def note(self, call_id: CallId, place: Place) -> None:
        """Nothing where no deletion of the call is pending."""
        with self._database.write() as connection:
            query = select(deletions).where(
                deletions.c.call_id == call_id, deletions.c.done_at.is_(None)
            )
            for row in connection.execute(query).all():
                places = (*_deletion(row).places, place)
                connection.execute(
                    update(deletions)
                    .where(deletions.c.id == row.id)
                    .values(places=written_places(places))
                )

    def finish(
        self, deletion: Deletion, sign: Callable[[Deletion, int, str], Receipt], now: datetime
    ) -> Receipt:
        """Raises `NotFound`."""
        with self._database.write() as connection:
            row = connection.execute(
                select(deletions).where(deletions.c.id == deletion.id).with_for_update()
            ).first()
            if row is None:
                raise NotFound("there is no such deletion")
            if row.done_at is not None:
                return Receipt(row.id, row.document, row.signature)
            position, previous = chain_head(connection)
            receipt = sign(deletion, position + 1, previous)
            _finished(connection, deletion, receipt, now)
            append_event(connection, receipt_event(deletion, receipt, now))
        return receipt

    def receipts(
        self,
        customer_id: CustomerId | None = None,
        call_id: CallId | None = None,
        limit: int = 100,
        before: str | None = None,
    ) -> tuple[Receipt, ...]:
        """Newest first."""
        query = select(deletions).where(deletions.c.done_at.is_not(None))
        if customer_id is not None:
            query = query.where(deletions.c.customer_id == customer_id)
        if call_id is not None:
            query = query.where(deletions.c.call_id == call_id)
        query = query.order_by(deletions.c.begun_at.desc(), deletions.c.id.desc())
        if before is not None:
            mark = select(deletions.c.begun_at, deletions.c.id).where(deletions.c.id == before)
            query = query.where(
                tuple_(deletions.c.begun_at, deletions.c.id) < mark.scalar_subquery()
            )
        with self._database.read() as connection:
            rows = connection.execute(query.limit(limit)).all()
        return tuple(Receipt(row.id, row.document, row.signature) for row in rows)

    def receipt(self, receipt_id: str) -> Receipt:
        """Raises `NotFound`."""
        query = select(deletions).where(
            deletions.c.id == receipt_id, deletions.c.done_at.is_not(None)
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound("there is no such receipt")
        return Receipt(row.id, row.document, row.signature)

    def unknown(self, ids: Iterable[str]) -> tuple[str, ...]:
        """In the order of `ids`."""
        wanted = list(dict.fromkeys(ids))
        found: set[str] = set()
        with self._database.read() as connection:
            for start in range(0, len(wanted), ID_BATCH):
                batch = wanted[start : start + ID_BATCH]
                query = select(deletions.c.id).where(deletions.c.id.in_(batch))
                found.update(connection.scalars(query))
        return tuple(each for each in wanted if each not in found)

    def adopt(self, receipt: Receipt, now: datetime) -> None:
        """Nothing where it is known and finished."""
        with self._database.write() as connection:
            adopt_receipt(connection, receipt, now)


def adopt_receipt(connection: Connection, receipt: Receipt, now: datetime) -> bool:
    """Take in a receipt of before a restore, in the open transaction; False where it is known
    and finished."""
    deletion = deletion_of(receipt)
    row = connection.execute(
        select(deletions.c.done_at).where(deletions.c.id == receipt.id)
    ).first()
    if row is not None and row.done_at is not None:
        return False
    if row is None:
        insert_row(connection, deletion)
    _finished(connection, deletion, receipt, now)
    facts: dict[str, Any] = {"receipt": receipt.id, "digest": receipt.digest}
    event = AuditEvent("receipt_adopted", now, deletion.call_id, deletion.customer_id, facts)
    append_event(connection, event)
    return True


def _settle(kind: Kind, told: Iterable[LedgerEntry], ledger: DeletionLedger) -> None:
    # Where this cannot be told, the receipt will tell, or the next start.
    with suppress(DecknameError):
        ledger.append(*(outcome_told(kind, each) for each in told), lasting=False)


def _finished(connection: Connection, deletion: Deletion, receipt: Receipt, now: datetime) -> None:
    connection.execute(
        update(deletions)
        .where(deletions.c.id == deletion.id)
        .values(
            done_at=now,
            places=written_places(deletion.places),
            key_name=None,
            document=receipt.document,
            signature=receipt.signature,
        )
    )


def _deletion(row: Row[Any]) -> Deletion:
    return Deletion(
        id=row.id,
        data_class=DataClass(row.data_class),
        rule=row.rule,
        rule_version=row.rule_version,
        trigger=Trigger(row.trigger),
        customer_id=CustomerId(row.customer_id),
        call_id=None if row.call_id is None else CallId(row.call_id),
        hold=HoldCheck(row.hold),
        due=row.due_at,
        begun=row.begun_at,
        places=read_places(row.places),
        key_name=row.key_name,
    )
