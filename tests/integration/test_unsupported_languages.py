"""A language that is neither German nor English: its texts are read, and the reader is told."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.cli import main
from pipeline.domain.transcript import Segment, Speaker, VerbatimTranscript
from pipeline.stages.redact import redact
from pipeline.usecases import transcribe_recording

NOTE = (
    "language fr: Deckname knows German and English; the rules of both were applied: "
    "numbers and e-mail addresses are found, names and addresses may remain"
)
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "redact-texts.md"
LINES: list[dict[str, Any]] = [
    {"id": 1, "text": "🙂 moi: ab@web.fr", "lang": "fr"},
    {"id": 2, "text": "Anna Müller", "lang": "de"},
    {"id": 3, "text": "\x00\r\n", "lang": "FR-ca"},
    {"id": 4, "text": "my name is John Smith", "lang": "en-GB"},
]


@pytest.fixture
def standard_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DECKNAME_HOME", str(tmp_path / "home"))
    lines = "\n".join(map(json.dumps, LINES)).encode()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(lines)))


def answers(verb: str, capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capfd.readouterr()
    assert main([verb]) == 0
    said = capfd.readouterr()
    assert said.err == f"deckname: {NOTE}\n"
    return [json.loads(line) for line in said.out.splitlines()]


@pytest.mark.usefixtures("standard_input")
def test_detect_says_so_once_and_in_its_lines(capfd: pytest.CaptureFixture[str]) -> None:
    french, german, empty, english = answers("detect", capfd)
    assert set(german) == set(english) == {"id", "spans"}
    assert set(french) == set(empty) == {"id", "spans", "note"}
    assert french["note"] == empty["note"] == NOTE
    (span,) = french["spans"]
    assert set(span) == {"start", "end", "type", "score"}
    assert (span["start"], span["end"], span["type"]) == (7, 16, "EMAIL_ADDRESS")
    assert empty["spans"] == []


@pytest.mark.usefixtures("standard_input")
def test_redact_says_so_once_and_in_its_lines(capfd: pytest.CaptureFixture[str]) -> None:
    french, german, empty, english = answers("redact", capfd)
    assert set(german) == set(english) == {"id", "text", "pseudonyms"}
    assert french["note"] == empty["note"] == NOTE
    assert french["text"] == "🙂 moi: [EMAIL_ADDRESS_1]"
    assert empty["text"] == "\x00\r\n"


def test_transcribe_says_so_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DECKNAME_HOME", str(tmp_path / "home"))
    languages = iter(["fr", "de", "fr"])

    def transcribed(*_: object) -> Any:
        said = (Segment(Speaker.CALLER, 0.0, 1.0, "Bonjour"),)
        return redact(VerbatimTranscript(next(languages), 1.0, said), ((),))

    monkeypatch.setattr(transcribe_recording, "transcribe_recording", transcribed)
    files = []
    for number in range(3):
        files.append(tmp_path / f"{number}.wav")
        files[-1].write_bytes(b"RIFF")
    assert main(["transcribe", *map(str, files)]) == 0
    said = capfd.readouterr()
    assert said.err == f"deckname: {NOTE}\n"
    assert said.out.count("Bonjour") == 3


def test_the_page_quotes_the_note() -> None:
    assert NOTE in PAGE.read_text("utf-8")
