"""What commands share: settings, the deck, and how things are said on the two streams."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from pipeline.settings import Settings
    from pipeline.usecases.deck import Deck, Transcriber


_REPLAY = "pipeline.usecases.replay_ledger"


def out() -> Console:
    """For people, on standard output. Pipes get wide lines instead of cut ones."""
    return Console(width=None if sys.stdout.isatty() else 240, highlight=False)


def err() -> Console:
    """Progress and remarks, on standard error."""
    return Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """Write `text` to standard output as it is, at once."""
    sys.stdout.write(text)
    sys.stdout.flush()


def remark(text: str) -> None:
    """One line on standard error."""
    sys.stderr.write(f"deckname: {' '.join(text.split())}\n")
    sys.stderr.flush()


def settings() -> Settings:
    """The settings. Logs of this process say errors only, unless a level was asked for."""
    from pipeline.launcher import forbid_core_dumps
    from pipeline.logging import configure_logging
    from pipeline.settings import load_settings

    forbid_core_dumps()  # verbatim speech will be in this memory
    loaded = load_settings()
    asked = "log_level" in loaded.model_fields_set
    configure_logging(loaded if asked else loaded.model_copy(update={"log_level": "ERROR"}))
    if not asked:  # what a restored database lost again is never lost silently
        logging.getLogger(_REPLAY).setLevel(logging.WARNING)
    return loaded


def open_deck() -> Deck:
    """The deck of this machine's store."""
    from pipeline.bootstrap import bootstrap

    return bootstrap(settings())


def open_transcriber() -> Transcriber:
    """Models without a store."""
    from pipeline.bootstrap import bootstrap_transcriber

    return bootstrap_transcriber(settings())
