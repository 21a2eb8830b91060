"""Redaction: pseudonyms, words, and the exact way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.privacy import EntityType, PiiSpan
from pipeline.domain.transcript import Segment, Speaker, VerbatimTranscript, Word
from pipeline.stages.redact import (
    from_json,
    redact,
    redact_text,
    restore,
    to_json,
    vault_from_json,
    vault_to_json,
)


def segment(text: str, start: float = 0.0) -> Segment:
    words, at = [], 0
    for index, word in enumerate(text.split(" ")):
        words.append(Word(start + index, start + index + 0.5, 1 - index / 1000, at, word))
        at += len(word) + 1
    return Segment(Speaker.CALLER, start, start + len(words), text, tuple(words))


def verbatim(*texts: str) -> VerbatimTranscript:
    return VerbatimTranscript("de", 60.0, tuple(segment(text) for text in texts))


def span(text: str, part: str, kind: EntityType = EntityType.PERSON) -> PiiSpan:
    start = text.index(part)
    return PiiSpan(start, start + len(part), kind, 0.9)


def test_one_person_one_pseudonym_through_the_call() -> None:
    texts = ("Ich bin Anna Müller,", "Frau Mueller?", "und Peter Schulz", "Guten Tag Herr Schultz")
    parts = ("Anna Müller", "Mueller", "Peter Schulz", "Schultz")
    spans = tuple((span(text, part),) for text, part in zip(texts, parts, strict=True))
    redacted, vault = redact(verbatim(*texts), spans)
    assert [each.text for each in redacted.segments] == [
        "Ich bin [PERSON_1],",
        "Frau [PERSON_1]?",
        "und [PERSON_2]",
        "Guten Tag Herr [PERSON_2]",
    ]
    assert vault.counts() == {EntityType.PERSON: 2}
    assert restore(redacted, vault) == texts


def test_all_words_of_a_span_become_one_and_keep_punctuation() -> None:
    text = "unter null eins fünf zwei, danke"
    redacted, _ = redact(
        verbatim(text), ((span(text, "null eins fünf zwei", EntityType.PHONE_NUMBER),),)
    )
    words = redacted.segments[0].words
    assert [word.text for word in words] == ["unter", "[PHONE_NUMBER_1],", "danke"]
    assert (words[1].start, words[1].end, words[1].probability) == (1.0, 4.5, 1 - 4 / 1000)
    assert redacted.segments[0].text == " ".join(word.text for word in words)


def test_a_cut_word_is_taken_whole() -> None:
    text = "die Müllers kommen"
    redacted, _ = redact(verbatim(text), ((span(text, "Müller"),),))
    assert redacted.segments[0].text == "die [PERSON_1] kommen"


def test_two_spans_in_one_word() -> None:
    text = "von Berlin-Hamburg her"
    spans = (
        span(text, "Berlin", EntityType.LOCATION),
        span(text, "Hamburg", EntityType.LOCATION),
    )
    redacted, _ = redact(verbatim(text), (spans,))
    assert [word.text for word in redacted.segments[0].words] == [
        "von",
        "[LOCATION_1]-[LOCATION_2]",
        "her",
    ]


def test_a_pseudonym_that_was_really_said_is_given_to_nobody() -> None:
    text = "[PERSON_1] sagt Anna"
    redacted, vault = redact(verbatim(text), ((span(text, "Anna"),),))
    assert redacted.segments[0].text == "[PERSON_1] sagt [PERSON_2]"
    assert restore(redacted, vault) == (text,)


def test_fragments_of_a_number_are_one_identity() -> None:
    texts = ("null eins fünf zwei", "0152?", "0152 3456789")
    spans = tuple((PiiSpan(0, len(text), EntityType.PHONE_NUMBER, 0.9),) for text in texts)
    redacted, _ = redact(verbatim(*texts), spans)
    assert [each.text for each in redacted.segments] == ["[PHONE_NUMBER_1]"] * 3


def test_spans_must_fit() -> None:
    with pytest.raises(ValueError, match="0 span tuples for 1 segments"):
        redact(verbatim("Anna"), ())
    with pytest.raises(ValueError, match="leaves a text of 4") as error:
        redact(verbatim("Anna"), ((PiiSpan(0, 9, EntityType.PERSON, 1.0),),))
    assert "Anna" not in str(error.value)


def test_a_foreign_vault_is_refused() -> None:
    redacted, _ = redact(verbatim("ohne Namen"), ((),))
    _, vault = redact(verbatim("Anna"), ((span("Anna", "Anna"),),))
    with pytest.raises(ValueError, match="another transcript"):
        restore(redacted, vault)
    longer, vault = redact(verbatim("x", "Anna"), ((), (span("Anna", "Anna"),)))
    assert longer
    with pytest.raises(ValueError, match="another transcript"):
        restore(redacted, vault)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"language":1}', b"\xff", b"[[1]]"])
def test_other_json_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="not a stored redacted transcript"):
        from_json(content)
    if content not in {b"[]", b"{}"}:
        with pytest.raises(ValueError, match="not a stored vault"):
            vault_from_json(content)


def test_plain_text() -> None:
    text = "Anna wohnt in Ulm"
    spans = [span(text, "Ulm", EntityType.LOCATION), span(text, "Anna")]
    assert redact_text(text, spans) == (
        "[PERSON_1] wohnt in [LOCATION_1]",
        {"[PERSON_1]": EntityType.PERSON, "[LOCATION_1]": EntityType.LOCATION},
    )


_TEXT = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Zs", "Cc"]), min_size=1, max_size=6),
    min_size=1,
    max_size=8,
).map(" ".join)


@st.composite
def redactions(draw: st.DrawFn) -> tuple[VerbatimTranscript, tuple[tuple[PiiSpan, ...], ...]]:
    texts = draw(st.lists(_TEXT, max_size=4))
    spans = []
    for text in texts:
        edges = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
        pairs = zip(edges[::2], edges[1::2], strict=False)
        kinds = st.sampled_from(EntityType)
        spans.append(tuple(PiiSpan(a, b, draw(kinds), 0.5) for a, b in pairs))
    return verbatim(*texts), tuple(spans)


@given(redactions())
def test_restore_is_exact_and_all_views_agree(
    drawn: tuple[VerbatimTranscript, tuple[tuple[PiiSpan, ...], ...]],
) -> None:
    original, spans = drawn
    redacted, vault = redact(original, spans)
    assert restore(redacted, vault) == tuple(each.text for each in original.segments)
    for each in redacted.segments:
        assert each.text == " ".join(word.text for word in each.words)
        for word in each.words:
            assert each.text[word.at : word.at + len(word.text)] == word.text
    assert {entry.pseudonym for entry in vault.entries} == set(redacted.pseudonyms)
    assert from_json(to_json(redacted)) == redacted
    assert vault_from_json(vault_to_json(vault)) == vault
    assert redact(original, spans) == (redacted, vault)
