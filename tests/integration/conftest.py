"""One real Redis for the module, empty for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from pipeline.adapters.embedded_redis import EmbeddedRedis, connect
from pipeline.settings import Settings, load_settings


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
