from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.errors import UsageError
from pipeline.domain.privacy import EntityType, PiiSpan
from pipeline.domain.transcript import (
    RedactedTranscript,
    Segment,
    Speaker,
    VerbatimTranscript,
    Word,
)
from pipeline.formats import FORMATS, format_named
from pipeline.formats.cues import MAX_CHARACTERS, MAX_SECONDS, cues, timestamp
from pipeline.formats.shown import shown_segments
from pipeline.stages.redact import annotated, redact

SAID = ("Guten Tag, Sie sprechen mit <Anna>.", "Hier ist Martina Keller & Sohn.")


def segment(speaker: Speaker, start: float, text: str, pace: float = 0.4) -> Segment:
    words, at = [], 0
    for number, token in enumerate(text.split(" ")):
        begin = start + number * pace
        words.append(Word(begin, begin + pace, 0.9, at, token))
        at += len(token) + 1
    return Segment(speaker, start, words[-1].end, text, tuple(words))


@pytest.fixture(scope="module")
def redacted() -> RedactedTranscript:
    verbatim = VerbatimTranscript(
        "de",
        9.25,
        (segment(Speaker.AGENT, 0.5, SAID[0]), segment(Speaker.CALLER, 3.0, SAID[1])),
    )
    span = PiiSpan(9, 23, EntityType.PERSON, 0.9)
    return redact(verbatim, ((), (span,)))[0]


def test_txt_has_a_line_a_turn(redacted: RedactedTranscript) -> None:
    assert FORMATS["txt"].render(redacted) == (
        "[00:00] agent: Guten Tag, Sie sprechen mit <Anna>.\n"
        "[00:03] caller: Hier ist [PERSON_1] & Sohn.\n"
    )


def test_json_carries_words_and_pseudonyms(redacted: RedactedTranscript) -> None:
    document = json.loads(FORMATS["json"].render(redacted))
    assert document["pseudonyms"] == {"[PERSON_1]": "PERSON"}
    assert document["segments"][1]["text"] == "Hier ist [PERSON_1] & Sohn."
    assert [word["text"] for word in document["segments"][1]["words"]] == [
        "Hier", "ist", "[PERSON_1]", "&", "Sohn.",
    ]  # fmt: skip
    assert document["duration"] == 9.25


@pytest.fixture(scope="module")
def coarse(redacted: RedactedTranscript) -> RedactedTranscript:
    return annotated(redacted, {"[PERSON_1]": "0123456789abcdef"}, {"[PERSON_1]": "40-49"})


def test_json_has_links_and_coarse_values_beside_the_bare_pseudonyms(
    redacted: RedactedTranscript, coarse: RedactedTranscript
) -> None:
    document = json.loads(FORMATS["json"].render(coarse))
    assert document.pop("links") == {"[PERSON_1]": "0123456789abcdef"}
    assert document.pop("generalised") == {"[PERSON_1]": "40-49"}
    assert document == json.loads(FORMATS["json"].render(redacted))


@pytest.mark.parametrize("name", ["txt", "srt", "vtt"])
def test_people_read_coarse_values_inside_the_pseudonym(
    redacted: RedactedTranscript, coarse: RedactedTranscript, name: str
) -> None:
    render = FORMATS[name].render
    assert "Hier ist [PERSON_1 40-49] &" in render(coarse)
    assert render(coarse).replace(" 40-49]", "]") == render(redacted)
    assert render(coarse, SAID) == render(redacted, SAID)


def test_a_pseudonym_that_has_no_coarse_value_stays_as_it_is() -> None:
    text = "[PERSON_1] Anna, 80331 Ulm und 80331, 10115"
    kinds = (EntityType.PERSON, EntityType.POSTCODE, EntityType.LOCATION)
    spans = [(11, 15, 0), (17, 22, 1), (23, 26, 2), (31, 36, 1), (38, 43, 1)]
    hidden, _ = redact(
        VerbatimTranscript("de", 9.0, (segment(Speaker.CALLER, 0.0, text),)),
        (tuple(PiiSpan(start, end, kinds[kind], 0.9) for start, end, kind in spans),),
    )
    (shown,) = shown_segments(annotated(hidden, {}, {"[POSTCODE_1]": "80***"}))
    assert shown.text == (
        "[PERSON_1] [PERSON_2], [POSTCODE_1 80***] [LOCATION_1] und [POSTCODE_1 80***], "
        "[POSTCODE_2]"
    )
    for word in shown.words:
        assert shown.text[word.at : word.at + len(word.text)] == word.text
    assert " ".join(word.text for word in shown.words) == shown.text


