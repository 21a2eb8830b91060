"""The learned name tagger: its bundled weights, and that training learns."""

from __future__ import annotations

from models.names import load_lexicon
from models.names.tagger import LABELS, Tagger, load_weights, shape
from models.training.names.spoken import utterances
from models.training.names.tagger import train


def test_the_bundled_tagger_knows_a_name_by_its_company() -> None:
    tagger = Tagger(load_weights(), load_lexicon())
    texts = ["der", "sprecher", "Vladislav", "Xhemaili", "sagte", "der", "zeitung"]
    labels = [label for label, _ in tagger.tag(texts)]
    assert labels == ["O", "O", "PER", "PER", "O", "O", "O"]
    assert tagger.tag([]) == []
    assert all(margin > 0 for label, margin in tagger.tag(texts) if label != "O")


def test_shapes() -> None:
    assert [shape(each) for each in ("ABC", "A", "Abc", "abc", "12", "-", "aBc")] == [
        "X", "X1", "Xx", "x", "d", ".", "xX",
    ]  # fmt: skip


def test_training_learns_and_repeats() -> None:
    examples = list(utterances("de", 150, 3))
    weights = train(list(examples), 2)
    tagger = Tagger({key: tuple(row) for key, row in weights.items()}, load_lexicon())
    right = total = 0
    for texts, labels in examples:
        guesses = [label for label, _ in tagger.tag(texts)]
        right += sum(a == b for a, b in zip(guesses, labels, strict=True))
        total += len(labels)
    assert set(LABELS) == {"O", "PER", "LOC", "ORG"}
    assert right / total > 0.9
    assert weights == train(list(examples), 2)
