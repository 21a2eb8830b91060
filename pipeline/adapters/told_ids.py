"""Which entries a deletion ledger has: shared by the one in a file and the one in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.domain.ledger import TOLD_FREELY, Kind, outcome_id, undone_by


@dataclass(slots=True)
class ToldIds:
    """Ids of entries, taken in the order of the ledger. An entry whose transaction was undone since
    may be told again: it counts from then on."""

    _ids: set[str] = field(default_factory=set)
    _undone: set[str] = field(default_factory=set)

    def take(self, entry_id: str) -> None:
        """The ledger has an entry of this id, behind those that were taken before."""
        undone = undone_by(entry_id)
        if undone == entry_id:
            self._undone.add(undone)
        elif undone is not None:
            self._undone.discard(undone)
        elif not entry_id.startswith(TOLD_FREELY):
            self._ids.add(entry_id)
            if self._undone:
                self._undone.discard(outcome_id(Kind.UNDONE, entry_id))

    def __contains__(self, entry_id: str) -> bool:
        """Whether telling it once more would change nothing."""
        return entry_id in self._ids and not (
            self._undone and outcome_id(Kind.UNDONE, entry_id) in self._undone
        )
