"""The command line as people and scripts meet it, on a real installation."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.conftest import EXAMPLES, Station, new_station, wait_for

ROOT = Path(__file__).parents[2]
NOTE = EXAMPLES / "voice-note.ogg"
SPOKEN = (
    "Hier ist Martina Keller, meine Nummer ist null eins sieben sechs, fünf fünf drei acht zwei"
)


@pytest.fixture
def alone(tmp_path: Path) -> Station:
    """An installation where nothing runs."""
    return new_station(tmp_path)


def one_line(done: subprocess.CompletedProcess[str], status: int) -> str:
    assert done.returncode == status, done.stderr
    assert done.stderr.startswith("deckname: ") and done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_detect_converses_line_by_line(alone: Station) -> None:
    """As a co-process: an answer must come while the input is still open."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "detect"],
        env=alone.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None
    for number in range(3):
        line = json.dumps({"id": number, "text": SPOKEN}) + "\n"
        process.stdin.write(line.encode())
        process.stdin.flush()
        assert select.select([process.stdout], [], [], 200)[0], "no answer while stdin is open"
        reply = json.loads(process.stdout.readline())
        found = {span["type"]: SPOKEN[span["start"] : span["end"]] for span in reply["spans"]}
        assert reply["id"] == number
        assert found["PERSON"] == "Martina Keller"
        assert found["PHONE_NUMBER"].startswith("null eins")
    process.stdin.close()
    assert process.wait(30) == 0
    process.stdout.close()
    assert not alone.home.exists() and not alone.keys.exists()


def test_detect_goes_on_after_bad_lines_and_keeps_the_order(alone: Station) -> None:
    lines = [
        '{"id":"a","text":"😀 Hier ist Martina Keller"}',
        "Martina Keller",
        '{"id":"b"}',
        '{"id":"c","text":"My name is John Smith","lang":"en"}',
        '{"id":"d","text":"Termin mit Zwiebelfisch","known":["Zwiebelfisch"]}',
    ]
    done = alone("detect", stdin="\n".join(lines), check=False)
    assert done.returncode == 1
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    assert [reply["id"] for reply in replies] == ["a", None, "b", "c", "d"]
    assert ["error" in reply for reply in replies] == [False, True, True, False, False]
    assert replies[0]["spans"][0]["start"] == 11
    assert replies[4]["spans"][0]["start"] == 11
    assert [line.split(":")[1] for line in done.stderr.splitlines()] == [" line 2", " line 3"]
    assert "Keller" not in done.stderr


def test_redact_writes_texts_and_pseudonyms(alone: Station) -> None:
    done = alone("redact", stdin=json.dumps({"id": 1, "text": SPOKEN}))
    reply = json.loads(done.stdout)
    assert reply["text"] == "Hier ist [PERSON_1], meine Nummer ist [PHONE_NUMBER_1]"
    assert reply["pseudonyms"] == {"[PERSON_1]": "PERSON", "[PHONE_NUMBER_1]": "PHONE_NUMBER"}


def test_ten_thousand_lines(alone: Station) -> None:
    lines = "".join(json.dumps({"id": n, "text": f"Zeile {n}"}) + "\n" for n in range(10_000))
    done = alone("detect", stdin=lines)
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == list(range(10_000))


def test_transcribe_writes_a_file_a_recording_and_survives_bad_ones(
    alone: Station, tmp_path: Path
) -> None:
    text = tmp_path / "text.wav"
    text.write_text("Guten Tag, das ist Text")
    out = tmp_path / "out"
    done = alone(
        "transcribe", str(text), str(NOTE), str(tmp_path / "nowhere.wav"),
        "--format", "srt", "--output", str(out), check=False,
    )  # fmt: skip
    assert done.returncode == 1 and done.stdout == ""
    told = done.stderr.splitlines()
    assert [line.split(":")[1] for line in told] == [" file 1 of 3", " file 3 of 3"]
    assert "nowhere" not in done.stderr
    assert [file.name for file in out.iterdir()] == ["voice-note.srt"]
    assert " --> " in (out / "voice-note.srt").read_text()
    assert not alone.home.exists() and list(alone.temp.iterdir()) == []


def test_two_recordings_never_share_a_target(alone: Station, tmp_path: Path) -> None:
    done = alone("transcribe", "a/x.wav", "b/x.mp3", "--output", str(tmp_path), check=False)
    assert "one name" in one_line(done, 2)


def test_push_without_a_deckname_says_how_to_start_one(alone: Station) -> None:
    done = alone("push", str(NOTE), "--customer", "acme", check=False)
    assert "deckname up" in one_line(done, 3)


