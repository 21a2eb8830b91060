from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.stages.sniff_format import HEAD_BYTES, sniff

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("file", "name"), [("anfrage-wohnung.wav", "wav"), ("voice-note.ogg", "ogg")]
)
def test_examples_are_recognised(file: str, name: str) -> None:
    assert sniff((EXAMPLES / file).read_bytes()[:HEAD_BYTES]) == name


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"fLaC\0\0\0\x22" + bytes(8), "flac"),
        (b"ID3\x04" + bytes(12), "mp3"),
        (b"\xff\xfb\x90\x64" + bytes(12), "mp3"),
        (b"\xff\xf1\x50\x80" + bytes(12), "aac"),
        (b"\0\0\0\x20ftypM4A \0\0\0\0", "mp4"),
        (b"#!AMR\n" + bytes(10), "amr"),
        (b"FORM\0\0\0\0AIFF" + bytes(4), "aiff"),
        (b"RIFF\0\0\0\0AVI " + bytes(4), None),
        (b"Sehr geehrte Dam", None),
        ("Hallo, Welt!".encode("utf-16"), None),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", None),
        (b"PK\x03\x04" + bytes(12), None),
        (bytes(16), None),
        (b"\xff\xff\xff\xff" + bytes(12), None),
        (b"\xff\xf1\xfc\x00" + bytes(12), None),
        (b"\xff\xe1\x50\x80" + bytes(12), None),
        (b"\xff\xfb", None),
        (b"RF64\xff\xff\xff\xffWAVE" + bytes(4), "wav"),
        (b"", None),
    ],
)
def test_first_bytes_decide(head: bytes, name: str | None) -> None:
    assert sniff(head) == name
