"""Redaction where spans cut letters, overlap, or hold next to nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.privacy import EntityType, PiiSpan, Vault, VaultEntry
from pipeline.domain.transcript import Segment, Speaker, VerbatimTranscript, Word
from pipeline.stages.redact import from_json, redact, redact_text, restore, to_json

PERSON, PLACE, PHONE = EntityType.PERSON, EntityType.LOCATION, EntityType.PHONE_NUMBER
_TOKEN = re.compile(r"\[[A-Z_]+_\d+\]")


def spoken(text: str) -> VerbatimTranscript:
    """One segment; a word a second, as a recogniser without gaps gives them."""
    words = tuple(
        Word(float(index), index + 1.0, 0.9 - index / 100, match.start(), match[0])
        for index, match in enumerate(re.finditer(r"\S+", text))
    )
    return VerbatimTranscript("de", 60.0, (Segment(Speaker.AGENT, 0.0, 60.0, text, words),))


def redacted_text(text: str, *spans: tuple[int, int, EntityType]) -> str:
    found = tuple(PiiSpan(start, end, kind, 0.9) for start, end, kind in spans)
    redacted, vault = redact(spoken(text), (found,))
    assert restore(redacted, vault) == (text,)
    assert redact_text(text, found)[0] == redacted.segments[0].text
    return redacted.segments[0].text


@pytest.mark.parametrize(
    ("text", "spans", "expected"),
    [
        # white space at the edges of a span stays; a span of nothing else hides nothing
        ("Frau Anna kommt", [(4, 10, PERSON)], "Frau [PERSON_1] kommt"),
        ("Anna  kommt", [(4, 6, PERSON)], "Anna  kommt"),
        ("Anna", [(0, 4, PERSON)], "[PERSON_1]"),
        # what a recogniser joined is taken whole: no letter of a cut word stays
        ("Müllers Haus", [(0, 3, PERSON)], "[PERSON_1] Haus"),
        ("0152345 bitte", [(0, 4, PHONE)], "[PHONE_NUMBER_1] bitte"),
        ("Köln-Deutz", [(0, 4, PLACE)], "[LOCATION_1]-Deutz"),
        # combining marks and invisible characters belong to their letter
        ("Mu\u0308ller da", [(0, 2, PERSON)], "[PERSON_1] da"),
        ("Mül\u00adler da", [(0, 3, PERSON)], "[PERSON_1] da"),
        ("A\u200dnna da", [(2, 5, PERSON)], "[PERSON_1] da"),
        # overlapping spans become one; the longer gives the type
        ("Anna Müller da", [(0, 4, PLACE), (2, 11, PERSON)], "[PERSON_1] da"),
        ("Anna Müller da", [(0, 11, PERSON), (5, 14, PLACE)], "[PERSON_1]"),
        ("Anna Müller", [(0, 6, PERSON), (7, 11, PLACE)], "[PERSON_1]"),
        # apart, in whatever order they come
        ("Anna in Ulm", [(8, 11, PLACE), (0, 4, PERSON)], "[PERSON_1] in [LOCATION_1]"),
        ("Anna,Ulm", [(0, 4, PERSON), (5, 8, PLACE)], "[PERSON_1],[LOCATION_1]"),
        # brackets that were there
        ("[x] Anna [1", [(4, 8, PERSON)], "[x] [PERSON_1] [1"),
    ],
)
def test_what_stands_there_afterwards(
    text: str, spans: list[tuple[int, int, EntityType]], expected: str
) -> None:
    assert redacted_text(text, *spans) == expected


def test_words_under_one_span_become_one_with_their_time_and_least_probability() -> None:
    text = "ich bin Anna Maria Müller, hallo"
    redacted, _ = redact(spoken(text), ((PiiSpan(8, 25, PERSON, 0.9),),))
    word = redacted.segments[0].words[2]
    assert (word.text, word.start, word.end) == ("[PERSON_1],", 2.0, 5.0)
    assert word.probability == pytest.approx(0.9 - 4 / 100)
    assert [each.at for each in redacted.segments[0].words] == [0, 4, 8, 20]


def test_two_words_that_share_a_cut_word_are_joined() -> None:
    """A span from the middle of one word to the middle of the next hides both."""
    redacted, _ = redact(spoken("Anna Müller da"), ((PiiSpan(2, 7, PERSON, 0.9),),))
    assert [word.text for word in redacted.segments[0].words] == ["[PERSON_1]", "da"]


def test_words_that_come_without_their_punctuation_are_hidden_too() -> None:
    words = (Word(0.0, 1.0, 0.9, 1, "Anna"), Word(1.0, 2.0, 0.9, 7, "da"))
    segment = Segment(Speaker.AGENT, 0.0, 2.0, "(Anna) da", words)
    redacted, _ = redact(
        VerbatimTranscript("de", 2.0, (segment,)), ((PiiSpan(0, 6, PERSON, 0.9),),)
    )
    assert redacted.segments[0].text == "[PERSON_1] da"
    assert [word.text for word in redacted.segments[0].words] == ["[PERSON_1]", "da"]


def test_a_segment_without_word_times_is_redacted_all_the_same() -> None:
    segment = Segment(Speaker.UNKNOWN, 0.0, 1.0, "Anna da")
    verbatim = VerbatimTranscript("de", 1.0, (segment,))
    redacted, vault = redact(verbatim, ((PiiSpan(0, 4, PERSON, 0.9),),))
    assert (redacted.segments[0].text, redacted.segments[0].words) == ("[PERSON_1] da", ())
    assert restore(redacted, vault) == ("Anna da",)


def test_a_call_without_a_word() -> None:
    redacted, vault = redact(VerbatimTranscript("en", 3.0, ()), ())
    assert (redacted.segments, vault.entries, dict(redacted.pseudonyms)) == ((), (), {})
    assert restore(redacted, vault) == ()


@pytest.mark.parametrize(
    "entry",
    [
        VaultEntry("[PERSON_1]", PERSON, 0, 1, "Anna"),
        VaultEntry("[PERSON_2]", PERSON, 0, 0, "Anna"),
        VaultEntry("[PERSON_1]", PERSON, 1, 0, "Anna"),
        VaultEntry("[PERSON_1]", PERSON, 0, 99, "Anna"),
    ],
    ids=["shifted", "other pseudonym", "other segment", "past the end"],
)
def test_a_vault_that_does_not_fit_restores_nothing(entry: VaultEntry) -> None:
    redacted, _ = redact(spoken("Anna da"), ((PiiSpan(0, 4, PERSON, 0.9),),))
    with pytest.raises(ValueError, match="another transcript") as refusal:
        restore(redacted, Vault((entry,)))
    assert "Anna" not in str(refusal.value)


def test_a_vault_with_an_entry_twice_restores_nothing() -> None:
    redacted, vault = redact(spoken("Anna da"), ((PiiSpan(0, 4, PERSON, 0.9),),))
    with pytest.raises(ValueError, match="another transcript"):
        restore(redacted, Vault(vault.entries * 2))


def test_a_pseudonym_of_a_stored_transcript_must_be_of_a_known_type() -> None:
    redacted, _ = redact(spoken("Anna da"), ((PiiSpan(0, 4, PERSON, 0.9),),))
    with pytest.raises(ValueError, match="not a stored redacted transcript"):
        from_json(to_json(redacted).replace(b'"PERSON"', b'"PERSONA"'))


_WORDS = st.lists(
    st.sampled_from(
        [
            "Anna",
            "Mu\u0308ller",
            "null",
            "eins",
            "²",
            "0152",
            "[PERSON_1]",
            "😀",
            "о",
            "x@y.de",
            "\u00ad-",
        ]
    ),
    min_size=1,
    max_size=8,
)


@st.composite
def overlapping(draw: st.DrawFn) -> tuple[str, tuple[PiiSpan, ...]]:
    text = draw(st.sampled_from([" ", "  ", ", "])).join(draw(_WORDS))
    spans = []
    for _ in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        spans.append(PiiSpan(start, end, draw(st.sampled_from(EntityType)), 0.5))
    return text, tuple(spans)


@given(overlapping())
def test_spans_of_any_kind_leave_no_character_of_theirs_in_any_view(
    drawn: tuple[str, tuple[PiiSpan, ...]],
) -> None:
    text, spans = drawn
    verbatim = spoken(text)
    redacted, vault = redact(verbatim, (spans,))
    (segment,) = redacted.segments
    hidden = {at for span in spans for at in range(span.start, span.end)}
    kept, done = [], 0
    for entry in sorted(vault.entries, key=lambda entry: entry.start):
        kept.append(segment.text[done : entry.start])
        done = entry.start + len(entry.pseudonym)
    kept.append(segment.text[done:])
    at = 0
    originals = [entry.original for entry in sorted(vault.entries, key=lambda each: each.start)]
    for index, part in enumerate(kept):
        assert all(text[at + k].isspace() for k in range(len(part)) if at + k in hidden)
        assert text[at : at + len(part)] == part
        at += len(part) + (len(originals[index]) if index < len(originals) else 0)
    assert restore(redacted, vault) == (text,)
    for word in segment.words:
        assert segment.text[word.at : word.at + len(word.text)] == word.text
    spoken_words = "".join(word.text for word in segment.words)
    assert "".join(spoken_words.split()) == "".join(segment.text.split())
    assert set(redacted.pseudonyms) <= set(_TOKEN.findall(segment.text))
