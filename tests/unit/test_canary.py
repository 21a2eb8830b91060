"""The canary search finds what it looks for: one that finds nothing anywhere proves nothing."""

from __future__ import annotations

import base64
import json
import pickle
import zlib
from pathlib import Path

import pytest

from tests import canary

NEEDLE = "Zwiebelfisch Müller"


@pytest.mark.parametrize(
    "hidden",
    [
        NEEDLE.encode(),
        NEEDLE.lower().encode("latin-1"),
        NEEDLE.encode("utf-16-le"),
        json.dumps({"name": NEEDLE}).encode(),
        pickle.dumps([NEEDLE]),
        base64.b64encode(b"x" + NEEDLE.encode() + b" and more"),
        b"*3 $4 HSET" + zlib.compress(b"before " + NEEDLE.encode() + b" after") + b" tail",
    ],
    ids=["utf-8", "latin-1", "utf-16", "json", "pickle", "base64", "deflated"],
)
def test_a_needle_is_found_in_every_disguise(hidden: bytes, tmp_path: Path) -> None:
    file = tmp_path / "appendonly.aof"
    file.write_bytes(b"header\0" + hidden)
    assert len(canary.in_files([tmp_path], [NEEDLE])) == 1
    assert canary.in_files([tmp_path], ["Nilpferd"]) == []


def test_a_needle_is_found_in_a_file_name(tmp_path: Path) -> None:
    (tmp_path / f"{NEEDLE}.wav").touch()
    assert len(canary.in_files([tmp_path], [NEEDLE])) == 1
