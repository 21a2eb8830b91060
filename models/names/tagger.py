"""A small name recogniser: an averaged perceptron over words, their shapes and the lexicon.

Linear in the text, about 20 µs a token, no dependency but NumPy. `models/names/README.md` is its
model card, `models/training/names/tagger.py` how it was made. After M. Collins, "Discriminative
training methods for hidden Markov models" (EMNLP 2002), decoded greedily.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import as_file, files
from zlib import crc32

import numpy as np

from models.names.lexicon import Lexicon, fold

LABELS = ("O", "PER", "LOC", "ORG")
_EDGE = "|"

Weights = Mapping[int, Sequence[float]]


def shape(text: str) -> str:
    """`X` all capitals, `Xx` capitalised, `x` lower, `d` digits, `.` anything else."""
    if text.isdigit():
        return "d"
    if not text[:1].isalpha():
        return "."
    if text.islower():
        return "x"
    if text.isupper():
        return "X1" if len(text) == 1 else "X"
    return "Xx" if text[0].isupper() else "xX"


class Sentence:
    """What features are made of: words, shapes and flags of a token sequence, padded."""

    def __init__(self, texts: Sequence[str], lexicon: Lexicon) -> None:
        lows = [fold(text) for text in texts]
        self.lows = [_EDGE, _EDGE, *lows, _EDGE, _EDGE]
        self.shapes = [_EDGE, _EDGE, *map(shape, texts), _EDGE, _EDGE]
        flags = [lexicon.flags(low) or _possessive(low, lexicon) for low in lows]
        self.flags = ["|", "|", *flags, "|", "|"]

    def features(
        self, index: int, before: str, before2: str, *, word: bool = True
    ) -> Iterator[str]:
        """Features of token `index` given the two labels before it; without its own word and
        affixes where `word` is False (how training learns to trust context)."""
        at = index + 2
        lows, shapes, flags = self.lows, self.shapes, self.flags
        low, form, flag = lows[at], shapes[at], flags[at]
        left, right = lows[at - 1], lows[at + 1]
        if word:
            yield f"w{low}"
            yield f"4{low[-4:]}"
            yield f"3{low[-3:]}{form}"
            yield f"2{low[-2:]}{flag}"
            yield f"p{low[:3]}"
            yield f"b{left} {low}"
            yield f"n{low} {right}"
        yield f"l{left}"
        yield f"r{right}"
        yield f"L{lows[at - 2]} {left}"
        yield f"R{right} {lows[at + 2]}"
        yield f"k{lows[at - 2]}"
        yield f"K{lows[at + 2]}"
        yield f"f{flag}"
        yield f"F{flag} {form}"
        yield f"g{flag} {flags[at - 1]}"
        yield f"h{flag} {flags[at + 1]}"
        yield f"i{left} {flag}"
        yield f"j{flag} {right}"
        yield f"s{form} {shapes[at - 1]} {shapes[at + 1]}"
        yield f"S{shapes[at - 1]} {flag} {form}"
        yield f"T{before}"
        yield f"U{before} {flag} {form}"
        yield f"V{before2} {before}"
        yield f"W{before} {left} {flag}"
        yield f"m{flag} {flags[at - 1]} {flags[at + 1]} {form}"
        yield f"z{min(len(low), 9)} {flag}"


def _possessive(low: str, lexicon: Lexicon) -> str:
    """Flags of `Annas` are those of `Anna`, marked."""
    base = low.removesuffix("'s") if low.endswith("'s") else low.removesuffix("s")
    flags = lexicon.flags(base) if base != low else ""
    return f"{flags}'" if flags and "C" not in flags else ""


class Tagger:
    """Labels tokens as parts of persons, locations, organisations, or none."""

    def __init__(self, weights: Weights, lexicon: Lexicon) -> None:
        self._weights = weights
        self._lexicon = lexicon

    def tag(self, texts: Sequence[str]) -> list[tuple[str, float]]:
        """A label for each token, and by how much it beats `O` (for `O`: by how much the best
        other label loses, negative)."""
        sentence = Sentence(texts, self._lexicon)
        before = before2 = "O"
        tagged: list[tuple[str, float]] = []
        for index in range(len(texts)):
            none, person, place, group = self._scores(sentence.features(index, before, before2))
            margin = max(person, place, group) - none
            if margin <= 0:
                label = "O"
            elif person >= place and person >= group:
                label = "PER"
            else:
                label = "LOC" if place >= group else "ORG"
            tagged.append((label, margin if label != "O" else person - none))
            before2, before = before, label
        return tagged

    def _scores(self, features: Iterator[str]) -> tuple[float, float, float, float]:
        none = person = place = group = 0.0
        weights = self._weights
        for feature in features:
            row = weights.get(crc32(feature.encode("utf-8", "replace")))
            if row is not None:
                none += row[0]
                person += row[1]
                place += row[2]
                group += row[3]
        return none, person, place, group


@lru_cache(maxsize=1)
def load_weights() -> Weights:
    """The bundled weights: feature key → one weight a label."""
    with as_file(files("models.names").joinpath("tagger.npz")) as path, np.load(path) as packed:
        keys, rows, scale = packed["keys"], packed["rows"], float(packed["scale"])
    table = (rows.astype(np.float32) * scale).tolist()
    return dict(zip(keys.tolist(), map(tuple, table), strict=True))
