"""Turns examples into tensors and trains the network on them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from random import Random

import numpy as np
import torch
from torch.nn import functional

from models.names.lexicon import fold, load_lexicon
from models.names.tagger import LABELS, Tagger, group_rows, known_as, part_rows, shape, word_rows
from models.training.pii.corpora import Example
from models.training.pii.material import Material
from models.training.pii.network import Features, Network

_INDEX = {label: number for number, label in enumerate(LABELS)}
_IGNORE = -100
_GROUPS = 24
_BATCH = 6000  # tokens
_HIDDEN, _HIDDEN_NAME, _UNLISTED = 0.08, 0.4, 0.12
_NAMES = frozenset({"PERSON", "LOCATION", "ORGANIZATION", "STREET_ADDRESS"})


class Encoder:
    """Feature rows of words, worked out once a word."""

    def __init__(self, seed: int) -> None:
        self._lexicon = load_lexicon()
        self._seen: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = {}
        self._dice = Random(seed)

    def _word(self, low: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        if low not in self._seen:
            groups = np.zeros(_GROUPS, np.int64)
            rows = group_rows(low)
            groups[: len(rows)] = rows
            self._seen[low] = (
                np.array(word_rows(low)),
                np.array(part_rows(low)),
                groups,
                np.array(known_as(low, self._lexicon), np.float32),
            )
        return self._seen[low]

    def batch(self, examples: list[Example]) -> tuple[Features, torch.Tensor, torch.Tensor]:
        """Features, mask and targets; words are hidden at random, names more often."""
        longest = max(len(texts) for texts, _ in examples)
        size = (len(examples), longest)
        words, parts = np.zeros((*size, 2), np.int64), np.zeros((*size, 3), np.int64)
        groups, shapes = np.zeros((*size, _GROUPS), np.int64), np.zeros(size, np.int64)
        known = np.zeros((*size, len(known_as("", self._lexicon))), np.float32)
        targets = np.full(size, _IGNORE, np.int64)
        for row, (texts, labels) in enumerate(examples):
            for at, (text, label) in enumerate(zip(texts, labels, strict=True)):
                word, part, group, flags = self._word(fold(text))
                hidden = _HIDDEN_NAME if label in _NAMES else _HIDDEN
                if self._dice.random() >= hidden:
                    words[row, at] = word
                if self._dice.random() >= hidden / 3:
                    parts[row, at], groups[row, at] = part, group
                listed = label not in _NAMES or self._dice.random() >= _UNLISTED
                known[row, at] = flags if listed else _unknown(flags)
                shapes[row, at], targets[row, at] = shape(text), _INDEX[label]
        arrays = (words, parts, groups, known, shapes)
        features = Features(*(torch.from_numpy(array) for array in arrays))
        target = torch.from_numpy(targets)
        return features, (target != _IGNORE).float(), target


def _unknown(flags: np.ndarray) -> np.ndarray:
    """A name that no list holds."""
    changed = np.zeros_like(flags)
    changed[-3] = 1.0
    return changed


def _batches(examples: list[Example], dice: Random) -> Iterator[list[Example]]:
    """Examples of like length together, about `_BATCH` tokens each."""
    ordered = sorted(examples, key=lambda each: len(each[0]) + dice.random() * 6)
    groups: list[list[Example]] = [[]]
    for each in ordered:
        if len(groups[-1]) * len(each[0]) > _BATCH:
            groups.append([])
        groups[-1].append(each)
    dice.shuffle(groups)
    yield from groups


def train(network: Network, material: Material, epochs: int, rate: float = 3e-3) -> None:
    """Adam with one warm and then falling rate; prints what it finds on the development part."""
    encoder, dice = Encoder(3), Random(3)
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.01)
    weight = torch.ones(len(LABELS))
    weight[0] = 0.7
    for epoch in range(epochs):
        begin, losses = time.monotonic(), []
        network.train()
        batches = list(_batches(material.epoch(), dice))
        for step, examples in enumerate(batches):
            done = (epoch + step / len(batches)) / epochs
            for group in optimizer.param_groups:
                group["lr"] = rate * min(1, done * epochs * 4 + 0.02) * (1 - done) + 1e-5
            features, inside, target = encoder.batch(examples)
            scores = network(features, inside)
            loss = functional.cross_entropy(
                scores.flatten(0, 1), target.flatten(), weight, ignore_index=_IGNORE
            )
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
        spent = time.monotonic() - begin
        print(f"epoch {epoch + 1}: {np.mean(losses):.4f} in {spent:.0f} s", flush=True)
        if epoch % 3 == 2 or epoch == epochs - 1:
            print(measure(network, material.development), flush=True)


def measure(network: Network, examples: list[Example]) -> str:
    """Share of person tokens found and false ones per 1,000 tokens, at several thresholds."""
    network.eval()
    tagger = Tagger([network.arrays()], load_lexicon())
    rows = []
    for lower in (False, True):
        scores, truth = [], []
        for texts, labels in examples:
            said = [text.lower() for text in texts] if lower else texts
            scores.append(tagger.tag(said)[:, 1])
            truth.append(np.array([label == "PERSON" for label in labels]))
        odds, gold = np.concatenate(scores), np.concatenate(truth)
        found = ", ".join(
            f">{least}: {(odds > least)[gold].mean():.3f}/{1000 * (odds > least)[~gold].mean():.1f}"
            for least in (0.5, 0.25, 0.1, 0.05)
        )
        rows.append(f"{'lower' if lower else 'cased'} {found}")
    return "; ".join(rows)
