"""Starts a child process that cannot outlive its parent and leaves no core dump.

Run as a file it becomes the command it is given, with the standard library only; a launcher
rather than `preexec_fn`, which may deadlock where the parent has threads. The kernel watches the
*thread* that starts the child: start children from one that lives as long as they should.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4


def launched(command: Sequence[str], dies_by: signal.Signals = signal.SIGTERM) -> list[str]:
    """The command that runs `command` as a child of this process, which gets the signal `dies_by`
    when this process ends, however it ends (Linux; elsewhere it may survive a `kill -9`)."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(int(dies_by)), *command]


def forbid_core_dumps() -> None:
    """Speech in memory must never reach a disk: no core file, and none piped to a collector."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def main(arguments: Sequence[str]) -> int:
    """`arguments`: process id of the parent, number of the signal, the command."""
    parent, dies_by, *command = arguments
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(dies_by), 0, 0, 0)
        if os.getppid() != int(parent):  # it died before the kernel knew to tell us
            return 1
    os.execv(command[0], command)  # noqa: S606
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
