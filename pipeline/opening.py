"""`python -m pipeline.opening`: open the store once and end. `deckname up` does it before it starts
its children, so that the schema is upgraded and the ledger replayed by one process, and what keeps
the store from being opened is told once and not by each of them. With master keys that open nothing
of it there is nothing to start for."""

from __future__ import annotations

import sys

from pipeline.adapters.log_folder import log_to_files
from pipeline.bootstrap import bootstrap
from pipeline.domain.errors import DecknameError
from pipeline.launcher import forbid_core_dumps
from pipeline.logging import configure_logging
from pipeline.settings import load_settings
from pipeline.usecases.tie_keys import check_masters


def main() -> int:
    """The exit status."""
    try:
        settings = load_settings()
        configure_logging(settings)
        log_to_files(settings.home_folder / "logs", "opening")
        forbid_core_dumps()
        check_masters(bootstrap(settings))
    except DecknameError as error:
        sys.stderr.write(f"deckname: {error}\n")
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
