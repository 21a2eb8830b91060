"""A call goes in, a redacted transcript comes out, the voice is gone: nothing here is a fake."""

from __future__ import annotations

import json
import shutil
import uuid

import httpx
import pytest

from tests import canary
from tests.e2e.conftest import EXAMPLES, Example, Station, example

STEREO = ("anfrage-wohnung", "viewing-request")
CONSENTED = "rueckruf-einwilligung"
FILE_CANARY = f"Zwiebelfisch-{uuid.uuid4().hex}"


@pytest.fixture(scope="module")
def pushed(station: Station) -> dict[str, str]:
    """Call ids by example, all processed; each file had a name that must be nowhere."""
    ids = {}
    for name in (*STEREO, "voice-note", CONSENTED):
        source = example(name)
        copy = station.root / f"{FILE_CANARY}-{name}{source.audio.suffix}"
        shutil.copy(source.audio, copy)
        consent = ["--consent", "audio_retention=30d"] if name == CONSENTED else []
        done = station("push", str(copy), "--customer", "musterhaus", "--wait", *consent)
        ids[name] = done.stdout.split()[0]
        copy.unlink()
    return ids


def listed(station: Station) -> dict[str, dict[str, object]]:
    calls = json.loads(station("calls", "--customer", "musterhaus", "--json").stdout)
    return {call["id"]: call for call in calls}


def values(source: Example) -> list[str]:
    """What is secret in a call: every PII value, and every name part of it by itself."""
    secrets = [text for _, text in source.pii]
    parts = [part for kind, text in source.pii if kind == "PERSON" for part in text.split()]
    return secrets + [part for part in parts if len(part) > 5 and "wie" not in part]


@pytest.mark.parametrize("name", [*STEREO, "voice-note", CONSENTED])
def test_the_transcript_is_redacted_in_every_format(
    station: Station, pushed: dict[str, str], name: str
) -> None:
    source = example(name)
    for form in ("txt", "json", "srt", "vtt"):
        shown = station("show", pushed[name], "--format", form).stdout
        assert "[PERSON_1]" in shown and "[PHONE_NUMBER_1]" in shown
        assert canary.in_bytes(shown.encode(), values(source)) == []


@pytest.mark.parametrize("name", STEREO)
def test_both_sides_are_told_apart_and_what_is_not_secret_is_kept(
    station: Station, pushed: dict[str, str], name: str
) -> None:
    shown = json.loads(station("show", pushed[name], "--format", "json").stdout)
    speakers = {segment["speaker"] for segment in shown["segments"]}
    assert speakers == {"agent", "caller"}
    text = " ".join(segment["text"] for segment in shown["segments"]).lower()
    kept = "besichtigung am donnerstag" if name == STEREO[0] else "the flat near the station"
    assert kept in text


def test_the_vault_gives_the_words_back_to_who_may_see_them(
    station: Station, pushed: dict[str, str]
) -> None:
    revealed = station("show", pushed["anfrage-wohnung"], "--reveal").stdout
    assert "Keller" in revealed and "[PERSON_1]" not in revealed


def test_no_voice_is_left_but_the_consented_one(station: Station, pushed: dict[str, str]) -> None:
    calls = listed(station)
    for name, call_id in pushed.items():
        expected = "retained" if name == CONSENTED else "destroyed"
        assert (calls[call_id]["status"], calls[call_id]["audio"]) == ("stored", expected)
    blobs = [path for path in (station.home / "blobs").rglob("*") if path.is_file()]
    assert [blob.name for blob in blobs] == [pushed[CONSENTED]]
    assert station("verify").returncode == 0


def test_a_canary_is_nowhere(station: Station, pushed: dict[str, str]) -> None:
    needles = [FILE_CANARY, "Dreizimmerwohnung"]
    for name in pushed:
        needles += values(example(name))
    places = [station.home, station.keys, station.temp, station.root]
    assert canary.in_files(places, needles) == []
    assert canary.in_redis(redis_url(station), needles) == []


def test_the_canary_scan_can_find_something(station: Station, pushed: dict[str, str]) -> None:
    """A search that finds nothing anywhere proves nothing."""
    assert canary.in_files([station.home], [pushed["voice-note"]])
    assert canary.in_files([EXAMPLES], ["Martina Keller"])


def test_a_canary_is_in_no_answer_of_the_api(station: Station, pushed: dict[str, str]) -> None:
    key = {"Authorization": f"Bearer {station('keys', 'issue', 'musterhaus').stdout.strip()}"}
    needles = [FILE_CANARY, *(value for name in pushed for value in values(example(name)))]
    paths = ["/v1/calls", "/v1/openapi.json", "/healthz"]
    for call_id in pushed.values():
        paths += [f"/v1/calls/{call_id}", f"/v1/calls/{call_id}/transcript?format=json"]
    for path in paths:
        answer = httpx.get(station.api + path, headers=key)
        assert answer.status_code == 200, path
        whole = str(answer.headers).encode() + answer.content
        assert canary.in_bytes(whole, needles) == []


def test_another_customer_sees_nothing(station: Station, pushed: dict[str, str]) -> None:
    assert json.loads(station("calls", "--customer", "nachbar", "--json").stdout) == []


@pytest.mark.parametrize("form", ["txt", "json", "srt", "vtt"])
def test_one_off_transcription_is_redacted_and_keeps_nothing(station: Station, form: str) -> None:
    source = example("anfrage-wohnung")
    before = listed(station)
    shown = station("transcribe", str(source.audio), "--format", form).stdout
    assert "[PERSON_1]" in shown
    assert canary.in_bytes(shown.encode(), values(source)) == []
    assert listed(station) == before
    assert canary.in_files([station.home, station.temp], values(source)) == []


def redis_url(station: Station) -> str:
    socket = next(line for line in station.log.read_text().splitlines() if "unix" in line)
    return socket[socket.index("unix") :].split()[0]