def test_srt_is_numbered_and_shows_no_tag(redacted: RedactedTranscript) -> None:
    lines = FORMATS["srt"].render(redacted).split("\n")
    assert lines[:2] == ["1", "00:00:00,500 --> 00:00:02,900"]
    assert lines[2] == "Agent: Guten Tag, Sie sprechen mit < Anna>."
    assert lines[4:7] == [
        "2",
        "00:00:03,000 --> 00:00:05,400",
        "Caller: Hier ist [PERSON_1] & Sohn.",
    ]


def test_vtt_names_the_voice_and_escapes(redacted: RedactedTranscript) -> None:
    text = FORMATS["vtt"].render(redacted)
    assert text.startswith("WEBVTT\n\n00:00:00.500 --> 00:00:02.900\n<v Agent>")
    assert "&lt;Anna&gt;" in text and "<v Caller>Hier ist [PERSON_1] &amp; Sohn." in text


@pytest.mark.parametrize("name", FORMATS)
def test_revealed_texts_stand_in_every_format(redacted: RedactedTranscript, name: str) -> None:
    hidden = FORMATS[name].render(redacted)
    shown = FORMATS[name].render(redacted, SAID)
    assert (
        "Keller" not in hidden and "Keller" in shown and 'PERSON_1]"' not in shown.split("pseud")[0]
    )


@pytest.mark.parametrize("name", FORMATS)
def test_silence_renders(name: str) -> None:
    silent, _ = redact(VerbatimTranscript("de", 60.0, ()), ())
    assert isinstance(FORMATS[name].render(silent), str)


def test_an_unknown_format_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="json, txt, srt, vtt"):
        format_named("docx")


@given(
    st.lists(
        st.text("abcäß .,-", min_size=1, max_size=30).map(str.split).filter(bool),
        min_size=1,
        max_size=40,
    ),
    st.floats(0.05, 3.0),
)
def test_cues_keep_every_word_once_in_order_and_stay_short(
    tokens: list[list[str]], pace: float
) -> None:
    text = " ".join(token for group in tokens for token in group)
    verbatim = VerbatimTranscript("de", 1.0, (segment(Speaker.CALLER, 0.0, text, pace),))
    silent, _ = redact(verbatim, ((),))
    pieces = list(cues(silent, None))
    assert " ".join(cue.text for cue in pieces) == text
    for cue in pieces:
        if " " in cue.text:
            assert len(cue.text) <= MAX_CHARACTERS
            assert cue.end - cue.start <= MAX_SECONDS + 1e-6
    assert all(a.end <= b.start + 1e-6 for a, b in pairwise(pieces))


@given(st.floats(0, 360_000))
def test_timestamps_read_back(seconds: float) -> None:
    match = re.fullmatch(r"(\d{2,}):([0-5]\d):([0-5]\d),(\d{3})", timestamp(seconds, ","))
    assert match is not None
    hours, minutes, whole, rest = map(int, match.groups())
    assert abs(hours * 3600 + minutes * 60 + whole + rest / 1000 - seconds) <= 0.0005001


def test_a_pseudonym_never_breaks_a_cue_time_line(redacted: RedactedTranscript) -> None:
    sly, _ = redact(
        VerbatimTranscript("de", 5.0, (Segment(Speaker.CALLER, 0, 1, "a --> b\n\n7\x1b[2J"),)),
        ((),),
    )
    for name in ("srt", "vtt", "txt"):
        text = FORMATS[name].render(sly)
        assert text.count("-->") <= 1 and "\x1b" not in text and "\n\n7" not in text
