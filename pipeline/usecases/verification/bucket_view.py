"""A bucket as the verifier sees it: signed GET requests of its own (AWS Signature Version 4), and
every version of every object."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree as ET

import httpx

from pipeline.domain.bucket import Bucket
from pipeline.domain.errors import ServiceUnavailable

_NOTHING = hashlib.sha256(b"").hexdigest()
_SECONDS = 20.0
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """One version of an object. `latest` is what a plain read gives; a `marker` says that it was
    deleted; `size` is in bytes."""

    name: str
    changed: datetime
    size: int
    latest: bool
    marker: bool


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An upload that was begun and has not ended, and when its last part came."""

    name: str
    changed: datetime


class BucketView:
    """What lies below the prefix of a bucket. Every method raises `ServiceUnavailable` where the
    server does not answer as it should."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._http = httpx.Client(timeout=_SECONDS, trust_env=not bucket.on_this_machine)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def versions(self) -> Iterator[Seen]:
        """All of them, deleted or not."""
        query = {"versions": "", "prefix": self._bucket.prefix}
        for page in self._pages(query, {"key-marker": "", "version-id-marker": ""}):
            for found in page:
                kind = found.tag.rpartition("}")[2]
                if kind in ("Version", "DeleteMarker"):
                    yield Seen(
                        self._name(found),
                        _moment(_text(found, "LastModified")),
                        int(_text(found, "Size") or 0),
                        _text(found, "IsLatest") == "true",
                        kind == "DeleteMarker",
                    )

    def unfinished(self) -> Iterator[Unfinished]:
        """All uploads that neither became an object nor were given up."""
        query = {"uploads": "", "prefix": self._bucket.prefix}
        for page in self._pages(query, {"key-marker": "", "upload-id-marker": ""}):
            for found in page.iterfind("{*}Upload"):
                name, begun = self._name(found), _moment(_text(found, "Initiated"))
                yield Unfinished(name, max([begun, *self._parts(name, _text(found, "UploadId"))]))

    def first_byte(self, name: str) -> bytes | None:
        """None where there is no such object now; empty where it is."""
        answer = self._get(name, {}, {"range": "bytes=0-0"})
        if answer.status_code in (200, 206):
            return answer.content[:1]
        if answer.status_code == 416:
            return b""
        if answer.status_code == 404 and b"<Code>NoSuchKey</Code>" in answer.content:
            return None
        raise _unread(answer)

    def locks(self) -> bool:
        """Whether the bucket has object lock, as far as the server says."""
        answer = self._get("", {"object-lock": ""})
        return b"<ObjectLockEnabled>Enabled<" in answer.content and answer.is_success

    def _parts(self, name: str, upload_id: str) -> Iterator[datetime]:
        query, following = {"uploadId": upload_id}, {"part-number-marker": ""}
        for page in self._pages(query, following, name):
            for part in page.iterfind("{*}Part"):
                yield _moment(_text(part, "LastModified"))

    def _pages(
        self, query: Mapping[str, str], following: dict[str, str], name: str = ""
    ) -> Iterator[ET.Element]:
        while True:
            told = {**query, **{marker: value for marker, value in following.items() if value}}
            answer = self._get(name, told)
            if name and answer.status_code == 404:
                return  # it ended just now
            if not answer.is_success:
                raise _unread(answer)
            page = _parsed(answer)
            yield page
            if _text(page, "IsTruncated") != "true":
                return
            following = {
                marker: _text(page, "Next" + marker.title().replace("-", ""))
                for marker in following
            }
            if not any(following.values()):
                raise _unread(answer)

    def _get(
        self, name: str, query: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """The answer to a request that is tried again where none comes, or a server is busy."""
        url = self._bucket.url + (f"/{self._bucket.prefix}{name}" if name else "")
        told = "&".join(sorted(f"{quote(k, '')}={quote(v, '')}" for k, v in query.items()))
        for attempt in range(_TRIES):
            try:
                answer = self._http.get(
                    f"{url}?{told}" if told else url,
                    headers=_signed(self._bucket, url, told, headers or {}),
                )
            except httpx.TransportError:
                continue
            if answer.status_code < 500 or answer.status_code == 501 or attempt == _TRIES - 1:
                return answer
        raise ServiceUnavailable("the S3 server does not answer: it was not verified")

    def _name(self, found: ET.Element) -> str:
        return _text(found, "Key").removeprefix(self._bucket.prefix)


def _signed(bucket: Bucket, url: str, query: str, headers: Mapping[str, str]) -> dict[str, str]:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html"""
    place, at = urlsplit(url), f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    sent = {**headers, "host": place.netloc, "x-amz-content-sha256": _NOTHING, "x-amz-date": at}
    if bucket.credentials.token:
        sent["x-amz-security-token"] = bucket.credentials.token
    names = sorted(sent)
    lines = ("GET", place.path or "/", query, *(f"{name}:{sent[name]}" for name in names), "")
    canonical = "\n".join((*lines, ";".join(names), _NOTHING))
    scope = (at[:8], bucket.region, "s3", "aws4_request")
    key = b"AWS4" + bucket.credentials.secret_key.encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    told = "\n".join(("AWS4-HMAC-SHA256", at, "/".join(scope), hashed))
    sent["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={'/'.join((bucket.credentials.access_key, *scope))},"
        f" SignedHeaders={';'.join(names)},"
        f" Signature={hmac.digest(key, told.encode(), 'sha256').hex()}"
    )
    return sent


def _parsed(answer: httpx.Response) -> ET.Element:
    try:
        return ET.fromstring(answer.content)  # noqa: S314 - expat bounds what entities expand to
    except ET.ParseError:
        raise _unread(answer) from None


def _text(found: ET.Element, name: str) -> str:
    return found.findtext(f"{{*}}{name}") or ""


def _moment(written: str) -> datetime:
    try:
        return datetime.fromisoformat(written).astimezone(UTC)
    except ValueError:
        raise ServiceUnavailable("the S3 server answers no S3: it was not verified") from None


def _unread(answer: httpx.Response) -> ServiceUnavailable:
    return ServiceUnavailable(
        f"the S3 server does not let the bucket be looked at ({answer.status_code}): it was not"
        " verified; see docs/how-to/s3.md for what the credentials need"
    )
