"""Where sealed blobs lie on an S3 server, and how it is asked."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from pipeline.domain.errors import ConfigurationError

_PLACE = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([A-Za-z0-9_./-]*))?\Z")
_PREFIX = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*/)*\Z")
_PATH = re.compile(r"(?:/[A-Za-z0-9_.-]+)*/?\Z")
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]+\Z")
_REGION = re.compile(r"[a-z0-9-]{1,64}\Z")
_ANY_REGION = "us-east-1"
"""What a server that knows no regions is signed for."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A key of the S3 server. `token` belongs to keys that end by themselves."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket and the part of it that is Deckname's. `url` ends without a slash; `prefix` is
    empty or ends with one."""

    name: str
    prefix: str
    url: str
    region: str
    credentials: Credentials

    @property
    def place(self) -> str:
        """As receipts name it."""
        return f"s3:{self.name}/{self.prefix}"

    @property
    def host(self) -> str | None:
        """Whose machine is asked."""
        return urlsplit(self.url).hostname

    @property
    def on_this_machine(self) -> bool:
        """Whether no network is between."""
        return _is_loopback(self.host)


def bucket_of(
    place: str, endpoint: str | None, region: str | None, credentials: Credentials | None
) -> Bucket:
    """`place` is `s3://bucket/prefix`; without `endpoint` it lies at Amazon. Raises
    `ConfigurationError`, which quotes none of it."""
    named = _PLACE.match(place)
    prefix = (named[2] or "").rstrip("/") + "/" if named and named[2] else ""
    if named is None or not _PREFIX.match(prefix):
        raise ConfigurationError("DECKNAME_BLOBS is not s3://BUCKET or s3://BUCKET/PREFIX")
    if credentials is None:
        raise ConfigurationError(
            "DECKNAME_BLOBS needs DECKNAME_S3_ACCESS_KEY and DECKNAME_S3_SECRET_KEY, or "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    if region is not None and not _REGION.match(region):
        raise ConfigurationError("DECKNAME_S3_REGION names no region, e.g. eu-central-1")
    url = _amazon(named[1], region) if endpoint is None else f"{_checked(endpoint)}/{named[1]}"
    return Bucket(named[1], prefix, url, region or _ANY_REGION, credentials)


def _amazon(name: str, region: str | None) -> str:
    if region is None:
        raise ConfigurationError("DECKNAME_BLOBS at Amazon needs DECKNAME_S3_REGION")
    host = f"s3.{region}.amazonaws.com"
    # a certificate for *.s3… covers no name with a dot in it
    return f"https://{host}/{name}" if "." in name else f"https://{name}.{host}"


def _checked(endpoint: str) -> str:
    parts = _split(endpoint)
    secure = parts is not None and parts.scheme == "https"
    if parts is None or not (secure or _is_loopback(parts.hostname)):
        raise ConfigurationError(
            "DECKNAME_S3_ENDPOINT is not https://HOST (http:// works on this machine only)"
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _split(endpoint: str) -> SplitResult | None:
    """None where it is more, or less, than scheme, host, port and path."""
    try:
        parts = urlsplit(endpoint)
        _ = parts.port
    except ValueError:
        return None
    plain = not parts.query and not parts.fragment and _HOST.match(parts.netloc)
    known = parts.scheme in ("http", "https") and _PATH.match(parts.path)
    return parts if plain and known else None


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