def test_customers_live_and_end(alone: Station) -> None:
    key = alone("customers", "add", "acme", "--name", "Acme").stdout.strip()
    assert key.startswith("deck_") and "\n" not in key
    assert one_line(alone("customers", "add", "acme", check=False), 1)
    assert [each["id"] for each in json.loads(alone("customers", "list", "--json").stdout)] == [
        "acme"
    ]
    assert alone("keys", "issue", "acme").stdout.strip() != key
    assert json.loads(alone("customers", "show", "acme", "--json").stdout)["calls"] == {}
    assert "--yes" in one_line(alone("customers", "close", "acme", check=False), 2)
    assert alone("customers", "close", "acme", "--yes").returncode == 0
    assert one_line(alone("keys", "issue", "acme", check=False), 1)
    assert one_line(alone("customers", "show", "nobody", check=False), 1)
    assert key not in (alone.home / "deckname.db").read_bytes().decode("latin-1")
    report = json.loads(alone("verify", "--json").stdout)
    assert (report["ok"], report["findings"]) == (True, [])


def test_verify_finds_what_should_not_be(alone: Station) -> None:
    alone("customers", "add", "acme")
    (alone.home / "blobs").mkdir(exist_ok=True)
    stray = alone.home / "notes.txt"
    stray.write_text("Martina Keller hat angerufen")
    canaries = alone.root / "words"
    canaries.write_text("Martina Keller\n")
    done = alone("verify", "--canaries", str(canaries), "--json", check=False)
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["ok"] is False and report["findings"]
    assert "Keller" not in done.stdout


def test_help_is_quick_and_loads_nothing_heavy(alone: Station) -> None:
    code = (
        "import sys; from pipeline.cli import main; main(['--help']); "
        "heavy = {'numpy', 'fastapi', 'sqlalchemy', 'faster_whisper', 'presidio_analyzer', 'httpx',"
        " 'pydantic', 'redis', 'rq'}; sys.exit(' '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_closed_pipe_is_quiet(alone: Station) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "detect"],
        env=alone.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, told = process.communicate(b'{"id":1,"text":"a"}\n' * 10, timeout=120)
    assert (process.returncode, told) == (1, b"")


def test_ctrl_c_is_130_and_silent(alone: Station) -> None:
    """On a terminal of its own, as a person would press it."""
    main, side = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "redact"],
        env=alone.environment,
        stdin=side,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # Where the tests run as a background job they inherit that Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    os.write(main, b'{"id":1,"text":"a"}\n')
    assert process.stdout is not None and process.stderr is not None
    assert process.stdout.readline()
    process.send_signal(signal.SIGINT)
    told = process.stderr.read()
    assert (process.wait(30), told) == (130, b"")
    for stream in (process.stdout, process.stderr):
        stream.close()
    os.close(main)
    os.close(side)


def test_up_runs_once_a_data_folder_and_push_finds_it(station: Station) -> None:
    assert "runs already" in one_line(station("up", check=False), 1)
    key = station("keys", "issue", "musterhaus").stdout.strip()
    pushed = station("push", str(NOTE), "--wait", DECKNAME_API_KEY=key).stdout.split()
    assert len(pushed) == 1
    listed = json.loads(station("calls", "--customer", "musterhaus", "--json").stdout)
    assert pushed[0] in [call["id"] for call in listed if call["status"] == "stored"]
    wrong = station("push", str(NOTE), "--customer", "nachbar", check=False, DECKNAME_API_KEY=key)
    assert "another customer" in one_line(wrong, 1)
    findings = {f["subject"]: f["state"] for f in json.loads(station("doctor", "--json").stdout)}
    assert findings["api"] == findings["database"] == findings["redis"] == "ok"


@pytest.mark.slow
def test_the_demo_shows_everything_and_ends_well(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DECKNAME_")}
    # What must not lead the demo astray:
    (tmp_path / "deckname.toml").write_text('database_url = "sqlite:////nowhere/else.db"\n')
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "demo"],
        cwd=tmp_path,
        env=environment | {"DECKNAME_HOME": str(tmp_path / "real"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=290,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began < 240
    assert done.stdout.count("What is stored") == 4
    assert done.stdout.count("open it  ") == done.stdout.count("sealed file") == 3
    shown = " ".join(done.stdout.split())  # as wide as the terminal is
    assert "kept by consent until" in shown and "exactly what was pushed" in shown
    assert "nothing overdue, nothing orphaned" in done.stdout
    assert "--reveal" in done.stdout
    assert not (tmp_path / "real").exists()
    wait_for(lambda: not (tmp_path / ".demo/home/api-url").exists(), "the API to end")
    (tmp_path / ".demo" / "made-by-deckname-demo").unlink()
    again = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "demo"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert one_line(again, 1)
    assert (tmp_path / ".demo").exists()
