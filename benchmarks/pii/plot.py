"""Coverage by type as bars, a panel for each language and case; plain Presidio beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.pii.score import Score

PLAIN = "plain Presidio: "
_GOAL = {"PERSON": 0.96, "STREET_ADDRESS": 0.96, "LOCATION": 0.92, "ORGANIZATION": 0.92,
         "POSTCODE": 0.92, "DATE_OF_BIRTH": 0.92}  # fmt: skip
_NUMBERS = 0.985


def draw(scores: Mapping[str, Score], path: Path) -> None:
    """Write `path` (SVG or PNG); scores whose title begins with `PLAIN` go into the panel of the
    title behind it."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    matplotlib.rcParams["svg.fonttype"] = "none"
    titles = [title for title in scores if not title.startswith(PLAIN)]
    columns = min(2, len(titles))
    rows = -(-len(titles) // columns)
    figure, axes = pyplot.subplots(
        rows, columns, figsize=(5.6 * columns, 4.8 * rows), sharey=True, squeeze=False
    )
    for axis, title in zip(axes.flat, titles, strict=False):
        _panel(axis, title, scores[title], scores.get(PLAIN + title))
    handles = axes.flat[0].get_legend_handles_labels()
    figure.legend(*handles, loc="upper left", ncols=3, fontsize=8, frameon=False)
    figure.tight_layout(rect=(0, 0, 1, 0.97))
    figure.savefig(path)
    pyplot.close(figure)


def _panel(axis: Any, title: str, score: Score, plain: Score | None) -> None:
    kinds = sorted((kind for kind in score.types if score.types[kind].spans), reverse=True)
    places = range(len(kinds))
    shares = [score.types[kind].coverage for kind in kinds]
    axis.barh(places, shares, 0.5, color="#2f6f6a", label="Deckname")
    if plain is not None:
        shares = [plain.types[kind].coverage for kind in kinds]
        lower = [place - 0.36 for place in places]
        axis.barh(lower, shares, 0.22, color="#c9826b", label="plain Presidio")
    goals = [_GOAL.get(kind, _NUMBERS) for kind in kinds]
    axis.vlines(
        goals, [p - 0.3 for p in places], [p + 0.3 for p in places], color="black", label="goal"
    )
    axis.set_yticks(list(places), kinds)
    axis.set_xlim(0, 1)
    axis.set_title(title, fontsize=9)
    axis.set_xlabel("share of the characters of PII that are hidden", fontsize=8)
    axis.tick_params(labelsize=8)
