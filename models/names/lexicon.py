"""The lexicon: what a single word may be, by hash look-up.

README.md beside this file says where the words come from and under which licences.
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

_FOLD = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "’": "'"})


def fold(text: str) -> str:
    """Lower case with umlauts and ß written out: how all lists are keyed."""
    return text.lower().translate(_FOLD)


def word_list(text: str) -> list[str]:
    """The words of a literal, in order; lists of words read better unquoted."""
    return text.split()


def word_set(text: str) -> frozenset[str]:
    """The words of a literal as a set."""
    return frozenset(text.split())


class Lexicon:
    """Flags of folded words: F/f first name, S/s surname, T among the most frequent surnames,
    P/p place, C common word. A small letter: a common word too, only context decides."""

    def __init__(
        self, flags: Mapping[str, str], phrases: Mapping[str, tuple[tuple[str, ...], ...]]
    ) -> None:
        self._flags = flags
        self._phrases = phrases

    def flags(self, low: str) -> str:
        """The flags of a folded word; empty where it is unknown."""
        return self._flags.get(low, "")

    def phrases(self, low: str) -> tuple[tuple[str, ...], ...]:
        """Place names of several words that begin with `low`, longest first."""
        return self._phrases.get(low, ())


@lru_cache(maxsize=1)
def load_lexicon() -> Lexicon:
    """Read the bundled lexicon; about 215,000 words."""
    packed = files("models.names").joinpath("lexicon.tsv.gz").read_bytes()
    flags: dict[str, str] = {}
    phrases: dict[str, list[tuple[str, ...]]] = {}
    for line in gzip.decompress(packed).decode().splitlines():
        word, _, flag = line.partition("\t")
        if " " in word:
            parts = tuple(word.split())
            phrases.setdefault(parts[0], []).append(parts)
        else:
            flags[word] = sys.intern(flag)
    ordered = {
        first: tuple(sorted(known, key=len, reverse=True)) for first, known in phrases.items()
    }
    return Lexicon(flags, ordered)
