"""The API as the command line calls it: streams recordings, and turns problems into errors."""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import httpx

from pipeline.domain.errors import (
    AccessDenied,
    Conflict,
    DecknameError,
    NotFound,
    PermanentError,
    ServiceUnavailable,
    StorageFull,
    UsageError,
)
from pipeline.domain.ids import CustomerId, is_customer_id
from pipeline.settings import Settings

CHUNK_BYTES = 64 * 1024
POLL_SECONDS = 0.25
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_ERRORS: Mapping[int, type[DecknameError]] = {
    400: UsageError,
    401: AccessDenied,
    404: NotFound,
    409: Conflict,
    503: ServiceUnavailable,
    507: StorageFull,
}


class ApiClient:
    """A connection to the API, as one customer. A context manager."""

    def __init__(self, settings: Settings, customer: str | None) -> None:
        self._url = api_url(settings)
        self._key = _key_source(settings, customer)
        self._client = httpx.Client(
            base_url=self._url,
            timeout=httpx.Timeout(120, connect=5),
            trust_env=urlsplit(self._url).hostname not in _LOOPBACK,  # no proxy to ourselves
        )

    def __enter__(self) -> ApiClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.close()

    def push(
        self,
        file: Path,
        query: Mapping[str, str | None],
        consents: Sequence[str],
        known: Sequence[str] = (),
        idempotency_key: str | None = None,
        agent_text: bytes | None = None,
    ) -> dict[str, Any]:
        """Stream `file` to the API; the call as it was accepted. The file's name is not sent."""
        parameters = [(name, value) for name, value in query.items() if value is not None]
        parameters += [("consent", text) for text in consents]
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Length": str(file.stat().st_size),
            "Idempotency-Key": idempotency_key or secrets.token_hex(16),
        }
        if known:
            headers["Deckname-Known"] = base64.b64encode(json.dumps(known).encode()).decode()
        if agent_text is not None:
            headers["Deckname-Agent-Text"] = base64.b64encode(agent_text).decode()
        return self._answer(
            "POST", "/v1/calls", params=parameters, headers=headers, content=_chunks(file)
        )

    def call(self, call_id: str) -> dict[str, Any]:
        """One call as the API describes it."""
        return self._answer("GET", f"/v1/calls/{call_id}")

    def transcript(self, call_id: str) -> dict[str, Any]:
        """The redacted transcript of a stored call."""
        return self._answer("GET", f"/v1/calls/{call_id}/transcript", params={"format": "json"})

    def follow(self, call_ids: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Each change of these calls, until all are stored or failed."""
        seen: dict[str, str] = {}
        while waiting := [each for each in call_ids if seen.get(each) not in ("stored", "failed")]:
            for call_id in waiting:
                call = self.call(call_id)
                if seen.get(call_id) != call["status"]:
                    seen[call_id] = call["status"]
                    yield call
            time.sleep(POLL_SECONDS)

    def _answer(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        headers = {**request.pop("headers", {}), "Authorization": f"Bearer {self._key()}"}
        try:
            response = self._client.request(method, path, headers=headers, **request)
        except httpx.HTTPError as error:
            raise ServiceUnavailable(
                f"the API at {self._url} does not answer ({type(error).__name__}): start it with "
                "`deckname up`, or set DECKNAME_API_URL"
            ) from None
        if not response.is_success:
            raise _error(response)
        answer: dict[str, Any] = response.json()
        return answer


def api_url(settings: Settings) -> str:
    """Where the API is: as set, else as the one on this data folder announced itself."""
    if settings.api_url is not None:
        return settings.api_url.rstrip("/")
    with contextlib.suppress(OSError):
        return (settings.home_folder / "api-url").read_text("utf-8").strip()
    return f"http://{settings.api_host}:{settings.api_port}"


def _key_source(settings: Settings, customer: str | None) -> Callable[[], str]:
    """The customer's key, else a local token a request, minted as the operator."""
    if settings.api_key is not None:
        key = settings.api_key.get_secret_value()
        return lambda: key
    if customer is None:
        raise UsageError("say whose call this is: --customer ID, or set DECKNAME_API_KEY")
    if not is_customer_id(customer):
        raise UsageError("a customer's id is made of a-z, 0-9 and inner dashes, 63 at most")
    remote = settings.api_url is not None
    return lambda: _local_token(settings.keys_folder, CustomerId(customer), remote)


def _local_token(keys: Path, customer: CustomerId, remote: bool) -> str:
    from pipeline.adapters.clock import SystemClock
    from pipeline.adapters.local_secret import NAME
    from pipeline.usecases.local_access import mint_token

    try:
        secret = (keys / NAME).read_bytes()
    except OSError:
        if remote:
            raise AccessDenied("no API key: set DECKNAME_API_KEY to the customer's") from None
        raise ServiceUnavailable(
            "Deckname never ran on this data folder: start it with `deckname up`, or set "
            "DECKNAME_API_URL and DECKNAME_API_KEY"
        ) from None
    return mint_token(secret, customer, SystemClock().now())


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk


def _error(response: httpx.Response) -> DecknameError:
    kind = _ERRORS.get(response.status_code, PermanentError)
    try:
        detail = str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        detail = f"the API answered {response.status_code}"
    return kind(detail)
