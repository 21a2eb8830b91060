"""`kill -9` of a worker anywhere on a call's way: the call completes once, its audio is gone."""

from __future__ import annotations

import signal
import time

import pytest

from pipeline.adapters.embedded_redis import connect
from pipeline.adapters.rq_queue import QUEUE
from pipeline.domain.call import CallStatus
from pipeline.domain.recording import AudioState
from pipeline.usecases.pack_calls import AHEAD
from tests.faults.gates import ANY
from tests.faults.site import START_SECONDS, Site, until
from workers.call_worker import WORKER_TTL
from workers.deadlines import HUNG

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.mark.parametrize("site", [{}], indirect=True, ids=["default settings"])
def test_another_worker_takes_over_within_thirty_seconds(site: Site) -> None:
    site.hold("open")
    first = site.worker(MODELS="real")
    call_id = site.push()
    site.until_at("open", call_id, first)
    second = site.worker(MODELS="real")
    site.maintenance()
    until(lambda: site.log().count("worker_started") == 2, "the second worker to be ready")
    site.kill(first)
    site.until_at("open", call_id, second)
    assert time.monotonic() - (site.struck or 0.0) < 30
    site.let_go("open")
    site.until_ended(call_id)
    site.assert_stored_once(call_id)
    assert site.call(call_id).attempts == 2


@pytest.mark.parametrize("point", ["decode", "recognise", "seal", "commit"])
def test_killed_between_claim_and_commit(site: Site, point: str) -> None:
    site.hold(point)
    first = site.worker()
    call_id = site.push()
    site.until_at(point, ANY if point in ("decode", "recognise") else call_id, first)
    assert site.call(call_id).status is CallStatus.PROCESSING
    site.kill(first)
    assert site.readable(call_id), "nothing was committed, so nothing may be lost"
    site.let_go(point)
    site.maintenance()
    site.worker()
    site.until_ended(call_id)
    site.assert_stored_once(call_id)
    assert site.call(call_id).attempts == 2


def test_killed_in_the_middle_of_native_recognition(site: Site) -> None:
    """The real model, which is nowhere near done when its process is gone."""
    first = site.worker(MODELS="real")
    call_id = site.push()
    site.until_at("recognise", ANY, first)
    site.kill(first)
    assert site.call(call_id).status is CallStatus.PROCESSING
    site.maintenance()
    site.worker(MODELS="real")
    site.until_ended(call_id)
    site.assert_stored_once(call_id)
    assert site.call(call_id).attempts == 2


@pytest.mark.parametrize("point", ["popped", "claim"], ids=["after the pop", "after registration"])
def test_killed_before_the_claim(site: Site, point: str) -> None:
    """The doorbell is gone and nobody has claimed the call."""
    site.hold(point)
    first = site.worker()
    call_id = site.push()
    site.until_at(point, call_id, first)
    assert site.call(call_id).status is CallStatus.RECEIVED
    assert site.deck.queue.waiting() == 0
    with connect(site.redis.socket) as redis:
        registered = redis.zcard(f"rq:wip:{QUEUE}") == 1
    assert registered == (point == "claim")
    site.kill(first)
    site.let_go(point)
    site.maintenance()
    site.worker()
    site.until_ended(call_id)
    site.assert_stored_once(call_id)
    assert site.call(call_id).attempts == 1


def test_killed_between_commit_and_acknowledgement(site: Site) -> None:
    """RQ believes that the job runs; whoever gets it again finds the call done."""
    site.hold("acknowledge")
    first = site.worker()
    call_id = site.push()
    site.until_at("acknowledge", call_id, first)
    assert site.call(call_id).status is CallStatus.STORED
    site.kill(first)
    site.let_go("acknowledge")
    site.deck.queue.ring(call_id)
    second = site.worker()
    site.until_at("acknowledge", call_id, second)
    assert site.call(call_id).attempts == 1
    site.assert_stored_once(call_id)


def test_killed_after_the_commit(site: Site) -> None:
    """The transcript is stored and the blob lies there still, unreadable already."""
    site.hold("unlink")
    first = site.worker()
    call_id = site.push()
    site.until_at("unlink", call_id, first)
    assert site.call(call_id).status is CallStatus.STORED
    assert site.blobs() == [call_id]
    assert not site.readable(call_id)
    site.kill(first)
    site.let_go("unlink")
    site.maintenance()
    site.assert_stored_once(call_id)


def test_two_workers_and_two_doorbells_make_one_transcript(site: Site) -> None:
    site.hold("open")
    first = site.worker()
    call_id = site.push()
    site.until_at("open", call_id, first)
    second = site.worker()
    site.deck.queue.ring(call_id)
    site.until_at("claim", call_id, second)
    with connect(site.redis.socket) as redis:
        until(lambda: not redis.exists(f"rq:job:{call_id}"), "the second worker to give way")
        assert redis.llen(f"rq:queue:{QUEUE}") == 0
    assert site.call(call_id).attempts == 1
    assert site.at("open", call_id) == first.pid
    site.let_go("open")
    site.until_ended(call_id)
    site.assert_stored_once(call_id)
    assert site.call(call_id).attempts == 1


