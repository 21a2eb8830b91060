"""What `deckname verify` shows on a terminal while it searches."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import (
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from pipeline.cli.console import err

if TYPE_CHECKING:
    from rich.progress import TaskID

    from pipeline.usecases.verify_store import Looked


class Watch:
    """One line on standard error."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def tell(self, doing: str) -> None:
        """What is being done now."""
        self._progress.update(self._task, description=doing)

    def look(self) -> Looked:
        """A count for the verifier, shown as it grows."""
        from pipeline.usecases.verify_store import Looked

        looked = Looked()
        self._progress.update(self._task, description="Verifying", looked=looked)
        return looked


class _LookedColumn(ProgressColumn):
    """How much was looked at so far."""

    def render(self, task: Task) -> Text:
        """See `ProgressColumn`."""
        looked = task.fields.get("looked")
        return Text("" if looked is None else f"{looked.total()} looked at")


@contextmanager
def watched() -> Iterator[Watch]:
    """A line that lives while the search does; none where standard error is no terminal."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        _LookedColumn(),
        TimeElapsedColumn(),
        console=err(),
        disable=not sys.stderr.isatty(),
        transient=True,
    ) as progress:
        yield Watch(progress, progress.add_task("Verifying", total=None))
