"""The independent verifier behind `deckname verify`: walks disk, database and Redis, and lists
whatever should not be there any more. It changes nothing and quotes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from pipeline.usecases.verification.findings import Canaries, Finding, Grace, StorePlaces
from pipeline.usecases.verification.in_database import snapshot, verify_rows
from pipeline.usecases.verification.in_redis import verify_redis
from pipeline.usecases.verification.on_disk import (
    verify_blobs,
    verify_home,
    verify_keys,
    verify_recordings,
)

if TYPE_CHECKING:
    from redis import Redis

__all__ = ["Finding", "Grace", "StorePlaces", "verify_store"]


def verify_store(
    places: StorePlaces,
    now: datetime,
    redis: Redis | None = None,
    canaries: Iterable[str] = (),
    grace: Grace | None = None,
) -> tuple[Finding, ...]:
    """All findings; none means that nothing is overdue, orphaned or in clear.

    `canaries` are words of content that must be nowhere. Redis is left out where it is None.
    Raises `ServiceUnavailable` where the database or Redis cannot be read.
    """
    wanted = Canaries(tuple(canary.encode() for canary in canaries if canary))
    return tuple(_findings(places, now, redis, wanted, grace or Grace()))


def _findings(
    places: StorePlaces, now: datetime, redis: Redis | None, canaries: Canaries, grace: Grace
) -> Iterator[Finding]:
    with snapshot(places.database) as rows:
        if rows is not None:
            yield from verify_rows(rows, now, grace)
    # Blobs are listed first and looked up in a newer snapshot: a row that is committed in
    # between protects its blob.
    yield from verify_blobs(places, now, grace)
    yield from verify_recordings(places)
    yield from verify_keys(places.keys, now, grace)
    yield from verify_home(places, canaries)
    if redis is not None:
        yield from verify_redis(redis, canaries)
