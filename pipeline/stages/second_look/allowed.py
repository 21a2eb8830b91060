"""What a customer allows to be shown is nothing left behind."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.domain.privacy import KnownParty
from pipeline.stages.second_look.spelling import occurrences
from pipeline.stages.second_look.stretch import Stretch, stretches

_LEAST = 4


class Allowed:
    """Values that may stand in a text, whole and with nothing hanging on."""

    def __init__(self, parties: Iterable[KnownParty]) -> None:
        self._wholes: set[str] = set()
        self._numbers: set[str] = set()
        for party in parties:
            for stretch in stretches(party.value):
                whole = "".join(text for text, _, _ in stretch.pieces)
                if whole.isdecimal():
                    self._numbers.add(_national(whole))
                elif len(whole) >= _LEAST:
                    self._wholes.add(whole)

    def reach(self, stretch: Stretch) -> dict[int, int]:
        """For every token of an allowed value in `stretch` the last token of that value."""
        places = [(first, last) for _, first, last in occurrences(stretch.pieces, self._wholes)]
        if self._numbers:
            places += [
                (run.first, run.last)
                for run in stretch.runs
                if _national(run.digits) in self._numbers
            ]
        return {at: last for first, last in sorted(places) for at in range(first, last + 1)}


def _national(digits: str) -> str:
    """A phone number without what is dialled in front of it from abroad."""
    national = digits.lstrip("0")
    return national.removeprefix("49") if len(national) > 9 else national
