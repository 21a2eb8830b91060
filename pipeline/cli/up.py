"""`deckname up`: everything on this machine, in the foreground."""

from __future__ import annotations

from pipeline.cli.console import say


def up() -> int:
    """Start Redis (if none is given), API, worker and maintenance; Ctrl-C ends them all."""
    from pipeline.settings import load_settings
    from pipeline.supervisor import run_up

    return run_up(load_settings(), _announce)


def _announce(address: str) -> None:
    say(f"Deckname takes calls at {address}; Ctrl-C ends it\n")
