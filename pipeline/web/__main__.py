"""`python -m pipeline.web`: serve the API until SIGTERM or Ctrl-C."""

from __future__ import annotations

import sys

from pipeline.bootstrap import bootstrap
from pipeline.processes import exit_status, prepare
from pipeline.settings import load_settings
from pipeline.web.serving import serve


def main() -> int:
    """The exit status."""
    return exit_status(_serve)


def _serve() -> int:
    settings = load_settings()
    prepare(settings, "api")
    serve(bootstrap(settings), settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
