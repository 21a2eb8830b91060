"""What a worker does after a failure: nothing to the call, which the use case gave back or failed.

What is transient lies in the surroundings (database, storage), so it is the worker as a whole
that waits, longer each time; the reconciler rings for the calls it gave back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


class JobFailed(Exception):
    """All that RQ learns of a failure: a code. `transient` where trying again may help."""

    def __init__(self, code: str, transient: bool) -> None:
        super().__init__(code)
        self.code = code
        self.transient = transient


@dataclass(frozen=True, slots=True)
class BackOff:
    """How long to wait after `failures` in a row: doubling from `first`, `longest` at most, in
    seconds."""

    first: float = 1.0
    longest: float = 60.0
    failures: int = 0

    @property
    def seconds(self) -> float:
        """The wait that is due now; 0 while nothing failed."""
        if self.failures == 0:
            return 0.0
        return min(self.longest, self.first * 2.0 ** min(self.failures - 1, 30))

    def failed(self) -> BackOff:
        """One failure more."""
        return replace(self, failures=self.failures + 1)

    def succeeded(self) -> BackOff:
        """As at the beginning."""
        return replace(self, failures=0)
