"""The API over real sockets, databases, sealing and folders."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.bootstrap import bootstrap
from pipeline.domain.ids import CallId, CustomerId
from pipeline.settings import load_settings
from pipeline.usecases.customers import add_customer
from pipeline.usecases.deck import Deck
from pipeline.usecases.known_parties import open_known
from tests.databases import KINDS, database_url

WAV = b"RIFF\xff\xff\xff\xffWAVEfmt " + bytes(200_000)
MAX_BYTES = 4_000_000


class Api:
    """A served data folder."""

    def __init__(self, root: Path, max_bytes: int = MAX_BYTES, url: str | None = None) -> None:
        self.root = root
        self.home = root / "home"
        settings = load_settings(home=self.home, database_url=url)
        self.deck: Deck = bootstrap(settings)
        self.keys = {name: add_customer(name, name, self.deck)[1] for name in ("acme", "other")}
        self.log = (root / "api.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.web"],
            env={
                **os.environ,
                "DECKNAME_HOME": str(self.home),
                "DECKNAME_API_PORT": "0",
                "DECKNAME_MAX_UPLOAD_BYTES": str(max_bytes),
                "TMPDIR": str(root / "temp"),
                **({} if url is None else {"DECKNAME_DATABASE_URL": url}),
            },
            stdout=self.log,
            stderr=self.log,
        )
        wait_for(lambda: (self.home / "api-url").exists() and self.answers())

    @property
    def url(self) -> str:
        return (self.home / "api-url").read_text()

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz").is_success
        except httpx.HTTPError:
            return False

    def client(self, customer: str | None = "acme", **headers: str) -> httpx.Client:
        key = {} if customer is None else {"Authorization": f"Bearer {self.keys[customer]}"}
        return httpx.Client(base_url=self.url, headers=key | headers, timeout=30)

    def push(self, content: Any = WAV, customer: str = "acme", **query: Any) -> httpx.Response:
        with self.client(customer, **{"Content-Type": "audio/wav"}) as client:
            return client.post("/v1/calls", content=content, params=query)

    def blobs(self) -> list[str]:
        return [path.name for path in (self.home / "blobs").rglob("*") if path.is_file()]

    def stop(self) -> int:
        self.process.terminate()
        status = self.process.wait(timeout=20)
        self.log.close()
        return status


def wait_for(condition: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


@pytest.fixture(scope="module", params=KINDS)
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    root = tmp_path_factory.mktemp("api")
    (root / "temp").mkdir()
    with database_url(request.param, root) as url:
        served = Api(root, url=None if request.param == "sqlite" else url)
        try:
            yield served
        finally:
            assert served.stop() == 0
            assert not (served.home / "api-url").exists()


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    body: dict[str, Any] = response.json()
    assert (body["status"], body["code"]) == (status, code)
    return body


def test_a_push_is_sealed_and_listed_for_its_customer_only(api: Api) -> None:
    response = api.push(language="de-DE", consent="audio_retention=30d")
    assert response.status_code == 202
    call = response.json()
    assert response.headers["location"] == f"/v1/calls/{call['id']}"
    assert (call["customer"], call["status"], call["audio"]) == ("acme", "received", "sealed")
    assert call["language"] == "de"
    assert call["consents"] == [
        {"purpose": "audio_retention", "duration": 2_592_000.0, "act": "given"}
    ]
    call_id = CallId(call["id"])
    assert api.deck.recordings.open(call_id, api.deck.calls.recording(call_id)) == WAV
    with api.client() as mine, api.client("other") as theirs:
        assert call["id"] in [each["id"] for each in mine.get("/v1/calls").json()["calls"]]
        assert mine.get(f"/v1/calls/{call_id}").json()["id"] == call_id
        assert theirs.get("/v1/calls").json() == {"calls": [], "next": None}
        problem(theirs.get(f"/v1/calls/{call_id}"), 404, "not_found")
        problem(theirs.get(f"/v1/calls/{call_id}/transcript"), 404, "not_found")
        problem(mine.get(f"/v1/calls/{call_id}/transcript"), 409, "conflict")


def test_an_error_reaches_a_client_that_still_sends(api: Api) -> None:
    """Without reading on, closing resets the connection and the answer is lost."""
    request = {"content": bytes(3_500_000), "headers": {"Content-Type": "audio/wav"}}
    for _ in range(5):
        problem(httpx.post(f"{api.url}/v1/calls", **request), 401, "access_denied")
        problem(api.push(bytes(3_500_000)), 422, "recording_rejected")


def test_a_client_that_asks_first_is_refused_before_it_sends(api: Api) -> None:
    host, port = api.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as asking:
        asking.sendall(
            b"POST /v1/calls HTTP/1.1\r\nHost: x\r\nContent-Type: audio/wav\r\n"
            b"Content-Length: 3000000\r\nExpect: 100-continue\r\n\r\n"
        )
        assert asking.recv(100).startswith(b"HTTP/1.1 401")


def test_a_listing_can_be_continued(api: Api) -> None:
    pushed = [api.push().json()["id"] for _ in range(3)]
    with api.client() as client:
        first = client.get("/v1/calls", params={"limit": 2}).json()
        rest = client.get("/v1/calls", params={"limit": 1, "before": first["next"]}).json()
    assert [call["id"] for call in first["calls"] + rest["calls"]] == pushed[::-1]


@pytest.mark.parametrize(
    "header",
    [{}, {"Authorization": "Bearer deck_wrong"}, {"Authorization": "Basic YTpi"},
     {"Authorization": "Bearer local.acme.99999999999." + "0" * 64}],
)  # fmt: skip
def test_without_a_key_nothing_opens(api: Api, header: dict[str, str]) -> None:
    before = api.blobs()
    response = httpx.post(f"{api.url}/v1/calls", content=WAV, headers=header)
    problem(response, 401, "access_denied")
    assert response.headers["www-authenticate"] == "Bearer"
    assert api.blobs() == before


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty"), (b"Sehr geehrte Damen und Herren", "unknown_format")],
)
def test_no_recording_no_call(api: Api, content: bytes, reason: str) -> None:
    before = api.blobs()
    assert problem(api.push(content), 422, "recording_rejected")["reason"] == reason
    assert api.blobs() == before


def chunks(total: int) -> Iterator[bytes]:
    yield WAV[:16]
    for _ in range(total // 65536):
        yield bytes(65536)


@pytest.mark.parametrize("announced", [True, False])
def test_too_large_is_told_and_leaves_nothing(api: Api, announced: bool) -> None:
    before = api.blobs()
    content: Any = bytes(MAX_BYTES + 1) if announced else chunks(2 * MAX_BYTES)
    assert problem(api.push(content), 422, "recording_rejected")["reason"] == "too_large"
    assert api.blobs() == before


@pytest.mark.parametrize(
    "query",
    [{"language": "Deutsch!"}, {"layout": "both"}, {"consent": "yes"},
     {"consent": ["audio_retention=30d", "x=1d"]}],
)  # fmt: skip
def test_wrong_words_are_400_and_leave_nothing(api: Api, query: dict[str, Any]) -> None:
    before = api.blobs()
    problem(api.push(**query), 400, "usage")
    assert api.blobs() == before


def test_the_wrong_customers_key_is_noticed(api: Api) -> None:
    before = api.blobs()
    problem(api.push(customer="acme"), 202, "") if False else None
    with api.client("other", **{"Content-Type": "audio/wav"}) as client:
        response = client.post("/v1/calls", content=WAV, params={"customer": "acme"})
    problem(response, 401, "access_denied")
    assert api.blobs() == before


def test_a_form_is_no_recording(api: Api) -> None:
    with api.client(**{"Content-Type": "application/x-www-form-urlencoded"}) as client:
        problem(client.post("/v1/calls", content=WAV), 415, "unsupported_media_type")


def test_retrying_with_an_idempotency_key_keeps_one_call(api: Api) -> None:
    with api.client(**{"Content-Type": "audio/wav", "Idempotency-Key": "once"}) as client:
        first = client.post("/v1/calls", content=WAV).json()
        before = api.blobs()
        assert client.post("/v1/calls", content=WAV).json() == first
    assert api.blobs() == before
    other = api.push(customer="other")
    assert other.json()["id"] != first["id"]


def test_known_parties_arrive_sealed(api: Api) -> None:
    header = base64.b64encode(json.dumps(["Martina Keller"]).encode()).decode()
    with api.client(**{"Content-Type": "audio/wav", "Deckname-Known": header}) as client:
        call_id = CallId(client.post("/v1/calls", content=WAV).json()["id"])
    sealed = api.deck.calls.known(call_id)
    assert sealed is not None
    acme = api.deck.calls.customer(CustomerId("acme"))
    (party,) = open_known(api.deck.transcripts.open(acme, call_id, "known", sealed))
    assert party.value == "Martina Keller"
    with api.client(**{"Content-Type": "audio/wav", "Deckname-Known": "%%"}) as client:
        problem(client.post("/v1/calls", content=WAV), 400, "usage")


def test_a_connection_that_breaks_leaves_nothing(api: Api) -> None:
    before = api.blobs()
    host, port = api.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as broken:
        broken.sendall(
            b"POST /v1/calls HTTP/1.1\r\nHost: x\r\nContent-Type: audio/wav\r\n"
            b"Authorization: Bearer " + api.keys["acme"].encode() + b"\r\n"
            b"Content-Length: 3000000\r\n\r\n" + WAV
        )
        wait_for(lambda: len(api.blobs()) > len(before))
    wait_for(lambda: api.blobs() == before)


def test_paths_that_are_not_there_are_problems(api: Api) -> None:
    problem(httpx.get(f"{api.url}/nowhere"), 404, "not_found")
    problem(httpx.delete(f"{api.url}/v1/calls"), 405, "method_not_allowed")


def test_readiness_tells_of_database_and_queue(api: Api) -> None:
    response = httpx.get(f"{api.url}/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "database": "ok", "queue": "unavailable"}


def test_memory_does_not_grow_with_the_upload(tmp_path: Path) -> None:
    (tmp_path / "temp").mkdir()
    size = 150_000_000
    served = Api(tmp_path, max_bytes=2 * size)
    try:
        served.push()
        before = peak_kib(served.process.pid)
        assert served.push(chunks(size)).status_code == 202
        assert (peak_kib(served.process.pid) - before) * 1024 < size / 4
    finally:
        assert served.stop() == 0


def peak_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def test_a_stop_during_an_upload_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "temp").mkdir()
    served = Api(tmp_path)
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as stalled:
        stalled.sendall(
            b"POST /v1/calls HTTP/1.1\r\nHost: x\r\nContent-Type: audio/wav\r\n"
            b"Authorization: Bearer " + served.keys["acme"].encode() + b"\r\n"
            b"Content-Length: 3000000\r\n\r\n" + WAV
        )
        wait_for(lambda: served.blobs())
        served.stop()
    assert served.blobs() == []


def test_nothing_reached_a_temp_file(api: Api) -> None:
    assert list((api.root / "temp").iterdir()) == []
