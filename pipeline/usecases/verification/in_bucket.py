"""Blobs in a bucket against rows: what no key opens, what was deleted and is kept, uploads that
nobody ends, and what is not sealed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from pipeline.usecases.verification.bucket_view import BucketView, Seen
from pipeline.usecases.verification.findings import Finding, Grace, Looked, StorePlaces
from pipeline.usecases.verification.on_disk import HEADER, SMALLEST, orphan_since
from pipeline.usecases.verification.rows import snapshot

_BLOB = re.compile(r"call_[0-9a-f]{32}\Z")


def verify_bucket(
    places: StorePlaces, now: datetime, grace: Grace, looked: Looked
) -> Iterator[Finding]:
    """Every object of the store in all its versions; nothing where blobs lie in the folder."""
    if places.bucket is None:
        return
    with BucketView(places.bucket) as view:
        if view.locks():
            told = "the bucket has object lock: what is deleted there stays"
            yield Finding("bucket_locked", "bucket", told)
        listed = list(view.versions())
        looked["blobs"] += sum(seen.latest for seen in listed)
        yield from _verify_versions(listed, now, grace)
        yield from _verify_blobs(view, listed, places, now, grace)
        yield from _verify_uploads(view, now, grace)


def names_in_bucket(places: StorePlaces) -> frozenset[str]:
    """Of the blobs that can be read there."""
    if places.bucket is None:
        return frozenset()
    with BucketView(places.bucket) as view:
        return frozenset(s.name for s in view.versions() if s.latest and not s.marker)


def _verify_versions(listed: list[Seen], now: datetime, grace: Grace) -> Iterator[Finding]:
    for seen in listed:
        late = now - seen.changed
        if not seen.latest and not seen.marker and late > grace.unlink:
            told = "an older version of a blob lies there: deleted or overwritten, and kept"
            yield Finding("blob_version_kept", _place(seen.name), told, late.total_seconds())
        if seen.latest and not _BLOB.match(seen.name):
            told = "an object lies there that is none of Deckname's"
            yield Finding("stray_file", "bucket", told)


def _verify_blobs(
    view: BucketView, listed: list[Seen], places: StorePlaces, now: datetime, grace: Grace
) -> Iterator[Finding]:
    with snapshot(places.database) as rows:
        for seen in listed:
            if not seen.latest or seen.marker or not _BLOB.match(seen.name):
                continue
            first = view.first_byte(seen.name)
            if first is None:
                continue  # it went just now
            since = orphan_since(rows, seen.name, seen.changed, now, grace)
            if since is not None:
                late = max((now - since).total_seconds(), 0.0)
                yield Finding("blob_without_key", seen.name, "a blob that no key opens", late)
            if seen.size < SMALLEST or first[0] != HEADER:
                yield Finding("blob_unsealed", seen.name, "a blob is no sealed recording")


def _verify_uploads(view: BucketView, now: datetime, grace: Grace) -> Iterator[Finding]:
    for upload in view.unfinished():
        late = now - upload.changed
        if late > grace.upload:
            told = "an upload was cut and its rest lies"
            place = _place(upload.name)
            yield Finding("blob_half_written", place, told, late.total_seconds())


def _place(name: str) -> str:
    """The name of what is not Deckname's may be content."""
    return name if _BLOB.match(name) else "bucket"
