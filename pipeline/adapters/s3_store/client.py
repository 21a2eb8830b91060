"""One bucket, asked over HTTP: signs, tries again with back-off, and turns every failure into one
of Deckname's errors. Answers may quote keys and addresses, so only their codes are told on."""

from __future__ import annotations

import random
import re
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import httpx

from pipeline.adapters.s3_store.signing import Query, query_string, signed
from pipeline.domain.bucket import Bucket
from pipeline.domain.errors import DecknameError, NotFound, ServiceUnavailable, StorageFull

ATTEMPTS = 5
DEADLINE_SECONDS = 60.0
"""After it, no request is tried again."""

_TIMEOUT = httpx.Timeout(20.0, connect=5.0)
_PIECE = 1 << 18
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_PASSING_CODES = frozenset({"RequestTimeout", "OperationAborted", "SlowDown"})
_FULL = frozenset({"QuotaExceeded", "StorageFull", "XMinioStorageFull"})
_ABSENT = frozenset({"NoSuchKey", "NoSuchVersion", "NoSuchUpload"})
_ELSEWHERE = frozenset({"PermanentRedirect", "AuthorizationHeaderMalformed"})
_CODE = re.compile(rb"<Code>([A-Za-z]{1,60})</Code>")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said, whole. Names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)


class S3Client:
    """Thread-safe. Connects at its first request."""

    def __init__(self, bucket: Bucket, sleep: Callable[[float], None] = time.sleep) -> None:
        self.bucket = bucket
        self._sleep = sleep
        # A proxy of the environment leads to what is outside only.
        outside = not bucket.on_this_machine
        self._http = httpx.Client(timeout=_TIMEOUT, trust_env=outside, follow_redirects=False)
        weakref.finalize(self, self._http.close)

    def get(self, name: str, query: Query = (), **headers: str) -> Answer:
        """An object of the bucket, or with no name the bucket itself. Raises like `ask`."""
        return self.ask("GET", name, query, headers=headers)

    def ask(
        self,
        method: str,
        name: str,
        query: Query = (),
        body: bytes | bytearray = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer, whose status is below 300, or 416 where no byte is in the range. Raises
        `NotFound` where there is no such object, version or upload, `StorageFull`,
        `ServiceUnavailable`."""
        answer = self._tried(method, name, query, body, headers or {})
        if answer is None or not (_is_good(answer) or answer.status == 416):
            raise _error(answer)
        return answer

    def look(self, query: Query) -> Answer:
        """A question about the bucket, for the answer itself: a server need not know it, and
        credentials need not be allowed it. Raises `ServiceUnavailable`."""
        answer = self._tried("GET", "", query, b"", {})
        if answer is None or answer.status in _PASSING or code_of(answer) == "NoSuchBucket":
            raise _error(answer)
        return answer

    def _tried(
        self,
        method: str,
        name: str,
        query: Query,
        body: bytes | bytearray,
        headers: Mapping[str, str],
    ) -> Answer | None:
        """The last answer; None where none came."""
        key = f"/{self.bucket.prefix}{name}" if name else ""
        started, attempt = time.monotonic(), 0
        while True:
            answer = self._once(method, self.bucket.url + key, query, body, headers)
            attempt += 1
            late = time.monotonic() - started > DEADLINE_SECONDS
            if attempt == ATTEMPTS or late or not _may_pass(answer):
                return answer
            self._sleep(_pause(attempt))

    def _once(
        self,
        method: str,
        url: str,
        query: Query,
        body: bytes | bytearray,
        headers: Mapping[str, str],
    ) -> Answer | None:
        """None where no whole answer came."""
        plain = {**headers, "accept-encoding": "identity"}
        if body:
            plain["content-length"] = str(len(body))
        sent = signed(self.bucket, method, url, query, plain, body, datetime.now(UTC))
        address = f"{url}?{query_string(query)}" if query else url
        try:
            pieces = _pieces(body)
            with self._http.stream(method, address, headers=sent, content=pieces) as response:
                content = b"".join(response.iter_raw())
                return Answer(response.status_code, dict(response.headers), content)
        except httpx.TransportError:
            return None


def _pieces(body: bytes | bytearray) -> Iterator[bytes] | None:
    """In one piece it would be copied several times on its way through the HTTP library."""
    if not body:
        return None
    return (bytes(body[start : start + _PIECE]) for start in range(0, len(body), _PIECE))


def parsed(answer: Answer) -> ET.Element:
    """The XML of an answer. Raises `ServiceUnavailable`."""
    try:
        return ET.fromstring(answer.content)  # noqa: S314 - expat bounds what entities expand to
    except ET.ParseError:
        raise ServiceUnavailable("the S3 server answers something that is not S3") from None


def text(element: ET.Element, name: str) -> str:
    """What the child `name` says, whatever its namespace; empty where there is none."""
    return element.findtext(f"{{*}}{name}") or ""


def code_of(answer: Answer | None) -> str:
    """The server's code of its error, letters only; empty where it gave none."""
    if answer is None or _is_good(answer):
        return ""
    found = _CODE.search(answer.content[:4096])
    return found[1].decode() if found else ""


def _is_good(answer: Answer) -> bool:
    """A long job is answered with 200 at once, and may tell of an error at its end."""
    is_xml = answer.headers.get("content-type", "").endswith("xml")
    return answer.status < 300 and not (is_xml and b"<Error>" in answer.content[:512])


def _may_pass(answer: Answer | None) -> bool:
    if answer is None or answer.status in _PASSING:
        return True
    failed_late = answer.status == 200 and not _is_good(answer)
    return failed_late or code_of(answer) in _PASSING_CODES


def _pause(attempt: int) -> float:
    """Seconds: exponential, with full jitter."""
    return random.uniform(0.5, 1.0) * min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**attempt)


def _error(answer: Answer | None) -> DecknameError:
    if answer is None:
        return ServiceUnavailable(
            "the S3 server cannot be reached: check DECKNAME_S3_ENDPOINT and the network"
        )
    status, code = answer.status, code_of(answer)
    if status == 404 and code in _ABSENT:
        return NotFound("the blob is gone")
    if status == 507 or code in _FULL:
        return StorageFull("no room left in the S3 bucket: nothing was kept; free some")
    return ServiceUnavailable(_told(status, code))


def _told(status: int, code: str) -> str:
    if code == "RequestTimeTooSkewed":
        return "the S3 server says that this machine's clock is wrong: set it"
    if code == "NoSuchBucket":
        return "the S3 server knows no such bucket: check DECKNAME_BLOBS"
    if code in _ELSEWHERE or status in (301, 307):
        return "the bucket lies in another region or at another server: check DECKNAME_S3_REGION"
    if status in (401, 403):
        return (
            "the S3 server refuses these credentials, or does not let them do this: see "
            "docs/how-to/s3.md for what they need"
        )
    return f"the S3 server cannot do this now ({' '.join(filter(None, (str(status), code)))})"
