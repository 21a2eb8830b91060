"""Redaction and the second look together: nothing the check sees is left, nothing is lost."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.audio import decoders
from pipeline.domain.errors import ResidualPii
from pipeline.domain.privacy import EntityType, KnownParty, PiiSpan
from pipeline.domain.recording import RecordingLimits
from pipeline.domain.redaction_policy import RedactionPolicy
from pipeline.domain.transcript import Segment, Speaker, TimeSpan, VerbatimTranscript, Word
from pipeline.ports import Samples
from pipeline.stages import redact_checked as wiring
from pipeline.stages.redact import redact, restore
from pipeline.stages.redact_checked import redact_checked
from pipeline.stages.residual_check import Residual, residuals
from pipeline.usecases.deck import Transcriber
from pipeline.usecases.transcribe_recording import transcribe_recording
from tests.scripted import ScriptedRecogniser

PERSON, PHONE = EntityType.PERSON, EntityType.PHONE_NUMBER


def words_of(text: str) -> tuple[Word, ...]:
    return tuple(
        Word(float(number), number + 1.0, 0.9, match.start(), match[0])
        for number, match in enumerate(re.finditer(r"\S+", text))
    )


def verbatim(*texts: str) -> VerbatimTranscript:
    segments = (Segment(Speaker.CALLER, 0.0, 9.0, text, words_of(text)) for text in texts)
    return VerbatimTranscript("de", 9.0, tuple(segments))


def spans_of(texts: Sequence[str], *parts: str) -> tuple[tuple[PiiSpan, ...], ...]:
    """Every one of `parts` where it stands first."""
    found: list[list[PiiSpan]] = [[] for _ in texts]
    for part in parts:
        index = next(number for number, text in enumerate(texts) if part in text)
        start = texts[index].index(part)
        found[index].append(PiiSpan(start, start + len(part), PERSON, 0.9))
    return tuple(map(tuple, found))


def said(*texts: str, hidden: Sequence[str] = (), **more: Sequence[KnownParty]) -> list[str]:
    """What stands in the redacted transcript, which must lead back to `texts`."""
    redacted, vault = redact_checked(verbatim(*texts), spans_of(texts, *hidden), **more)
    assert restore(redacted, vault) == texts
    assert {entry.pseudonym for entry in vault.entries} == set(redacted.pseudonyms)
    for segment in redacted.segments:
        assert segment.text == " ".join(word.text for word in segment.words)
    return [segment.text for segment in redacted.segments]


def test_without_residuals_it_is_redact() -> None:
    texts = ("Guten Tag, hier ist Martina Keller", "Danke, Frau Keller.")
    spans = (spans_of(texts, "Martina Keller")[0], (PiiSpan(12, 18, PERSON, 0.9),))
    assert redact_checked(verbatim(*texts), spans) == redact(verbatim(*texts), spans)


def test_what_was_overlooked_is_hidden_behind_and_between_other_pseudonyms() -> None:
    assert said(
        "Ja, Martina Keller, Kehler also und Lea, unter 0176 5538204, ja",
        "Frau Lindner? Nein, Keller!",
        hidden=["Martina Keller", "Lea"],
    ) == [
        "Ja, [PERSON_1], [PERSON_1] also und [PERSON_2], unter [PHONE_NUMBER_1], ja",
        "Frau [PERSON_3]? Nein, [PERSON_1]!",
    ]


def test_a_value_found_late_is_found_everywhere() -> None:
    assert said("Der Lindqvist war da", "Guten Tag Herr Lindqvist") == [
        "Der [PERSON_1] war da",
        "Guten Tag Herr [PERSON_1]",
    ]


def test_known_values_are_hidden_and_allowed_ones_shown() -> None:
    known = (KnownParty(PERSON, "Sabine Vogt"),)
    allowed = (KnownParty(PHONE, "0221 445566"),)
    texts = ("Also Vogt, unter 0221 445566", "oder unter 0221 4455667")
    assert said(*texts, known=known, allowed=allowed) == [
        "Also [PERSON_1], unter 0221 445566",
        "oder unter [PHONE_NUMBER_1]",
    ]


def test_what_never_comes_to_an_end_costs_whole_segments() -> None:
    chain = ("Bockelmann", "Bockelman", "Bockelmen", "Backelmen", "Backelten", "Backeltin")
    texts = tuple(f"Also {name}, ja" for name in chain)
    assert said(*texts, hidden=["Bockelmann"]) == [
        *[f"Also [PERSON_{number}], ja" for number in (1, 1, 1, 1)],
        "[OTHER_ID_1]",
        "Also Backeltin, ja",
    ]


def test_what_is_left_after_all_that_is_not_released(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "residuals", lambda *_: (Residual(0, 0, 1, PERSON),))

    def refuse(*_: object) -> None:
        raise ResidualPii({PERSON: 1})

    monkeypatch.setattr(wiring, "check_residuals", refuse)
    with pytest.raises(ResidualPii, match="1 residual PII found"):
        redact_checked(verbatim("Anna"), ((),))


class Blind(ScriptedRecogniser):
    """Speech detector, recogniser and a PII detector that sees nothing."""

    def __init__(self, text: str) -> None:
        self.text = text

    def said(self, samples: Samples) -> Sequence[Word]:
        return words_of(self.text)

    def detect(self, *arguments: object) -> tuple:
        if len(arguments) == 1:
            return (TimeSpan(0.0, 1.0),)
        return tuple(() for _ in arguments[0])


def test_a_blind_detector_is_made_up_for_on_the_way_of_a_recording() -> None:
    blind = Blind("Hier ist Sabine Vogt, 0176 5538204, Büro 0221 445566, Kofler.")
    transcriber = Transcriber(
        RecordingLimits(), decoders(), lambda: blind, lambda: blind, lambda: blind
    )
    buffer = io.BytesIO()
    tone = 0.1 * np.sin(np.arange(8_000) / 5)
    soundfile.write(buffer, tone, 8_000, format="WAV", subtype="ULAW")
    policy = RedactionPolicy(
        allow=(KnownParty(PHONE, "+49 221 445566"),), deny=(KnownParty(PERSON, "Kofler"),)
    )
    redacted, vault = transcribe_recording(buffer.getvalue(), transcriber, policy=policy)
    assert [segment.text for segment in redacted.segments] == [
        "Hier ist [PERSON_1], [PHONE_NUMBER_1], Büro 0221 445566, [PERSON_2]."
    ]
    assert [entry.original for entry in vault.entries] == ["Sabine Vogt", "0176 5538204", "Kofler"]


_PIECES = st.sampled_from(
    ["Frau", "Keller", "Kehler", "Keler", "keller", "null", "eins", "0152", "345678", "@", "web",
     "punkt", "de", "at", "[PERSON_1]", "K", "wie", "Konrad", ",", ".", "Mu\u0308ller", "1.250",
     "12.03.85", "double", "-", "10:30", "von", "(Anna)", "😀", "١٢٣٤", "x@y.de", "\u00ad-"]
)  # fmt: skip
_TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Zs", "Cc", "Zl", "Zp"]), min_size=1),
    st.lists(_PIECES, min_size=1, max_size=10).map(" ".join),
)
_PARTIES = st.builds(KnownParty, st.sampled_from(EntityType), _TEXTS)


@given(st.lists(_TEXTS, max_size=4), st.lists(_PARTIES, max_size=2), st.data())
def test_nothing_is_left_and_nothing_is_lost(
    texts: list[str], known: list[KnownParty], data: st.DataObject
) -> None:
    spans = []
    for text in texts:
        edges = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
        kinds = st.sampled_from(EntityType)
        pairs = zip(edges[::2], edges[1::2], strict=False)
        spans.append(tuple(PiiSpan(a, b, data.draw(kinds), 0.5) for a, b in pairs))
    redacted, vault = redact_checked(verbatim(*texts), tuple(spans), known)
    assert residuals(redacted, vault, known) == ()
    assert restore(redacted, vault) == tuple(texts)
    first, _ = redact(verbatim(*texts), tuple(spans))
    for before, after in zip(first.segments, redacted.segments, strict=True):
        if before.text == after.text:
            assert before.words == after.words
