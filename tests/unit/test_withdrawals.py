"""A yes that is taken back in whatever words, and what only sounds like it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from pipeline.domain.transcript import Segment, Speaker
from pipeline.stages.spoken_consent import spoken_consent
from tests.unit.test_spoken_consent import AUDIO, MAY_WE, TRAINING, heard
from tests.unit.withdrawal_utterances import ADDED, DEVELOPED, KEPT_ASIDE

GERMAN = (MAY_WE, "c: Ja, gerne.", "a: Danke. Worum geht es?", "c: Ich suche eine Wohnung.")
ENGLISH = (
    "a: May we keep the recording for thirty days?",
    "c: Yes, sure.",
    "a: Thanks. How can I help?",
    "c: I am looking for a flat.",
)


def lines(group: str) -> Iterator[str]:
    for table in (DEVELOPED, KEPT_ASIDE, ADDED):
        yield from table.get(group, ())


CALLS = {"german": GERMAN, "english": ENGLISH}
AGAINST = [(language, said) for language in CALLS for said in lines(language)]
HARMLESS = [(language, said) for language in CALLS for said in lines(f"{language} harmless")]


def test_the_tables_are_as_large_as_reported() -> None:
    for language in CALLS:
        halves = [table[f"{language}{kind}"] for table in (DEVELOPED, KEPT_ASIDE)
                  for kind in ("", " harmless")]  # fmt: skip
        assert sum(map(len, halves)) >= 120


@pytest.mark.parametrize(("language", "said"), AGAINST)
def test_a_yes_is_taken_back_in_whatever_words(language: str, said: str) -> None:
    assert not heard(*CALLS[language], f"c: {said}").consents


@pytest.mark.parametrize(
    ("language", "said"), [(of, said) for of in CALLS for said in (*DEVELOPED[of], *KEPT_ASIDE[of])]
)
def test_it_counts_where_nobody_asked(language: str, said: str) -> None:
    spoken = heard("a: guten tag", f"c: {said}")
    assert spoken.objects or spoken.doubted == 1


@pytest.mark.parametrize(("language", "said"), HARMLESS)
def test_what_only_sounds_like_it(language: str, said: str) -> None:
    assert heard(*CALLS[language], f"c: {said}").consents


@pytest.mark.parametrize("said", [*lines("reversals")])
@pytest.mark.parametrize("thanks", ["a: danke", "a: great thank you"])
def test_a_yes_is_reversed_in_the_next_turn(said: str, thanks: str) -> None:
    yes = "c: ja"
    assert heard(MAY_WE, yes, thanks, f"c: {said}").objects


@pytest.mark.parametrize(
    ("said", "consents"),
    [
        ("ja. ach nein.", False),
        ("ja. moment, nein.", False),
        ("ja. oder doch nicht.", False),
        ("ja. quatsch, nein.", False),
        ("ja. nein.", False),
        ("yes. actually, no.", False),
        ("yes. hmm, on second thought, no.", False),
        ("ja. ich suche eine wohnung in der südstadt mit drei zimmern und balkon und einem aufzug "
         "und einem keller und das mit der aufnahme möchte ich nicht.", False),
        ("ja. also das problem ist, ich habe keine nummer.", True),
        ("ja. ich habe ja nichts zu verbergen.", True),
    ],
)  # fmt: skip
def test_a_yes_is_reversed_in_its_own_turn(said: str, consents: bool) -> None:
    assert heard(MAY_WE, f"c: {said}").consents is consents


@pytest.mark.parametrize(
    ("turns", "consents"),
    [
        (("a: danke", "c: nein"), False),
        (("a: ich schaue mal nach", "c: nein"), True),
        (("a: ich schaue mal nach", "c: moment nein"), False),
        (("a: suchen sie eine wohnung", "c: ach nein"), True),
        (("a: danke", "c: wissen sie was lassen sie das lieber"), False),
    ],
)
def test_a_no_reverses_what_was_asked_last(turns: tuple[str, ...], consents: bool) -> None:
    assert heard(MAY_WE, "c: ja", *turns).consents is consents


@pytest.mark.parametrize(
    ("asked", "answer", "consents"),
    [
        ("dürfen wir aufzeichnen oder nicht", "ja", False),
        ("Dürfen wir aufzeichnen? Oder möchten Sie das nicht?", "ja", False),
        ("Dürfen wir das Gespräch aufzeichnen, oder soll ich Sie lieber zurückrufen?", "ja", False),
        ("may we record this call or would you rather not", "yes", False),
        ("dürfen wir das gespräch zur schulung oder qualitätssicherung aufzeichnen", "ja", True),
        ("dürfen wir das gespräch aufzeichnen oder nicht", "nein", False),
    ],
)
def test_an_alternative_has_no_yes(asked: str, answer: str, consents: bool) -> None:
    spoken = heard(f"a: {asked}", f"c: {answer}")
    assert spoken.consents is consents and spoken.asked == 0


@pytest.mark.parametrize(
    ("asked", "consents"),
    [
        ("may we record this call for live transcription only and delete it right after", False),
        ("dürfen wir das gespräch aufzeichnen und nach dem gespräch gleich wieder löschen", False),
        ("dürfen wir das gespräch aufzeichnen die aufnahme wird sofort gelöscht", False),
        ("may we keep the recording for thirty days and delete it right after", True),
        ("dürfen wir das gespräch dreißig tage speichern danach wird es gelöscht", True),
    ],
)
def test_who_was_promised_deletion_agreed_to_no_keeping(asked: str, consents: bool) -> None:
    spoken = heard(f"a: {asked}", "c: yes ja")
    assert spoken.consents is consents
    assert spoken.asked == 0, "the flag was asked about: no policy keeps the audio"
    assert heard(f"a: {asked}", "c: nein no").objects


def test_who_was_told_that_nothing_is_kept_was_not_asked() -> None:
    assert heard("a: das gespräch wird aufgezeichnet und sofort gelöscht", "c: ja").asked is None


@pytest.mark.parametrize(
    "said",
    ["wenn ich die aufnahme nicht will was dann", "ich widerspreche",
     "being recorded makes me uneasy"],
)  # fmt: skip
def test_a_doubt_is_no_withdrawal_and_no_consent(said: str) -> None:
    spoken = heard(MAY_WE, "c: ja", "a: danke worum geht es", f"c: {said}")
    assert (spoken.consents, spoken.objects, spoken.doubted) == (False, False, 3)


def test_a_doubt_before_the_yes_is_answered_by_it() -> None:
    doubt = "c: und wenn ich die aufnahme nicht will"
    assert heard(doubt).doubted == 0
    assert heard(doubt, *GERMAN).consents


@pytest.mark.parametrize(
    ("said", "consents"),
    [("die aufnahme bitte wegwerfen", False), ("sie können der aufnahme auch später widersprechen",
     True), ("wann wird der mitschnitt vernichtet", True)],
)  # fmt: skip
def test_on_one_channel_who_explains_takes_nothing_back(said: str, consents: bool) -> None:
    asked = "?: dürfen wir das gespräch aufzeichnen"
    assert heard(asked, "?: ja gerne", f"?: {said}").consents is consents


def test_a_pronoun_stands_for_the_recording_while_it_is_remembered() -> None:
    objection = "c: ich widerspreche"
    chatter = ["a: aha", "c: so ist das"] * 5
    assert not heard(*GERMAN, objection).consents
    assert heard(*GERMAN, *chatter, objection).consents


def test_other_purposes_have_their_own_words() -> None:
    asked = "a: dürfen wir die aufnahme zum training unserer systeme verwenden"
    spoken = heard(asked, "c: ja gerne", "c: die aufnahme schmeissen sie weg", purpose=TRAINING)
    assert spoken.consents and spoken.doubted is None


@pytest.mark.parametrize("said", ["nein die aufnahme ", "das gespräch speichern nicht ", "band ",
                                  "ich widerspreche ", "oder moment ach "])  # fmt: skip
def test_time_goes_with_the_length_of_a_turn(said: str) -> None:
    def seconds(times: int) -> float:
        call = [Segment(Speaker.CALLER, 0.0, 1.0, said * times)]
        started = time.process_time()
        spoken_consent(call, AUDIO)
        return time.process_time() - started

    short = min(seconds(1_000) for _ in range(3))
    assert seconds(10_000) < 30 * short + 0.2
