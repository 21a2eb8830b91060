"""What the deletion ledger tells of deletions that have no receipt yet: each that was committed
must be in the database, too. A deletion is told before its commit; where the line names a claim
(`token`), the commit is told as well, and a line `undone` takes back what never was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pipeline.usecases.verification.findings import Finding
from pipeline.usecases.verification.rows import Rows


@dataclass(slots=True)
class Begun:
    """By the id of the deletion: whether it certainly happened, and the id of the entry that tells
    it; and by that id the deletion's."""

    certain: dict[str, bool] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)
    deletions: dict[str, str] = field(default_factory=dict)

    def read(self, body: list[Any] | None) -> None:
        """Take a line of the ledger: id, kind, moment, customer, call, facts."""
        if body is None or not isinstance(body[5], dict):
            return
        entry_id, kind, facts = str(body[0]), body[1], body[5]
        about = self.deletions.get(str(facts.get("entry")))
        if kind == "deleted":
            deletion_id = str(facts.get("deletion"))
            self.certain[deletion_id] = "token" not in facts
            self.lines[deletion_id], self.deletions[entry_id] = entry_id, deletion_id
        elif kind == "receipt" and entry_id in self.certain:
            del self.certain[entry_id], self.deletions[self.lines.pop(entry_id)]
        elif kind in ("committed", "undone") and about is not None:
            self.certain[about] = kind == "committed"


def verify_begun(rows: Rows, begun: Begun) -> Iterator[Finding]:
    """`begun` was read before `rows` were opened."""
    query = "SELECT 1 FROM deletions WHERE id = ?"
    if not rows.reads(query, ("",)):
        return
    for deletion_id, certain in begun.certain.items():
        if certain and rows.execute(query, (deletion_id,)).fetchone() is None:
            told = "the ledger tells of a deletion that the database lacks"
            yield Finding("receipt_lost", deletion_id, told)
