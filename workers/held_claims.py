"""Remembers what this process has claimed, so that a worker in a hurry can hand it back."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from pipeline.domain.call import Call, Claim, Outcome
from pipeline.domain.errors import TransientError
from pipeline.domain.ids import CallId
from pipeline.ports import CallRepository


class HeldClaims:
    """A `CallRepository` around another one; what is not about claims passes through."""

    def __init__(self, calls: CallRepository) -> None:
        self._calls = calls
        self._lock = threading.Lock()
        self._held: dict[CallId, Claim] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._calls, name)

    def claim(
        self, call_ids: Sequence[CallId], owner: str, now: datetime, lease: timedelta
    ) -> tuple[Claim, ...]:
        """See `ports.CallRepository`."""
        claims = self._calls.claim(call_ids, owner, now, lease)
        with self._lock:
            self._held.update((claim.call.id, claim) for claim in claims)
        return claims

    def claim_waiting(
        self, most: int, owner: str, now: datetime, lease: timedelta, suspects: bool = True
    ) -> tuple[Claim, ...]:
        """See `ports.CallRepository`."""
        claims = self._calls.claim_waiting(most, owner, now, lease, suspects)
        with self._lock:
            self._held.update((claim.call.id, claim) for claim in claims)
        return claims

    def complete(self, claim: Claim, outcome: Outcome, now: datetime) -> Call:
        """See `ports.CallRepository`."""
        call = self._calls.complete(claim, outcome, now)
        self._forget(claim)
        return call

    def fail(self, claim: Claim, code: str, now: datetime) -> Call:
        """See `ports.CallRepository`."""
        call = self._calls.fail(claim, code, now)
        self._forget(claim)
        return call

    def release(self, claim: Claim, now: datetime) -> None:
        """See `ports.CallRepository`."""
        self._calls.release(claim, now)
        self._forget(claim)

    def hand_back(self, now: datetime) -> int:
        """Release everything that is held, from any thread; how many calls that were. The fencing
        token refuses a commit that the main thread may still try."""
        with self._lock:
            held, self._held = tuple(self._held.values()), {}
        released = 0
        for claim in held:
            with suppress(TransientError):
                self._calls.release(claim, now)
                released += 1
        return released

    def _forget(self, claim: Claim) -> None:
        with self._lock:
            self._held.pop(claim.call.id, None)
