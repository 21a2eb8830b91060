"""The row that names the store: one, or none before the first start."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from pipeline.adapters.database.engine import Database
from pipeline.adapters.database.tables import store_mark


class SqlStoreMark:
    """Every method raises `ServiceUnavailable` where the database cannot be reached."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self) -> str | None:
        """None where there is no row."""
        with self._database.read() as connection:
            return connection.scalar(select(store_mark.c.id))

    def add(self, store: str, now: datetime) -> bool:
        """False where somebody else was first; then nothing was changed."""
        with self._database.write() as connection:
            try:
                with connection.begin_nested():
                    connection.execute(insert(store_mark).values(one=1, id=store, made_at=now))
            except IntegrityError:
                return False
        return True

    def replace(self, store: str, now: datetime) -> None:
        """Whatever was there before."""
        with self._database.write() as connection:
            connection.execute(delete(store_mark))
            connection.execute(insert(store_mark).values(one=1, id=store, made_at=now))
