"""A database that is locked, or whose server dies, at the worst moment: the commit."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from pipeline.adapters.embedded_redis import EmbeddedRedis
from pipeline.settings import Settings
from tests.databases import KINDS
from tests.faults.site import Site, opened_site, until
from tests.postgresql import OWNER, Fresh, Server, database_at, own_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

QUICK = {"lease_seconds": 3.0, "reconcile_seconds": 0.5}
BOTH = [{**QUICK, "postgresql": kind == "postgresql"} for kind in KINDS]


@contextmanager
def locked(site: Site) -> Iterator[None]:
    """Nobody else can write."""
    if site.settings.database_url is None:
        path = site.settings.home_folder / "deckname.db"
        with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as database:
            database.execute("BEGIN IMMEDIATE")
            yield
            database.execute("ROLLBACK")
    else:
        fresh = database_at(site.settings.database_url.get_secret_value())
        with fresh.connected() as connection, connection.transaction():
            connection.execute("LOCK TABLE calls IN ACCESS EXCLUSIVE MODE")
            yield


@pytest.mark.parametrize("site", BOTH, indirect=True, ids=KINDS)
@pytest.mark.parametrize(
    "seconds", [4, pytest.param(35, marks=pytest.mark.slow_fault)], ids="{}s".format
)
def test_locked_at_the_commit(site: Site, seconds: int) -> None:
    """Longer than the lease, and longer than anybody waits for a lock."""
    site.hold("commit")
    worker = site.worker()
    call_id = site.push()
    site.until_at("commit", call_id, worker)
    site.maintenance()
    until(lambda: "maintenance_started" in site.log(), "maintenance to be ready")
    with locked(site):
        site.let_go("commit")
        time.sleep(seconds)
        site.strike()
    site.until_ended(call_id)
    site.assert_stored_once(call_id)
    assert worker.poll() is None


@pytest.fixture
def server() -> Iterator[Server]:
    made = own_server()
    yield made
    made.remove()


def test_the_server_dies_at_the_commit(
    server: Server, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    name = f"test_{secrets.token_hex(6)}"
    server.run(f"CREATE DATABASE {name} OWNER {OWNER}")
    fresh = Fresh(server, name)
    settings = Settings(
        home=tmp_path / "home",
        keys=tmp_path / "keys",
        database_url=SecretStr(fresh.url),
        database_owner_url=SecretStr(fresh.owner_url),
        **QUICK,
    )
    with (
        EmbeddedRedis(settings.home_folder) as redis,
        opened_site(tmp_path, settings, redis) as site,
    ):
        site.hold("commit")
        worker = site.worker()
        call_id = site.push()
        site.until_at("commit", call_id, worker)
        server.crash()
        site.let_go("commit")
        site.strike()
        server.start()
        site.maintenance()
        site.until_ended(call_id)
        record_property("recovered", site.recovered)
        site.assert_stored_once(call_id)
        assert worker.poll() is None
