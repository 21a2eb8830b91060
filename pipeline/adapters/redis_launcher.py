"""Becomes the Redis server that `embedded_redis` starts: no orphan, no core dump, private files.

Run as a file with `python -I -S`, so it imports the standard library only. A launcher rather than
`preexec_fn`, which may deadlock where the parent has threads.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> int:
    """`arguments`: process id of the owner, the server binary, its arguments."""
    owner, binary, *rest = arguments
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != int(owner):  # it died before the kernel knew to tell us
            return 1
    os.execv(binary, [binary, *rest])  # noqa: S606
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
