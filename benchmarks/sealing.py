"""`python -m benchmarks.sealing`: what sealing costs on the way in and out, in seconds and memory.

One hour of stereo telephony, as 8-bit µ-law (57.6 MB) and as 16-bit PCM (115.2 MB), is sealed while
it arrives (push) and opened as a seekable file that is read to its end (pull), each in a process of
its own. Memory is the peak of that process less what it had after its imports. The share is of the
time that transcription takes: audio seconds ÷ RTFx, measured with the bundled model on an example,
or given with `--rtfx`.
"""

from __future__ import annotations

import argparse
import json
import re
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

HOUR = 3600
RATE = 8000
CALL = "call_" + "0" * 32
EXAMPLE = Path(__file__).parent.parent / "examples" / "anfrage-wohnung.wav"
FORMATS = {"µ-law": (7, 1), "16-bit": (1, 2)}
MAX_SHARE, MAX_MEGABYTES = 0.03, 64


@dataclass(frozen=True)
class Result:
    """`share` is of transcription time, both ways together on one row each."""

    audio: str
    way: str
    megabytes: float
    seconds: float
    peak_megabytes: float
    share: float


def main() -> int:
    """Measure, print a table (stderr) and with `--json` the figures (stdout); 1 if too much."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rtfx", type=float, help="audio seconds ÷ processing seconds")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", nargs=3, metavar=("WAY", "FORMAT", "FOLDER"))
    options = parser.parse_args()
    if options.child:
        json.dump(measure(*options.child), sys.stdout)
        return 0
    rtfx = options.rtfx or rtfx_of(EXAMPLE)
    results = [result for name in FORMATS for result in best_of(name, options.runs, HOUR / rtfx)]
    show(results, rtfx)
    if options.json:
        json.dump([asdict(result) for result in results], sys.stdout, indent=1)
    shares = {name: sum(r.share for r in results if r.audio == name) for name in FORMATS}
    fits = all(result.peak_megabytes < MAX_MEGABYTES for result in results)
    return int(not fits or max(shares.values()) >= MAX_SHARE)


def recording(name: str) -> Iterator[bytes]:
    """A WAV as a push sends it, in pieces of 64 KiB; the samples change, and never compress."""
    code, width = FORMATS[name]
    size = HOUR * RATE * 2 * width
    form = struct.pack("<HHIIHH", code, 2, RATE, RATE * 2 * width, 2 * width, 8 * width)
    yield b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + struct.pack("<I", 16) + form
    yield b"data" + struct.pack("<I", size)
    piece = bytes((index * 7919) >> 5 & 0xFF for index in range(1 << 16))
    for start in range(0, size, len(piece)):
        yield piece[: size - start]


def measure(way: str, name: str, folder: str) -> dict[str, float]:
    """In a process of its own: seconds, bytes, and how much higher the peak of memory got."""
    from pipeline.adapters.clock import SystemClock
    from pipeline.adapters.folder_store import FolderObjectStore
    from pipeline.adapters.sealing import FileKeyStore, TinkRecordingVault
    from pipeline.domain.ids import CallId
    from pipeline.domain.recording import SealedRecording

    keys = FileKeyStore(Path(folder) / "keys", SystemClock())
    vault = TinkRecordingVault(FolderObjectStore(Path(folder) / "blobs"), keys)
    call_id, row = CallId(CALL), Path(folder) / "row"
    keys.sealing_key(datetime.now(UTC))
    before, start = _peak(), time.perf_counter()
    if way == "push":
        sealed = vault.seal(call_id, datetime.now(UTC), recording(name))
        size = sealed.size
    else:
        day, wrapped = row.read_bytes().split(b"\n", 1)
        key, size = SealedRecording(CALL, 0, day.decode(), wrapped), 0
        with vault.reader(call_id, key) as source:
            while piece := source.read(1 << 20):
                size += len(piece)
    seconds, peak = time.perf_counter() - start, _peak() - before
    if way == "push":
        row.write_bytes(sealed.day.encode() + b"\n" + sealed.wrapped_key)
    return {"seconds": seconds, "bytes": size, "peak": peak}


def best_of(name: str, runs: int, transcription: float) -> Iterator[Result]:
    """The median run of each way."""
    found: dict[str, list[dict[str, float]]] = {"push": [], "pull": []}
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            for way, results in found.items():
                command = [sys.executable, "-m", __spec__.name, "--child", way, name, folder]
                done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
                results.append(json.loads(done.stdout))
    for way, results in found.items():
        middle = sorted(results, key=lambda each: each["seconds"])[len(results) // 2]
        peak = max(each["peak"] for each in results)
        yield Result(
            name,
            way,
            middle["bytes"] / 1e6,
            middle["seconds"],
            peak / 1e6,
            middle["seconds"] / transcription,
        )


def rtfx_of(example: Path) -> float:
    """Audio seconds ÷ seconds of the whole way of one example, the second time."""
    from pipeline.bootstrap import bootstrap_transcriber
    from pipeline.settings import load_settings
    from pipeline.usecases.transcribe_recording import transcribe_recording

    transcriber, audio = bootstrap_transcriber(load_settings()), example.read_bytes()
    transcribe_recording(audio, transcriber)
    start = time.perf_counter()
    redacted, _ = transcribe_recording(audio, transcriber)
    return redacted.duration / (time.perf_counter() - start)


def show(results: list[Result], rtfx: float) -> None:
    """A table for people."""
    table = Table(title=f"one hour of stereo; transcription at RTFx {rtfx:.1f}", box=None)
    for column in ("audio", "way", "MB", "seconds", "peak MB", "of transcription"):
        table.add_column(column, justify="right")
    for each in results:
        table.add_row(
            each.audio,
            each.way,
            f"{each.megabytes:.1f}",
            f"{each.seconds:.2f}",
            f"{each.peak_megabytes:.1f}",
            f"{each.share:.3%}",
        )
    Console(stderr=True).print(table)


def _peak() -> float:
    """Bytes. Not `ru_maxrss`: a child begins with its parent's."""
    (line,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(line) * 1024


if __name__ == "__main__":
    sys.exit(main())
