"""Logs carry no content, whoever logs and however."""

from __future__ import annotations

import io
import logging
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest

from pipeline.logging import ALLOWED, bound, configure_logging, log_event
from pipeline.settings import load_settings

CANARY = "Kanarienvogel-4711 Traute Quarzsand"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level, factory = root.handlers[:], root.level, logging.getLogRecordFactory()
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook
    logged = io.StringIO()
    configure_logging(load_settings(log_level="DEBUG"), logged)
    yield logged
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.setLogRecordFactory(factory)
    logging.captureWarnings(False)
    logging.raiseExceptions = True
    sys.excepthook, sys.unraisablehook, threading.excepthook = hooks


def test_an_event_shows_its_facts_and_what_is_bound(stream: io.StringIO) -> None:
    log = logging.getLogger("pipeline.usecases.process_calls")
    with bound(call_id="call_" + "a" * 32):
        log_event(log, "call_stored", seconds=3.25, attempts=1)
    log_event(log, "worker_idle")
    first, second = stream.getvalue().splitlines()
    assert first.endswith(f"Z INFO call_stored attempts=1 call_id=call_{'a' * 32} seconds=3.250")
    assert second.endswith("Z INFO worker_idle")


def test_facts_that_are_no_plain_words_are_withheld(stream: io.StringIO) -> None:
    log = logging.getLogger("workers.jobs")
    log_event(log, "call_failed", code=CANARY)
    log.warning("call_failed", extra={"text": CANARY, "code": "no_audio"})
    first, second = stream.getvalue().splitlines()
    assert first.endswith("call_failed code=?")
    assert second.endswith("call_failed code=no_audio")


@pytest.mark.parametrize("name", ["pipeline.stages.redact", "rq.worker", "some.library"])
def test_an_exception_is_reduced_to_type_and_place(stream: io.StringIO, name: str) -> None:
    log = logging.getLogger(name)
    try:
        raise ValueError(CANARY)
    except ValueError:
        log.exception("%s failed: " + CANARY, CANARY, extra={"arguments": CANARY})
    [line] = stream.getvalue().splitlines()
    assert "error=ValueError" in line
    assert "raised_at=test_logging.py:" in line
    assert f"place={name}:test_logging.py:" in line
    assert "Traute" not in line
    assert "4711" not in line


def test_a_message_that_is_no_event_is_withheld(stream: io.StringIO) -> None:
    log = logging.getLogger("pipeline.stages.transcribe")
    log.info("heard %s", CANARY)
    log.info(f"heard {CANARY}")
    log.info("segment_found %s", CANARY)
    log.info("said", stack_info=True)
    assert stream.getvalue().count("message_withheld place=pipeline.stages.transcribe:") == 4
    assert "Traute" not in stream.getvalue()


def test_libraries_are_heard_from_warnings_upwards_and_never_quoted(stream: io.StringIO) -> None:
    log = logging.getLogger("faster_whisper")
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        log.log(level, "text: %s", CANARY)
    assert len(stream.getvalue().splitlines()) == 2
    assert "Traute" not in stream.getvalue()


def test_a_library_with_a_handler_of_its_own_quotes_nothing(stream: io.StringIO) -> None:
    own = io.StringIO()
    log = logging.getLogger("library.with.handler")
    handler = logging.StreamHandler(own)
    log.addHandler(handler)
    log.propagate = False
    try:
        try:
            raise RuntimeError(CANARY)
        except RuntimeError:
            log.exception(CANARY)
    finally:
        log.removeHandler(handler)
        log.propagate = True
    assert "message_withheld" in own.getvalue()
    assert "Traute" not in own.getvalue()


def test_warnings_and_uncaught_exceptions_are_reduced(
    stream: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn(CANARY, stacklevel=1)

    def fail() -> None:
        raise KeyError(CANARY)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    try:
        fail()
    except KeyError as error:
        sys.excepthook(KeyError, error, error.__traceback__)
    assert stream.getvalue().count("uncaught_exception error=KeyError") == 2
    assert "py.warnings" in stream.getvalue()
    assert "Traute" not in stream.getvalue() + "".join(capfd.readouterr())


def test_a_broken_log_call_prints_nothing(
    stream: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("httpx").error("%d", CANARY)
    logging.getLogger("pipeline.web").error("%d", CANARY)
    assert "Traute" not in stream.getvalue() + "".join(capfd.readouterr())


def test_no_allowed_key_collides_with_an_attribute_of_log_records() -> None:
    record = logging.LogRecord("pipeline", logging.INFO, "", 0, "", None, None)
    assert not ALLOWED & set(vars(record))
