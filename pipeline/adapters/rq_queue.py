"""`ports.JobQueue` on RQ: one Redis list of opaque call ids, and nothing else in Redis.

The worker's function is named, never imported: what rings needs no speech model. A job's id is
its call's id, so a second ring finds the first one in the list and adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from pipeline.adapters.embedded_redis import connect, recorded_socket
from pipeline.domain.errors import ConfigurationError, ServiceUnavailable
from pipeline.domain.ids import CallId
from pipeline.settings import Settings

QUEUE = "calls"
PROCESS_CALL = "workers.jobs.process_call"
FAILURE_SECONDS = 600
"""How long RQ remembers a failed job: a code and a place, for the curious."""


def open_redis(settings: Settings, timeout: float = 2.0) -> Redis:
    """A client of the configured Redis, else of the embedded one; nothing is sent yet.

    `timeout` is in seconds. Raises `ServiceUnavailable` where the embedded one never ran,
    `ConfigurationError` for a URL that is none.
    """
    if settings.redis_url is None:
        return connect(recorded_socket(settings.home_folder), timeout)
    try:
        return Redis.from_url(
            settings.redis_url.get_secret_value(),
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), retries=1),
        )
    except ValueError:
        raise ConfigurationError(
            "DECKNAME_REDIS_URL must begin with redis://, rediss:// or unix://"
        ) from None


class RqJobQueue:
    """See `ports.JobQueue`. Connects at its first use and again after a failure."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._queue: Queue | None = None

    def ring(self, call_id: CallId) -> None:
        """See `ports.JobQueue`."""
        with self._reached() as queue:
            # Two who ring at the same moment may both find nothing: then the second entry finds
            # the call done and ends at once.
            if queue.connection.lpos(queue.key, call_id) is not None and queue.connection.exists(
                queue.job_class.key_for(call_id)
            ):
                return
            queue.enqueue_call(
                PROCESS_CALL,
                args=(call_id,),
                job_id=call_id,
                description="call",
                result_ttl=0,
                failure_ttl=FAILURE_SECONDS,
            )

    def waiting(self) -> int:
        """See `ports.JobQueue`."""
        with self._reached() as queue:
            return int(queue.connection.llen(queue.key))

    def answer(self, most: int) -> int:
        """See `ports.JobQueue`."""
        with self._reached() as queue:
            answered = cast(list[bytes], queue.connection.lpop(queue.key, most) or [])
            if answered:
                keys = (queue.job_class.key_for(call_id.decode()) for call_id in answered)
                queue.connection.delete(*keys)
            return len(answered)

    def forget(self, call_id: CallId) -> bool:
        """See `ports.JobQueue`."""
        with self._reached() as queue:
            key = queue.job_class.key_for(call_id)
            if queue.connection.hget(key, "status") == b"started":
                raise ServiceUnavailable("a worker is still at this job")
            popped = queue.intermediate_queue  # where it stays if the worker that popped it died
            rung = [queue.connection.lrem(each, 0, call_id) for each in (queue.key, popped.key)]
            gone = queue.connection.delete(key, popped.get_first_seen_key(call_id))
            return any(rung) or bool(gone)

    @contextmanager
    def _reached(self) -> Iterator[Queue]:
        try:
            if self._queue is None:
                connection = open_redis(self._settings)
                self._queue = Queue(QUEUE, connection=connection, serializer=JSONSerializer)
            yield self._queue
        except (RedisError, OSError):
            self._queue = None  # the embedded one may listen elsewhere after a restart
            raise ServiceUnavailable(
                "Redis cannot be reached: start `deckname up` or check DECKNAME_REDIS_URL; calls "
                "already taken in are kept and processed once it is back"
            ) from None
