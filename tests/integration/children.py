"""`python -m tests.integration.children KIND`: children for the supervisor to look after."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path


def main(kind: str) -> int:
    if kind == "misconfigured":
        sys.stderr.write("deckname: there is no such model\n")
        return 3
    stop = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    record = Path(os.environ["DECKNAME_HOME"]) / f"{kind}.pid"
    record.with_suffix(".new").write_text(str(os.getpid()))
    record.with_suffix(".new").replace(record)
    if kind == "announcing":
        (record.parent / "api-url").write_text("http://127.0.0.1:4711")
    while True:
        signal.sigwait(stop)
        if kind != "stubborn":
            return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
