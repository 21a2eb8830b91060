"""One hour of stereo goes in and comes out in less than 64 MB, in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.sealing import FORMATS, HOUR, MAX_MEGABYTES, RATE

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", FORMATS)
def test_an_hour_is_never_whole_in_memory(tmp_path: Path, name: str) -> None:
    for way in ("push", "pull"):
        command = [sys.executable, "-m", "benchmarks.sealing", "--child", way, name, str(tmp_path)]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=120)
        found = json.loads(done.stdout)
        assert found["bytes"] == 44 + HOUR * RATE * 2 * FORMATS[name][1]
        assert 0 < found["peak"] < MAX_MEGABYTES * 1e6
