"""One real Redis for the module, empty for each test; one store on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis import Redis

from pipeline.adapters.embedded_redis import EmbeddedRedis, connect
from pipeline.adapters.memory import StoppedClock
from pipeline.settings import Settings, load_settings
from tests.databases import KINDS, database_url
from tests.stores import DiskStore


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("home")
    with EmbeddedRedis(home):
        yield home


@pytest.fixture
def settings(shared_home: Path) -> Settings:
    return load_settings(home=shared_home)


@pytest.fixture
def redis(shared_home: Path) -> Iterator[Redis]:
    with connect(shared_home / "redis" / "redis.sock") as client:
        client.flushall()
        yield client


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DiskStore]:
    # File times are the system's, so the clock starts there.
    with database_url(request.param, tmp_path) as url:
        opened = DiskStore.open(tmp_path, StoppedClock(datetime.now(UTC)), url)
        yield opened
        opened.close()
