"""The learned tagger: its bundled weights, and that training learns what the tagger reads."""

from __future__ import annotations

import numpy as np
import pytest

from models.names import load_lexicon
from models.names.tagger import (
    LABELS,
    SHAPES,
    Tagger,
    group_rows,
    known_as,
    load_networks,
    part_rows,
    shape,
    unpacked,
    word_rows,
)
from pipeline.domain.privacy import EntityType


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger(load_networks(), load_lexicon())


def tags(tagger: Tagger, text: str) -> list[str]:
    return [LABELS[at] for at in tagger.tag(text.split(" ")).argmax(axis=1)]


def test_labels_are_the_entity_types() -> None:
    assert set(LABELS[1:]) == {kind.value for kind in EntityType}


def test_a_name_is_known_by_its_company(tagger: Tagger) -> None:
    assert tags(tagger, "mein name ist vladislav xhemaili und ich rufe an")[3:5] == ["PERSON"] * 2
    assert tags(tagger, "ich esse gerne im sommer auf dem hof") == ["O"] * 8


def test_a_question_in_the_line_before_colours_its_answer(tagger: Tagger) -> None:
    number = "null eins sieben sechs vier vier"
    asked = tags(tagger, f"wie ist ihre telefonnummer \n {number}")
    assert asked[-6:] == ["PHONE_NUMBER"] * 6


def test_probabilities_sum_to_one_and_do_not_depend_on_the_past(tagger: Tagger) -> None:
    words = ["guten", "tag", "mein", "name", "ist", "anna", "müller"]
    once = tagger.tag(words)
    assert once.shape == (len(words), len(LABELS))
    assert np.allclose(once.sum(axis=1), 1, atol=1e-5)
    tagger.tag(["ganz", "etwas", "anderes"])
    assert np.array_equal(once, tagger.tag(words))
    assert tagger.tag([]).shape == (0, len(LABELS))


def test_far_words_change_nothing(tagger: Tagger) -> None:
    """Five convolutions see 31 words to each side: windows may be cut there."""
    tail = ["so"] * 40 + ["mein", "name", "ist", "anna", "müller"]
    one, other = tagger.tag(["null"] * 9 + tail), tagger.tag(["haus"] * 9 + tail)
    assert np.allclose(one[-5:], other[-5:], atol=1e-5)


def test_shapes() -> None:
    texts = ("ABC", "A", "Abc", "abc", "12", "-", "aBc", "\n", "12345678")
    shapes = [SHAPES[shape(each)] for each in texts]
    assert shapes == ["X", "X1", "Xx", "x", "d2", ".", "xX", "\n", "d7"]


def test_features_are_stable_rows() -> None:
    assert word_rows("anna") == word_rows("anna") != word_rows("anne")
    assert 0 not in (*word_rows("anna"), *part_rows("anna"), *group_rows("anna"))
    assert group_rows("12") == []
    assert len(group_rows("donaudampfschifffahrtsgesellschaft")) == 24
    numeral = known_as("neunzehnhundertfuenfundachtzig", load_lexicon())
    assert numeral[-1] == 1.0
    assert known_as("yilmaz's", load_lexicon())[-4] == 1.0


def test_it_forgets_words_rather_than_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    small = Tagger(load_networks(), load_lexicon())
    words = ["mein", "name", "ist", "anna", "müller"]
    once = small.tag(words)
    monkeypatch.setattr("models.names.tagger._REMEMBERED", 8)
    small.tag([f"wort{number}" for number in range(20)])
    assert np.allclose(once, small.tag(words), atol=1e-6)


def test_strange_characters_are_tagged_like_any_other(tagger: Tagger) -> None:
    odd = ["\ud800", "ﬁn", "🙂", "", "İ", "x" * 5000]
    assert np.isfinite(tagger.tag(odd)).all()


def test_what_is_stored_reads_back() -> None:
    stored = {
        "0/table": np.array([[127, -127]], np.int8),
        "0/table.scale": np.array([[0.5]], np.float32),
        "1/table": np.array([[1.5]], np.float16),
    }
    first, second = unpacked(stored)
    assert first["table"].tolist() == [[63.5, -63.5]]
    assert second["table"].tolist() == [[1.5]]
    assert set(first) == set(second) == {"table"}


def test_networks_are_averaged() -> None:
    one, other = load_networks()[0], load_networks()[-1]
    words = ["mein", "name", "ist", "anna"]
    apart = [Tagger([each], load_lexicon()).tag(words) for each in (one, other)]
    together = Tagger([one, other], load_lexicon()).tag(words)
    assert np.allclose(together, (apart[0] + apart[1]) / 2, atol=1e-6)
