"""No room: what cannot be kept is refused, and nothing half kept is left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.adapters.embedded_redis import connect
from pipeline.adapters.rq_queue import QUEUE
from pipeline.domain.call import CallStatus
from pipeline.domain.ids import CallId
from tests.faults.disks import MIB, CrampedDisk, cramped_disk
from tests.faults.site import CUSTOMER, Site, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

QUICK: dict[str, Any] = {"lease_seconds": 3.0, "reconcile_seconds": 0.5}
UNGUARDED = {**QUICK, "spare_bytes": 0}


def assert_put_off(answer: httpx.Response, status: int, code: str) -> None:
    """Nobody may forget the recording; when to come again is said."""
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert int(answer.headers["retry-after"]) > 0
    assert "nothing was kept" in answer.json()["detail"]


def take_in(site: Site) -> CallId:
    """There is room again."""
    answer = site.post()
    assert answer.status_code == 202
    return CallId(answer.json()["id"])


@pytest.mark.parametrize("site", [{**QUICK, "spare_bytes": 24 * MIB}], indirect=True)
def test_a_disk_that_is_nearly_full_takes_in_nothing_and_finishes_what_it_has(
    disk: CrampedDisk, site: Site
) -> None:
    if not disk.is_small:
        pytest.skip("only root can mount a small disk; tests/unit/test_admit_calls.py needs none")
    site.api()
    before = take_in(site)
    disk.fill(leaving=24 * MIB)
    assert_put_off(site.post(), 503, "overloaded")
    assert [call.id for call in site.deck.calls.calls(CUSTOMER)] == [before]
    site.worker()
    site.until_ended(before)
    site.strike()
    disk.free()
    after = take_in(site)
    site.until_ended(after)
    site.assert_stored_once(before, after)


@pytest.mark.parametrize("site", [{**QUICK, "max_waiting_calls": 2}], indirect=True)
def test_too_many_that_wait_put_pushes_off_until_fewer_do(site: Site) -> None:
    site.api()
    call_ids = [take_in(site) for _ in range(2)]
    until(lambda: site.post().status_code == 503, "the backlog to be counted again", 10)
    assert_put_off(site.post(), 503, "overloaded")
    call_ids = [call.id for call in site.deck.calls.calls(CUSTOMER)]
    site.worker()
    site.until_ended(*call_ids)
    until(lambda: site.post().status_code == 202, "the backlog to be counted again", 10)
    call_ids = [call.id for call in site.deck.calls.calls(CUSTOMER)]
    site.until_ended(*call_ids)
    site.assert_stored_once(*call_ids)


@pytest.mark.parametrize("site", [UNGUARDED], indirect=True)
def test_a_full_disk_keeps_no_part_of_a_recording(disk: CrampedDisk, site: Site) -> None:
    api = site.api()
    before = take_in(site)
    disk.fill(api.pid, leaving=MIB // 2)
    if disk.is_small:  # whoever says how large it is hears at once that there is no room
        assert_put_off(site.post(), 503, "overloaded")
    assert_put_off(site.post(content=iter([site.canary.recording])), 507, "storage_full")
    assert [path.name for path in (disk.folder / "blobs").iterdir()] == [before]
    assert [call.id for call in site.deck.calls.calls(CUSTOMER)] == [before]
    site.strike()
    disk.free()
    after = take_in(site)
    site.worker()
    site.until_ended(before, after)
    site.assert_stored_once(before, after)


def gave_up(site: Site) -> bool:
    """The worker says so in its log, or to Redis: one of them may have no room either."""
    with connect(site.redis.socket) as redis:
        return "call_given_back" in site.log() or redis.zcard(f"rq:failed:{QUEUE}") == 1


@pytest.mark.parametrize("site", [UNGUARDED], indirect=True)
def test_a_full_disk_fails_no_call(disk: CrampedDisk, site: Site) -> None:
    """Its transcript has no room; so it is tried until there is some."""
    site.hold("seal")
    worker = site.worker()
    call_id = site.push()
    site.until_at("seal", call_id, worker)
    disk.fill(worker.pid)
    site.let_go("seal")
    until(lambda: gave_up(site), "the commit to find no room")
    assert site.readable(call_id)
    site.strike()
    disk.free()
    site.maintenance()
    site.until_ended(call_id)
    site.assert_stored_once(call_id)


@pytest.fixture
def redis_disk(tmp_path: Path) -> Iterator[CrampedDisk]:
    with cramped_disk(tmp_path / "home" / "redis", mebibytes=4) as made:
        yield made


def test_a_redis_without_room_costs_doorbells_and_no_call(
    redis_disk: CrampedDisk, site: Site
) -> None:
    """What Redis cannot write the database has: the push is answered by what is durable."""
    site.api()
    redis_disk.fill(site.redis_pid)
    call_ids = [take_in(site)]
    with connect(site.redis.socket) as redis:
        until(lambda: redis.info("persistence")["aof_last_write_status"] == "err", "no room", 30)
    rung = site.deck.queue.waiting()
    call_ids.append(take_in(site))
    assert site.call(call_ids[-1]).status is CallStatus.RECEIVED
    assert site.deck.queue.waiting() == rung
    site.strike()
    redis_disk.free()
    site.maintenance()
    site.worker()
    site.until_ended(*call_ids)
    site.assert_stored_once(*call_ids)
