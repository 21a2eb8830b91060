"""`python -m benchmarks.erasure`: how long it takes to find one data subject among many calls and
to erase all of its calls, with receipts.

The store is that of `benchmarks.verifier`; the subject has three calls in it, indexed as a worker
would. What is measured is what `deckname erase --phone …` does once it has started.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from benchmarks.verifier import Month
from pipeline.adapters.memory_queue import MemoryJobQueue
from pipeline.bootstrap import bootstrap
from pipeline.domain.call import Intake, Outcome
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.privacy import EntityType, Vault, VaultEntry
from pipeline.domain.subject import Subject
from pipeline.settings import Settings
from pipeline.usecases.customers import add_customer
from pipeline.usecases.deck import Deck
from pipeline.usecases.erase_subject import erase_subject
from pipeline.usecases.find_subject import Search
from pipeline.usecases.finish_deletions import finish_deletions
from pipeline.usecases.subject_index import index_of
from pipeline.usecases.submit_call import submit_call

_CUSTOMER = CustomerId("bench")
_PHONE = "+49 176 55382044"
_WAV = b"RIFF\xff\xff\xff\xffWAVEfmt " + bytes(8_000)


def main() -> None:
    """Build, erase, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.erasure", description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--of-subject", type=int, default=3)
    arguments = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        home, keys = Path(folder) / "home", Path(folder) / "keys"
        deck = replace(bootstrap(Settings(home=home, keys=keys)), queue=MemoryJobQueue())
        add_customer(_CUSTOMER, "Bench", deck)
        with console.status(f"Making a store of {arguments.calls:,} calls"):
            position, chain = _head(home)
            Month(home, keys, position=position, chain=chain).make(arguments.calls)
        for number in range(3 * arguments.of_subject):
            _store(deck, _PHONE if number < arguments.of_subject else f"+49 30 {number:08}")
        finish_deletions(deck)
        started = time.perf_counter()
        done = erase_subject(Search(_CUSTOMER, Subject(phone=_PHONE)), deck, "operator")
        seconds = time.perf_counter() - started
    assert len(done.erased) == len(done.receipts) == arguments.of_subject
    console.print(
        f"{len(done.erased)} calls of one subject among {arguments.calls:,} erased, with receipts, "
        f"in {seconds:.2f} s"
    )


def _head(home: Path) -> tuple[int, str]:
    """The audit log's last entry, which the store's own entries follow."""
    with closing(sqlite3.connect(home / "deckname.db")) as connection:
        query = "SELECT position, hash FROM audit_log ORDER BY position DESC LIMIT 1"
        position, chain = connection.execute(query).fetchone()
    return int(position), str(chain)


def _store(deck: Deck, phone: str) -> CallId:
    """A stored call in which `phone` was said."""
    call = submit_call(Intake(_CUSTOMER), [_WAV], deck)
    (claim,) = deck.calls.claim([call.id], "bench", deck.clock.now(), timedelta(minutes=5))
    customer = deck.calls.customer(_CUSTOMER)
    vault = Vault((VaultEntry("[PHONE_NUMBER_1]", EntityType.PHONE_NUMBER, 0, 0, phone),))
    seal = deck.transcripts.seal
    outcome = Outcome(
        "de",
        60.0,
        seal(customer, call.id, "transcript", b"{}"),
        seal(customer, call.id, "vault", b"{}"),
        (("PHONE_NUMBER", 1),),
        index=index_of(customer, vault, (), "de", deck),
    )
    deck.calls.complete(claim, outcome, deck.clock.now())
    return call.id


if __name__ == "__main__":
    main()
