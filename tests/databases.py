"""The same tests on every database: SQLite in a folder, PostgreSQL on a server of its own."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

from pipeline.adapters.database import Database, open_database
from tests.postgresql import database_at, fresh_database

Kind = Literal["sqlite", "postgresql"]
KINDS: tuple[Kind, ...] = ("sqlite", "postgresql")
Made = TypeVar("Made")


@contextmanager
def database_url(kind: Kind, folder: Path) -> Iterator[str]:
    """Of a database that only this test has."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'home' / 'deckname.db'}"
    else:
        with fresh_database() as fresh:
            yield fresh.url


@contextmanager
def opened(kind: Kind, folder: Path) -> Iterator[Database]:
    """The same, open."""
    with database_url(kind, folder) as url, closing(open_database(url)) as database:
        yield database


def tamper(database: Database, query: str, *values: object) -> None:
    """As somebody would who has the files, or the superuser's password, and no respect. Written
    for SQLite: values stand for `?`, and `x'00'` is a blob."""
    url = database.engine.url
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(url.database), isolation_level=None)) as rows:
            rows.execute(query, values)
        return
    fresh = database_at(url.render_as_string())
    if query.startswith(("CREATE", "DROP", "ALTER")):
        fresh.alter(query)
    else:
        query = re.sub(r"x'([0-9a-f]+)'", r"'\\x\1'::bytea", query)
        fresh.alter_rows(query.replace("?", "%s"), values)


def on_each(
    make: Callable[[Database], Iterator[Made]],
) -> list[Callable[[Path], Iterator[Made]]]:
    """What makes a store in a folder, on each of `KINDS`."""
    return [partial(_made, kind, make) for kind in KINDS]


def _made(kind: Kind, make: Callable[[Database], Iterator[Made]], folder: Path) -> Iterator[Made]:
    with opened(kind, folder) as database:
        yield from make(database)
