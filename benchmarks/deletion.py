"""How long a voice lives after its transcript is stored: `python -m benchmarks.deletion`.

The key goes in the transcript's own transaction: no time at all. What is measured is how long that
transaction takes, which tells the ledger before it commits, and the time from the commit until the
sealed blob is unlinked, and until the receipt is signed, chained and in the ledger, over real
SQLite, real files and real seals. No speech model runs.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from pipeline.adapters.memory_queue import MemoryJobQueue
from pipeline.bootstrap import bootstrap
from pipeline.domain.call import Intake, Outcome
from pipeline.domain.errors import KeyDestroyed
from pipeline.domain.ids import CustomerId
from pipeline.settings import Settings
from pipeline.usecases.customers import add_customer
from pipeline.usecases.deck import Deck
from pipeline.usecases.finish_deletions import finish_deletions, unlinked
from pipeline.usecases.submit_call import submit_call

_CUSTOMER = CustomerId("bench")


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.deletion", description=__doc__)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=120, help="length of each recording")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        deck = bootstrap(Settings(home=home, keys=Path(folder) / "keys"))
        deck = replace(deck, queue=MemoryJobQueue())
        add_customer(_CUSTOMER, "Bench", deck)
        store, unlink, receipt = [], [], []
        for _ in track(range(arguments.calls), description="calls"):
            took, gone, signed = _one(deck, arguments.seconds)
            store.append(took)
            unlink.append(gone)
            receipt.append(signed)
    table = Table("milliseconds", "median", "99 %", "longest", box=None)
    table.add_row("after the commit: audio unreadable", "0", "0", "0")
    for name, times in (
        ("blob unlinked", unlink),
        ("receipt signed and chained", receipt),
        ("before it: transcript stored, ledger told", store),
    ):
        times.sort()
        picked = (times[len(times) // 2], times[int(0.99 * len(times))], times[-1])
        table.add_row(name, *(f"{1000 * value:.1f}" for value in picked))
    Console().print(table)


def _one(deck: Deck, seconds: int) -> tuple[float, float, float]:
    """Seconds of the storing transaction, and from its end to the unlinked blob and the receipt."""
    wav = b"RIFF\xff\xff\xff\xffWAVEfmt " + bytes(8_000 * seconds)
    call = submit_call(Intake(_CUSTOMER), [wav], deck)
    recording = deck.calls.recording(call.id)
    (claim,) = deck.calls.claim([call.id], "bench", deck.clock.now(), timedelta(minutes=5))
    customer = deck.calls.customer(_CUSTOMER)
    sealed = deck.transcripts.seal(customer, call.id, "transcript", b"{}" * 4_000)
    began = time.perf_counter()
    deck.calls.complete(claim, Outcome("de", 1.0, sealed, None, ()), deck.clock.now())
    committed = time.perf_counter()
    try:
        deck.calls.recording(call.id)
    except KeyDestroyed:
        unlinked(call.id, deck)
        gone = time.perf_counter()
        if len(finish_deletions(deck, call.id)) != 1:
            raise SystemExit("no receipt was signed") from None
        return committed - began, gone - committed, time.perf_counter() - committed
    raise SystemExit(f"{recording} can still be opened")


if __name__ == "__main__":
    main()
