"""The API over real sockets, databases, sealing and folders."""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.adapters.memory import StoppedClock
from pipeline.bootstrap import bootstrap
from pipeline.cli import main
from pipeline.domain.call import Call, CallStatus, Outcome
from pipeline.domain.deletion import DataClass, Trigger
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.recording import SealedRecording
from pipeline.domain.retention import audio_until
from pipeline.domain.retention_policy import Origin
from pipeline.settings import load_settings
from pipeline.usecases.customers import add_customer
from pipeline.usecases.deck import Deck
from pipeline.usecases.enforce_retention import enforce_retention, expire_transcripts
from pipeline.usecases.known_parties import open_brought
from tests.builders import claim_one
from tests.databases import KINDS, database_url

WAV = b"RIFF\xff\xff\xff\xffWAVEfmt " + bytes(200_000)
MAX_BYTES = 4_000_000


class Api:
    """A served data folder."""

    def __init__(self, root: Path, max_bytes: int = MAX_BYTES, url: str | None = None) -> None:
        self.root = root
        self.home = root / "home"
        self.database = url
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
    [{"language": "Deutsch!"}, {"layout": "both"}, {"consent": "yes"}, {"origin": "fax"},
     {"consent": ["audio_retention=30d", "x=1d"]}],
)  # fmt: skip
def test_wrong_words_are_400_and_leave_nothing(api: Api, query: dict[str, Any]) -> None:
    before = api.blobs()
    problem(api.push(**query), 400, "usage")
    assert api.blobs() == before


@pytest.mark.parametrize(
    ("query", "headers", "named"),
    [
        ({"consents": "audio_retention=30d"}, {}, "query parameter consents "),
        ({"language": "de", "Layout": "agent_left"}, {}, "query parameter Layout "),
        ({"+49 30 1234567": ""}, {}, "query parameter here"),
        ({}, {"Deckname-Knows": "W10="}, "header deckname-knows "),
    ],
)
def test_what_nobody_would_read_is_named_and_leaves_nothing(
    api: Api, query: dict[str, str], headers: dict[str, str], named: str
) -> None:
    before = api.blobs()
    with api.client(**{"Content-Type": "audio/wav"} | headers) as client:
        told = problem(client.post("/v1/calls", content=WAV, params=query), 422, "unknown_field")
    assert named in told["detail"] and "1234567" not in told["detail"]
    assert api.blobs() == before
    with api.client(None, **headers) as nobody:
        problem(nobody.post("/v1/calls", content=WAV, params=query), 401, "access_denied")


def test_every_documented_field_is_known(api: Api) -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/push-from-a-program.md").read_text("utf-8")
    documented = set(re.findall(r"^\| (query|header) \| `([\w-]+)`", page, re.M))
    schema = httpx.get(f"{api.url}/v1/openapi.json").json()["paths"]["/v1/calls"]["post"]
    described = {(field["in"], field["name"].lower()) for field in schema["parameters"]}
    assert {(where, name.lower()) for where, name in documented} == described


