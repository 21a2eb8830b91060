"""A real S3 server on a loopback port: moto's, behind a gate that refuses what is not signed as
botocore signs it, and that fails on command."""

from __future__ import annotations

import hashlib
import io
import re
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Thread
from typing import Any
from uuid import uuid4

import boto3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.datastructures import Headers
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import run_wsgi_app

from pipeline.adapters.s3_store import S3Client, S3ObjectStore
from pipeline.domain.bucket import Bucket, Credentials, bucket_of

ACCESS_KEY, SECRET_KEY, TOKEN = "AKIATESTTESTTEST", "geheim+schluessel/der=tests", "fluechtig"
REGION = "eu-central-1"
_BEGUN = "2010-11-10T20:48:33.000Z"  # what moto says of every upload
_UPLOAD = re.compile(rf"<Upload>(?:(?!</Upload>).)*{re.escape(_BEGUN)}.*?</Upload>", re.S)
_ID = re.compile(r"<UploadId>([^<]+)</UploadId>")

Asked = tuple[str, str, str]
"""Method, path, query."""


@dataclass
class Fault:
    """What goes wrong with the next `times` requests that `hits`: `busy` answers 503, `late_error`
    200 with an error in it; `cut` ends the connection in the middle of the answer, `lost` before
    it, and `down` before anything was done."""

    kind: str
    hits: Callable[[Asked], bool] = lambda _: True
    times: float = 1


