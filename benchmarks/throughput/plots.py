"""What the figures look like: SVG files beside the JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.throughput.contenders import ALONE, BATCHED, FLOOR, OURS

_COLOURS = {OURS: "#2f6f6a", BATCHED: "#c9826b", ALONE: "#b9a37f", FLOOR: "#9aa0a6"}
_OURS = _COLOURS[OURS]


def draw(results: Mapping[str, Any], stem: Path) -> list[Path]:
    """A file `STEM-SECTION.svg` for each section there is."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    # The same figures give the same bytes.
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "deckname"})
    drawn = []
    for name, panel in _PANELS.items():
        if name not in results:
            continue
        figure, axis = pyplot.subplots(figsize=(7.2, 3.8))
        panel(axis, results[name])
        axis.tick_params(labelsize=8)
        figure.tight_layout()
        path = stem.with_name(f"{stem.name}-{name}.svg")
        figure.savefig(path, metadata={"Date": None})
        pyplot.close(figure)
        drawn.append(path)
    return drawn


def _rtfx(axis: Any, found: Any) -> None:
    names = [name for name in _COLOURS if name in found[0]["contenders"]]
    width = 0.8 / len(names)
    for place, name in enumerate(names):
        costs = [each["contenders"][name] for each in found]
        at = [number + (place - len(names) / 2 + 0.5) * width for number in range(len(found))]
        axis.bar(at, [c["rtfx"] for c in costs], width, color=_COLOURS[name], label=name)
        low = [c["rtfx"] * (1 - c["wall"]["median"] / c["wall"]["greatest"]) for c in costs]
        high = [c["rtfx"] * (c["wall"]["median"] / c["wall"]["least"] - 1) for c in costs]
        heights = [c["rtfx"] for c in costs]
        axis.errorbar(at, heights, [low, high], fmt="none", ecolor="black", capsize=2, lw=0.8)
    labels = [f"{each['calls']} × {each['seconds']:g} s" for each in found]
    axis.set_xticks(range(len(found)), labels)
    axis.set_ylabel("audio seconds ÷ wall seconds", fontsize=8)
    axis.legend(fontsize=8, frameon=False)


def _stages(axis: Any, found: Any) -> None:
    names = list(found["stages"])[::-1]
    shares = [found["stages"][name]["wall"] / found["wall"] for name in names]
    axis.barh(names, shares, color=_OURS)
    axis.set_xlabel("share of the wall time, one call at a time", fontsize=8)


def _load(axis: Any, found: Any) -> None:
    loads = [each["load"] for each in found["loads"]]
    for key, colour in (("p50", _OURS), ("p95", "#c9826b"), ("p99", "#b9a37f")):
        measured = [each["measured"][key] for each in found["loads"]]
        simulated = [each["simulated"][key] for each in found["loads"]]
        axis.plot(loads, measured, "o-", color=colour, label=f"{key[1:]} %")
        axis.plot(loads, simulated, "x--", color=colour, label=f"{key[1:]} %, simulated")
    axis.set_xlabel("load: arrivals ÷ capacity", fontsize=8)
    axis.set_ylabel("seconds from arrival to transcript", fontsize=8)
    axis.set_ylim(bottom=0)
    axis.legend(fontsize=8, frameon=False)


def _scaling(axis: Any, found: Any) -> None:
    workers = [row["workers"] for row in found["rows"]]
    axis.plot(workers, [row["speedup"] for row in found["rows"]], "o-", color=_OURS)
    axis.plot(workers, [n / workers[0] for n in workers], "--", color="#9aa0a6", label="ideal")
    axis.set_xticks(workers)
    axis.set_xlabel("worker processes on one store", fontsize=8)
    axis.set_ylabel("speed-up", fontsize=8)
    axis.legend(fontsize=8, frameon=False)


def _memory(axis: Any, found: Any) -> None:
    many = found["many"]
    points = [(0, many["loaded"]), *((e["calls"], e["megabytes"]) for e in many["after"])]
    axis.plot(*zip(*points, strict=True), "o-", color=_OURS)
    axis.set_ylim(bottom=0)
    axis.set_xlabel(f"calls of {many['seconds']:g} s processed", fontsize=8)
    axis.set_ylabel("resident memory, MB", fontsize=8)


def _packing(axis: Any, found: Any) -> None:
    for place, name in enumerate((OURS, BATCHED)):
        at = [number + (place - 0.5) * 0.35 for number in range(len(found))]
        shares = [each["contenders"][name]["efficiency"] for each in found]
        axis.bar(at, shares, 0.35, color=_COLOURS[name], label=name)
    axis.set_xticks(range(len(found)), [f"{e['calls']} × {e['seconds']:g} s" for e in found])
    axis.set_ylim(0, 1)
    axis.set_ylabel("seconds of speech ÷ seconds encoded", fontsize=8)
    axis.legend(fontsize=8, frameon=False)


_PANELS: dict[str, Callable[[Any, Any], None]] = {
    "rtfx": _rtfx,
    "stages": _stages,
    "load": _load,
    "scaling": _scaling,
    "memory": _memory,
    "packing": _packing,
}
