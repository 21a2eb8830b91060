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
def logging_as_it_was() -> Iterator[None]:
    """A test that runs a command in this process leaves the next one its own log level."""
    level, factory = logging.getLogger().level, logging.getLogRecordFactory()
    yield
    logging.getLogger().setLevel(level)
    logging.setLogRecordFactory(factory)
