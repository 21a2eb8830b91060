"""`python -m tests.faults.gated_process worker|maintenance|api|up`: the real process, with the
gates of `tests.faults.gates`.

With `MODELS=real` a worker has the real models; else it hears `WORDS` in every recording, and is
ready in a second.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import workers.main
from pipeline.bootstrap import bootstrap
from pipeline.processes import exit_status, prepare
from pipeline.settings import Settings, load_settings
from pipeline.supervisor import ROLES, Role, run_up
from pipeline.usecases.deck import Deck
from pipeline.web.serving import serve
from tests.faults.gates import GatedCallWorker, gated, turn_clocks


def _deck(settings: Settings) -> Deck:
    return gated(bootstrap(settings))


def worker(settings: Settings) -> int:
    workers.main.CallWorker = GatedCallWorker  # type: ignore[misc, attr-defined]
    return workers.main.run_worker(settings, _deck)


def api(settings: Settings) -> int:
    prepare(settings, "api")
    serve(_deck(settings), settings)
    return 0


def up(settings: Settings) -> int:
    """All of it, with this worker in the place of the real one."""
    roles = [
        Role(role.name, (__spec__.name, "worker"), role.dies_by) if role.name == "worker" else role
        for role in ROLES
    ]
    return run_up(settings, lambda _: None, roles)


RUN: dict[str, Callable[[Settings], int]] = {
    "worker": worker,
    "maintenance": workers.main.run_maintenance,
    "api": api,
    "up": up,
}

if __name__ == "__main__":
    turn_clocks()
    sys.exit(exit_status(lambda: RUN[sys.argv[1]](load_settings())))
