"""No library that Deckname stands on reports to its maker, or leaves files of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

WATCHED = """
import sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        raise SystemExit(f"{event}")
sys.addaudithook(watch)
import pipeline
import onnxruntime
from pipeline.bootstrap import bootstrap_transcriber
from pipeline.settings import load_settings
from pipeline.stages.detect_pii import detect_text
transcriber = bootstrap_transcriber(load_settings())
transcriber.speech_detector()
detect_text("martina.keller@web.de, www.beispiel.de", "de", transcriber.detector())
"""


def leftovers(folder: Path, code: str) -> list[str]:
    """What running `code` leaves in a home and a temp folder of its own."""
    places = {name: folder / name for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME")}
    for place in places.values():
        place.mkdir(parents=True)
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("ORT_", "DECKNAME_"))}
    done = subprocess.run(
        [sys.executable, "-B", "-c", code],
        env=inherited | {name: str(place) for name, place in places.items()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


def test_models_load_and_detect_without_network_or_files(tmp_path: Path) -> None:
    assert leftovers(tmp_path, WATCHED) == []


def test_the_search_can_find_something(tmp_path: Path) -> None:
    code = "import tempfile; tempfile.mkstemp()"
    assert len(leftovers(tmp_path, code)) == 1
