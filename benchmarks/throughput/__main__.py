"""`make bench`: what Deckname's whole way costs on this machine, beside faster-whisper alone.

Writes `benchmarks/results/MODEL.json`, a plot for each section, and prints tables. Sections:
a speed, b where the time goes, c waiting under load, d worker processes, e memory, f packing.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.status import Status

from benchmarks.throughput import load, memory, packing, rtfx, scaling, stages
from benchmarks.throughput.about import about, cores
from benchmarks.throughput.capacity import plan_capacity
from benchmarks.throughput.engine import Engine
from benchmarks.throughput.plan import SECTIONS, Plan
from benchmarks.throughput.plots import draw
from benchmarks.throughput.results import RESULTS, read, results_file, write
from benchmarks.throughput.synthetic import SHAPES, synthetic_model
from benchmarks.throughput.tables import tables
from pipeline.settings import Settings, load_settings

Tick = Callable[[str], None]


def main() -> None:
    """Measure what was asked for."""
    options = _options()
    model = _model(options)
    settings = _settings(model, options)
    make = Plan.quick if options.quick else Plan.short if options.short else Plan
    plan = make(settings, synthetic=options.synthetic is not None, worker=options.worker)
    if options.runs:
        plan = replace(plan, runs=options.runs)
    name = f"synthetic-{options.synthetic}" if options.synthetic else model
    path = results_file(options.output, name, options.quick)
    console = Console(stderr=True)
    # Deckname's own warnings only: each call's lines would be a thousand.
    logging.basicConfig(level=logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="deckname-bench-") as folder:
        for section in options.only:
            results = _measured(section, Path(name).name, plan, Path(folder), console)
            write(path, _merged(read(path), results))
            for part in results.keys() - {"about"}:
                for table in tables(part, results[part]):
                    table.show(console)
    for drawn in draw(read(path), path.with_suffix("")):
        console.print(f"wrote {drawn}")
    console.print(f"wrote {path}")


def _measured(
    letter: str, model: str, plan: Plan, folder: Path, console: Console
) -> dict[str, Any]:
    """One section, and the capacity, where it was measured."""
    section = SECTIONS[letter]
    before = about(plan.settings, model)
    with console.status(f"({letter}) {section}") as status:
        found = _run(letter, plan, folder / letter, _telling(status, letter))
    results = {section: found, "about": {section: before}}
    if section == "load":
        results["capacity"] = plan_capacity(found)
        results["about"]["capacity"] = before
    return results


def _run(letter: str, plan: Plan, folder: Path, tick: Tick) -> Any:
    if letter == "d":
        return scaling.measure(plan, folder, tick)
    if letter == "e":
        return memory.measure(plan, tick)
    engine = Engine(plan.settings, folder / "engine")
    if letter == "a":
        return rtfx.measure(plan, engine, folder, tick)
    measure = {"b": stages.measure, "c": load.measure, "f": packing.measure}[letter]
    return measure(plan, engine, tick)


def _telling(status: Status, letter: str) -> Tick:
    done = 0

    def tick(what: str) -> None:
        nonlocal done
        done += 1
        status.update(f"({letter}) {SECTIONS[letter]}: {done} done, the last: {what}")

    return tick


def _merged(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    return before | now | {"about": before.get("about", {}) | now["about"]}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.throughput",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", type=_letters, default=list(SECTIONS), metavar="a,c")
    parser.add_argument("--model", default="bundled", help="as DECKNAME_MODEL")
    parser.add_argument(
        "--synthetic", choices=list(SHAPES), help="random weights of that shape, made where needed"
    )
    parser.add_argument("--short", action="store_true", help="about ten minutes; fewer calls")
    parser.add_argument("--quick", action="store_true", help="under two minutes; for a look")
    parser.add_argument("--worker", action="store_true", help="(a) a worker process, too")
    parser.add_argument("--runs", type=_positive, help="rounds of (a) and (d)")
    parser.add_argument("--threads", type=_positive, default=cores(), help="of the model")
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    parser.add_argument("--beam", type=_positive, default=5)
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FOLDER")
    return parser.parse_args()


def _letters(text: str) -> list[str]:
    chosen = [letter.strip() for letter in text.split(",")]
    if not set(chosen) <= SECTIONS.keys():
        raise argparse.ArgumentTypeError(f"sections are {', '.join(SECTIONS)}")
    return chosen


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError("must be a number from 1 on")
    return int(text)


def _model(options: argparse.Namespace) -> str:
    """The name or folder that faster-whisper loads."""
    if options.synthetic is None:
        return str(options.model)
    folder = load_settings().home_folder / "benchmarks" / f"synthetic-{options.synthetic}"
    return str(synthetic_model(SHAPES[options.synthetic], folder))


def _settings(model: str, options: argparse.Namespace) -> Settings:
    """A store of its own, whatever this user's settings say: nothing real is touched."""
    elsewhere = ("database_url", "database_owner_url", "blobs", "redis_url", "master_key",
                 "other_master_key", "kms_uri", "recognizers")  # fmt: skip
    return load_settings(
        model=model,
        device=options.device,
        cpu_threads=options.threads,
        beam_size=options.beam,
        max_call_seconds=4 * 3600.0,
        **dict.fromkeys(elsewhere),
    )


if __name__ == "__main__":
    main()
