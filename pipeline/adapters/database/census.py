"""How much there is of each customer: counts and the oldest moments, in one snapshot."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Select, case, func, select

from pipeline.adapters.database.engine import Database
from pipeline.adapters.database.tables import audio_keys, calls, deletions
from pipeline.domain.ids import CustomerId
from pipeline.domain.processing import Census, Stock

Facts = dict[str, dict[str, Any]]


class SqlStoreCensus:
    """See `StoreCensus`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self) -> Census:
        """One query a table, each grouped by customer."""
        facts: Facts = {}
        with self._database.read() as connection:
            revision = MigrationContext.configure(connection).get_current_revision()
            for row in connection.execute(_states()):
                facts.setdefault(row.customer_id, {})[row.status] = row.number
            for query in (_ages(), _audio(), _deletions()):
                _gather(facts, connection, query)
        stocks = {CustomerId(name): Stock(**counts) for name, counts in facts.items()}
        return Census(revision or "", stocks)


def _gather(facts: Facts, connection: Connection, query: Select[Any]) -> None:
    for row in connection.execute(query):
        counts = dict(row._mapping)
        facts.setdefault(counts.pop("customer_id"), {}).update(counts)


def _count(condition: Any, name: str) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0).label(name)


def _grouped(column: Any, counts: Iterable[Any]) -> Select[Any]:
    return select(column, *counts).group_by(column)


def _states() -> Select[Any]:
    status = case((calls.c.erased_at.is_not(None), "erased"), else_=calls.c.status)
    number = func.count().label("number")
    return select(calls.c.customer_id, status.label("status"), number).group_by(
        calls.c.customer_id, status
    )


def _ages() -> Select[Any]:
    oldest = func.min(calls.c.received_at).label("oldest_call")
    return _grouped(calls.c.customer_id, [oldest]).where(calls.c.erased_at.is_(None))


def _audio() -> Select[Any]:
    oldest = func.min(calls.c.received_at).label("oldest_audio")
    counts = [func.count().label("audio"), _count(audio_keys.c.kind == "retained", "retained")]
    query = _grouped(calls.c.customer_id, [*counts, oldest])
    return query.join_from(audio_keys, calls, audio_keys.c.call_id == calls.c.id)


def _deletions() -> Select[Any]:
    done = deletions.c.done_at
    counts = [_count(done.is_not(None), "receipts"), _count(done.is_(None), "pending")]
    return _grouped(deletions.c.customer_id, counts)
