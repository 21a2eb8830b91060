"""What holds for all tests."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.s3_server import S3Server

# How long an example takes says how busy the machine is, nothing about the code.
settings.register_profile("deckname", deadline=None, print_blob=True)
settings.load_profile("deckname")


def pytest_addoption(parser: pytest.Parser) -> None:
    """For `tests/faults`."""
    parser.addoption("--faults", action="store_true", help="run the long faults, too")
    parser.addoption("--soak-calls", type=int, default=40, help="calls of the soak")


@pytest.fixture(autouse=True)
def logging_as_at_the_start() -> None:
    """Every test finds logging as in a fresh process, whatever ran a command in this one."""
    root = logging.getLogger()
    root.handlers[:] = [
        each for each in root.handlers if type(each).__module__.startswith("_pytest")
    ]
    root.setLevel(logging.WARNING)
    logging.setLogRecordFactory(logging.LogRecord)
    logging.disable(logging.NOTSET)
    for name, logger in root.manager.loggerDict.items():
        if isinstance(logger, logging.Logger) and name.startswith(("pipeline", "workers")):
            logger.setLevel(logging.NOTSET)
            logger.disabled, logger.propagate = False, True


@pytest.fixture(scope="session")
def running_s3() -> Iterator[S3Server]:
    """One server for all tests; imported where it is used, for moto takes its time."""
    from tests.s3_server import S3Server

    server = S3Server()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def s3(running_s3: S3Server) -> S3Server:
    """The same, in good health."""
    running_s3.well()
    return running_s3
