"""The independent verifier behind `deckname verify`: walks disk, database and Redis, and lists
whatever should not be there any more. It changes nothing and quotes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from pipeline.usecases.verification.audit_chain import Chain, verify_chain
from pipeline.usecases.verification.begun import verify_begun
from pipeline.usecases.verification.evidence import LEAST_LIFE, verify_evidence
from pipeline.usecases.verification.findings import (
    Canaries,
    Finding,
    Grace,
    Looked,
    Report,
    Server,
    StorePlaces,
    as_text,
)
from pipeline.usecases.verification.in_bucket import names_in_bucket, verify_bucket
from pipeline.usecases.verification.in_database import verify_rows
from pipeline.usecases.verification.in_home import verify_home
from pipeline.usecases.verification.in_keys import verify_keys, verify_mark
from pipeline.usecases.verification.in_masters import Opens, verify_masters
from pipeline.usecases.verification.in_redis import verify_redis
from pipeline.usecases.verification.in_redis_log import verify_redis_log
from pipeline.usecases.verification.in_temp import verify_temp
from pipeline.usecases.verification.ledger import Ledger, read_ledger, verify_reached
from pipeline.usecases.verification.on_disk import verify_blobs, verify_recordings
from pipeline.usecases.verification.receipts import verify_receipts
from pipeline.usecases.verification.retained_keys import verify_retained
from pipeline.usecases.verification.rows import Rows, snapshot
from pipeline.usecases.verification.told import verify_told

if TYPE_CHECKING:
    from redis import Redis

__all__ = [
    "Finding",
    "Grace",
    "Looked",
    "Report",
    "Server",
    "StorePlaces",
    "examine_store",
    "verify_store",
]


def verify_store(
    places: StorePlaces,
    now: datetime,
    redis: Redis | None = None,
    canaries: Iterable[str] = (),
    grace: Grace | None = None,
    opens: Opens | None = None,
) -> tuple[Finding, ...]:
    """The findings of `examine_store`."""
    return examine_store(places, now, redis, canaries, grace, opens).findings


def examine_store(
    places: StorePlaces,
    now: datetime,
    redis: Redis | None = None,
    canaries: Iterable[str] = (),
    grace: Grace | None = None,
    opens: Opens | None = None,
    looked: Looked | None = None,
) -> Report:
    """All findings; none means that nothing is overdue, orphaned or in clear.

    `canaries` are words of content that must be nowhere. `looked` counts while this goes on, for
    those who watch. Redis and the master
    keys are left out where `redis` and `opens` are None. Raises `ServiceUnavailable` where the
    database or Redis cannot be read.
    """
    wanted = Canaries(tuple(canary.encode() for canary in canaries if canary))
    looked = Looked() if looked is None else looked
    found = tuple(_findings(places, now, redis, wanted, grace or Grace(), looked))
    if opens is not None:
        found += verify_masters(places.database, opens, looked)
    return Report(found, dict(sorted(looked.items())))


def _findings(
    places: StorePlaces,
    now: datetime,
    redis: Redis | None,
    canaries: Canaries,
    grace: Grace,
    looked: Looked,
) -> Iterator[Finding]:
    ledger = read_ledger(places.ledger)
    looked["ledger_lines"] = ledger.lines
    yield from ledger.findings
    with snapshot(places.database) as rows:
        if rows is not None:
            yield from _in_database(rows, places, ledger, now, grace, looked)
            for table in rows.holding(canaries.values) if canaries else ():
                detail = "its rows hold content in clear"
                yield Finding("content_in_clear", f"table {table}", detail)
        elif ledger.lines or any(places.keys.glob("*/*.key")):
            told = "there are keys of a store and no database: is DECKNAME_HOME mounted?"
            yield Finding("database_missing", "database", told)
    # Blobs are listed first and looked up in a newer snapshot: a row that is committed in
    # between protects its blob.
    yield from verify_blobs(places, now, grace, looked)
    yield from verify_bucket(places, now, grace, looked)
    yield from verify_recordings(places, names_in_bucket)
    yield from verify_keys(places.keys, now, grace, looked)
    yield from verify_retained(places, now, grace)
    yield from verify_home(places, now, grace, canaries, looked)
    yield from verify_temp(places, canaries, looked)
    yield from verify_redis_log(places.home, looked)
    if redis is not None:
        yield from verify_redis(redis, canaries, looked)


def _in_database(
    rows: Rows,
    places: StorePlaces,
    ledger: Ledger,
    now: datetime,
    grace: Grace,
    looked: Looked,
) -> Iterator[Finding]:
    yield from verify_mark(rows, places.keys)
    chain, begun = Chain(), ledger.first_begun
    yield from verify_chain(rows, chain)
    yield from verify_receipts(rows, places, ledger, chain, now - LEAST_LIFE, looked)
    yield from verify_begun(rows, ledger.begun)
    yield from verify_told(rows, ledger.told, now, grace)
    yield from verify_reached(rows, places.ledger, ledger)
    yield from verify_evidence(rows, ledger, now, grace)
    since = _since(rows, chain, None if begun is None else datetime.fromisoformat(begun))
    yield from verify_rows(rows, now, grace, since, looked)


def _since(rows: Rows, chain: Chain, begun: datetime | None) -> str | None:
    """When the first deletion began: earlier ones left no receipt. Three sources tell it, so that
    one alone cannot hide what came before."""
    query = "SELECT min(begun_at) FROM deletions"
    first = rows.execute(query).fetchone()[0] if rows.reads(query) else None
    told = (first, chain.first_receipt, None if begun is None else as_text(begun))
    return min((moment for moment in told if moment is not None), default=None)