def test_a_worker_that_overslept_its_lease_commits_nothing(site: Site) -> None:
    """Held at its renewal, not by SIGSTOP, which might hold the database's lock with it."""
    sleeper = site.worker()
    for point in ("renew", "seal"):
        site.hold(f"{point}-{sleeper.pid}")
    call_id = site.push()
    site.until_at("seal", call_id, sleeper)
    other = site.worker()
    site.hold(f"seal-{other.pid}")
    site.maintenance()
    site.until_at("seal", call_id, other)
    for point in ("renew", "seal"):
        site.let_go(f"{point}-{sleeper.pid}")
    until(lambda: "call_lease_lost" in site.log(), "the sleeper to be refused")
    assert site.call(call_id).status is CallStatus.PROCESSING
    assert site.readable(call_id)
    site.let_go(f"seal-{other.pid}")
    site.until_ended(call_id)
    site.assert_stored_once(call_id)
    assert site.call(call_id).attempts == 2


def test_a_call_that_kills_its_workers_ends_failed_and_harms_no_neighbour(site: Site) -> None:
    poison = site.push()
    (site.gates / f"poison-{poison}").touch()
    neighbour = site.push()
    site.maintenance()
    for _ in range(site.settings.max_attempts):
        assert site.worker().wait(START_SECONDS) == -signal.SIGKILL
    site.worker()
    site.until_ended(poison, neighbour)
    failed = site.call(poison)
    assert (failed.status, failed.failure) == (CallStatus.FAILED, "too_many_attempts")
    assert failed.audio is AudioState.DESTROYED
    assert not site.readable(poison)
    assert failed.attempts == site.settings.max_attempts + 1
    site.assert_stored_once(neighbour)
    assert site.blobs() == []


def test_sigterm_once_finishes_the_call_at_hand(site: Site) -> None:
    site.hold("open")
    worker = site.worker()
    begun = [site.push() for _ in range(AHEAD)]
    for call_id in begun:
        site.until_at("open", call_id, worker)
    waiting = site.push()
    worker.send_signal(signal.SIGTERM)
    site.let_go("open")
    assert worker.wait(START_SECONDS) == 0
    site.assert_stored_once(*begun)
    given_back = site.call(waiting)
    assert (given_back.status, given_back.attempts) == (CallStatus.RECEIVED, 0)


def test_sigterm_twice_hands_the_call_back_at_once(site: Site) -> None:
    site.hold("open")
    worker = site.worker()
    call_id = site.push()
    site.until_at("open", call_id, worker)
    worker.send_signal(signal.SIGTERM)
    until(lambda: "stop_requested" in site.log(), "the first to arrive: two pending ones are one")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == 0
    given_back = site.call(call_id)
    assert (given_back.status, given_back.attempts) == (CallStatus.RECEIVED, 0)
    assert site.readable(call_id)
    site.let_go("open")
    site.maintenance()
    site.worker()
    site.until_ended(call_id)
    site.assert_stored_once(call_id)


def test_a_worker_that_hangs_is_ended_by_its_deadline(site: Site) -> None:
    site.hold("open")
    call_id = site.push()
    worker = site.worker(DECKNAME_MAX_PROCESSING_SECONDS="1")
    assert worker.wait(START_SECONDS) == HUNG
    assert site.call(call_id).status is CallStatus.PROCESSING
    assert "worker_hung" in site.log()
    site.let_go("open")
    site.maintenance()
    site.worker()
    site.until_ended(call_id)
    site.assert_stored_once(call_id)


def test_an_idle_worker_ends_at_sigterm(site: Site) -> None:
    worker = site.worker()
    until(lambda: "worker_started" in site.log(), "the worker to be ready")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(WORKER_TTL / 2) == 0, "it must not wait for a job any longer"
    with connect(site.redis.socket) as redis:
        assert redis.smembers("rq:workers") == set()
    assert site.redis.socket.exists()


def test_a_missing_model_is_told_in_one_line_before_any_call_is_claimed(site: Site) -> None:
    call_id = site.push()
    worker = site.worker(MODELS="real", DECKNAME_MODEL="/nowhere/to/be/found")
    assert worker.wait(START_SECONDS) == 3
    told = [line for line in site.log().splitlines() if line.startswith("deckname: ")]
    assert len(told) == 1
    assert "Traceback" not in site.log()
    assert (site.call(call_id).status, site.call(call_id).attempts) == (CallStatus.RECEIVED, 0)


def test_an_unknown_role_is_a_usage_error(site: Site) -> None:
    assert site.start("workers.main", "manager").wait(START_SECONDS) == 2
    assert "usage: python -m workers.main worker|maintenance" in site.log()
