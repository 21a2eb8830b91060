"""Results in files: one for each model, whose sections are measured anew one by one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "results"


def results_file(folder: Path, model: str, quick: bool) -> Path:
    """`MODEL.json`; quick figures lie apart, and no document quotes them."""
    name = Path(model).name.lower().replace("/", "-")
    return folder / (f"quick-{name}.json" if quick else f"{name}.json")


def read(path: Path) -> dict[str, Any]:
    """Section → what was found; empty where there is no such file."""
    if not path.is_file():
        return {}
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def write(path: Path, results: dict[str, Any]) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".unfinished")
    aside.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    aside.replace(path)
