"""`deckname verify`: let the independent verifier walk disk, database and Redis."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.console import say, settings
from pipeline.cli.options import AsJson
from pipeline.cli.watching import watched
from pipeline.domain.errors import ConfigurationError, ServiceUnavailable, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from redis import Redis

    from pipeline.cli.canary import Flight
    from pipeline.settings import Settings
    from pipeline.usecases.verify_store import Finding, Looked, Report, StorePlaces

_SQLITE = "sqlite:///"
_SHOWN = 20
"""Findings of one check that are listed for people."""


def verify(
    as_json: AsJson = False,
    metrics: Annotated[
        bool, typer.Option("--metrics", help="Write Prometheus text for a textfile collector.")
    ] = False,
    canaries: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Words, one a line, that must be nowhere in clear."),
    ] = None,
    temp: Annotated[
        bool, typer.Option("--temp", help="Look for audio in the folder for temporary files, too.")
    ] = False,
    canary: Annotated[
        bool,
        typer.Option(
            "--canary", help="First send a marked call through the API, and search for its traces."
        ),
    ] = False,
) -> int:
    """Verify that nothing is overdue, orphaned or in clear; exit 1 and a list if anything is."""
    if as_json and metrics:
        raise UsageError("say --json or --metrics, not both")
    words = () if canaries is None else _words(canaries)
    loaded, flight = settings(), None
    with watched() as watch:
        if canary:
            flight = _flown(loaded, temp, watch.tell)
        report = inspect(loaded, words, temp, watch.look())
    if flight is not None:
        report = replace(report, findings=(*flight.findings, *report.findings))
    if as_json:
        say(json.dumps(_as_json(report, flight), indent=2) + "\n")
    elif metrics:
        say(_as_metrics(report))
    else:
        say("".join(f"{line}\n" for line in _lines(report, flight)))
    return int(bool(report.findings))


def examine(settings: Settings, canaries: tuple[str, ...] = ()) -> tuple[Finding, ...]:
    """The findings of `inspect`."""
    return inspect(settings, canaries).findings


def inspect(
    settings: Settings,
    canaries: tuple[str, ...] = (),
    temp: bool = False,
    looked: Looked | None = None,
) -> Report:
    """What the verifier finds in the store of `settings`; `looked` counts meanwhile.

    Raises `ServiceUnavailable` where a part of it cannot be looked at, `ConfigurationError` for a
    database that it cannot read.
    """
    from datetime import UTC, datetime

    from pipeline.bootstrap import master_opener
    from pipeline.usecases.verify_store import Grace, examine_store

    grace = Grace(evidence=settings.keep_evidence)
    places = _places(settings, temp)
    with _redis(settings) as redis:
        opens = master_opener(settings)
        now = datetime.now(UTC)
        return examine_store(places, now, redis, canaries, grace, opens, looked)


def _flown(settings: Settings, temp: bool, tell: Callable[[str], object]) -> Flight:
    from pipeline.cli.canary import fly

    with _redis(settings) as redis:
        return fly(settings, _places(settings, temp), redis, tell)


def _places(settings: Settings, temp: bool) -> StorePlaces:
    import tempfile

    from pipeline.bootstrap import database_url
    from pipeline.usecases.verify_store import Server, StorePlaces

    url = database_url(settings)
    home = settings.home_folder
    folder = Path(tempfile.gettempdir()) if temp else None
    database: Path | Server
    if url.startswith(_SQLITE):
        database = Path(url.removeprefix(_SQLITE))
    else:
        database = Server(libpq_url(url))
    blobs, bucket = home / "blobs", settings.bucket
    return StorePlaces(home, settings.keys_folder, database, blobs, folder, bucket)


def libpq_url(url: str) -> str:
    """Of an SQLAlchemy URL. Raises `ConfigurationError` where it is not one of PostgreSQL."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.get_backend_name() != "postgresql":
        raise ConfigurationError(
            "the verifier reads SQLite and PostgreSQL; DECKNAME_DATABASE_URL is other"
        )
    return parsed.set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def _redis(settings: Settings) -> Iterator[Redis | None]:
    """Redis; None where ours does not run, for then all it has is on disk and is read there."""
    from redis.exceptions import RedisError

    from pipeline.adapters.rq_queue import open_redis

    redis: Redis | None = None
    try:
        redis = open_redis(settings)
        redis.ping()
    except (RedisError, ServiceUnavailable):
        if settings.redis_url is not None:
            raise ServiceUnavailable(
                "Redis does not answer: it was not verified; check DECKNAME_REDIS_URL"
            ) from None
        redis = None
    try:
        yield redis
    except RedisError:
        raise ServiceUnavailable("Redis stopped answering: it was not verified") from None
    finally:
        if redis is not None:
            redis.close()


def _as_json(report: Report, flight: Flight | None) -> dict[str, object]:
    told: dict[str, object] = {
        "ok": not report.findings,
        "findings": [asdict(finding) for finding in report.findings],
        "oldest_overdue_seconds": report.oldest_overdue_seconds,
        "looked_at": report.looked_at,
    }
    if flight is not None:
        told["canary"] = {
            "call": flight.call_id,
            "receipts": flight.receipts,
            "searched": flight.searched,
        }
    return told


def _as_metrics(report: Report) -> str:
    from datetime import UTC, datetime

    from pipeline.usecases.verification.metrics import as_metrics

    return as_metrics(report, datetime.now(UTC))


def _lines(report: Report, flight: Flight | None) -> Iterator[str]:
    if flight is not None:
        yield f"The canary {flight.call_id} was stored, erased and searched for:"
        yield f"  {', '.join(flight.searched)}"
        yield f"  receipts {' '.join(flight.receipts)}"
    listed: dict[str, int] = {}
    for finding in report.findings:
        listed[finding.check] = listed.get(finding.check, 0) + 1
        if listed[finding.check] <= _SHOWN:
            yield f"{finding.check}  {finding.place}  {finding.detail}"
    yield from (
        f"{check}  and {count - _SHOWN} more" for check, count in listed.items() if count > _SHOWN
    )
    if not report.findings:
        yield "Nothing is overdue, orphaned or in clear."


def _words(file: Path) -> tuple[str, ...]:
    try:
        return tuple(filter(None, map(str.strip, file.read_text("utf-8").splitlines())))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the canaries cannot be read ({type(error).__name__})") from None
