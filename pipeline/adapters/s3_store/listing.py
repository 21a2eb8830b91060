"""What lies in a bucket: objects in all their versions, and uploads that have not ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal
from xml.etree.ElementTree import Element

from pipeline.adapters.s3_store.client import S3Client, parsed, text
from pipeline.domain.errors import NotFound, ServiceUnavailable


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object. A marker says that it was deleted, and has no content; where a
    bucket keeps no versions, the one there is has the id `null`."""

    name: str
    id: str
    changed: datetime
    marker: bool


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload in parts that has neither been completed nor aborted. `silent` is in seconds by
    the server's own clock: since when nothing more of it came."""

    name: str
    id: str
    changed: datetime
    silent: float


def versions(client: S3Client, only: str | None = None) -> Iterator[Version]:
    """Every version below the prefix, or of the object `only`, ordered by name, newest first."""
    for page in _pages(client, "versions", only, ("key-marker", "version-id-marker")):
        for found in page:
            kind = found.tag.rpartition("}")[2]
            if kind in ("Version", "DeleteMarker"):
                name = _name(client, found)
                if only in (None, name):
                    moment = _moment(text(found, "LastModified"))
                    yield Version(name, text(found, "VersionId"), moment, kind == "DeleteMarker")


def uploads(client: S3Client, only: str | None = None) -> Iterator[Upload]:
    """Every upload in progress below the prefix, or of the object `only`."""
    for page in _pages(client, "uploads", only, ("key-marker", "upload-id-marker")):
        for found in page.iterfind("{*}Upload"):
            name = _name(client, found)
            if only in (None, name):
                yield from _upload(client, name, text(found, "UploadId"), text(found, "Initiated"))


def _upload(client: S3Client, name: str, upload_id: str, begun: str) -> Iterator[Upload]:
    """None where it has ended meanwhile."""
    changed, marker = _moment(begun), ""
    while True:
        query = [("uploadId", upload_id), *([("part-number-marker", marker)] if marker else [])]
        try:
            answer = client.get(name, query)
        except NotFound:
            return
        page = parsed(answer)
        parts = [_moment(text(part, "LastModified")) for part in page.iterfind("{*}Part")]
        changed = max([changed, *parts])
        marker = text(page, "NextPartNumberMarker")
        if text(page, "IsTruncated") != "true":
            silent = (_server_time(answer.headers.get("date")) - changed).total_seconds()
            yield Upload(name, upload_id, changed, silent)
            return


def _pages(
    client: S3Client,
    what: Literal["versions", "uploads"],
    only: str | None,
    markers: tuple[str, str],
) -> Iterator[Element]:
    query = [(what, ""), ("prefix", client.bucket.prefix + (only or ""))]
    following: list[tuple[str, str]] = []
    while True:
        page = parsed(client.get("", [*query, *following]))
        yield page
        if text(page, "IsTruncated") != "true":
            return
        # NextKeyMarker for key-marker, and so on
        following = [
            (marker, text(page, "Next" + marker.title().replace("-", ""))) for marker in markers
        ]
        if not following[0][1]:
            raise ServiceUnavailable("the S3 server breaks off its list: nothing was done")


def _name(client: S3Client, found: Element) -> str:
    return text(found, "Key").removeprefix(client.bucket.prefix)


def _moment(written: str) -> datetime:
    try:
        return datetime.fromisoformat(written).astimezone(UTC)
    except ValueError:
        raise ServiceUnavailable("the S3 server answers something that is not S3") from None


def _server_time(date: str | None) -> datetime:
    try:
        return parsedate_to_datetime(date or "").astimezone(UTC)
    except ValueError:
        return datetime.now(UTC)
