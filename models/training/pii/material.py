"""What an epoch is made of: human-written text, filled frames, templates; and how it is varied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

from models.training.pii.corpora import Example, conll, smartdata
from models.training.pii.names import Names
from models.training.pii.spoken import filled, frames, templates
from models.training.pii.values import Values

_TRAIN = ("mobie_train.conll2003", "btc_b.conll", "btc_e.conll", "btc_f.conll", "btc_g.conll",
          "wnut17_train.conll")  # fmt: skip
_DEVELOPMENT = ("wnut17_dev.conll", "btc_a.conll")
_ROUNDS = 5  # how often an epoch fills each frame
_HUMAN_ROUNDS = 2  # and shows each human-written line: frames outnumber them otherwise
_TEMPLATES = 2500
_LONGEST = 400


class Material:
    """Examples without end; the development part stays out unless `everything`."""

    def __init__(self, corpora: Path, seed: int, *, everything: bool) -> None:
        self.dice = Random(seed)
        self.names = Names(self.dice)
        self.values = {name: Values(name, self.dice, self.names) for name in ("de", "en")}
        self.frames = frames()
        held = dict(smartdata(corpora / "smartdata_v3_dev.json.gz"))
        self.development = [line for lines in held.values() for line in lines]
        for file in _DEVELOPMENT:
            self.development += conll(corpora / file)
        self.human: list[Example] = []
        for name, lines in smartdata(corpora / "smartdata_v1_train.json.gz"):
            if everything or name not in held:
                self.human += lines
        for file in _TRAIN:
            self.human += conll(corpora / file)
        if everything:
            self.human += [*self.development, *conll(corpora / "mobie_dev.conll2003")]

    def epoch(self) -> list[Example]:
        """One epoch, shuffled; now and then several examples are turns of one text."""
        made = [self._varied(each) for _ in range(_HUMAN_ROUNDS) for each in self.human]
        for frame in self.frames:
            made += [
                self._varied(filled(frame, self.values[frame.language], self.dice))
                for _ in range(_ROUNDS)
            ]
        for language in self.values:
            made += map(self._varied, templates(language, _TEMPLATES, self.dice, self.names))
        self.dice.shuffle(made)
        return list(self._joined(made))

    def _joined(self, made: list[Example]) -> Iterator[Example]:
        at = 0
        while at < len(made):
            count = self.dice.choice([1, 1, 1, 2, 3, 4])
            texts: list[str] = []
            labels: list[str] = []
            for each_texts, each_labels in made[at : at + count]:
                texts += ["\n", *each_texts] if texts else each_texts
                labels += ["O", *each_labels] if labels else each_labels
            yield texts[:_LONGEST], labels[:_LONGEST]
            at += count

    def _varied(self, example: Example) -> Example:
        """Lower-cased half of the time, without punctuation a quarter; names redrawn sometimes."""
        dice = self.dice
        pairs = list(zip(*example, strict=True))
        if dice.random() < 0.3:
            pairs = [
                (self._another(text) if label == "PERSON" else text, label) for text, label in pairs
            ]
        if dice.random() < 0.25:
            pairs = [(text, label) for text, label in pairs if text[:1].isalnum() or text == "\n"]
        if dice.random() < 0.5:
            pairs = [(text.lower(), label) for text, label in pairs]
        return [text for text, _ in pairs], [label for _, label in pairs]

    def _another(self, text: str) -> str:
        """Now and then another name for `text`, one word long as it was."""
        if len(text) < 3 or not text[:1].isalpha() or self.dice.random() > 0.5:
            return text
        new = self.names.last().split("-")[0].split(" ")[-1]
        return new.lower() if text.islower() else new