@dataclass
class S3Server:
    """Answers until `stop`. `ahead` is how far its clock is before this machine's."""

    asked: list[Asked] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    ahead: timedelta = timedelta(0)
    refused: list[Asked] = field(default_factory=list)
    _begun: dict[str, datetime] = field(default_factory=dict)

    def start(self) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)
        self._server = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=_Silent
        )
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.admin: Any = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )

    def stop(self) -> None:
        self.admin.close()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def well(self) -> None:
        """As in the beginning, but for what it stores."""
        self.asked.clear()
        self.faults.clear()
        self.refused.clear()
        self.ahead = timedelta(0)

    def new_bucket(self, prefix: str = "calls/", **more: Any) -> Bucket:
        name = f"deckname-{uuid4().hex[:12]}"
        where = {"LocationConstraint": REGION}
        self.admin.create_bucket(Bucket=name, CreateBucketConfiguration=where, **more)
        return self.bucket(name, prefix)

    def bucket(self, name: str, prefix: str = "calls/") -> Bucket:
        key = Credentials(ACCESS_KEY, SECRET_KEY)
        return bucket_of(f"s3://{name}/{prefix}", self.endpoint, REGION, key)

    def versioned(self, bucket: Bucket, status: str = "Enabled") -> None:
        how = {"Status": status}
        self.admin.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration=how)

    def keys(self, bucket: Bucket) -> list[str]:
        listed = self.admin.list_objects_v2(Bucket=bucket.name).get("Contents", ())
        return [each["Key"] for each in listed]

    def everything(self, bucket: Bucket) -> list[str]:
        """Keys of all versions, delete markers and uploads in progress."""
        versions = self.admin.list_object_versions(Bucket=bucket.name)
        uploads = self.admin.list_multipart_uploads(Bucket=bucket.name)
        return [
            each["Key"]
            for page, kind in (
                (versions, "Versions"),
                (versions, "DeleteMarkers"),
                (uploads, "Uploads"),
            )
            for each in page.get(kind, ())
        ]

    def read(self, bucket: Bucket, name: str) -> bytes:
        found = self.admin.get_object(Bucket=bucket.name, Key=bucket.prefix + name)
        content: bytes = found["Body"].read()
        return content

    def overwrite(self, bucket: Bucket, name: str, content: bytes) -> None:
        self.admin.put_object(Bucket=bucket.name, Key=bucket.prefix + name, Body=content)

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path, _, query = environ["REQUEST_URI"].partition("?")
        asked = environ["REQUEST_METHOD"], path, query
        self.asked.append(asked)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        fault = self._fault(asked)
        if fault == "down":
            return _cut(environ, start)
        if not _is_signed(environ, asked, body):
            self.refused.append(asked)
            return _error(start, "403 Forbidden", "SignatureDoesNotMatch")
        if fault == "busy":
            return _error(start, "503 Slow Down", "SlowDown")
        if fault == "late_error":
            return _error(start, "200 OK", "InternalError")
        try:
            parts, status, headers = run_wsgi_app(self._app, environ, buffered=True)
        except KeyError:  # moto breaks where an upload is gone
            assert "uploadId=" in query
            return _error(start, "404 Not Found", "NoSuchUpload")
        content = self._dated(asked, b"".join(parts))
        if fault == "lost":
            return _cut(environ, start)
        start(status, self._headers(headers, asked, content))
        if fault == "cut":
            return _cut(environ, None, content[: len(content) // 2])
        return [content]

    def _fault(self, asked: Asked) -> str | None:
        for fault in self.faults:
            if fault.times > 0 and fault.hits(asked):
                fault.times -= 1
                return fault.kind
        return None

    def _headers(self, headers: Headers, asked: Asked, content: bytes) -> list[tuple[str, str]]:
        headers["Date"] = format_datetime(datetime.now(UTC) + self.ahead, usegmt=True)
        if asked[0] != "HEAD":
            headers["Content-Length"] = str(len(content))
        return list(headers.items())

    def _dated(self, asked: Asked, content: bytes) -> bytes:
        """With the times at which uploads began, which moto does not keep."""
        if "uploads" not in asked[2]:
            return content
        told = content.decode()
        if asked[0] == "POST" and (begun := _ID.search(told)):
            self._begun[begun[1]] = datetime.now(UTC)

        def dated(upload: re.Match[str]) -> str:
            begun = _ID.search(upload[0])
            moment = self._begun[begun[1]] if begun else datetime.now(UTC)
            return upload[0].replace(_BEGUN, f"{moment:%Y-%m-%dT%H:%M:%S.000Z}")

        return _UPLOAD.sub(dated, told).encode()


class _Silent(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def send_response(self, code: int, message: str | None = None) -> None:
        self.send_response_only(code, message)  # the date is the gate's

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


def _cut(
    environ: dict[str, Any], start: Callable[..., Any] | None, content: bytes = b""
) -> Iterable[bytes]:
    """End the connection after `content`; with `start`, before a byte of the answer."""
    if start is not None:
        start("502 Bad Gateway", [])
    if content:
        yield content
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)


def _error(start: Callable[..., Any], status: str, code: str) -> list[bytes]:
    told = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>anna</Message></Error>"
    body = told.encode()
    start(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return [body]


def _is_signed(environ: dict[str, Any], asked: Asked, body: bytes) -> bool:
    """Whether botocore signs the request as it came over the wire with the same signature."""
    sent = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
    }
    stated = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d+/([^/]+)/s3/aws4_request, ?"
        r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})",
        sent.get("authorization", ""),
    )
    if stated is None or stated[1] != ACCESS_KEY:
        return False
    names = stated[3].split(";")
    digest = sent["x-amz-content-sha256"]
    whole = digest == hashlib.sha256(body).hexdigest() or digest.startswith(("STREAMING", "UNSIG"))
    method, path, query = asked
    request = AWSRequest(
        method,
        f"http://{environ['HTTP_HOST']}{path}{'?' * bool(query)}{query}",
        {name: sent[name] for name in names},
    )
    request.context["timestamp"] = sent["x-amz-date"]
    token = sent.get("x-amz-security-token")
    auth = S3SigV4Auth(BotoCredentials(ACCESS_KEY, SECRET_KEY, token), "s3", stated[2])
    told = auth.string_to_sign(request, auth.canonical_request(request))
    needed = {"host", "x-amz-date", "x-amz-content-sha256"}
    if token is not None:
        needed.add("x-amz-security-token")
    return whole and needed <= set(names) and auth.signature(told, request) == stated[4]


def s3_store(bucket: Bucket, pauses: list[float] | None = None) -> S3ObjectStore:
    """A store that does not wait before it tries again."""
    return S3ObjectStore(S3Client(bucket, [].append if pauses is None else pauses.append))
