"""Tell the deletion ledger of what a transaction of the database changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from pipeline.domain.deletion import LedgerEntry
from pipeline.domain.errors import DecknameError
from pipeline.domain.ledger import Kind, outcome_told
from pipeline.ports import DeletionLedger


@contextmanager
def telling(ledger: DeletionLedger) -> Iterator[Callable[[LedgerEntry], None]]:
    """What is told in here, before the commit, is told to be undone where nothing was changed in
    the end: a change that somebody was told had failed must not happen at the next start. Raises
    what the ledger raises, and what is raised inside."""
    told: list[LedgerEntry] = []

    def tell(entry: LedgerEntry) -> None:
        told.append(entry)  # first: one that fails may be there all the same
        ledger.append(entry)

    try:
        yield tell
    except BaseException:
        # Where this cannot be told either, the next start does what was begun.
        with suppress(DecknameError):
            ledger.append(*(outcome_told(Kind.UNDONE, each) for each in told))
        raise
