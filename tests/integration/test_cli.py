"""Commands inside this process, on a store of their own: what they say, and their exit status."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.bootstrap import bootstrap
from pipeline.cli import main
from pipeline.domain.call import Intake, Outcome
from pipeline.domain.ids import CustomerId
from pipeline.domain.machine import Machine
from pipeline.domain.privacy import EntityType, PiiSpan
from pipeline.domain.transcript import Segment, Speaker, VerbatimTranscript
from pipeline.settings import load_settings
from pipeline.stages.redact import redact, to_json, vault_to_json
from pipeline.usecases.submit_call import submit_call
from tests.decks import WAV_HEAD

SAID = "Hier ist Martina Keller."


@dataclass
class Done:
    status: int
    out: str
    err: str


Deckname = Callable[..., Done]


@pytest.fixture
def deckname(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Deckname]:
    """Runs a command; logging and exception hooks are put back afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DECKNAME_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DECKNAME_API_PORT", "0")
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.excepthook, sys.unraisablehook)

    def run(*arguments: str) -> Done:
        capsys.readouterr()
        status = main(arguments)
        said = capsys.readouterr()
        return Done(status, said.out, said.err)

    yield run
    root.handlers[:], level, sys.excepthook, sys.unraisablehook = before
    root.setLevel(level)
    logging.captureWarnings(False)


def one_line(done: Done, status: int) -> str:
    assert (done.status, done.out) == (status, ""), done
    assert done.err.startswith("deckname: ") and done.err.count("\n") == 1, done.err
    return done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("calls", "--nonsense"),
        ("transcribe",),
        ("transcribe", "Martina.wav", "--format", "docx"),
        ("transcribe", "a/x.wav", "b/x.mp3", "--output", "out"),
        ("calls", "Martina.wav"),
        ("calls", "--limit", "0"),
        ("push", "Martina.wav"),
        ("push", "Martina.wav", "--customer", "Not An Id"),
        ("push", "Martina.wav", "--customer", "acme", "--consent", "yes"),
        ("push", "Martina.wav", "--customer", "acme", "--priority", "10"),
        ("push", "Martina.wav", "--customer", "acme", "--agent-text", "Martina.txt"),
        ("show", "Martina.wav"),
        ("customers", "add", "Not An Id"),
        ("verify", "--canaries", "/nowhere/words"),
        ("verify", "--json", "--metrics"),
    ],
    ids=" ".join,
)
def test_usage_errors_are_one_line_and_2(deckname: Deckname, arguments: tuple[str, ...]) -> None:
    assert "Martina" not in one_line(deckname(*arguments), 2)


@pytest.mark.parametrize("group", ["", "keys", "keys rotate", "backup", "rights", "models"])
def test_a_group_without_a_command_shows_its_help_and_nothing_else(
    deckname: Deckname, group: str
) -> None:
    done = deckname(*group.split())
    assert (done.status, done.err) == (2, "")
    assert "Usage:" in done.out and f"deckname {group}".strip() in done.out
    assert "Commands" in done.out


