"""The contract of `ports.JobQueue`, over RQ on a real Redis and its in-memory twin."""

from __future__ import annotations

import re
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue

from pipeline.adapters.embedded_redis import EmbeddedRedis, connect
from pipeline.adapters.memory_queue import MemoryJobQueue
from pipeline.adapters.rq_queue import PROCESS_CALL, QUEUE, RqJobQueue, open_redis
from pipeline.domain.errors import ConfigurationError, ServiceUnavailable
from pipeline.domain.ids import CallId, new_call_id
from pipeline.ports import JobQueue
from pipeline.settings import Settings, load_settings

Answer = Callable[[], CallId | None]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def settings(server: EmbeddedRedis) -> Settings:
    return load_settings(home=server.socket.parent.parent)


@pytest.fixture
def redis(server: EmbeddedRedis) -> Iterator[Redis]:
    with connect(server.socket) as client:
        client.flushall()
        yield client


@pytest.fixture(params=["rq", "memory"])
def bell(request: pytest.FixtureRequest) -> tuple[JobQueue, Answer]:
    """A queue and what answers its oldest doorbell."""
    if request.param == "memory":
        memory = MemoryJobQueue()
        return memory, memory.take
    client: Redis = request.getfixturevalue("redis")

    def answer() -> CallId | None:
        taken = client.lpop(f"rq:queue:{QUEUE}")
        return CallId(taken.decode()) if isinstance(taken, bytes) else None

    return RqJobQueue(request.getfixturevalue("settings")), answer


def test_nothing_waits_at_first(bell: tuple[JobQueue, Answer]) -> None:
    queue, answer = bell
    assert queue.waiting() == 0
    assert answer() is None


def test_doorbells_are_answered_in_order(bell: tuple[JobQueue, Answer]) -> None:
    queue, answer = bell
    call_ids = [new_call_id() for _ in range(5)]
    for call_id in call_ids:
        queue.ring(call_id)
    assert queue.waiting() == 5
    assert [answer() for _ in call_ids] == call_ids
    assert queue.waiting() == 0


def test_a_second_ring_adds_nothing_while_the_first_waits(bell: tuple[JobQueue, Answer]) -> None:
    queue, answer = bell
    first, second = new_call_id(), new_call_id()
    for call_id in (first, second, first, second, first):
        queue.ring(call_id)
    assert queue.waiting() == 2
    assert (answer(), answer()) == (first, second)


def test_a_ring_after_the_answer_counts_again(bell: tuple[JobQueue, Answer]) -> None:
    """A worker that took the doorbell and died must not silence it."""
    queue, answer = bell
    call_id = new_call_id()
    queue.ring(call_id)
    assert answer() == call_id
    queue.ring(call_id)
    assert queue.waiting() == 1
    assert answer() == call_id


def test_the_bells_of_claimed_calls_are_answered_together(bell: tuple[JobQueue, Answer]) -> None:
    queue, answer = bell
    call_ids = [new_call_id() for _ in range(5)]
    for call_id in call_ids:
        queue.ring(call_id)
    assert queue.answer(3) == 3
    assert queue.waiting() == 2
    assert answer() == call_ids[3]
    assert (queue.answer(9), queue.answer(9)) == (1, 0)
    queue.ring(call_ids[0])
    assert queue.waiting() == 1, "an answered bell may ring again"


def test_many_threads_ring_at_once(bell: tuple[JobQueue, Answer]) -> None:
    queue, answer = bell
    call_ids = [new_call_id() for _ in range(8)]
    threads = [threading.Thread(target=queue.ring, args=(call_id,)) for call_id in call_ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer() for _ in call_ids} == set(call_ids)


def test_what_a_worker_popped_and_died_of_is_forgotten_with_the_call(
    settings: Settings, redis: Redis
) -> None:
    queue, call_id = RqJobQueue(settings), new_call_id()
    queue.ring(call_id)
    popped = Queue(QUEUE, connection=redis).intermediate_queue
    redis.lmove(f"rq:queue:{QUEUE}", popped.key)
    popped.set_first_seen(call_id)  # by the worker that cleans up
    assert queue.forget(call_id)
    assert not [key for key in redis.scan_iter() if call_id.encode() in key]
    assert popped.get_job_ids() == []
    assert not queue.forget(call_id)


def test_redis_holds_the_call_id_and_no_word_more(settings: Settings, redis: Redis) -> None:
    call_id = new_call_id()
    RqJobQueue(settings).ring(call_id)
    assert {key.decode() for key in redis.scan_iter()} == {
        "rq:queues",
        f"rq:queue:{QUEUE}",
        f"rq:job:{call_id}",
    }
    fields: dict[bytes, bytes] = redis.hgetall(f"rq:job:{call_id}")  # type: ignore[assignment]
    job = {key.decode(): value for key, value in fields.items()}
    job["data"] = zlib.decompress(job["data"])
    times = {"created_at", "enqueued_at"}
    assert {key: value.decode() for key, value in job.items() if value and key not in times} == {
        "data": f'["{PROCESS_CALL}", null, ["{call_id}"], {{}}]',
        "description": "call",
        "origin": QUEUE,
        "result_ttl": "0",
        "failure_ttl": "600",
        "status": "queued",
        "timeout": "180",
    }


def test_an_unreachable_redis_is_one_clear_line_soon(tmp_path: Path) -> None:
    nowhere = load_settings(home=tmp_path, redis_url=f"unix://{tmp_path}/no.sock")
    never_started = load_settings(home=tmp_path)
    for settings in (nowhere, never_started):
        queue = RqJobQueue(settings)
        for ask in (queue.waiting, lambda queue=queue: queue.ring(new_call_id())):
            with pytest.raises(ServiceUnavailable, match="deckname up") as raised:
                ask()
            assert raised.value.__cause__ is None
            assert "\n" not in str(raised.value)
            assert str(tmp_path) not in str(raised.value)


def test_the_queue_finds_a_redis_that_came_back(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path)
    queue = RqJobQueue(settings)
    with EmbeddedRedis(tmp_path):
        queue.ring(new_call_id())
    with pytest.raises(ServiceUnavailable):
        queue.waiting()
    with EmbeddedRedis(tmp_path):
        assert queue.waiting() == 1


def test_a_url_that_is_none_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=re.escape("redis://")):
        open_redis(load_settings(home=tmp_path, redis_url="localhost:6379"))
