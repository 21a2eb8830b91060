"""Keeps a worker's claim alive while a long native call runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.domain.call import Claim
from pipeline.domain.errors import LeaseLost, TransientError
from pipeline.usecases.deck import Deck


@contextmanager
def keep_lease(claim: Claim, deck: Deck) -> Iterator[None]:
    """Renew the lease of `claim` from a thread until the block ends.

    A lost lease ends the renewals and nothing else: the fencing token refuses the commit.
    """
    done = threading.Event()

    def renew() -> None:
        while not done.wait(deck.policy.renew_every.total_seconds()):
            try:
                deck.calls.renew(claim, deck.clock.now(), deck.policy.lease)
            except LeaseLost:
                return
            except TransientError:
                continue

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
