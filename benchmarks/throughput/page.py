"""`python -m benchmarks.throughput.page`: fill the tables of `docs/performance.md` from results.

A table stands between `<!-- SECTION MODEL -->` and `<!-- end -->`; all else is written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.throughput.results import RESULTS, read, results_file
from benchmarks.throughput.tables import NAMES, tables

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
_PLACE = re.compile(r"<!-- (\w+) ([\w.-]+) -->\n.*?<!-- end -->", re.S)


def filled(text: str, results: Callable[[str], dict[str, Any]]) -> str:
    """`text` with every table anew; `results` gives the sections of a model. Raises `ValueError`
    for a section that nobody measures."""

    def fill(place: re.Match[str]) -> str:
        section, model = place.groups()
        if section not in NAMES:
            raise ValueError(f"there is no section {section}: {', '.join(NAMES)}")
        found = results(model)
        body = "\n".join(table.markdown() for table in tables(section, found.get(section)))
        return f"<!-- {section} {model} -->\n{body}{_measured(section, found)}<!-- end -->"

    return _PLACE.sub(fill, text)


def _measured(section: str, found: dict[str, Any]) -> str:
    about = found.get("about", {}).get(section)
    if about is None:
        return ""
    return (
        f"\n{about['date']}, {about['processor']}, {about['cores']} cores, {about['threads']} "
        f"threads, beam {about['beam']}, load average {about['load']:g} before, faster-whisper "
        f"{about['faster_whisper']}, CTranslate2 {about['ctranslate2']}.\n"
    )


def main(page: Path = PAGE, folder: Path = RESULTS) -> None:
    """Rewrite the page."""
    text = page.read_text("utf-8")
    page.write_text(
        filled(text, lambda model: read(results_file(folder, model, quick=False))), "utf-8"
    )


if __name__ == "__main__":
    main()
