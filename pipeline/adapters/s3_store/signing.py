"""Requests signed with AWS Signature Version 4,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from pipeline.domain.bucket import Bucket

Query = Sequence[tuple[str, str]]
_ALGORITHM = "AWS4-HMAC-SHA256"


def query_string(query: Query) -> str:
    """As it is signed and sent."""
    return "&".join(
        f"{name}={value}"
        for name, value in sorted((quote(n, safe="-_.~"), quote(v, safe="-_.~")) for n, v in query)
    )


def signed(
    bucket: Bucket,
    method: str,
    url: str,
    query: Query,
    headers: Mapping[str, str],
    body: bytes | bytearray,
    now: datetime,
) -> dict[str, str]:
    """`headers` (names in small letters) with those that sign the request; the body is part of
    what is signed. `url` needs no escaping and has no query."""
    parts, moment = urlsplit(url), now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    known = bucket.credentials
    sent = {**headers, "host": parts.netloc, "x-amz-date": moment}
    sent["x-amz-content-sha256"] = hashlib.sha256(body).hexdigest()
    if known.token is not None:
        sent["x-amz-security-token"] = known.token
    names = ";".join(sorted(sent))
    request = "\n".join(
        (
            method,
            parts.path or "/",
            query_string(query),
            *(f"{name}:{sent[name].strip()}" for name in sorted(sent)),
            "",
            names,
            sent["x-amz-content-sha256"],
        )
    )
    scope = f"{moment[:8]}/{bucket.region}/s3/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    told = f"{_ALGORITHM}\n{moment}\n{scope}\n{digest}"
    signature = hmac.new(_key(known.secret_key, scope), told.encode(), hashlib.sha256).hexdigest()
    sent["authorization"] = (
        f"{_ALGORITHM} Credential={known.access_key}/{scope},"
        f" SignedHeaders={names}, Signature={signature}"
    )
    return sent


def _key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
