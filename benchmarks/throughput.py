"""`make bench`: Deckname's whole way of a recording beside faster-whisper alone, on the same calls.

Both use the same model, threads and beam, and both transcribe every channel with word times.
faster-whisper alone is its `BatchedInferencePipeline`, one channel after another, with its own VAD.
Deckname decodes, detects speech, transcribes, merges, finds PII and redacts. The two take turns, so
that a machine that slows down slows both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from models.catalog import resolve
from pipeline.bootstrap import bootstrap_transcriber
from pipeline.settings import load_settings
from pipeline.stages.decode import decode
from pipeline.usecases.transcribe_recording import transcribe_recording

EXAMPLES = Path(__file__).parent.parent / "examples"


@dataclass(frozen=True)
class Result:
    """Seconds are medians over the runs; `ratio` is Deckname ÷ faster-whisper alone, the median of
    the ratios of neighbouring runs. RTFx is audio seconds (one side) ÷ processing seconds."""

    call: str
    audio_seconds: float
    deckname_seconds: float
    alone_seconds: float
    ratio: float
    rtfx: float


def main() -> int:
    """Measure, print a table (stderr) and with `--json` the figures (stdout)."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, help="recordings (default: the examples)")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    files = options.files or sorted(f for f in EXAMPLES.iterdir() if f.suffix in (".wav", ".ogg"))
    results = measure(files, options.runs)
    show(results)
    if options.json:
        json.dump([asdict(result) for result in results], sys.stdout, indent=1)
    return 0


def measure(files: list[Path], runs: int) -> list[Result]:
    """Warm both up once, then let them take turns `runs` times a file."""
    settings = load_settings()
    transcriber = bootstrap_transcriber(settings)
    alone = _alone(settings.beam_size)
    results = []
    with Progress(transient=True) as progress:
        task = progress.add_task("measuring", total=len(files) * (runs + 1))
        for file in files:
            recording = file.read_bytes()
            waveform = decode(recording, transcriber.decoders, transcriber.limits)
            pairs = []
            for _ in range(runs + 1):
                ours = _seconds(transcribe_recording, recording, transcriber)
                theirs = _seconds(alone, waveform.channels)
                pairs.append((ours, theirs))
                progress.advance(task)
            results.append(_result(file.stem, waveform.duration, pairs[1:]))
    return results


def _alone(beam_size: int) -> Callable[..., None]:
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    model = WhisperModel(str(resolve(load_settings().model)), compute_type="int8", device="cpu")
    pipeline = BatchedInferencePipeline(model)

    def run(channels: tuple[object, ...]) -> None:
        for samples in channels:
            segments, _ = pipeline.transcribe(
                samples, word_timestamps=True, beam_size=beam_size, vad_filter=True
            )
            list(segments)

    return run


def _seconds(work: Callable[..., object], *arguments: object) -> float:
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start


def _result(name: str, duration: float, pairs: list[tuple[float, float]]) -> Result:
    ours = statistics.median(pair[0] for pair in pairs)
    theirs = statistics.median(pair[1] for pair in pairs)
    ratio = statistics.median(a / b for a, b in pairs)
    return Result(name, duration, ours, theirs, ratio, duration / ours)


def show(results: list[Result]) -> None:
    """The table a person reads."""
    table = Table(title="One call after another, everything included", title_justify="left")
    for column in ("call", "audio", "Deckname", "faster-whisper alone", "ratio", "RTFx"):
        table.add_column(column, justify="left" if column == "call" else "right")
    for result in results:
        table.add_row(
            result.call,
            f"{result.audio_seconds:.1f} s",
            f"{result.deckname_seconds:.2f} s",
            f"{result.alone_seconds:.2f} s",
            f"{result.ratio:.2f}",
            f"{result.rtfx:.0f}×",
        )
    Console(stderr=True).print(table)


if __name__ == "__main__":
    sys.exit(main())
