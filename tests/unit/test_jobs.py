"""What a job tells: events to the log, a code to RQ, and never why in words."""

from __future__ import annotations

import io
import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from pipeline.domain.call import Call, CallStatus
from pipeline.domain.errors import LeaseLost, RecordingRejected, StorageFull, TransientError
from pipeline.domain.ids import CallId
from pipeline.logging import ContentFreeFilter
from pipeline.usecases.deck import Deck
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


def run(monkeypatch: pytest.MonkeyPatch, use_case: Callable[[], Sequence[Call]]) -> CallId:
    """Run the job on `use_case` in the place of `process_calls`."""
    job_for = call().id

    def process_calls(call_ids: Sequence[CallId], deck: Deck, owner: str) -> Sequence[Call]:
        assert (call_ids, owner) == ((job_for,), "worker-1")
        return use_case()

    monkeypatch.setattr(jobs, "process_calls", process_calls)
    assert jobs.process_call(job_for, memory_deck(), "worker-1") is None
    return job_for


def failed(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> JobFailed:
    def use_case() -> Sequence[Call]:
        raise error

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
    call_id = run(monkeypatch, lambda: (end,))
    [line] = log.getvalue().splitlines()
    assert line.startswith(f"{event} ")
    assert f"call_id={call_id}" in line
    assert ended[1] is None or f"code={ended[1]}" in line


def test_a_call_that_somebody_else_holds_is_no_event(
    monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    run(monkeypatch, tuple)
    assert log.getvalue() == ""
