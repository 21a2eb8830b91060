"""The command line. `main` is the one place where errors become a line and an exit status."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import PurePath

from pipeline.domain.errors import DecknameError

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `deckname` with `arguments` (those of the process by default): its exit status.

    0 done, 1 the answer is no, 2 usage, 3 a service is missing, 130 interrupted.
    """
    try:
        return _run(list(sys.argv[1:] if arguments is None else arguments))
    except KeyboardInterrupt:
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):  # the latter is what Typer makes of the former
        # Whoever read our output has gone; Python would complain once more while it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(arguments: list[str]) -> int:
    from typer import Abort, TyperException

    from pipeline.cli.app import app

    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    try:
        status = app(args=arguments, prog_name="deckname", standalone_mode=False)
        sys.stdout.flush()
    except DecknameError as error:
        return _complain(str(error), error.exit_status)
    except TyperException as error:
        if not (message := error.format_message()):  # a group without a command: help was shown
            return error.exit_code
        return _complain(_without_arguments(message, arguments), error.exit_code)
    except Abort:
        return INTERRUPTED
    except (KeyboardInterrupt, BrokenPipeError):
        raise
    except Exception as error:
        return _complain(_unexpected(error), 1)
    return status if isinstance(status, int) else 0


def _complain(message: str, status: int) -> int:
    sys.stderr.write(f"deckname: {' '.join(message.split())}\n")
    return status


def _without_arguments(message: str, arguments: list[str]) -> str:
    """`message` without paths that were typed, for file names of recordings often name people,
    and without what was too much, for that may be a value of a customer's list."""
    if "unexpected extra argument" in message:
        message = message.partition(" (")[0]
    for argument in sorted(arguments, key=len, reverse=True):
        name = PurePath(argument).name
        if not argument.startswith("-") and ("." in name or "/" in argument):
            message = message.replace(argument, "…")
    return message.rstrip(".") + "; see `deckname --help`"


def _unexpected(error: Exception) -> str:
    """Type and place only: the message of an unforeseen error could quote a call."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    place = "an unknown place"
    if traceback is not None:
        name = PurePath(traceback.tb_frame.f_code.co_filename).name
        place = f"{name}:{traceback.tb_lineno}"
    return f"unforeseen {type(error).__name__} at {place}; please report this line"
