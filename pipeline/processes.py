"""How every process of a running Deckname begins, and how it says why it cannot."""

from __future__ import annotations

import sys
from collections.abc import Callable

from pipeline.adapters.log_folder import log_to_files
from pipeline.domain.errors import DecknameError
from pipeline.launcher import forbid_core_dumps
from pipeline.logging import configure_logging
from pipeline.settings import Settings


def prepare(settings: Settings, role: str) -> None:
    """No core dumps; logs on standard error and in the files of `role`."""
    forbid_core_dumps()
    configure_logging(settings)
    log_to_files(settings.home_folder / "logs", role)


def exit_status(run: Callable[[], int]) -> int:
    """What `run` returns; an error of ours is one line on standard error, and its own status."""
    try:
        return run()
    except DecknameError as error:
        sys.stderr.write(f"deckname: {error}\n")
        return error.exit_status
