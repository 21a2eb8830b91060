"""An installation whose processes a test kills: real store, real Redis, real workers.

`make faults` runs all; without `--faults` the long ones are left out and the soak is a short one.
How long each took from the fault to the end of the call is told behind the results.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from pipeline.adapters.embedded_redis import EmbeddedRedis
from pipeline.settings import Settings
from tests.faults.disks import CrampedDisk, cramped_disk
from tests.faults.site import Site, opened_site
from tests.postgresql import fresh_database


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The long ones are for `make faults`."""
    if config.getoption("--faults"):
        return
    long = [item for item in items if item.get_closest_marker("slow_fault")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The table of `docs/reliability.md`."""
    told = {
        report.nodeid.rpartition("/")[2]: dict(report.user_properties)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "teardown"
    }
    measured = {test: facts["recovered"] for test, facts in told.items() if "recovered" in facts}
    if measured:
        terminalreporter.section("from the fault to the end of the call, in seconds")
    for test, seconds in measured.items():
        terminalreporter.write_line(f"{seconds:7.1f}  {test}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[CrampedDisk]:
    """A small disk at `tmp_path / "home"`, for a test that lists it before `site`."""
    with cramped_disk(tmp_path / "home") as made:
        yield made


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """With a lease of 3 s and a quick reconciler, unless the test's parameter says otherwise;
    `postgresql` in it is the other database."""
    chosen: dict[str, Any] = {"lease_seconds": 3.0, "reconcile_seconds": 0.5}
    chosen = dict(getattr(request, "param", chosen))
    if "DECKNAME_MODEL" in os.environ:
        chosen["model"] = os.environ["DECKNAME_MODEL"]
    with ExitStack() as opened:
        if chosen.pop("postgresql", False):
            fresh = opened.enter_context(fresh_database())
            chosen["database_url"] = SecretStr(fresh.url)
        settings = Settings(
            home=tmp_path / "home",
            keys=tmp_path / "keys",
            api_port=0,
            cpu_threads=1,
            beam_size=1,
            **chosen,
        )
        redis = opened.enter_context(EmbeddedRedis(settings.home_folder))
        made = opened.enter_context(opened_site(tmp_path, settings, redis))
        yield made
        if made.recovered is not None:
            request.node.user_properties.append(("recovered", made.recovered))
