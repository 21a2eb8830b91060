"""`make bench-pii`: what the detection finds in spoken-style text, beside plain Presidio.

`python -m benchmarks.pii [--part tune|held|all] [--language de|en] [--case cased|lower]
[--errors] [--plain] [--human FOLDER] [--plot FILE]`. Coverage counts letters and digits, so a
half-found phone number is half a leak. `--errors` shows what went wrong (never of the held part);
`--human` measures persons in the annotated text of that folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.pii.plain import plain_presidio
from benchmarks.pii.plot import PLAIN, draw
from benchmarks.pii.score import Detect, Score, Tally, count, measure
from benchmarks.pii.sets import Line, human, lines
from pipeline.adapters.presidio import PresidioDetector
from pipeline.domain.privacy import PiiSpan
from pipeline.stages.detect_pii import detect_text

_LANGUAGES = {"de": "German", "en": "English"}


def ours() -> Detect:
    """Deckname's detection."""
    detector = PresidioDetector()

    def detect(text: str, language: str) -> Sequence[PiiSpan]:
        return detect_text(text, language, detector)

    return detect


def show(console: Console, title: str, score: Score) -> None:
    """One table: a row a type, and the sum."""
    table = Table(title=title, title_justify="left", box=None, header_style="bold")
    table.add_column("type")
    for name in ("spans", "covered", "recall", "precision", "F2", "leaked chars", "leaked spans"):
        table.add_column(name, justify="right")
    for kind in sorted(score.types):
        table.add_row(*_row(kind, score.types[kind]))
    table.add_row(*_row("all", score.total), style="bold")
    console.print(table)
    low, high = score.interval()
    console.print(
        f"covered, 95 % interval {low:.3f} to {high:.3f}; false alarms "
        f"{score.false_per_thousand():.1f} per 1,000 words, "
        f"{100 * sum(score.false.values()) / max(1, score.lines):.1f} per 100 utterances; "
        f"{score.chars / max(score.seconds, 1e-9):,.0f} characters a second\n"
    )


def _row(name: str, tally: Tally) -> list[str]:
    shares = (tally.coverage, tally.recall, tally.precision, tally.f2)
    leaks = (str(tally.chars - tally.covered), str(tally.leaked))
    return [name, str(tally.spans), *(f"{share:.3f}" for share in shares), *leaks]


def show_errors(console: Console, tested: Sequence[Line], detect: Detect) -> None:
    """Every utterance that leaked, was mistyped, or had a false alarm."""
    for line in tested:
        one, found = Score(), detect(line.text, line.language)
        count(one, line, found)
        if not (sum(one.false.values()) or one.total.leaked or one.total.typed < one.total.spans):
            continue
        console.print(repr(line.text), markup=False)
        wanted = [(line.text[a:b], kind) for a, b, kind in line.spans]
        got = [(line.text[s.start : s.end], s.type.value, s.score) for s in found]
        console.print(f"   want {wanted}\n   got  {got}", markup=False)


def show_human(console: Console, folder: Path, detect: Detect) -> None:
    """Persons in human-written text, cased and lower-cased."""
    table = Table(title="persons in human-written text", title_justify="left", box=None)
    for name in ("text", "case", "words", "covered", "false persons per 1,000 words"):
        table.add_column(name, justify="left" if name in {"text", "case"} else "right")
    for name in ("smartdata", "wnut17", "btc_a"):
        for case in ("cased", "lower"):
            tested = [line.lowered() if case == "lower" else line for line in human(folder, name)]
            score = measure(tested, detect)
            covered, false = score.types["PERSON"].coverage, score.false_per_thousand("PERSON")
            table.add_row(name, case, f"{score.words:,}", f"{covered:.3f}", f"{false:.1f}")
    console.print(table)


def _selected(arguments: argparse.Namespace, language: str, case: str) -> list[Line]:
    chosen = [
        line
        for line in lines()
        if line.language == language and arguments.part in {"all", line.part}
    ]
    return [line.lowered() for line in chosen] if case == "lower" else chosen


def main() -> None:
    """Read the arguments, run, print, draw."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pii", description=__doc__)
    parser.add_argument("--part", default="all", choices=["tune", "held", "all"])
    parser.add_argument("--language", choices=["de", "en"])
    parser.add_argument("--case", choices=["cased", "lower"])
    parser.add_argument("--errors", action="store_true")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--human", type=Path)
    parser.add_argument("--plot", type=Path, help="an SVG of coverage by type")
    arguments = parser.parse_args()
    if arguments.errors and arguments.part != "tune":
        parser.error("errors are shown of the tune part only: --part tune")
    console, detect = Console(), ours()
    drawn: dict[str, Score] = {}
    for language in [arguments.language] if arguments.language else list(_LANGUAGES):
        for case in [arguments.case] if arguments.case else ["cased", "lower"]:
            tested = _selected(arguments, language, case)
            if arguments.errors:
                show_errors(console, tested, detect)
            title = f"{_LANGUAGES[language]}, {case}, part {arguments.part}"
            drawn[title] = measure(tested, detect)
            show(console, f"Deckname: {title}", drawn[title])
            if arguments.plain:
                drawn[PLAIN + title] = measure(tested, plain_presidio())
                show(console, PLAIN + title, drawn[PLAIN + title])
    if arguments.human:
        show_human(console, arguments.human, detect)
    if arguments.plot:
        draw(drawn, arguments.plot)


if __name__ == "__main__":
    main()
