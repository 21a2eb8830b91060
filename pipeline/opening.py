"""`python -m pipeline.opening`: open the store once and end. `deckname up` does it before it starts
its children, so that the schema is upgraded and the ledger replayed by one process, and what keeps
the store from being opened is told once and not by each of them. With master keys that open nothing
of it there is nothing to start for."""

from __future__ import annotations

import sys

from pipeline.bootstrap import bootstrap
from pipeline.processes import exit_status, prepare
from pipeline.settings import load_settings
from pipeline.usecases.tie_keys import check_masters


def main() -> int:
    """The exit status."""
    return exit_status(_open)


def _open() -> int:
    settings = load_settings()
    prepare(settings, "opening")
    check_masters(bootstrap(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
