"""The pseudonyms of a vault by type and number, and the one original each is restored to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from pipeline.domain.privacy import EntityType, Vault, VaultEntry
from pipeline.stages.spoken_forms import written_view
from pipeline.stages.token_words import NAMES

TOKEN = re.compile(r"\[[A-Z]{1,32}(?:_[A-Z]{1,32}){0,5}_\d{1,9}\]", re.ASCII)
_SPOKEN_OUT = frozenset(
    {EntityType.PERSON, EntityType.LOCATION, EntityType.STREET_ADDRESS, EntityType.ORGANIZATION}
)


class VaultNames:
    """The vault by type and number, with one surface for each pseudonym."""

    def __init__(self, vault: Vault) -> None:
        grouped: dict[str, list[VaultEntry]] = {}
        for entry in vault.entries:
            grouped.setdefault(entry.pseudonym, []).append(entry)
        self.surfaces = {name: _fullest(entries) for name, entries in grouped.items()}
        self._numbered: dict[tuple[EntityType, int], str] = {}
        for name in grouped:
            if TOKEN.fullmatch(name):
                kind, _, number = name[1:-1].rpartition("_")
                if (known := NAMES.get(kind.lower().replace("_", ""))) is not None:
                    self._numbered.setdefault((known, int(number)), name)
        self._kinds = {kind for kind, _ in self._numbered}

    def one(self, kinds: frozenset[EntityType], number: int) -> str | None:
        """The only pseudonym that may be meant."""
        present = kinds & self._kinds
        return self._numbered.get((next(iter(present)), number)) if len(present) == 1 else None


def _fullest(entries: Sequence[VaultEntry]) -> str:
    def rank(entry: VaultEntry) -> tuple[bool, int]:
        written = written_view(entry.original, "").text
        return not _is_spelled(entry), sum(char.isalnum() for char in written)

    return max(entries, key=rank).original  # the first of equals


def _is_spelled(entry: VaultEntry) -> bool:
    """`K wie Konrad, E wie Emil`, `K E L L E R`, `Ka E El El E Er`."""
    if entry.type not in _SPOKEN_OUT:
        return False
    words = re.findall(r"[^\W\d_]+", unicodedata.normalize("NFC", entry.original))
    single = sum(len(word) == 1 for word in words)
    return single >= 2 or (len(words) >= 3 and all(len(word) <= 3 for word in words))
