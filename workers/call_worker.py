"""An RQ worker that executes one thing only, in its own process, beside a resident model.

Redis is not trusted. Whoever writes to it could make RQ import and call anything: as a job's
function, as its callback, as a webhook. `CallJob` keeps of a job nothing but one call id, and
drops the job where it is anything else. The worker takes no commands over pub/sub.

Private or undocumented parts of rq 3.0.0 in use, hence the exact pin: `Job._execute`,
`Job._success_callback_name`, `_failure_callback_name`, `_stopped_callback_name`;
`BaseWorker._stop_requested`, `_install_signal_handlers`, `subscribe`, `unsubscribe`,
`dequeue_job_and_maintain_ttl`, `handle_exception`, `handle_job_failure`, `maintain_heartbeats`,
`prepare_execution`, `executions`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import DequeueTimeout, NoSuchJobError, StopRequested
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty
from rq.worker import WorkerStatus

from pipeline.adapters.rq_queue import FAILURE_SECONDS, PROCESS_CALL, QUEUE
from pipeline.domain.ids import CallId, is_call_id
from pipeline.logging import log_event
from workers.retries import BackOff, JobFailed

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 20
WORKER_TTL = 30
"""Seconds; RQ waits for a job 15 s less, then shows that it lives."""


class CallJob(Job):
    """A job that is one call to process, or does not exist."""

    process: Callable[[CallId], None] | None = None

    def refresh(self) -> None:
        """Read the job. Raises `NoSuchJobError`, upon which RQ drops it, for any other job."""
        try:
            super().refresh()  # type: ignore[no-untyped-call]
            genuine = self.func_name == PROCESS_CALL and self.call_id == self.id
        except (NoSuchJobError, RedisError):
            raise
        except Exception:  # whatever a forged hash makes RQ's parser raise
            genuine = False
        if not genuine:
            log_event(log, "job_refused", logging.ERROR)
            self.connection.delete(self.key)
            raise NoSuchJobError
        self._forget_the_rest()

    @property
    def call_id(self) -> CallId:
        """The only argument. Raises `ValueError` where there is another."""
        args, kwargs = self.args, self.kwargs
        if len(args) != 1 or kwargs or self.instance is not None or not isinstance(args[0], str):
            raise ValueError
        if not is_call_id(args[0]):
            raise ValueError
        return CallId(args[0])

    def _forget_the_rest(self) -> None:
        self._success_callback_name = None
        self._failure_callback_name = None
        self._stopped_callback_name = None
        self.webhooks = []
        self.meta = {}
        self.retries_left = self.number_of_retries = self.repeats_left = None
        self.rate_limit_key = self.rate_limit_concurrency = self.group_id = None
        self.description = "call"
        self.result_ttl, self.failure_ttl, self.timeout = 0, FAILURE_SECONDS, None
        self.origin = QUEUE

    def _execute(self) -> None:
        # The allow-list: the name in Redis is compared, never imported.
        if self.func_name != PROCESS_CALL or self.process is None:
            raise JobFailed("refused", transient=False)
        self.process(self.call_id)


class NoDeathPenalty(BaseDeathPenalty):
    """RQ's time limit raises between any two lines of Python and not at all in native code. Ours
    is `workers.deadlines`."""

    def setup_death_penalty(self) -> None:
        """Nothing."""

    def cancel_death_penalty(self) -> None:
        """Nothing."""


class CallWorker(SimpleWorker):
    """Processes one call after the other. `process` raises nothing but `JobFailed`."""

    death_penalty_class = NoDeathPenalty
    log_result_lifespan = False

    def __init__(self, connection: Redis, name: str, process: Callable[[CallId], None]) -> None:
        super().__init__(
            [QUEUE],  # one only: with two, a job is lost for good in the moment of the pop
            name=name,
            connection=connection,
            job_class=CallJob,
            serializer=JSONSerializer,
            default_result_ttl=0,
            worker_ttl=WORKER_TTL,
            maintenance_interval=60,
            log_job_description=False,
        )
        self.back_off = BackOff()
        self._process = process
        self._listening = False
        self._woken = threading.Event()

    def stop(self) -> None:
        """Stop after the call at hand; from the main thread's signal handler, which may break off
        waiting for a job."""
        self._stop_requested = True
        self._woken.set()
        if self._listening:
            raise StopRequested

    @property
    def stopped(self) -> bool:
        """Whether it was told to stop."""
        return bool(self._stop_requested)

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """The next job. RQ's own version hides a lost connection; here it ends the worker, whose
        process then finds Redis anew."""
        self._woken.wait(self.back_off.seconds)
        self._listening = True
        try:
            if self._stop_requested:
                raise StopRequested
            self.set_state(WorkerStatus.IDLE)
            while True:
                self.heartbeat()
                if self.should_run_maintenance_tasks:
                    self.run_maintenance_tasks()
                try:
                    return self.queue_class.dequeue_any(
                        self.queues,
                        timeout,
                        connection=self.connection,
                        job_class=self.job_class,
                        serializer=self.serializer,
                        death_penalty_class=self.death_penalty_class,
                    )
                except DequeueTimeout:
                    continue
        finally:
            self._listening = False

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Process the call, in this process, with heartbeats."""
        assert isinstance(job, CallJob)
        job.process = self._process_and_count
        execution = self.prepare_execution(job)
        with self._heartbeats(job, execution):
            self.perform_job(job, queue, execution)
        self.set_state(WorkerStatus.IDLE)

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:
        """Seconds until RQ holds the job for abandoned, however long the job may take."""
        return 3 * HEARTBEAT_SECONDS

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """RQ's version logs arguments and messages; the job has logged all there is to say."""

    def handle_job_failure(
        self,
        job: Job,
        queue: Queue,
        started_job_registry: Any = None,
        exc_string: str = "",
        execution: Execution | None = None,
    ) -> None:
        """What Redis keeps of a failure is not the traceback."""
        super().handle_job_failure(job, queue, started_job_registry, "failed", execution)

    def run_maintenance_tasks(self) -> None:
        """Remove what killed workers left in our own queue's registries, and touch no other."""
        self.clean_registries()  # type: ignore[no-untyped-call]

    def subscribe(self) -> None:
        """No commands from Redis."""

    def unsubscribe(self) -> None:
        """Nothing was subscribed."""

    def _install_signal_handlers(self) -> None:
        """The process has its own, see `workers.stop_signals`."""

    def _process_and_count(self, call_id: CallId) -> None:
        try:
            self._process(call_id)
        except JobFailed as failed:
            if failed.transient:
                self.back_off = self.back_off.failed()
            raise
        self.back_off = self.back_off.succeeded()

    @contextmanager
    def _heartbeats(self, job: Job, execution: Execution) -> Iterator[None]:
        done = threading.Event()

        def beat() -> None:
            while not done.wait(HEARTBEAT_SECONDS):
                try:
                    self.maintain_heartbeats(job, execution)
                except RedisError:
                    continue

        thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
