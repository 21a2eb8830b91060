"""Coverage by type as bars, one panel a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmarks.pii.score import Score

_GOAL = {"PERSON": 0.96, "STREET_ADDRESS": 0.96, "LOCATION": 0.92, "ORGANIZATION": 0.92,
         "POSTCODE": 0.92, "DATE_OF_BIRTH": 0.92}  # fmt: skip
_NUMBERS = 0.985


def draw(scores: Mapping[str, Score], path: Path) -> None:
    """Write `path` (SVG or PNG): a bar a type, its goal as a line, the leaked share in red."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        1, len(scores), figsize=(4.6 * len(scores), 5.2), sharey=True, squeeze=False
    )
    kinds = sorted({kind for score in scores.values() for kind in score.types}, reverse=True)
    for axis, (title, score) in zip(axes[0], scores.items(), strict=True):
        shares = [score.types[kind].coverage if kind in score.types else 0.0 for kind in kinds]
        axis.barh(kinds, [1.0] * len(kinds), color="#e9b8b0", height=0.7)
        axis.barh(kinds, shares, color="#2f6f6a", height=0.7)
        for at, kind in enumerate(kinds):
            goal = _GOAL.get(kind, _NUMBERS)
            axis.plot([goal, goal], [at - 0.42, at + 0.42], color="#1a1a1a", linewidth=1.6)
        axis.set_xlim(0.5, 1.0)
        axis.set_title(title, fontsize=9)
        axis.set_xlabel("characters of PII covered (line: goal)", fontsize=8)
        axis.tick_params(labelsize=8)
        for side in ("top", "right"):
            axis.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)
