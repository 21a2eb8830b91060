"""The tables and the page that they stand on."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from benchmarks.throughput.page import PAGE, filled, main
from benchmarks.throughput.plots import draw
from benchmarks.throughput.results import read, results_file, write
from benchmarks.throughput.tables import NAMES, tables

_COST = {"median": 2.0, "least": 1.0, "greatest": 4.0}
_SPEED = {"rtfx": 30.0, "rtfx_cpu": 30.0, "wall": _COST, "cpu": _COST}
_PERCENTILES = {"p50": 1.0, "p90": 2.0, "p95": 3.0, "p99": 4.0}
_COUNT = {"windows": 4, "encoded": 60.0, "efficiency": 0.6, "fill": 0.5}
_PAIR = {"wall": _COST, "cpu": _COST}
_ABOUT = {
    "date": "2026-01-02", "processor": "Abacus", "cores": 2, "threads": 2, "beam": 5, "load": 0.1,
    "faster_whisper": "1", "ctranslate2": "4",
}  # fmt: skip
RESULTS: dict[str, Any] = {
    "about": dict.fromkeys(NAMES, _ABOUT),
    "rtfx": [
        {
            "seconds": 60.0,
            "calls": 3,
            "contenders": {"Deckname": _SPEED, "floor": _SPEED},
            "ratios": {"Deckname ÷ floor": _PAIR},
            "word_error_rate": {"Deckname": 0.052},
        }
    ],
    "stages": {
        "wall": 2.0,
        "cpu": 2.0,
        "stages": {"encode": {"wall": 1.0, "cpu": 1.5}},
        "overhead": {"wall": 0.04, "cpu": 0.03},
    },
    "load": {
        "loads": [{"load": 0.5, "measured": _PERCENTILES, "simulated": _PERCENTILES}],
        "lone": {
            "seconds": {"Deckname": 0.8, "one by one": 1.6},
            "ratios": {"Deckname ÷ one by one": _PAIR},
        },
    },
    "scaling": {
        "rows": [
            {"workers": n, "wall": 1.0, "cpu": 1.0, "rtfx": 9.0, "speedup": n, "efficiency": 1.0}
            for n in (1, 2)
        ]
    },
    "memory": {
        "many": {
            "seconds": 10.0,
            "loaded": 280.0,
            "after": [{"calls": 10, "megabytes": 300.0}],
            "peak": 310.0,
        },
        "long": {"seconds": 10800.0, "before": 300.0, "peak": 777.0},
    },
    "packing": [
        {
            "seconds": 10.0,
            "calls": 9,
            "contenders": {"Deckname": _COUNT, "batched per file": _COUNT},
        }
    ],
    "capacity": {
        "seconds": 60.0,
        "most": 1000.0,
        "within": 60.0,
        "fullest": 0.9,
        "simulation_error": 0.97,
        "machines": [{"machines": 2, "calls_an_hour": 1234.0}],
    },
}


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("rtfx", ["3 × 1 min, Deckname | 30× | 2.00 | 2.00 | 5.2 %", "2.00 (1.00 to 4.00)"]),
        ("stages", ["encode | 1.00 | 50.0% | 1.50 | 75.0%", "| 4.0% |", "| 3.0% |"]),
        ("load", ["50% | 1.00 | 2.00 | 3.00 | 4.00 | 1.00 | 3.00", "one by one | 1.60 | 2.00"]),
        ("scaling", ["2 | 9× | 1.00 | 1.00 | 2.00 | 100%"]),
        ("memory", ["after 10 calls | 300", "call of 180 min | 777"]),
        ("packing", ["9 × 10 s, Deckname | 4 | 60 | 60% | 50%"]),
        ("capacity", ["2 | 2000 | 1234", "0.97 times"]),
    ],
)
def test_a_section_shows_its_figures(section: str, expected: list[str]) -> None:
    shown = "\n".join(table.markdown() for table in tables(section, RESULTS[section]))
    assert all(text in shown for text in expected), shown


@pytest.mark.parametrize("section", NAMES)
def test_a_section_that_was_not_measured_says_so(section: str) -> None:
    for table in tables(section, None):
        assert "| not measured yet |" in table.markdown()
        widths = {line.count("|") for line in table.markdown().splitlines() if "|" in line}
        assert widths == {len(table.header) + 1}


@pytest.mark.parametrize("section", NAMES)
def test_a_terminal_shows_the_same(section: str) -> None:
    stream = io.StringIO()
    for table in tables(section, RESULTS[section]):
        table.show(Console(file=stream, width=200))
        assert all(cell in stream.getvalue() for row in table.rows for cell in row)


def test_a_page_is_filled_and_filling_it_again_changes_nothing() -> None:
    text = "before\n<!-- memory bundled -->\nold\n<!-- end -->\nafter\n"
    once = filled(text, lambda _: RESULTS)
    assert "old" not in once and "777" in once and "Abacus, 2 cores" in once
    assert once.startswith("before\n") and once.endswith("<!-- end -->\nafter\n")
    assert filled(once, lambda _: RESULTS) == once


def test_a_page_that_asks_for_what_nobody_measures_is_refused() -> None:
    with pytest.raises(ValueError, match="no section luck"):
        filled("<!-- luck bundled -->\n<!-- end -->", lambda _: {})


def test_the_document_has_every_section_and_stands_as_the_command_writes_it() -> None:
    text = PAGE.read_text("utf-8")
    asked = re.findall(r"<!-- (\w+) ([\w.-]+) -->", text)
    assert {section for section, _ in asked} == set(NAMES)
    folder = PAGE.parents[1] / "benchmarks" / "results"
    assert filled(text, lambda model: read(results_file(folder, model, quick=False))) == text


def test_the_command_fills_the_page_from_files(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- memory large-v3-turbo -->\n<!-- end -->\n", "utf-8")
    write(results_file(tmp_path, "large-v3-turbo", quick=True), {"memory": None})
    main(page, tmp_path)
    assert "not measured yet" in page.read_text("utf-8")
    write(results_file(tmp_path, "large-v3-turbo", quick=False), RESULTS)
    main(page, tmp_path)
    assert "777" in page.read_text("utf-8")


def test_plots_are_drawn_of_what_there_is_and_the_same_each_time(tmp_path: Path) -> None:
    results = RESULTS | {"rtfx": RESULTS["rtfx"]}
    drawn = draw(results, tmp_path / "bundled")
    assert sorted(path.name for path in drawn) == sorted(
        f"bundled-{name}.svg" for name in NAMES if name != "capacity"
    )
    first = [path.read_bytes() for path in drawn]
    assert [path.read_bytes() for path in draw(results, tmp_path / "bundled")] == first
    assert draw({"memory": RESULTS["memory"]}, tmp_path / "few") == [tmp_path / "few-memory.svg"]
