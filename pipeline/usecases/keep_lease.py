"""Keeps a worker's claims alive while long native calls run."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from types import TracebackType

from pipeline.domain.call import Claim
from pipeline.domain.errors import LeaseLost, TransientError
from pipeline.domain.ids import CallId
from pipeline.usecases.deck import Deck


class KeptLeases(AbstractContextManager["KeptLeases"]):
    """Renews the leases of all claims it keeps from one thread, until the block ends.

    A lost lease ends its renewals and nothing else: the fencing token refuses the commit.
    """

    def __init__(self, deck: Deck) -> None:
        self._deck = deck
        self._lock = threading.Lock()
        self._kept: dict[CallId, Claim] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="leases", daemon=True)

    def __enter__(self) -> KeptLeases:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()

    def keep(self, claim: Claim) -> None:
        """Renew `claim` from now on."""
        with self._lock:
            self._kept[claim.call.id] = claim

    def let_go(self, claim: Claim) -> None:
        """Renew it no more: the call ended, or somebody else shall have it."""
        with self._lock:
            self._kept.pop(claim.call.id, None)

    def _renew(self) -> None:
        deck = self._deck
        while not self._done.wait(deck.policy.renew_every.total_seconds()):
            with self._lock:
                kept = tuple(self._kept.values())
            for claim in kept:
                try:
                    deck.calls.renew(claim, deck.clock.now(), deck.policy.lease)
                except LeaseLost:
                    self.let_go(claim)
                except TransientError:
                    continue
