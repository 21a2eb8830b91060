"""Trains `models/names/tagger.npz`.

Usage: python -m models.training.names.tagger CORPORA OUT [--epochs 5] [--all]
CORPORA is the folder of annotated text that the model card names. Without `--all` the development
parts stay out and are measured. One seed; about ten minutes on one core.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from random import Random
from zlib import crc32

import numpy as np

from models.names.lexicon import load_lexicon
from models.names.tagger import LABELS, Sentence, Tagger
from models.training.names.corpora import Example, conll, smartdata
from models.training.names.spoken import Names, utterances

_INDEX = {label: number for number, label in enumerate(LABELS)}
_WORDLESS = 0.5
_OTHERWISE_WORDLESS = 0.05


def gather(folder: Path, *, everything: bool, spoken: int) -> tuple[list[Example], list[Example]]:
    """Training and development examples."""
    held = dict(smartdata(folder / "smartdata_v3_dev.json.gz"))
    train: list[Example] = []
    for name, lines in smartdata(folder / "smartdata_v1_train.json.gz"):
        if everything or name not in held:
            train += lines * 2
    for file in ("mobie_train.conll2003", "btc_b.conll", "btc_f.conll", "btc_g.conll",
                 "btc_e.conll", "wnut17_train.conll"):  # fmt: skip
        train += conll(folder / file)
    development = [line for lines in held.values() for line in lines]
    development += [*conll(folder / "wnut17_dev.conll"), *conll(folder / "btc_a.conll")]
    if everything:
        train += [*development, *conll(folder / "mobie_dev.conll2003")]
    train += [*utterances("de", spoken, 1), *utterances("en", spoken, 2)]
    return train, development


def _varied(example: Example, dice: Random, names: Names) -> Example:
    """Lower-cased half of the time, without punctuation a quarter, names redrawn sometimes."""
    texts, labels = example
    pairs = list(zip(texts, labels, strict=True))
    if dice.random() < 0.3:
        pairs = [
            (_another(text, dice, names) if label == "PER" else text, label)
            for text, label in pairs
        ]
    if dice.random() < 0.25:
        pairs = [(text, label) for text, label in pairs if text[:1].isalnum()]
    if dice.random() < 0.5:
        pairs = [(text.lower(), label) for text, label in pairs]
    return [text for text, _ in pairs], [label for _, label in pairs]


def _another(text: str, dice: Random, names: Names) -> str:
    """Now and then another name for `text`, one word long as it was."""
    if not text[:1].isalpha() or dice.random() > 0.7:
        return text
    return names.last().split("-")[0].split(" ")[-1]


class Perceptron:
    """Averaged multi-class perceptron with hashed features."""

    def __init__(self) -> None:
        self.weights: dict[int, list[float]] = {}
        self._totals: dict[int, list[float]] = {}
        self._stamps: dict[int, int] = {}
        self._steps = 0

    def learn(self, features: Sequence[int], truth: int, cost: float) -> int:
        """One step; the label it would have given."""
        self._steps += 1
        scores = [0.0] * len(LABELS)
        for feature in features:
            row = self.weights.get(feature)
            if row:
                for label, value in enumerate(row):
                    scores[label] += value
        margins = [score + (cost if label != truth else 0) for label, score in enumerate(scores)]
        guess = max(range(len(LABELS)), key=margins.__getitem__)
        if guess != truth:
            for feature in features:
                self._change(feature, truth, guess)
        return max(range(len(LABELS)), key=scores.__getitem__)

    def _change(self, feature: int, truth: int, guess: int) -> None:
        row = self.weights.setdefault(feature, [0.0] * len(LABELS))
        total = self._totals.setdefault(feature, [0.0] * len(LABELS))
        waited = self._steps - self._stamps.get(feature, 0)
        for label, value in enumerate(row):
            total[label] += waited * value
        self._stamps[feature] = self._steps
        row[truth] += 1.0
        row[guess] -= 1.0

    def averaged(self) -> dict[int, list[float]]:
        """The weights, averaged over all steps."""
        result = {}
        for feature, row in self.weights.items():
            waited = self._steps - self._stamps[feature]
            total = self._totals[feature]
            result[feature] = [
                (total[label] + waited * value) / self._steps for label, value in enumerate(row)
            ]
        return result


def train(examples: list[Example], epochs: int) -> dict[int, list[float]]:
    """Averaged weights after `epochs` passes."""
    dice = Random(7)
    names = Names(dice)
    lexicon = load_lexicon()
    model = Perceptron()
    for epoch in range(epochs):
        dice.shuffle(examples)
        right = total = 0
        for each in examples:
            texts, labels = _varied(each, dice, names)
            sentence = Sentence(texts, lexicon)
            before = before2 = "O"
            for index, label in enumerate(labels):
                chance = _WORDLESS if label == "PER" else _OTHERWISE_WORDLESS
                word = dice.random() >= chance
                features = [
                    crc32(feature.encode("utf-8", "replace"))
                    for feature in sentence.features(index, before, before2, word=word)
                ]
                guess = model.learn(features, _INDEX[label], 3.0)
                right, total = right + (guess == _INDEX[label]), total + 1
                seen = label if dice.random() < 0.7 else LABELS[guess]
                before2, before = before, seen
        print(
            f"epoch {epoch + 1}: {right / total:.4f} right, {len(model.weights)} features",
            flush=True,
        )
    return model.averaged()


def save(weights: dict[int, list[float]], out: Path, most: int = 400_000) -> None:
    """Keep the strongest features, one byte a weight."""
    ranked = sorted(weights, key=lambda key: -max(map(abs, weights[key])))[:most]
    keys = np.array(sorted(ranked), dtype=np.uint32)
    rows = np.array([weights[key] for key in keys.tolist()], dtype=np.float32)
    scale = float(np.abs(rows).max()) / 127
    packed = np.round(rows / scale).astype(np.int8)
    kept = np.any(packed != 0, axis=1)
    np.savez_compressed(out, keys=keys[kept], rows=packed[kept], scale=np.float32(scale))
    print(int(kept.sum()), "features,", out.stat().st_size, "bytes")


def measure(tagger: Tagger, examples: list[Example], *, lower: bool) -> str:
    """Share of person tokens found, and false ones per 1,000 tokens."""
    hit = gold = false = tokens = 0
    for texts, labels in examples:
        said = [text.lower() for text in texts] if lower else texts
        for (guess, _), label in zip(tagger.tag(said), labels, strict=True):
            gold += label == "PER"
            hit += label == "PER" and guess == "PER"
            false += guess == "PER" and label != "PER"
            tokens += 1
    return f"found {hit / max(1, gold):.3f} of {gold}, false per 1,000 {1000 * false / tokens:.1f}"


def main() -> None:
    """Train, measure, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--spoken", type=int, default=9000)
    parser.add_argument("--all", action="store_true")
    arguments = parser.parse_args()
    examples, development = gather(
        arguments.corpora, everything=arguments.all, spoken=arguments.spoken
    )
    print(len(examples), "examples", flush=True)
    weights = train(examples, arguments.epochs)
    tagger = Tagger({key: tuple(row) for key, row in weights.items()}, load_lexicon())
    for lower in (False, True):
        print("lower" if lower else "cased", measure(tagger, development, lower=lower))
    save(weights, arguments.out)


if __name__ == "__main__":
    main()
