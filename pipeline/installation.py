"""What settings and machine say about this installation, for the papers. No secret leaves it: of
an address only how far away it is."""

from __future__ import annotations

import ipaddress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sqlalchemy import make_url

from pipeline.bootstrap import database_url
from pipeline.domain.processing import Installation, Library, Operator, SubProcessor, Where
from pipeline.settings import Settings

LIBRARIES = (
    "av",
    "soundfile",
    "soxr",
    "faster-whisper",
    "ctranslate2",
    "presidio-analyzer",
    "spacy",
    "tink",
    "cryptography",
    "sqlalchemy",
    "psycopg",
    "rq",
    "redis",
    "fastapi",
    "uvicorn",
    "fpdf2",
)
"""Distributions that personal data passes through, in about the order in which it does."""


def installation_of(settings: Settings) -> Installation:
    """Raises `ConfigurationError` where the database's URL is none."""
    database = make_url(database_url(settings))
    redis, bucket = settings.redis_url, settings.bucket
    at_home = database.get_backend_name() == "sqlite"
    return Installation(
        version=version("deckname"),
        operator=operator_of(settings),
        model=_model_name(settings.model),
        model_origin=_model_origin(settings.model),
        device=settings.device,
        recognizers=len(list(filter(None, (settings.recognizers or "").split(",")))),
        database=database.get_backend_name(),
        database_at=Where.EMBEDDED if at_home else where(database.host),
        redis_at=Where.EMBEDDED if redis is None else where_of_redis(redis.get_secret_value()),
        recordings_at=Where.EMBEDDED if bucket is None else where(bucket.host),
        api_at=where(settings.api_host),
        max_call_hours=settings.max_call_seconds / 3600,
        log_days=settings.log_days,
        evidence_years=settings.evidence_years,
        time_zone=settings.time_zone,
        swap=swap_on(Path("/proc/swaps")),
        libraries=tuple(each for each in installed() if each.name != "psycopg" or not at_home),
    )


def operator_of(settings: Settings) -> Operator:
    """What the operator says about itself."""
    listed = settings.operator_subprocessors
    return Operator(
        name=settings.operator_name,
        address=settings.operator_address,
        contact=settings.operator_contact,
        representative=settings.operator_representative,
        data_protection_officer=settings.operator_data_protection_officer,
        controllers=settings.operator_controllers or {},
        measures=settings.operator_measures or {},
        subprocessors=None
        if listed is None
        else tuple(SubProcessor(**each.model_dump()) for each in listed),
    )


def where(host: str | None) -> Where:
    """No host is a socket of this machine; a name without a dot is one of a private network. No
    name is looked up."""
    if not host or host == "localhost" or host.startswith("/"):
        return Where.THIS_MACHINE
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return Where.ELSEWHERE if "." in host else Where.PRIVATE_NETWORK
    if address.is_loopback:
        return Where.THIS_MACHINE
    # 0.0.0.0 and :: listen everywhere
    return Where.PRIVATE_NETWORK if address.is_private and int(address) else Where.ELSEWHERE


def where_of_redis(url: str) -> Where:
    """The same for `redis://`, `rediss://` and `unix://`."""
    if url.startswith("unix:"):
        return Where.THIS_MACHINE
    return where(make_url(url).host)


def swap_on(listing: Path) -> bool | None:
    """Whether memory may reach a disk; None where this system does not say."""
    try:
        lines = listing.read_text().splitlines()[1:]
    except OSError:
        return None
    return any("zram" not in line for line in lines)


def installed() -> list[Library]:
    """Those of `LIBRARIES` that are here."""
    found = []
    for name in LIBRARIES:
        try:
            found.append(Library(name, version(name)))
        except PackageNotFoundError:
            continue
    return found


def _model_origin(model: str) -> str:
    if model == "bundled":
        return "bundled"
    return "folder" if Path(model).expanduser().is_dir() else "hub"


def _model_name(model: str) -> str:
    """A folder by its last name: where it lies is nobody's business."""
    return Path(model).name if _model_origin(model) == "folder" else model