def test_wrong_settings_name_their_variable(
    deckname: Deckname, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DECKNAME_API_PORT", "many")
    assert "DECKNAME_API_PORT" in one_line(deckname("calls"), 2)
    monkeypatch.setenv("DECKNAME_API_PORT", "1")
    monkeypatch.setenv("DECKNAME_KEYS", str(tmp_path / "home" / "keys"))
    assert "DECKNAME_KEYS" in one_line(deckname("calls"), 2)


def test_what_was_not_foreseen_is_one_line_without_content(
    deckname: Deckname, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**settings: Any) -> None:
        raise KeyError(SAID)

    monkeypatch.setattr("pipeline.settings.load_settings", broken)
    told = one_line(deckname("calls"), 1)
    assert "KeyError at test_cli.py" in told and "Keller" not in told


def test_ctrl_c_is_130(deckname: Deckname, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(**settings: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipeline.settings.load_settings", pressed)
    done = deckname("calls")
    assert (done.status, done.out, done.err) == (130, "", "")


def test_push_without_a_deckname_says_how_to_start_one(deckname: Deckname, tmp_path: Path) -> None:
    file = tmp_path / "call.wav"
    file.write_bytes(WAV_HEAD)
    assert "deckname up" in one_line(deckname("push", str(file), "--customer", "acme"), 3)


def test_nothing_is_there_at_first(deckname: Deckname) -> None:
    for arguments in (("calls",), ("customers", "list"), ("keys", "list")):
        done = deckname(*arguments)
        assert done.status == 0 and done.out.startswith("No ")
        if arguments[0] != "keys":
            assert json.loads(deckname(*arguments, "--json").out) == []


def test_customers_live_and_end(deckname: Deckname, tmp_path: Path) -> None:
    key = deckname("customers", "add", "acme", "--name", "Acme").out.strip()
    assert key.startswith("deck_") and "\n" not in key
    assert one_line(deckname("customers", "add", "acme"), 1)
    (listed,) = json.loads(deckname("customers", "list", "--json").out)
    assert (listed["id"], listed["name"], listed["closed_at"]) == ("acme", "Acme", None)
    assert deckname("keys", "issue", "acme").out.strip() != key
    assert json.loads(deckname("customers", "show", "acme", "--json").out)["calls"] == {}
    assert "--yes" in one_line(deckname("customers", "close", "acme"), 2)
    assert deckname("customers", "close", "acme", "--yes").status == 0
    assert "closed" in deckname("customers", "list").out
    assert one_line(deckname("keys", "issue", "acme"), 1)
    assert one_line(deckname("customers", "show", "nobody"), 1)
    stored = b"".join(f.read_bytes() for f in (tmp_path / "home").rglob("*") if f.is_file())
    assert key.encode() not in stored


def stored_call() -> str:
    deck = bootstrap(load_settings())
    acme = CustomerId("acme")
    call = submit_call(Intake(acme), [WAV_HEAD], deck)
    (claim,) = deck.calls.claim([call.id], "w", deck.clock.now(), deck.policy.lease)
    verbatim = VerbatimTranscript("de", 2.0, (Segment(Speaker.CALLER, 0.0, 2.0, SAID),))
    redacted, vault = redact(verbatim, ((PiiSpan(9, 23, EntityType.PERSON, 0.9),),))
    owner = deck.calls.customer(acme)
    outcome = Outcome(
        "de",
        2.0,
        deck.transcripts.seal(owner, call.id, "transcript", to_json(redacted)),
        deck.transcripts.seal(owner, call.id, "vault", vault_to_json(vault)),
        (("PERSON", 1),),
    )
    deck.calls.complete(claim, outcome, deck.clock.now())
    deck.recordings.unlink(call.id)
    return call.id


def test_a_stored_call_is_listed_shown_and_revealed_on_record(deckname: Deckname) -> None:
    deckname("customers", "add", "acme")
    call_id = stored_call()
    (listed,) = json.loads(deckname("calls", "--json").out)
    assert (listed["id"], listed["status"], listed["audio"]) == (call_id, "stored", "destroyed")
    assert call_id in deckname("calls", "--customer", "acme", "--status", "stored").out
    assert json.loads(deckname("calls", "--status", "failed", "--json").out) == []
    assert deckname("show", call_id).out == "[00:00] caller: Hier ist [PERSON_1].\n"
    for name in ("json", "srt", "vtt"):
        assert "[PERSON_1]" in deckname("show", call_id, "--format", name).out
        assert "Keller" in deckname("show", call_id, "--format", name, "--reveal").out
    home = load_settings().home_folder
    audit = b"".join(file.read_bytes() for file in home.glob("deckname.db*"))
    assert audit.count(b"transcript_revealed") >= 3
    assert one_line(deckname("show", "call_" + "0" * 32), 1)
    assert one_line(deckname("calls", "--customer", "nobody"), 1)
    report = json.loads(deckname("verify", "--json").out)
    assert (report["ok"], report["findings"], report["oldest_overdue_seconds"]) == (True, [], 0)
    assert report["looked_at"]["transcripts"] == 1
    assert 'deckname_verify_looked_at{kind="calls"} 1\n' in deckname("verify", "--metrics").out
    assert json.loads(deckname("customers", "show", "acme", "--json").out)["calls"] == {"stored": 1}


def test_day_keys_are_listed_with_their_end(deckname: Deckname) -> None:
    deckname("customers", "add", "acme")
    stored_call()
    (key,) = json.loads(deckname("keys", "list", "--json").out)["days"]
    assert key["destroyed_at"].endswith("00:00:00+00:00")
    assert key["day"] in deckname("keys", "list").out


def test_verify_lists_what_should_not_be(deckname: Deckname, tmp_path: Path) -> None:
    deckname("customers", "add", "acme")
    (tmp_path / "home" / "notes.txt").write_text(SAID)
    (tmp_path / "words").write_text("Martina Keller\n")
    done = deckname("verify", "--canaries", str(tmp_path / "words"), "--json")
    report = json.loads(done.out)
    assert done.status == 1 and report["ok"] is False and report["findings"]
    assert "Keller" not in done.out
    plain = deckname("verify", "--canaries", str(tmp_path / "words"))
    assert plain.status == 1 and report["findings"][0]["check"] in plain.out


def test_doctor_finds_a_missing_model_and_open_keys(
    deckname: Deckname, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DECKNAME_MODEL", str(tmp_path / "nowhere"))
    deckname("customers", "add", "acme")
    (tmp_path / "home-keys").chmod(0o755)
    done = deckname("doctor", "--json")
    states = {each["subject"]: each["state"] for each in json.loads(done.out)}
    assert done.status == 1
    assert states["speech model"] == states["key folder"] == "wrong"
    assert states["database"] == states["python"] == "ok"
    assert "wrong" in deckname("doctor").out


def test_doctor_says_what_up_makes_of_the_machine_and_why(
    deckname: Deckname, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> list[str]:
        found = json.loads(deckname("doctor", "--json").out)
        return [each["told"] for each in found if each["subject"] == "machine"]

    free = Machine(16, 64_000_000_000)
    monkeypatch.setattr("pipeline.adapters.machine.this_machine", lambda device: free)
    assert told() == [
        "workers: 4 (one for every 4 cores; DECKNAME_WORKERS)",
        "threads of each: 4 (16 cores, shared out; DECKNAME_CPU_THREADS)",
        "rows in a batch: up to 8 (a larger one is no faster; DECKNAME_BATCH_SIZE)",
    ]
    monkeypatch.setenv("DECKNAME_WORKERS", "3")
    monkeypatch.setenv("DECKNAME_CPU_THREADS", "8")
    workers, threads, _, note = told()
    assert workers == "workers: 3 (as set; DECKNAME_WORKERS)" and "8 (as set" in threads
    assert note == "more threads than the 16 cores: they wait for each other"
