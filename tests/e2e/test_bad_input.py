"""Whatever a person or provider gets wrong: one clear line, nothing kept, neighbours safe."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
import soundfile

from tests.e2e.conftest import EXAMPLES, Station, new_station

GOOD = EXAMPLES / "voice-note.ogg"


def wav(rate: int, channels: int, seconds: float) -> bytes:
    buffer = io.BytesIO()
    frames = np.zeros((int(rate * seconds), channels), np.int16)
    soundfile.write(buffer, frames, rate, format="WAV", subtype="ULAW")
    return buffer.getvalue()


def mp3_cut_in_two() -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(16_000 * 20), 16_000, format="MP3")
    return buffer.getvalue()[: len(buffer.getvalue()) // 2]


REFUSED_AT_THE_DOOR = {
    "empty": (lambda: b"", "empty"),
    "text": (lambda: b"Guten Tag, hier ist nur Text.", "no audio that Deckname knows"),
}
REFUSED_BY_THE_WORKER = {
    "truncated-mp3": (mp3_cut_in_two, "truncated"),
    "0-seconds": (lambda: wav(8_000, 1, 0.0), "too_short"),
    "8-channels": (lambda: wav(8_000, 8, 1.0), "too_many_channels"),
    "192-kHz": (lambda: wav(192_000, 1, 1.0), "sample_rate"),
    "more than 5 hours": (lambda: wav(8_000, 1, 5.1 * 3600.0), "too_long"),
}
ALL = {name: make for name, (make, _) in (REFUSED_AT_THE_DOOR | REFUSED_BY_THE_WORKER).items()}


def blobs(station: Station) -> list[Path]:
    return [path for path in (station.home / "blobs").rglob("*") if path.is_file()]


def is_one_line(text: str) -> bool:
    return len(text.splitlines()) == 1 and text.startswith("deckname: ")


@pytest.mark.parametrize("name", ALL)
def test_transcribe_says_it_in_one_line(station: Station, name: str, tmp_path: Path) -> None:
    file = tmp_path / "Zwiebelfisch.wav"
    file.write_bytes(ALL[name]())
    done = station("transcribe", str(file), check=False)
    assert done.returncode == 1 and done.stdout == ""
    assert is_one_line(done.stderr), done.stderr
    assert "Zwiebelfisch" not in done.stderr


@pytest.mark.parametrize("name", REFUSED_AT_THE_DOOR)
def test_push_is_refused_and_nothing_is_kept(station: Station, name: str, tmp_path: Path) -> None:
    make, reason = REFUSED_AT_THE_DOOR[name]
    file = tmp_path / "call.wav"
    file.write_bytes(make())
    before = blobs(station)
    done = station("push", str(file), "--customer", "musterhaus", check=False)
    assert done.returncode == 1 and done.stdout == ""
    assert is_one_line(done.stderr) and reason in done.stderr
    assert blobs(station) == before


@pytest.mark.parametrize("name", REFUSED_BY_THE_WORKER)
def test_a_call_that_cannot_be_decoded_fails_and_its_neighbour_lives(
    station: Station, name: str, tmp_path: Path
) -> None:
    make, reason = REFUSED_BY_THE_WORKER[name]
    file = tmp_path / "call.bin"
    file.write_bytes(make())
    done = station("push", str(file), str(GOOD), "--customer", "musterhaus", "--wait", check=False)
    bad, good = done.stdout.split()
    calls = {c["id"]: c for c in json.loads(station("calls", "--json").stdout)}
    assert done.returncode == 1 and is_one_line(done.stderr), done.stderr
    assert calls[bad]["failure"] == f"recording_rejected:{reason}"
    assert (calls[bad]["status"], calls[bad]["audio"]) == ("failed", "destroyed")
    assert calls[good]["status"] == "stored"
    assert not any(blob.name == bad for blob in blobs(station))


def test_an_unknown_customer_and_a_wrong_key(station: Station) -> None:
    unknown = station("push", str(GOOD), "--customer", "nobody", check=False)
    assert unknown.returncode == 1 and is_one_line(unknown.stderr)
    wrong = station("push", str(GOOD), check=False, DECKNAME_API_KEY="deck_wrong")
    assert wrong.returncode == 1 and is_one_line(wrong.stderr)


def test_http_errors_are_problems_without_content(station: Station) -> None:
    key = station("keys", "issue", "nachbar").stdout.strip()
    calls = f"{station.api}/v1/calls"
    for headers, body, status in [
        ({}, b"RIFF", 401),
        ({"Authorization": "Bearer deck_wrong"}, b"RIFF", 401),
        ({"Authorization": f"Bearer {key}"}, b"Zwiebelfisch is no audio at all", 422),
        ({"Authorization": f"Bearer {key}"}, b"", 422),
    ]:
        answer = httpx.post(calls, content=body, headers=headers)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status and answer.json()["title"]
        assert "Zwiebelfisch" not in answer.text


def test_no_api_no_model_no_key_folder(station: Station, tmp_path: Path) -> None:
    for arguments, environment in [
        (
            ("push", str(GOOD), "--customer", "musterhaus"),
            {"DECKNAME_API_URL": "http://127.0.0.1:9"},
        ),
        (("transcribe", str(GOOD)), {"DECKNAME_MODEL": str(tmp_path / "nowhere")}),
        (("transcribe", str(GOOD)), {"DECKNAME_MODEL": "large-v3-turbo"}),
    ]:
        done = station(*arguments, check=False, **environment)
        assert done.returncode == 3, done.stderr
        assert is_one_line(done.stderr), done.stderr


def test_unreachable_redis_is_one_line(tmp_path: Path) -> None:
    lonely = new_station(tmp_path)
    done = lonely("up", check=False, DECKNAME_REDIS_URL="redis://127.0.0.1:9/0")
    assert done.returncode == 3 and is_one_line(done.stderr), done.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 12 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)], check=False
        ).returncode
    )
    if not mounted:
        pytest.skip("mounting a small file system needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_while_uploading(tmp_path: Path, small_disk: Path) -> None:
    (tmp_path / "s").mkdir()
    crowded = new_station(tmp_path / "s")
    crowded.home.mkdir()
    (crowded.home / "blobs").symlink_to(small_disk)
    process = crowded.start()
    try:
        crowded("customers", "add", "musterhaus")
        large = tmp_path / "large.wav"
        large.write_bytes(wav(48_000, 2, 180.0))
        done = crowded("push", str(large), "--customer", "musterhaus", check=False)
        assert done.returncode == 3 and done.stdout == ""
        assert is_one_line(done.stderr) and "room" in done.stderr
        assert [f for f in small_disk.rglob("*") if f.is_file()] == []
        assert json.loads(crowded("calls", "--json").stdout) == []
        stored = crowded("push", str(GOOD), "--customer", "musterhaus", "--wait")
        assert stored.stdout.startswith("call_")
    finally:
        crowded.stop(process)
    shutil.rmtree(crowded.home)
