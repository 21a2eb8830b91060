"""`python -m pipeline.web`: serve the API until SIGTERM or Ctrl-C."""

from __future__ import annotations

import sys

from pipeline.adapters.log_folder import log_to_files
from pipeline.bootstrap import bootstrap
from pipeline.domain.errors import DecknameError
from pipeline.launcher import forbid_core_dumps
from pipeline.logging import configure_logging
from pipeline.settings import load_settings
from pipeline.web.serving import serve


def main() -> int:
    """The exit status."""
    try:
        settings = load_settings()
        configure_logging(settings)
        log_to_files(settings.home_folder / "logs", "api")
        forbid_core_dumps()
        serve(bootstrap(settings), settings)
    except DecknameError as error:
        sys.stderr.write(f"deckname: {error}\n")
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
