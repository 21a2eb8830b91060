"""The tables of each section, for a terminal and for a document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable

from benchmarks.throughput.contenders import BATCHED, OURS
from benchmarks.throughput.plan import SECTIONS

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Words and figures, ready to be read."""

    title: str
    header: Row
    rows: tuple[Row, ...] = ()

    def markdown(self) -> str:
        """As a document has it; without rows it says that nothing was measured."""
        rows = self.rows or (("not measured yet", *[""] * (len(self.header) - 1)),)
        rule = "|".join(["---", *["---:"] * (len(self.header) - 1)])
        lines = [" | ".join(row) for row in (self.header, *rows)]
        body = "\n".join(f"| {line} |" for line in lines[1:])
        return f"{self.title}\n\n| {lines[0]} |\n|{rule}|\n{body}\n"

    def show(self, console: Console) -> None:
        """As a terminal has it."""
        table = RichTable(title=self.title, title_justify="left", box=None, header_style="bold")
        for number, name in enumerate(self.header):
            table.add_column(name, justify="right" if number else "left")
        for row in self.rows:
            table.add_row(*row)
        console.print(table)
        console.print()


def _length(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 60 else f"{seconds / 60:g} min"


def _spread(value: Mapping[str, float]) -> str:
    return f"{value['median']:.2f} ({value['least']:.2f} to {value['greatest']:.2f})"


def _rtfx(found: Sequence[Any]) -> Iterator[Table]:
    speeds: list[Row] = []
    compared: list[Row] = []
    for each in found:
        errors = each["word_error_rate"] or {}
        name = f"{each['calls']} × {_length(each['seconds'])}"
        for contender, cost in each["contenders"].items():
            error = f"{100 * errors[contender]:.1f} %" if contender in errors else ""
            seconds = (f"{cost['wall']['median']:.2f}", f"{cost['cpu']['median']:.2f}")
            speeds.append((f"{name}, {contender}", f"{cost['rtfx']:.0f}×", *seconds, error))
        for pair, kinds in each["ratios"].items():
            compared.append((f"{name}, {pair}", *(_spread(kinds[k]) for k in ("wall", "cpu"))))
    header = ("calls, contender", "RTFx", "wall s", "CPU s", "word errors")
    yield Table("Seconds for all calls of a length, medians.", header, tuple(speeds))
    title = "Ratios of neighbouring runs: median (least to greatest)."
    yield Table(title, ("calls, contenders", "wall", "CPU"), tuple(compared))


def _stages(found: Any) -> Iterator[Table]:
    header = ("stage", "wall s", "share", "CPU s", "share")
    rows: list[Row] = []
    if found:
        whole = {kind: found[kind] for kind in ("wall", "cpu")}
        for name, cost in {**found["stages"], "all": whole}.items():
            shares = ((cost[k], cost[k] / whole[k]) for k in ("wall", "cpu"))
            cells = [text for value, share in shares for text in (f"{value:.2f}", f"{share:.1%}")]
            rows.append((name, *cells))
        over = found["overhead"]
        rows.append(
            ("all but transcription ÷ it", "", f"{over['wall']:.1%}", "", f"{over['cpu']:.1%}")
        )
    yield Table("Where the time goes, one call at a time.", header, tuple(rows))


def _load(found: Any) -> Iterator[Table]:
    header = ("load", "median s", "90 % s", "95 % s", "99 % s", "simulated median", "95 %")
    rows: list[Row] = []
    lone: list[Row] = []
    if found:
        for each in found["loads"]:
            measured, simulated = each["measured"], each["simulated"]
            cells = [f"{measured[k]:.2f}" for k in ("p50", "p90", "p95", "p99")]
            cells += [f"{simulated[k]:.2f}" for k in ("p50", "p95")]
            rows.append((f"{each['load']:.0%}", *cells))
        for name, seconds in found["lone"]["seconds"].items():
            ratio = found["lone"]["ratios"].get(f"{OURS} ÷ {name}")
            lone.append((name, f"{seconds:.2f}", _spread(ratio["wall"]) if ratio else ""))
    yield Table("From a call's arrival to its transcript, by load.", header, tuple(rows))
    alone = ("a lone call of 30 s", "wall s", f"{OURS} ÷ it")
    yield Table("On an idle machine.", alone, tuple(lone))


def _scaling(found: Any) -> Iterator[Table]:
    header = (
        "worker processes, a thread each",
        "RTFx",
        "wall s",
        "CPU s",
        "speed-up",
        "efficiency",
    )
    rows: list[Row] = []
    for each in found["rows"] if found else ():
        seconds = (f"{each['wall']:.2f}", f"{each['cpu']:.2f}")
        scaled = (f"{each['speedup']:.2f}", f"{each['efficiency']:.0%}")
        rows.append((str(each["workers"]), f"{each['rtfx']:.0f}×", *seconds, *scaled))
    yield Table("Workers on one store.", header, tuple(rows))


def _memory(found: Any) -> Iterator[Table]:
    rows: list[Row] = []
    if found:
        many, long = found["many"], found["long"]
        rows.append(("models loaded", f"{many['loaded']:.0f}"))
        rows += [(f"after {e['calls']} calls", f"{e['megabytes']:.0f}") for e in many["after"]]
        rows.append(("at most", f"{many['peak']:.0f}"))
        rows.append(("peak before the long call", f"{long['before']:.0f}"))
        rows.append((f"peak with a call of {_length(long['seconds'])}", f"{long['peak']:.0f}"))
    yield Table("Resident memory of a worker.", ("moment", "MB"), tuple(rows))


def _packing(found: Sequence[Any]) -> Iterator[Table]:
    header = ("calls, contender", "windows", "encoded s", "speech ÷ encoded", "batches full")
    rows: list[Row] = []
    for each in found:
        for name in (OURS, BATCHED):
            count = each["contenders"][name]
            cells = (str(count["windows"]), f"{count['encoded']:.0f}")
            shares = (f"{count['efficiency']:.0%}", f"{count['fill']:.0%}")
            rows.append((f"{each['calls']} × {_length(each['seconds'])}, {name}", *cells, *shares))
    yield Table("How much of what is encoded is speech.", header, tuple(rows))


def _capacity(found: Any) -> Iterator[Table]:
    header = ("machines like this one", "calls an hour", "calls an hour, 95 % in time")
    rows: list[Row] = []
    title = "What machines carry."
    if found:
        title = (
            f"Calls of {_length(found['seconds'])}; in time is {found['within']:.0f} s, at a load "
            f"of {found['fullest']:.0%} at most. The simulation's 95th percentile is "
            f"{found['simulation_error']:.2f} times the measured."
        )
        for each in found["machines"]:
            most = each["machines"] * found["most"]
            rows.append((str(each["machines"]), f"{most:.0f}", f"{each['calls_an_hour']:.0f}"))
    yield Table(title, header, tuple(rows))


_TABLES: dict[str, Callable[[Any], Iterator[Table]]] = {
    "rtfx": _rtfx,
    "stages": _stages,
    "load": _load,
    "scaling": _scaling,
    "memory": _memory,
    "packing": _packing,
    "capacity": _capacity,
}
NAMES = (*SECTIONS.values(), "capacity")


def tables(name: str, found: Any) -> list[Table]:
    """Of one section; empty ones where `found` is None or empty."""
    return list(_TABLES[name](found or ()))
