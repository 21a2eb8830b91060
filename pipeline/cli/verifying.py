"""`deckname verify`: let the independent verifier walk disk, database and Redis."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.console import say, settings
from pipeline.cli.options import AsJson
from pipeline.domain.errors import ConfigurationError, ServiceUnavailable, UsageError

if TYPE_CHECKING:
    from redis import Redis

    from pipeline.settings import Settings
    from pipeline.usecases.verify_store import Finding

_SQLITE = "sqlite:///"


def verify(
    as_json: AsJson = False,
    canaries: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Words, one a line, that must be nowhere in clear."),
    ] = None,
) -> int:
    """Verify that nothing is overdue, orphaned or in clear; exit 1 and a list if anything is."""
    words = () if canaries is None else _words(canaries)
    findings = examine(settings(), words)
    if as_json:
        report = {"ok": not findings, "findings": [asdict(finding) for finding in findings]}
        say(json.dumps(report, indent=2) + "\n")
    elif findings:
        for finding in findings:
            say(f"{finding.check}  {finding.place}  {finding.detail}\n")
    else:
        say("Nothing is overdue, orphaned or in clear.\n")
    return int(bool(findings))


def examine(settings: Settings, canaries: tuple[str, ...] = ()) -> tuple[Finding, ...]:
    """What the verifier finds in the store of `settings`. Raises `ServiceUnavailable` where a
    part of it cannot be looked at, `ConfigurationError` for a database that is not SQLite."""
    from datetime import UTC, datetime

    from redis.exceptions import RedisError

    from pipeline.usecases.verify_store import StorePlaces, verify_store

    home = settings.home_folder
    places = StorePlaces(home, settings.keys_folder, _database(settings), home / "blobs")
    redis = _redis(settings)
    try:
        return verify_store(places, datetime.now(UTC), redis, canaries)
    except RedisError:
        raise ServiceUnavailable("Redis stopped answering: it was not verified") from None
    finally:
        if redis is not None:
            redis.close()


def _database(settings: Settings) -> Path:
    from pipeline.bootstrap import database_url

    url = database_url(settings)
    if not url.startswith(_SQLITE):
        raise ConfigurationError("the verifier reads SQLite only; DECKNAME_DATABASE_URL is other")
    return Path(url.removeprefix(_SQLITE))


def _redis(settings: Settings) -> Redis | None:
    """Redis; None where ours does not run, for then all it has is on disk and is read there."""
    from redis.exceptions import RedisError

    from pipeline.adapters.rq_queue import open_redis

    try:
        redis = open_redis(settings)
        redis.ping()
    except (RedisError, ServiceUnavailable):
        if settings.redis_url is None:
            return None
        raise ServiceUnavailable(
            "Redis does not answer: it was not verified; check DECKNAME_REDIS_URL"
        ) from None
    return redis


def _words(file: Path) -> tuple[str, ...]:
    try:
        return tuple(filter(None, map(str.strip, file.read_text("utf-8").splitlines())))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the canaries cannot be read ({type(error).__name__})") from None