def test_a_messengers_voice_note_lives_six_months_with_everything_made_of_it(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the command line and the API into the row, and out of it when its time is over."""
    assert api.push().json()["origin"] == "phone"
    monkeypatch.setenv("DECKNAME_HOME", str(api.home))
    if api.database is not None:
        monkeypatch.setenv("DECKNAME_DATABASE_URL", api.database)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "note.ogg").write_bytes(b"OggS" + bytes(99))
    pushed = ("push", str(tmp_path / "note.ogg"), "--customer", "acme")
    assert main([*pushed, "--origin", "messenger", "--consent", "audio_retention=365d"]) == 0
    call_id = CallId(capsys.readouterr().out.strip())
    with api.client() as client:
        assert client.get(f"/v1/calls/{call_id}").json()["origin"] == "messenger"
    assert main(["calls", "--customer", "acme"]) == 0
    assert "received, messenger" in capsys.readouterr().out
    call, end = _processed(api.deck, call_id)
    assert call.origin is Origin.MESSENGER
    assert call.transcript_until == call.audio_until == end

    def at(moment: datetime) -> Deck:
        return replace(api.deck, clock=StoppedClock(moment))

    expire_transcripts(at(end - timedelta(seconds=1)))
    enforce_retention(at(end - timedelta(seconds=1)))
    assert api.deck.calls.call(call_id).status is CallStatus.STORED
    assert api.deck.calls.has_audio_key([call_id])[call_id]
    expire_transcripts(at(end))
    assert api.deck.calls.call(call_id).status is CallStatus.ERASED
    assert not api.deck.calls.has_audio_key([call_id])[call_id]
    gone = {each.data_class: each for each in api.deck.deletions.pending(1_000)
            if each.call_id == call_id}  # fmt: skip
    assert set(gone) == {DataClass.TRANSCRIPT, DataClass.RETAINED_AUDIO}
    assert (gone[DataClass.TRANSCRIPT].trigger, gone[DataClass.TRANSCRIPT].due) == (
        Trigger.EXPIRED,
        end,
    )


def _processed(deck: Deck, call_id: CallId) -> tuple[Call, datetime]:
    """As a worker would leave it whose caller said yes: stored, its audio kept as long as it may
    be; and when that ends."""
    call = deck.calls.call(call_id)
    sealed, now = deck.calls.recording(call_id), call.received_at
    assert isinstance(sealed, SealedRecording)
    end = audio_until(call.received_at, call.consents, call.origin)
    assert end == call.received_at + timedelta(days=183)
    customer = deck.calls.customer(call.customer_id)
    claim = claim_one(deck.calls, call_id, now)
    deck.calls.complete(
        claim,
        Outcome(
            "de",
            3.5,
            deck.transcripts.seal(customer, call_id, "transcript", b"[PERSON_1] ruft an."),
            None,
            (("PERSON", 1),),
            deck.recordings.retain(call_id, sealed, end),
        ),
        now,
    )
    return deck.calls.call(call_id), end


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
    (party,) = open_brought(api.deck.transcripts.open(acme, call_id, "known", sealed)).known
    assert party.value == "Martina Keller"
    with api.client(**{"Content-Type": "audio/wav", "Deckname-Known": "%%"}) as client:
        problem(client.post("/v1/calls", content=WAV), 400, "usage")


def test_the_agents_text_arrives_sealed_however_long(api: Api) -> None:
    turns = [{"text": f"Satz {at} " * 8, "start": at, "end": at + 0.5} for at in range(800)]
    said = base64.b64encode(json.dumps(turns).encode()).decode()
    known = base64.b64encode(json.dumps(["x" * 480] * 90).encode()).decode()
    headers = {"Deckname-Agent-Text": said, "Deckname-Known": known}
    assert sum(map(len, headers.values())) > 150_000, "more than a server takes by default"
    with api.client(**{"Content-Type": "audio/wav"} | headers) as client:
        call_id = CallId(client.post("/v1/calls", content=WAV).json()["id"])
    sealed = api.deck.calls.known(call_id)
    assert sealed is not None and b"Satz" not in sealed.ciphertext
    acme = api.deck.calls.customer(CustomerId("acme"))
    brought = open_brought(api.deck.transcripts.open(acme, call_id, "known", sealed))
    assert len(brought.agent) == 800 and len(brought.known) == 90
    assert (brought.agent[-1].start, brought.agent[-1].end) == (799.0, 799.5)
    for wrong in ("%%", base64.b64encode(b'[{"text": 1}]').decode()):
        with api.client(**{"Content-Type": "audio/wav", "Deckname-Agent-Text": wrong}) as client:
            problem(client.post("/v1/calls", content=WAV), 400, "usage")


def test_a_push_says_how_urgent_it_is(api: Api) -> None:
    assert api.push().json()["priority"] == 0
    assert api.push(priority=-9).json()["priority"] == -9
    urgent = api.push(priority=9).json()
    assert urgent["priority"] == 9
    with api.client() as client:
        assert client.get(f"/v1/calls/{urgent['id']}").json()["priority"] == 9
    for wrong in (10, "high"):
        assert api.push(priority=wrong).status_code == 400


def test_the_command_line_says_both(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DECKNAME_HOME", str(api.home))
    if api.database is not None:
        monkeypatch.setenv("DECKNAME_DATABASE_URL", api.database)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "call.wav").write_bytes(WAV)
    (tmp_path / "said.txt").write_text("Guten Tag, hier ist Ada.\nWie bitte?\n")
    push = ("push", str(tmp_path / "call.wav"), "--customer", "acme")
    said = ("--agent-text", str(tmp_path / "said.txt"))
    assert main([*push, "--priority", "-3", *said]) == 0
    call_id = CallId(capsys.readouterr().out.strip())
    sealed = api.deck.calls.known(call_id)
    acme = api.deck.calls.customer(CustomerId("acme"))
    assert sealed is not None
    brought = open_brought(api.deck.transcripts.open(acme, call_id, "known", sealed))
    assert [turn.text for turn in brought.agent] == ["Guten Tag, hier ist Ada.", "Wie bitte?"]
    assert main(["calls", "--customer", "acme"]) == 0
    assert "received, priority -3" in capsys.readouterr().out
    assert main([*push, push[1], *said]) == 2
    assert "one recording" in capsys.readouterr().err


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
