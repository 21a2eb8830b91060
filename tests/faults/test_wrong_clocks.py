"""Clocks that are an hour off, or jump by one: a call may be tried twice, and is stored once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.adapters.clock import SystemClock
from pipeline.domain.call import CallStatus
from pipeline.domain.retention import AUDIO_CAP
from tests.faults.site import Site, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

HOUR = 3600


@pytest.mark.parametrize("wrong", [HOUR, -HOUR], ids=["ahead", "behind"])
def test_a_worker_whose_clock_is_wrong_beside_one_whose_is_right(site: Site, wrong: int) -> None:
    """Each believes that the other's lease is over, or never will be; the fencing token decides."""
    site.hold("seal")
    right = site.worker()
    call_id = site.push()
    site.until_at("seal", call_id, right)
    site.turn_clock(wrong)
    other = site.worker()
    site.deck.queue.ring(call_id)
    until(lambda: "worker_started" in site.log(), "the other to be ready")
    site.maintenance()
    site.strike()
    site.let_go("seal")
    site.until_ended(call_id)
    site.assert_stored_once(call_id)
    assert other.poll() is None


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forward", "back"])
def test_a_clock_that_jumps_while_a_worker_is_dead(site: Site, jump: int) -> None:
    """Its lease seems to be over long since, or to last another hour; nobody waits for that."""
    site.hold("seal")
    first = site.worker()
    call_id = site.push()
    site.until_at("seal", call_id, first)
    site.turn_clock(jump)
    site.kill(first)
    site.let_go("seal")
    site.maintenance()
    site.worker()
    site.until_ended(call_id, seconds=30)
    site.assert_stored_once(call_id)
    assert site.call(call_id).attempts == 2


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forward", "back"])
def test_a_clock_that_jumps_under_a_worker_at_work(site: Site, jump: int) -> None:
    site.hold("seal")
    worker = site.worker()
    call_id = site.push()
    site.until_at("seal", call_id, worker)
    site.maintenance()
    site.turn_clock(jump)
    site.strike()
    site.let_go("seal")
    site.until_ended(call_id)
    site.assert_stored_once(call_id)
    assert worker.poll() is None


def test_the_cap_is_reached_while_redis_is_away(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody ever had time for the call; its audio ends all the same, and Redis hears of it
    later."""
    then = datetime.now(UTC) - AUDIO_CAP - timedelta(days=1)
    with monkeypatch.context() as a_month_ago:
        a_month_ago.setattr(SystemClock, "now", lambda _: then)
        call_id = site.push()
    assert site.call(call_id).status is CallStatus.RECEIVED
    assert not site.readable(call_id), "past the cap, whatever runs or does not"
    assert site.blobs() == [call_id]
    site.redis.stop()
    site.strike()
    site.maintenance(DECKNAME_REDIS_URL=f"unix://{site.folder / 'nowhere.sock'}")
    site.until_ended(call_id)
    site.assert_failed(call_id, "audio_cap_reached")
    site.redis.start()
    site.assert_sound()
