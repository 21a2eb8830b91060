"""The learned tagger: which words are personal data, by a few small convolutional networks.

Words are seen as hashes of themselves, their ends and their letter groups, with the lexicon's
flags; five gated convolutions with growing gaps (1 to 16 words) see about 30 words to each side,
over line ends, so that a question colours its answer. NumPy only, linear in the text.
`models/names/README.md` is its model card, `models/training/pii` how it was made. After Y. Dauphin
et al., "Language modeling with gated convolutional networks" (ICML 2017), and the hashed
embeddings of spaCy (M. Honnibal, 2016).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import as_file, files
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from models.names.lexicon import Lexicon, fold

LABELS = (
    "O",
    "PERSON",
    "LOCATION",
    "STREET_ADDRESS",
    "POSTCODE",
    "PHONE_NUMBER",
    "EMAIL_ADDRESS",
    "DATE_OF_BIRTH",
    "IBAN",
    "CREDIT_CARD",
    "TAX_ID",
    "SOCIAL_SECURITY",
    "ID_CARD",
    "PASSPORT",
    "LICENSE_PLATE",
    "ORGANIZATION",
    "URL",
    "OTHER_ID",
)
WORD_ROWS, PART_ROWS, GROUP_ROWS = 16384, 4096, 8192
DILATIONS = (1, 2, 4, 8, 16)
_REMEMBERED = 50_000
_MOST_GROUPS = 24
SHAPES = ("", "x", "Xx", "X", "X1", "xX", ".", "\n", "d1", "d2", "d3", "d4", "d5", "d6", "d7")
FLAGS = "FfSsTPpC"
_NUMERAL = re.compile(
    r"(?:null|eins?|zwei|zwo|drei|vier|fuenf|sechs?|sieb(?:en)?|acht|neun|zehn|elf|zwoelf|und|"
    r"zwanzig|dreissig|zig|hundert|tausend|zero|oh|one|two|three|four|five|six|seven|eight|nine|"
    r"ten|eleven|twelve|thir|fif|teen|twenty|thirty|forty|fifty|ty|hundred|thousand|doppel|double|"
    r"triple|ter?n?|ste?[nrm]?|th)+"
)

Array = NDArray[np.float32]
Weights = Mapping[str, Array]


def shape(text: str) -> int:
    """Index into `SHAPES`: case, punctuation, line end, or how many digits."""
    if text.isdigit():
        return SHAPES.index(f"d{min(len(text), 7)}")
    if text == "\n":
        return SHAPES.index("\n")
    if not text[:1].isalpha():
        return SHAPES.index(".")
    if text.islower():
        return SHAPES.index("x")
    if text.isupper():
        return SHAPES.index("X1" if len(text) == 1 else "X")
    return SHAPES.index("Xx" if text[0].isupper() else "xX")


def _row(kind: str, text: str, rows: int) -> int:
    """A row from 1 on: row 0 stands for what is hidden or not there."""
    return crc32(f"{kind}{text}".encode("utf-8", "replace")) % (rows - 1) + 1


def word_rows(low: str) -> tuple[int, int]:
    """Two rows of the word table: two words seldom share both."""
    return _row("w", low, WORD_ROWS), _row("v", low, WORD_ROWS)


def part_rows(low: str) -> tuple[int, int, int]:
    """Rows of the first three letters, the last three and the last two."""
    return (
        _row("p", low[:3], PART_ROWS),
        _row("s", low[-3:], PART_ROWS),
        _row("t", low[-2:], PART_ROWS),
    )


def group_rows(low: str, most: int = _MOST_GROUPS) -> list[int]:
    """Rows of its groups of three and four letters."""
    if not low[:1].isalpha():
        return []
    edged = f"<{low}>"
    found = [
        _row("g", edged[at : at + size], GROUP_ROWS)
        for size in (3, 4)
        for at in range(len(edged) - size + 1)
    ]
    return found[:most]


def known_as(low: str, lexicon: Lexicon) -> list[float]:
    """What the lexicon says of the word, or of its base if it looks like a possessive; whether it
    is unknown; whether it is a numeral."""
    flags = lexicon.flags(low)
    base = low.removesuffix("'s") if low.endswith("'s") else low.removesuffix("s")
    owned = lexicon.flags(base) if not flags and base != low else ""
    seen = [1.0 if flag in flags or flag in owned else 0.0 for flag in FLAGS]
    word = low[:1].isalpha()
    return [
        *seen,
        float(bool(owned)),
        float(word and not flags and not owned),
        float(word and len(low) == 1),
        float(bool(_NUMERAL.fullmatch(low))),
    ]


class Tagger:
    """Gives each token of a text a probability for each of `LABELS`: the mean of its networks."""

    def __init__(self, networks: Sequence[Weights], lexicon: Lexicon) -> None:
        self._networks = [_Network(weights) for weights in networks]
        self._lexicon = lexicon
        self._places: dict[str, int] = {}

    def tag(self, texts: Sequence[str]) -> Array:
        """Probabilities `(tokens, labels)`; line ends are tokens, too."""
        if not texts:
            return np.zeros((0, len(LABELS)), np.float32)
        lows, shapes = [fold(text) for text in texts], [shape(text) for text in texts]
        self._learn(lows)
        places = [self._places[low] for low in lows]
        odds = [network.odds(places, shapes) for network in self._networks]
        return np.asarray(np.mean(odds, axis=0), np.float32)

    def _learn(self, lows: Sequence[str]) -> None:
        """Embed the words not seen before, all at once; features are worked out once a word."""
        new = [low for low in dict.fromkeys(lows) if low not in self._places]
        if not new:
            return
        if len(self._places) + len(new) > _REMEMBERED:
            new = list(dict.fromkeys(lows))
            self._places.clear()
            for network in self._networks:
                network.forget()
        groups = np.zeros((len(new), _MOST_GROUPS), np.intp)
        for row, low in enumerate(new):
            found = group_rows(low, _MOST_GROUPS)
            groups[row, : len(found)] = found
        words, parts = np.array([word_rows(w) for w in new]), np.array([part_rows(w) for w in new])
        known = np.array([known_as(low, self._lexicon) for low in new], np.float32)
        for network in self._networks:
            network.learn(words, parts, groups, known)
        self._places |= {low: at for at, low in enumerate(new, start=len(self._places))}


Rows = NDArray[np.intp]


class _Network:
    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self.forget()

    def forget(self) -> None:
        """Forget the embedded words."""
        self._words: Array = np.zeros((0, self._weights["mix"].shape[1]), np.float32)

    def learn(self, words: Rows, parts: Rows, groups: Rows, known: Array) -> None:
        """Embed words from rows `(words, 2)`, `(words, 3)`, `(words, most groups)`, where 0 is
        none, and flags `(words, flags)`; they are kept in order."""
        weights, inside = self._weights, groups > 0
        count = inside.sum(axis=1, keepdims=True)
        grouped = (weights["groups"][groups] * inside[..., None]).sum(axis=1)
        grouped = np.where(count > 0, grouped / np.maximum(count, 1), weights["groups"][0])
        piece = weights["parts"][parts].reshape(len(parts), -1)
        seen = np.concatenate([weights["words"][words].sum(axis=1), piece, grouped, known], axis=1)
        mixed = np.asarray(seen @ weights["mix"], np.float32)
        self._words = np.concatenate([self._words, mixed])

    def odds(self, places: Sequence[int], shapes: Sequence[int]) -> Array:
        """Probabilities of the words at `places`."""
        x = self._words[list(places)] + self._weights["shape"][list(shapes)]
        for number, gap in enumerate(DILATIONS):
            x = x + self._gated(_normed(x, self._weights, f"norm{number}"), number, gap)
        scores = _normed(x, self._weights, "norm") @ self._weights["out"] + self._weights["bias"]
        scores -= scores.max(axis=1, keepdims=True)
        odds = np.exp(scores)
        return np.asarray(odds / odds.sum(axis=1, keepdims=True), np.float32)

    def _gated(self, x: Array, number: int, gap: int) -> Array:
        edge = np.zeros((gap, x.shape[1]), np.float32)
        padded = np.concatenate([edge, x, edge])
        near = np.concatenate([padded[: -2 * gap], x, padded[2 * gap :]], axis=1)
        mixed = near @ self._weights[f"conv{number}"] + self._weights[f"conv_bias{number}"]
        half = mixed.shape[1] // 2
        return np.asarray(mixed[:, :half] / (1 + np.exp(-mixed[:, half:])), np.float32)


def _normed(x: Array, weights: Weights, name: str) -> Array:
    centred = x - x.mean(axis=1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    return np.asarray(centred / spread * weights[name] + weights[f"{name}_bias"], np.float32)


@lru_cache(maxsize=1)
def load_networks() -> tuple[Weights, ...]:
    """The bundled networks' weights."""
    with as_file(files("models.names").joinpath("tagger.npz")) as path, np.load(path) as packed:
        return unpacked(packed)


def unpacked(packed: Mapping[str, NDArray[np.generic]]) -> tuple[Weights, ...]:
    """Networks as stored: arrays named `NUMBER/NAME`; tables are int8 with a scale for each row,
    here multiplied out."""
    networks: dict[str, dict[str, Array]] = {}
    for stored, value in packed.items():
        number, _, name = stored.partition("/")
        if not name.endswith(".scale"):
            scale = packed[f"{stored}.scale"] if f"{stored}.scale" in packed else np.ones(1)
            widened = value.astype(np.float32) * scale.astype(np.float32)
            networks.setdefault(number, {})[name] = widened
    return tuple(networks[number] for number in sorted(networks))
