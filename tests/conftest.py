"""What holds for all tests."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is, nothing about the code.
settings.register_profile("deckname", deadline=None, print_blob=True)
settings.load_profile("deckname")


@pytest.fixture(autouse=True)
def logging_as_at_the_start() -> Iterator[None]:
    """Every test finds the log levels of a fresh process, whatever ran a command in this one."""
    root, factory = logging.getLogger(), logging.getLogRecordFactory()
    root.setLevel(logging.WARNING)
    logging.disable(logging.NOTSET)
    for name, logger in root.manager.loggerDict.items():
        if isinstance(logger, logging.Logger) and name.startswith(("pipeline", "workers")):
            logger.setLevel(logging.NOTSET)
            logger.disabled, logger.propagate = False, True
    yield
    logging.setLogRecordFactory(factory)
