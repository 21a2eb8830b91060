"""`deckname up`: everything on this machine, in the foreground."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.cli.console import say

if TYPE_CHECKING:
    from pipeline.settings import Settings


def up() -> int:
    """Start Redis, API, worker and maintenance here; Ctrl-C ends them all."""
    from pipeline.settings import load_settings
    from pipeline.supervisor import run_up

    settings = load_settings()
    return run_up(settings, lambda address: say(welcome(settings, address)))


def welcome(settings: Settings, address: str) -> str:
    """What to know once the API listens at `address`."""
    return (
        f"Deckname is up: {address}\n"
        f"  data   {settings.home_folder}\n"
        f"  keys   {settings.keys_folder} (keep them out of backups of the data)\n"
        f"  redis  {_redis(settings)}\n"
        f"  model  {settings.model}\n"
        "Next: deckname customers add ID, then deckname push FILE --customer ID --wait\n"
        "Ctrl-C ends it.\n"
    )


def _redis(settings: Settings) -> str:
    from pipeline.adapters.embedded_redis import recorded_socket

    if settings.redis_url is not None:
        return "as DECKNAME_REDIS_URL says"
    return f"unix://{recorded_socket(settings.home_folder)}"
