"""What a job tells: events to the log, a code to RQ, and never why in words."""

from __future__ import annotations

import io
import logging
import traceback
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.domain.call import CallStatus
from pipeline.domain.errors import LeaseLost, RecordingRejected, StorageFull, TransientError
from pipeline.domain.ids import CallId
from pipeline.logging import ContentFreeFilter
from pipeline.usecases.deck import Deck
from pipeline.usecases.process_calls import Surroundings
from tests.builders import call
from tests.decks import memory_deck
from workers import jobs
from workers.retries import JobFailed

CANARY = "Traute Quarzsand 0171 4711"


@pytest.fixture
def log() -> Any:
    stream, logger = io.StringIO(), logging.getLogger("workers")
    handler = logging.StreamHandler(stream)
    handler.addFilter(ContentFreeFilter())
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield stream
    logger.removeHandler(handler)
    logger.setLevel(level)


UseCase = Callable[[Surroundings], None]


def run(monkeypatch: pytest.MonkeyPatch, use_case: UseCase) -> CallId:
    """Run the job on `use_case` in the place of `process_waiting`."""
    job_for = call().id

    def process_waiting(_: Deck, owner: str, around: Surroundings) -> None:
        assert owner == "worker-1"
        use_case(around)

    monkeypatch.setattr(jobs, "process_waiting", process_waiting)
    jobs.process_call(job_for, memory_deck(), jobs.Worker("worker-1"))
    return job_for


def failed(monkeypatch: pytest.MonkeyPatch, error: Exception) -> JobFailed:
    def use_case(around: Surroundings) -> None:
        try:
            raise error
        except Exception as raised:
            around.broke(call().id, raised)
            raise

    with pytest.raises(JobFailed) as raised:
        run(monkeypatch, use_case)
    return raised.value


@pytest.mark.parametrize("error", [StorageFull(CANARY), TransientError(CANARY), LeaseLost(CANARY)])
def test_what_may_succeed_later_is_transient(
    monkeypatch: pytest.MonkeyPatch, log: io.StringIO, error: TransientError
) -> None:
    job_failed = failed(monkeypatch, error)
    assert (job_failed.code, job_failed.transient) == (error.code, True)
    assert "call_given_back call_id=call_" in log.getvalue()
    assert f"code={error.code}" in log.getvalue()


@pytest.mark.parametrize(
    "error", [ValueError(CANARY), MemoryError(CANARY), RecordingRejected("no_audio", CANARY)]
)
def test_the_unforeseen_is_told_as_type_and_place(
    monkeypatch: pytest.MonkeyPatch, log: io.StringIO, error: Exception
) -> None:
    job_failed = failed(monkeypatch, error)
    assert (job_failed.code, job_failed.transient) == ("unforeseen", False)
    assert f"error={type(error).__name__}" in log.getvalue()
    assert "raised_at=test_jobs.py:" in log.getvalue()


@pytest.mark.parametrize("error", [StorageFull(CANARY), ValueError(CANARY)])
def test_neither_rq_nor_the_log_learns_what_an_exception_said(
    monkeypatch: pytest.MonkeyPatch, log: io.StringIO, error: Exception
) -> None:
    job_failed = failed(monkeypatch, error)
    told = "".join(traceback.format_exception(job_failed)) + repr(job_failed.args)
    assert job_failed.__cause__ is None
    assert job_failed.__context__ is None
    assert "Quarzsand" not in told + log.getvalue()


@pytest.mark.parametrize(
    ("ended", "event"),
    [
        ((CallStatus.STORED, None), "call_stored"),
        ((CallStatus.FAILED, "recording_rejected:no_audio"), "call_failed"),
        ((CallStatus.PROCESSING, None), "call_lease_lost"),
    ],
)
def test_every_end_is_one_event(
    monkeypatch: pytest.MonkeyPatch,
    log: io.StringIO,
    ended: tuple[CallStatus, str | None],
    event: str,
) -> None:
    end = replace(call(), status=ended[0], failure=ended[1])
    run(monkeypatch, lambda around: around.told(end))
    [line] = log.getvalue().splitlines()
    assert line.startswith(f"{event} ")
    assert f"call_id={end.id}" in line and "worker=worker-1" in line
    assert ended[1] is None or f"code={ended[1]}" in line


def test_a_call_that_somebody_else_holds_is_no_event(
    monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    run(monkeypatch, lambda _: None)
    assert log.getvalue() == ""


def test_what_breaks_outside_a_call_is_told_and_nothing_quoted(
    monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    def use_case(_: Surroundings) -> None:
        raise RuntimeError(CANARY)

    with pytest.raises(JobFailed):
        run(monkeypatch, use_case)
    assert "worker_broke" in log.getvalue() and "Quarzsand" not in log.getvalue()


def test_a_job_takes_in_no_more_after_a_while_and_begins_nothing_once_told_to_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moment = [1000.0]
    monkeypatch.setattr(jobs, "time", SimpleNamespace(monotonic=lambda: moment[0]))
    seen = []

    def use_case(around: Surroundings) -> None:
        seen.append((around.enough(), around.stopping()))
        moment[0] += jobs.LONGEST + 1
        seen.append((around.enough(), around.stopping()))

    run(monkeypatch, use_case)
    assert seen == [(False, False), (True, False)]
