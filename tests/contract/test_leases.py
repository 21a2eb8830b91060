"""Leader leases and watermarks: the contract of both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.adapters.database import Database, SqlLeaderLease, SqlWatermarks
from pipeline.adapters.memory import MemoryAuditLog, MemoryLeaderLease, MemoryWatermarks
from pipeline.ports import LeaderLease, Watermarks
from tests.builders import NOON
from tests.databases import KINDS, on_each

TTL, SECOND, HOUR = timedelta(minutes=2), timedelta(seconds=1), timedelta(hours=1)


@dataclass
class Store:
    leases: LeaderLease
    watermarks: Watermarks
    events: Callable[[], list[str]]


def _memory(_: Path) -> Iterator[Store]:
    audit = MemoryAuditLog()
    yield Store(
        MemoryLeaderLease(),
        MemoryWatermarks(audit),
        lambda: [event.name for event, _ in audit.entries],
    )


def _sql(database: Database) -> Iterator[Store]:
    def events() -> list[str]:
        with database.read() as connection:
            return [row[0] for row in connection.exec_driver_sql("SELECT name FROM audit_log")]

    yield Store(SqlLeaderLease(database), SqlWatermarks(database), events)


@pytest.fixture(params=[_memory, *on_each(_sql)], ids=["memory", *KINDS])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    yield from request.param(tmp_path)


@pytest.fixture
def leases(store: Store) -> LeaderLease:
    return store.leases


@pytest.fixture
def marks(store: Store) -> Watermarks:
    return store.watermarks


def test_one_leads_until_its_lease_is_over(leases: LeaderLease) -> None:
    assert leases.acquire("work", "a", NOON, TTL)
    assert not leases.acquire("work", "b", NOON + TTL - SECOND, TTL)
    assert leases.acquire("work", "b", NOON + TTL, TTL)
    assert not leases.acquire("work", "a", NOON + TTL, TTL)


def test_the_leader_renews(leases: LeaderLease) -> None:
    assert leases.acquire("work", "a", NOON, TTL)
    assert leases.acquire("work", "a", NOON + TTL - SECOND, TTL)
    assert not leases.acquire("work", "b", NOON + TTL, TTL)


def test_each_name_has_its_leader(leases: LeaderLease) -> None:
    assert leases.acquire("work", "a", NOON, TTL)
    assert leases.acquire("play", "b", NOON, TTL)


def test_what_is_given_back_is_free_at_once(leases: LeaderLease) -> None:
    leases.acquire("work", "a", NOON, TTL)
    leases.release("work", "a")
    assert leases.acquire("work", "b", NOON, TTL)


def test_nobody_gives_back_what_is_anothers(leases: LeaderLease) -> None:
    leases.acquire("work", "a", NOON, TTL)
    leases.release("work", "b")
    leases.release("play", "b")
    assert not leases.acquire("work", "b", NOON, TTL)


def test_a_lease_of_a_clock_an_hour_ahead_counts(leases: LeaderLease) -> None:
    leases.acquire("work", "a", NOON + HOUR, TTL)
    assert not leases.acquire("work", "b", NOON, TTL)


def test_a_lease_of_a_clock_that_is_further_ahead_does_not(leases: LeaderLease) -> None:
    leases.acquire("work", "a", NOON + HOUR + SECOND, TTL)
    assert leases.acquire("work", "b", NOON, TTL)


def test_of_many_at_once_one_leads(leases: LeaderLease) -> None:
    start, won = threading.Barrier(8), []

    def run(owner: str) -> None:
        start.wait()
        if leases.acquire("work", owner, NOON, TTL):
            won.append(owner)

    threads = [threading.Thread(target=run, args=(f"owner-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_the_latest_moment_is_kept(marks: Watermarks) -> None:
    assert marks.latest("clock") is None
    marks.raise_to("clock", NOON)
    marks.raise_to("clock", NOON - HOUR)
    assert marks.latest("clock") == NOON
    marks.raise_to("clock", NOON + HOUR)
    assert marks.latest("clock") == NOON + HOUR
    assert marks.latest("other") is None


def test_a_reset_goes_back_and_is_in_the_audit_log(store: Store) -> None:
    store.watermarks.raise_to("clock", NOON)
    store.watermarks.reset("clock", NOON - HOUR)
    assert store.watermarks.latest("clock") == NOON - HOUR
    store.watermarks.reset("fresh", NOON)
    assert store.watermarks.latest("fresh") == NOON
    assert store.events() == ["clock_confirmed"] * 2
