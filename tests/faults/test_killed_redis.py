"""Redis may die, lose everything or be away: the database is the truth."""

from __future__ import annotations

import shutil
import time

import pytest

from pipeline.adapters.embedded_redis import connect
from pipeline.domain.call import CallStatus
from tests.faults.site import Site, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_killed_while_doorbells_wait(site: Site) -> None:
    """The append-only file brings them back: no reconciler runs here."""
    call_ids = [site.push(), site.push()]
    with connect(site.redis.socket) as redis:
        until(lambda: redis.info("persistence")["aof_pending_bio_fsync"] == 0, "the sync", 10)
    site.kill_redis()
    site.redis.start()
    assert site.deck.queue.waiting() == 2
    site.worker()
    site.until_ended(*call_ids)
    site.assert_stored_once(*call_ids)


def test_killed_while_a_worker_is_at_work(site: Site) -> None:
    """The call is stored without Redis, and the same worker goes on when it is back."""
    site.hold("open")
    worker = site.worker()
    call_id = site.push()
    site.until_at("open", call_id, worker)
    site.kill_redis()
    site.let_go("open")
    site.until_ended(call_id)
    site.assert_stored_once(call_id)
    site.redis.start()
    next_call = site.push()
    site.maintenance()
    site.until_ended(next_call)
    site.assert_stored_once(next_call)
    assert site.at("open", next_call) == worker.pid
    assert worker.poll() is None


@pytest.mark.parametrize("how", ["flushed", "disk lost"])
def test_wiped_the_reconciler_rebuilds_the_queue(site: Site, how: str) -> None:
    call_ids = [site.push() for _ in range(3)]
    site.strike()
    if how == "flushed":
        with connect(site.redis.socket) as redis:
            redis.flushall()
    else:
        site.redis.stop()
        shutil.rmtree(site.settings.home_folder / "redis")
        site.redis.start()
    assert site.deck.queue.waiting() == 0
    site.maintenance()
    until(lambda: site.deck.queue.waiting() == 3, "the doorbells")
    site.worker()
    site.until_ended(*call_ids)
    site.assert_stored_once(*call_ids)


def test_away_while_a_call_is_taken_in(site: Site) -> None:
    site.redis.stop()
    call_id = site.push()
    assert site.call(call_id).status is CallStatus.RECEIVED
    site.redis.start()
    site.maintenance()
    site.worker()
    site.until_ended(call_id)
    site.assert_stored_once(call_id)


@pytest.mark.parametrize(
    "seconds", [4, pytest.param(60, marks=pytest.mark.slow_fault)], ids="{}s".format
)
def test_away_at_the_finish(site: Site, seconds: int) -> None:
    """Longer than a lease; nobody waits for Redis to store what is done."""
    site.hold("commit")
    worker = site.worker()
    call_id = site.push()
    site.until_at("commit", call_id, worker)
    site.kill_redis()
    site.let_go("commit")
    site.until_ended(call_id)
    pushed_meanwhile = site.push()
    time.sleep(seconds)
    assert worker.poll() is None
    site.strike()
    site.redis.start()
    site.maintenance()
    site.until_ended(call_id, pushed_meanwhile)
    site.assert_stored_once(call_id, pushed_meanwhile)
    assert site.call(call_id).attempts == 1
