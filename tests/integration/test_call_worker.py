"""The RQ worker on a real Redis: what it executes, what it refuses, what it leaves behind."""

from __future__ import annotations

import base64
import binascii
import io
import json
import logging
import pickle
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from pipeline.adapters.rq_queue import FAILURE_SECONDS, PROCESS_CALL, QUEUE, RqJobQueue
from pipeline.domain.ids import CallId, new_call_id
from pipeline.logging import configure_logging
from pipeline.settings import Settings
from workers.call_worker import CallWorker
from workers.retries import JobFailed

CANARY = "Traute Quarzsand 0171 4711"


@pytest.fixture
def log(settings: Settings) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level, factory = root.handlers[:], root.level, logging.getLogRecordFactory()
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook
    stream = io.StringIO()
    configure_logging(settings.model_copy(update={"log_level": "DEBUG"}), stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.setLogRecordFactory(factory)
    logging.captureWarnings(False)
    logging.raiseExceptions = True
    sys.excepthook, sys.unraisablehook, threading.excepthook = hooks


def work(redis: Redis, process: Callable[[CallId], None]) -> CallWorker:
    """Answer all doorbells that wait."""
    worker = CallWorker(redis, f"worker-{new_call_id()}", process)
    worker.work(burst=True)
    return worker


def forms(value: bytes) -> Iterator[bytes]:
    """As it is, inflated, and decoded and inflated: RQ's ways to store a text."""
    yield value
    for decode in (zlib.decompress, lambda text: zlib.decompress(base64.b64decode(text))):
        try:
            yield decode(value)
        except (zlib.error, binascii.Error):
            continue


def everything(redis: Redis) -> bytes:
    """All keys and values, decompressed where they are compressed."""
    found: list[bytes] = []
    for key in redis.scan_iter():
        found.append(key)
        kind = redis.type(key)
        values: Any
        if kind == b"hash":
            values = [part for pair in redis.hgetall(key).items() for part in pair]
        elif kind == b"list":
            values = redis.lrange(key, 0, -1)
        elif kind == b"set":
            values = redis.smembers(key)
        elif kind == b"zset":
            values = redis.zrange(key, 0, -1)
        elif kind == b"stream":
            values = [value for _, fields in redis.xrange(key) for value in fields.values()]
        else:
            values = [redis.get(key)]
        for value in values:
            found.extend(forms(value))
    return b"\n".join(found)


def test_it_processes_the_call_and_leaves_nothing_of_the_job(
    redis: Redis, settings: Settings
) -> None:
    queue, call_ids, done = RqJobQueue(settings), [new_call_id(), new_call_id()], []
    for call_id in call_ids:
        queue.ring(call_id)
    worker = work(redis, done.append)
    assert done == call_ids
    left = everything(redis)
    assert queue.waiting() == 0
    assert not any(call_id.encode() in left for call_id in call_ids)
    assert worker.successful_job_count == 0 or b"result" not in left


def forged(redis: Redis, call_id: CallId, **fields: bytes | str) -> None:
    """Whoever can write to Redis enqueues a job of their own."""
    genuine = json.dumps([PROCESS_CALL, None, [call_id], {}]).encode()
    job = {"data": zlib.compress(genuine), "created_at": "2026-01-01T00:00:00Z", "status": "queued"}
    redis.hset(f"rq:job:{call_id}", mapping=job | {"origin": QUEUE} | fields)
    redis.rpush(f"rq:queue:{QUEUE}", call_id)


class _Shell:
    """What unpickling must never meet."""

    def __init__(self, command: str) -> None:
        self._command = command

    def __reduce__(self) -> tuple[Any, ...]:
        import os

        return os.system, (self._command,)


def payload(function: object, *args: object, instance: object = None, **kwargs: object) -> bytes:
    return zlib.compress(json.dumps([function, instance, args, kwargs]).encode())


@pytest.mark.parametrize(
    "data",
    [
        lambda mark, _: payload("os.system", f"touch {mark}"),
        lambda mark, _: payload("subprocess.getoutput", f"touch {mark}"),
        lambda mark, _: pickle.dumps(_Shell(f"touch {mark}")),
        lambda mark, _: zlib.compress(pickle.dumps(_Shell(f"touch {mark}"))),
        lambda mark, _: payload(PROCESS_CALL, f"touch {mark}"),
        lambda mark, call_id: payload(PROCESS_CALL, call_id, deck=str(mark)),
        lambda mark, call_id: payload(PROCESS_CALL, call_id, str(mark)),
        lambda mark, call_id: payload(PROCESS_CALL, call_id, instance="os"),
        lambda mark, _: payload(PROCESS_CALL, new_call_id()),
        lambda mark, _: payload(None),
        lambda mark, _: b"\x00\xff no job at all",
        lambda mark, _: zlib.compress(b"[[[["),
    ],
)
def test_any_other_job_is_dropped_unexecuted(
    redis: Redis, tmp_path: Path, data: Callable[[Path, CallId], bytes], log: io.StringIO
) -> None:
    mark, call_id, done = tmp_path / "executed", new_call_id(), []
    forged(redis, call_id, data=data(mark, call_id))
    work(redis, done.append)
    assert not mark.exists()
    assert done == []
    assert not redis.exists(f"rq:job:{call_id}")
    assert redis.llen(f"rq:queue:{QUEUE}") == 0
    assert "job_refused" in log.getvalue()
    assert str(mark) not in log.getvalue()


@pytest.mark.parametrize("fails", [False, True])
def test_callbacks_webhooks_and_repeats_of_a_forged_job_are_ignored(
    redis: Redis, tmp_path: Path, fails: bool
) -> None:
    """RQ imports a callback by name and calls it with (job, connection, result)."""
    call_id, done = new_call_id(), []
    spy = "tests.integration.test_call_worker.executed"
    forged(
        redis,
        call_id,
        success_callback_name=spy,
        failure_callback_name=spy,
        stopped_callback_name=spy,
        webhooks=json.dumps([{"url": "http://127.0.0.1:9/", "event": "finished"}]),
        repeats_left="3",
        repeat_intervals="[0]",
        retries_left="3",
        failure_ttl="31536000",
        meta=json.dumps({"text": CANARY}),
        description=CANARY,
    )
    EXECUTED.clear()

    def process(call_id: CallId) -> None:
        done.append(call_id)
        if fails:
            raise JobFailed("unforeseen", transient=False)

    work(redis, process)
    assert done == [call_id]
    assert EXECUTED == []
    assert 0 <= redis.ttl(f"rq:job:{call_id}") <= FAILURE_SECONDS or not redis.exists(
        f"rq:job:{call_id}"
    )
    work(redis, process)
    assert done == [call_id]


EXECUTED: list[object] = []


def executed(*arguments: object) -> None:
    EXECUTED.append(arguments)


def test_a_vanilla_job_enqueued_through_rq_is_dropped_too(redis: Redis, tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    queue = Queue(QUEUE, connection=redis, serializer=JSONSerializer)
    job = queue.enqueue("os.system", f"touch {mark}")
    work(redis, lambda _: None)
    assert not mark.exists()
    assert not redis.exists(job.key)


def test_a_failure_leaves_a_code_and_no_word_in_redis_or_the_log(
    redis: Redis, settings: Settings, log: io.StringIO
) -> None:
    def process(_: CallId) -> None:
        try:
            raise ValueError(CANARY)
        except ValueError as error:
            raise JobFailed("unforeseen", transient=False) from error

    call_id = new_call_id()
    RqJobQueue(settings).ring(call_id)
    work(redis, process)
    left = everything(redis)
    assert b"Traceback" not in left
    assert b"Traute" not in left
    assert b"failed" in left
    assert 0 < redis.ttl(f"rq:job:{call_id}") <= FAILURE_SECONDS
    assert "Traute" not in log.getvalue()
    RqJobQueue(settings).ring(call_id)
    assert RqJobQueue(settings).waiting() == 1, "a failed job must not silence the next ring"


def test_transient_failures_slow_the_worker_down_until_one_succeeds(
    redis: Redis, settings: Settings
) -> None:
    queue = RqJobQueue(settings)
    outcomes = iter([True, True, False])
    waits: list[float] = []

    def process(_: CallId) -> None:
        if next(outcomes):
            raise JobFailed("storage_full", transient=True)

    worker = CallWorker(redis, "worker-slow", process)
    worker._woken.wait = lambda seconds=None: waits.append(seconds) or False  # type: ignore
    for _ in range(3):
        queue.ring(new_call_id())
    worker.work(burst=True)
    assert waits == [0.0, 1.0, 2.0, 0.0]


def test_an_idle_worker_stops_when_told_to(redis: Redis) -> None:
    worker = CallWorker(redis, "worker-idle", lambda _: None)
    worker.stop()
    worker.work()
    assert worker.stopped
    assert not redis.smembers("rq:workers")


def test_it_takes_no_commands_from_redis(redis: Redis, settings: Settings) -> None:
    """`shutdown`, `stop-job` and `kill-horse` arrive over pub/sub in RQ's own worker."""
    seen: list[int] = []

    def process(_: CallId) -> None:
        seen.append(redis.pubsub_numpat() + len(redis.pubsub_channels()))

    RqJobQueue(settings).ring(new_call_id())
    work(redis, process)
    assert seen == [0]
