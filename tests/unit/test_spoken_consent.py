"""What was asked in a call and what was answered: German and English, as recognisers write it."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.consent import Purpose
from pipeline.domain.transcript import Segment, Speaker, Word
from pipeline.stages.spoken_consent import Answer, Spoken, spoken_consent

AUDIO, TRAINING, ABROAD = Purpose.AUDIO_RETENTION, Purpose.MODEL_TRAINING, Purpose.LLM_OUTSIDE_EU
DAY = timedelta(days=1)
_SPEAKERS = {"a": Speaker.AGENT, "c": Speaker.CALLER, "?": Speaker.UNKNOWN}


def segments(*lines: str) -> list[Segment]:
    """`a: …` is the agent's turn, `c: …` the caller's, `?: …` that of one of them."""
    made = []
    for number, line in enumerate(lines):
        speaker, _, text = line.partition(": ")
        start, words, at = 10.0 * number, [], 0
        for place, word in enumerate(text.split()):
            at = text.index(word, at)
            words.append(Word(start + place / 10, start + place / 10 + 0.08, 0.9, at, word))
            at += len(word)
        end = start + len(words) / 10
        made.append(Segment(_SPEAKERS[speaker], start, end, text, tuple(words)))
    return made


def heard(*lines: str, purpose: Purpose = AUDIO) -> Spoken:
    return spoken_consent(segments(*lines), purpose)


MAY_WE = "a: dürfen wir das gespräch aufzeichnen und dreißig tage speichern"
AGREED = "a: Sind Sie einverstanden, dass die Aufnahme zur Qualitätssicherung gespeichert wird?"
AGAINST = "a: haben sie etwas dagegen dass wir das gespräch aufzeichnen"
MIND = "a: do you mind if we record this call"
OKAY = "a: this call may be recorded is that okay"

QUESTIONS = [
    MAY_WE,
    AGREED,
    OKAY,
    "a: Dieses Gespräch wird aufgezeichnet. Sind Sie damit einverstanden, dass wir die Aufnahme "
    "dreißig Tage lang speichern?",
    "a: dieses gespräch wird aufgezeichnet ist das in ordnung",
    "a: können wir ihren anruf mitschneiden",
    "a: darf ich die aufnahme behalten",
    "a: stimmen sie der aufzeichnung dieses gesprächs zu",
    "a: willigen sie in die speicherung der aufnahme ein",
    "a: erlauben sie uns den anruf aufzuzeichnen",
    "a: haben wir ihr einverständnis die aufnahme zu speichern",
    "a: may we record this call",
    "a: Can we keep the recording for four weeks?",
    "a: are you okay with us recording the call",
    "a: do you agree that we store the recording",
    "a: do you consent to the recording of this call",
    "a: could we keep a recording of this conversation would that be alright",
    "a: wir würden das gespräch gern aufzeichnen einverstanden",
    "?: dürfen wir das gespräch aufzeichnen",
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_with_a_plain_yes_is_consent(question: str) -> None:
    answer = "?: ja gerne" if question.startswith("?") else "c: ja gerne"
    spoken = heard(question, answer)
    assert (spoken.asked, spoken.answer, spoken.answered) == (0, Answer.YES, 1)
    assert spoken.consents and not spoken.objects


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_with_a_plain_no_is_none(question: str) -> None:
    answer = "?: nein" if question.startswith("?") else "c: nein"
    spoken = heard(question, answer)
    assert spoken.answer is Answer.NO
    assert spoken.objects and not spoken.consents


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_without_an_answer_is_none(question: str) -> None:
    spoken = heard(question)
    assert spoken.answer is Answer.NONE and spoken.asked == 0
    assert not spoken.objects and not spoken.consents


@pytest.mark.parametrize(
    "answer",
    [
        "ja", "Ja.", "ja natürlich", "ja klar", "jo", "jawohl", "jep", "ja bitte", "klar",
        "äh ja", "also ja gern", "von mir aus", "meinetwegen", "in ordnung", "einverstanden",
        "das ist okay", "kein problem", "ja kein problem", "das geht klar", "ja das geht",
        "ich stimme zu", "ja ich bin damit einverstanden", "machen sie ruhig", "natürlich",
        "selbstverständlich", "ich habe nichts dagegen", "das stört mich nicht", "warum nicht",
        "ja sie dürfen die aufnahme dreißig tage aufbewahren", "passt schon", "sehr gern",
        "zeichnen sie ruhig auf", "ich willige ein", "aber gern", "das macht mir nichts",
    ],
)  # fmt: skip
def test_a_german_yes(answer: str) -> None:
    assert heard(MAY_WE, f"c: {answer}").answer is Answer.YES


@pytest.mark.parametrize(
    "answer",
    [
        "yes", "Yes.", "yeah sure", "yep", "sure", "of course", "certainly", "yes that's fine",
        "that's fine", "go ahead", "no problem", "i don't mind", "fine by me", "i agree",
        "yes i consent", "works for me", "uh yes", "absolutely", "i'm happy with that",
        "you have my permission", "be my guest", "why not",
    ],
)  # fmt: skip
def test_an_english_yes(answer: str) -> None:
    assert heard(OKAY, f"c: {answer}").answer is Answer.YES


@pytest.mark.parametrize(
    "answer",
    [
        "nein", "Nein, danke.", "nee", "nö", "nein lieber nicht", "lieber nicht", "auf keinen fall",
        "ich möchte das nicht", "das möchte ich nicht", "ja äh nein lieber doch nicht",
        "ich bin nicht einverstanden", "bitte nicht", "das will ich nicht", "eher nicht",
        "dem stimme ich nicht zu", "unter keinen umständen", "das passt mir nicht",
        "nein das gefällt mir nicht", "bitte keine aufzeichnung",
    ],
)  # fmt: skip
def test_a_german_no(answer: str) -> None:
    spoken = heard(MAY_WE, f"c: {answer}")
    assert spoken.answer is Answer.NO or spoken.refused is not None
    assert spoken.objects


@pytest.mark.parametrize(
    "answer",
    [
        "no", "No, thanks.", "nope", "i'd rather not", "i would prefer not", "absolutely not",
        "no thank you", "i don't want that", "please don't", "i do not agree",
        "no recording please",
        "i object", "not okay with that no", "i'm not comfortable with that",
    ],
)  # fmt: skip
def test_an_english_no(answer: str) -> None:
    spoken = heard(OKAY, f"c: {answer}")
    assert not spoken.consents
    assert spoken.objects


@pytest.mark.parametrize(
    "answer",
    [
        "nicht dass ich wüsste", "weiß nicht", "das muss ich mir überlegen", "vielleicht",
        "guten tag hier ist weber", "ich rufe wegen der wohnung an", "hm", "ja aber",
        "nicht unbedingt einverstanden", "maybe", "i'm not sure", "let me think",
        "na ja", "das kommt darauf an", "ja nein ich weiß nicht",
    ],
)  # fmt: skip
def test_what_is_not_clear_is_no_consent(answer: str) -> None:
    assert not heard(MAY_WE, f"c: {answer}").consents
    assert not heard(OKAY, f"c: {answer}").consents


@pytest.mark.parametrize(
    ("question", "answer", "meant"),
    [
        (AGAINST, "nein", Answer.YES),
        (AGAINST, "nein ich habe nichts dagegen", Answer.YES),
        (AGAINST, "ja", Answer.NO),
        (AGAINST, "nein kein problem", Answer.YES),
        (AGAINST, "ja da habe ich etwas dagegen", Answer.NO),
        (MIND, "no", Answer.YES),
        (MIND, "no not at all", Answer.YES),
        (MIND, "no go ahead", Answer.YES),
        (MIND, "yes", Answer.NO),
        (MIND, "yes i do mind", Answer.NO),
        ("a: stört es sie wenn wir das gespräch aufzeichnen", "nein", Answer.YES),
        ("a: do you have any objections to us recording this call", "no", Answer.YES),
        # Asked with a negation, "yes" and "no" say nothing by themselves.
        ("a: sie haben nichts dagegen dass wir aufzeichnen", "ja", Answer.UNCLEAR),
        ("a: sie haben nichts dagegen dass wir aufzeichnen", "nein kein problem", Answer.UNCLEAR),
        ("a: you don't mind if we record this call", "no", Answer.UNCLEAR),
        ("a: sie haben nichts dagegen dass wir aufzeichnen", "gern", Answer.UNCLEAR),
    ],
)
def test_negated_questions(question: str, answer: str, meant: Answer) -> None:
    assert heard(question, f"c: {answer}").answer is meant


@pytest.mark.parametrize(
    ("asked", "answer", "consents"),
    [
        ("a: dürfen wir das gespräch speichern", "ja", True),
        ("a: darf das gespräch aufgezeichnet werden", "ja", True),
        ("a: may this call be recorded", "yes", True),
        ("a: Guten Tag. Dürfen wir das Gespräch aufzeichnen.", "ja", True),
        ("a: dürfen wir das gespräch mit den daten und notizen speichern", "ja", False),
        # The topic is a sentence of its own, or told and not asked.
        ("a: darf ich fragen das gespräch wird aufgezeichnet", "ja", False),
        ("a: dürfen wir sagen dass das gespräch aufgezeichnet ist", "ja", False),
        ("a: may we this recorded call discuss", "yes", False),
        ("a: Das dürfen wir das Gespräch aufzeichnen.", "ja", False),
        # Agreed to is something else; the recording is told of behind it, or before.
        (
            "a: sind sie einverstanden dass ich ihnen später noch eine mail schreibe und übrigens "
            "wird das gespräch aufgezeichnet",
            "ja",
            False,
        ),
        ("a: this call is recorded are you happy living in your flat at the moment", "yes", False),
        # Two questions that want opposite answers, and one more behind.
        (
            "a: stimmen sie zu dass wir aufzeichnen oder haben sie etwas dagegen dass wir "
            "aufzeichnen",
            "ja",
            False,
        ),
        ("a: dürfen wir das gespräch aufzeichnen? wie ist ihr name", "ja", False),
        ("a: dürfen wir das gespräch aufzeichnen", "gerne nicht nein", False),
        ("a: dürfen wir das gespräch aufzeichnen", "ja gerne nee", False),
    ],
)
def test_what_exactly_is_asked(asked: str, answer: str, consents: bool) -> None:
    assert heard(asked, f"c: {answer}").consents is consents


@pytest.mark.parametrize(
    "answer",
    [
        "ja damit habe ich ein problem", "ja das habe ich schon beim letzten mal abgelehnt",
        "ja das möchte ich vermeiden", "ja hören sie auf damit", "gerne ohne",
        "okay dann lege ich auf", "ja wenn sie danach alles sofort löschen",
        "ja ich habe eine frage zu meiner rechnung", "yes i already said no",
        "yes i have a problem with that", "yes i am against it", "yes stop that",
        "sure over my dead body", "das ist okay wenn sie es nicht tun",
    ],
)  # fmt: skip
def test_a_yes_that_goes_on_is_no_plain_yes(answer: str) -> None:
    assert not heard(MAY_WE, f"c: {answer}").consents
    assert not heard(OKAY, f"c: {answer}").consents


def test_an_answer_after_a_question_back() -> None:
    spoken = heard(
        MAY_WE,
        "c: wozu brauchen sie das denn",
        "a: zur qualitätssicherung ist das für sie in ordnung",
        "c: ja das ist in ordnung",
    )
    assert (spoken.answer, spoken.answered) == (Answer.YES, 3)
    assert not heard(MAY_WE, "c: wozu brauchen sie das denn", "a: so ist das eben").consents


def test_after_an_explanation_okay_is_an_acknowledgement() -> None:
    lines = (MAY_WE, "c: wie lange denn", "a: dreißig tage", "c: okay")
    assert not heard(*lines).consents
    assert heard(*lines[:-1], "c: ja dann gerne").consents


def test_a_pause_is_waited_for() -> None:
    assert heard(MAY_WE, "c: moment bitte", "a: gerne", "c: ja gerne").consents


def test_another_question_ends_the_wait() -> None:
    lines = (MAY_WE, "c: hm", "a: wie ist ihr name", "c: ja")
    assert not heard(*lines).consents


def test_a_yes_to_two_questions_at_once_is_a_yes_to_neither() -> None:
    asked = "a: dürfen wir das gespräch aufzeichnen und wie ist ihr name"
    assert not heard(asked, "c: ja").consents


def test_an_announcement_is_no_question() -> None:
    for told in ("a: dieses gespräch wird aufgezeichnet", "a: this call is recorded"):
        assert heard(told, "c: ja").answer is Answer.NONE
        assert heard(told, "c: ja").asked is None
        # A no counts, whether anybody asked or not.
        assert heard(told, "c: nein das möchte ich nicht").objects


def test_a_question_over_a_murmur() -> None:
    lines = ("a: dieses gespräch wird aufgezeichnet", "c: mhm", "a: ist das in ordnung", "c: ja")
    assert heard(*lines).consents
    apart = (lines[0], "c: ich rufe wegen der wohnung in der stadt an", *lines[2:])
    assert not heard(*apart).consents
    assert not heard("a: guten tag", "c: mhm", "a: ist das in ordnung", "c: ja").consents
    assert not heard("c: mhm", "a: ist das in ordnung", "c: ja").consents
    assert not heard("a: ist das in ordnung", "c: ja").consents


@pytest.mark.parametrize(
    "said",
    [
        "c: bitte löschen sie die aufnahme",
        "c: ich möchte nicht aufgezeichnet werden",
        "c: ich widerrufe meine einwilligung",
        "c: please stop recording",
        "c: delete the recording please",
        "c: i withdraw my consent",
        "a: gut dann zeichnen wir nicht auf",
        "?: ich möchte nicht aufgezeichnet werden",
    ],
)
def test_a_refusal_anywhere_counts(said: str) -> None:
    before = heard(MAY_WE, "c: ja gerne", "a: worum geht es", "c: um die wohnung", said)
    assert before.answer is Answer.YES and before.refused == 4
    assert before.objects and not before.consents
    alone = heard("a: guten tag", said)
    assert alone.refused == 1 and alone.asked is None and alone.objects


@pytest.mark.parametrize(
    "said",
    [
        "a: sie können jederzeit sagen bitte löschen sie die aufnahme",
        "c: wann löschen sie die aufnahme",
        "a: you can say stop recording at any time",
        "a: guten tag",
    ],
)
def test_words_of_a_refusal_that_are_none(said: str) -> None:
    assert heard(said).refused is None


def test_a_yes_is_taken_back_right_after_it() -> None:
    assert heard(MAY_WE, "c: ja gerne", "a: gut", "c: nein doch lieber nicht").refused == 3
    # After another question it answers that one.
    later = heard(MAY_WE, "c: ja gerne", "a: wie ist ihr name", "c: nein doch lieber nicht")
    assert later.refused is None and later.consents


def test_what_is_deleted_at_once_is_not_kept() -> None:
    asked = "a: dürfen wir das gespräch aufzeichnen die aufnahme wird sofort gelöscht"
    assert not heard(asked, "c: ja").consents


@pytest.mark.parametrize(
    ("text", "answer", "period"),
    [
        (MAY_WE, "ja", 30 * DAY),
        (MAY_WE, "ja aber nur zehn tage", 10 * DAY),
        (MAY_WE, "ja ein jahr lang", 30 * DAY),
        ("a: dürfen wir die aufnahme ein halbes jahr speichern", "ja", 182 * DAY),
        ("a: can we keep the recording for four weeks", "yes", 28 * DAY),
        ("a: dürfen wir die aufnahme 14 tage speichern", "ja", 14 * DAY),
        ("a: dürfen wir das gespräch aufzeichnen", "ja", None),
    ],
)
def test_how_long(text: str, answer: str, period: timedelta | None) -> None:
    assert heard(text, f"c: {answer}").period == period


@pytest.mark.parametrize(
    ("purpose", "question"),
    [
        (TRAINING, "a: dürfen wir die aufnahme zum training unserer systeme verwenden"),
        (TRAINING, "a: may we use the call for training our models"),
        (ABROAD, "a: darf ihr anliegen von einem ki dienst außerhalb der eu verarbeitet werden"),
        (ABROAD, "a: may we have an ai outside the eu process this"),
    ],
)
def test_other_purposes_need_a_question_of_their_own(purpose: Purpose, question: str) -> None:
    assert heard(question, "c: ja gerne yes sure", purpose=purpose).consents
    assert not heard(MAY_WE, "c: ja gerne", purpose=purpose).consents
    refused = heard(question, "c: nein no", purpose=purpose)
    assert refused.objects


@pytest.mark.parametrize("purpose", [TRAINING, ABROAD])
def test_other_purposes_can_be_refused_unasked(purpose: Purpose) -> None:
    words = {
        TRAINING: "c: bitte nicht zum training verwenden",
        ABROAD: "c: bitte nicht in amerika verarbeiten",
    }
    assert heard(words[purpose], purpose=purpose).refused == 0
    assert heard("a: guten tag", purpose=purpose).refused is None


def test_on_one_channel_the_answer_has_to_follow_at_once() -> None:
    asked = "?: dürfen wir das gespräch aufzeichnen"
    assert heard(f"{asked} ja gerne").consents
    assert heard(asked, "?: moment", "?: ja gerne").consents
    assert heard(asked, "?: wozu denn", "?: zur sicherheit", "?: ja gerne").consents
    assert not heard(asked, "?: guten tag hier ist weber", "?: ja gerne").consents
    assert not heard(asked, "?: okay").consents
    late = ["?: hm"] * 8
    assert not heard(asked, *late, "?: ja gerne").consents


def test_who_interrupts_has_not_heard_the_question() -> None:
    question, answer = segments(MAY_WE, "c: ja gerne")
    early = Segment(answer.speaker, 0.1, 0.3, answer.text, tuple(
        Word(0.1 + n / 10, 0.15 + n / 10, 0.9, word.at, word.text)
        for n, word in enumerate(answer.words)
    ))  # fmt: skip
    assert not spoken_consent([question, early], AUDIO).consents


def test_who_answers_while_the_agent_goes_on_answers_what_was_asked_so_far() -> None:
    question, answer = segments(f"{MAY_WE} und wie ist ihr name", "c: ja gerne")
    spoke = question.words[8].start
    meanwhile = Segment(answer.speaker, spoke, spoke + 0.3, answer.text, tuple(
        Word(spoke + n / 10, spoke + n / 10 + 0.05, 0.9, word.at, word.text)
        for n, word in enumerate(answer.words)
    ))  # fmt: skip
    assert spoken_consent([question, meanwhile], AUDIO).consents
    assert not spoken_consent([question, answer], AUDIO).consents


def test_segments_without_word_times_count_as_a_whole() -> None:
    question = Segment(Speaker.AGENT, 0.0, 2.0, "dürfen wir das gespräch aufzeichnen")
    answer = Segment(Speaker.CALLER, 3.0, 4.0, "ja gerne")
    assert spoken_consent([question, answer], AUDIO).consents


def test_pseudonyms_and_stutters_are_in_nobodys_way() -> None:
    spoken = heard(
        "a: Herr [PERSON_1], dürfen wir wir das Gespräch aufzeichnen?", "c: Ja, [PERSON_2], gerne!"
    )
    assert spoken.consents


def test_the_last_question_counts_and_any_no_wins() -> None:
    assert heard(MAY_WE, "c: hm", AGREED, "c: ja").consents
    assert heard(MAY_WE, "c: nein", AGREED, "c: ja").objects


_LATER = ("c: ja gerne", "a: worum geht es", "c: um die heizung", "a: gut ich schaue nach")


@pytest.mark.parametrize(
    "said",
    [
        "nicht aufzeichnen bitte", "sie dürfen mich nicht aufnehmen", "löschen sie das band",
        "kann die aufnahme gelöscht werden", "lassen sie das mit der aufnahme",
        "brechen sie die aufzeichnung ab", "ich möchte die aufzeichnung nicht",
        "jetzt machen sie das band aus", "ich habe der aufzeichnung nicht zugestimmt",
        "das mit der aufzeichnung möchte ich nicht", "ich verbiete ihnen die aufnahme",
        "Können Sie die Aufzeichnung stoppen?", "Ich ziehe meine Einwilligung zurück.",
        "i never agreed to be recorded", "you can't record this", "turn the recording off please",
        "you are not allowed to record me", "i don't give my permission to record",
        "i've changed my mind about the recording", "i want you to delete the recording",
    ],
)  # fmt: skip
def test_a_yes_is_taken_back_later(said: str) -> None:
    spoken = heard(MAY_WE, *_LATER, f"c: {said}")
    assert (spoken.answer, spoken.refused) == (Answer.YES, 5)
    assert spoken.objects and not spoken.consents


@pytest.mark.parametrize(
    "said",
    [
        "meine heizung geht nicht", "ich möchte keinen vertrag mehr", "das geht so nicht weiter",
        "i don't want to wait any longer", "please don't send anyone", "delete my address please",
        "nehmen sie nicht auf die straße rücksicht",
    ],
)  # fmt: skip
def test_what_is_refused_may_be_another_matter(said: str) -> None:
    told = "a: Dieses Gespräch wird aufgezeichnet. Wie kann ich Ihnen helfen?"
    spoken = heard(told, f"c: {said}")
    assert not spoken.objects and spoken.asked is None


@pytest.mark.parametrize(
    ("lines", "answer", "answered", "refused"),
    [
        ((MAY_WE, "c: Ja.", "c: Nein."), Answer.YES, 1, 2),
        ((MAY_WE, "c: ja", "a: gut", "c: ach nein lieber doch nicht"), Answer.YES, 1, 3),
        ((MAY_WE, "c: ja", "a: danke sind sie mieter", "c: nein"), Answer.YES, 1, None),
        ((MAY_WE, "c: ja", "a: sie sind also mieter", "c: nein"), Answer.YES, 1, None),
        ((MAY_WE, "c: ja", "a: gut", "a: danke"), Answer.YES, 1, None),
        ((AGAINST, "c: nein", "c: nein machen sie nur"), Answer.YES, 1, None),
        ((AGAINST, "c: nein", "c: nein"), Answer.YES, 1, None),
        ((OKAY, "c: yes", "c: actually no"), Answer.YES, 1, 2),
        ((MAY_WE, "c: wozu", "a: zur schulung haben sie was dagegen", "c: ja"), Answer.NO, 3, None),
        ((OKAY, "c: what for", "a: training", "c: mm", "a: is that okay", "c: yes"),
         Answer.YES, 5, None),
        (("a: Dürfen wir das Gespräch", "a: aufzeichnen?", "c: ja gern"), Answer.YES, 2, None),
        (("a: Guten Tag", MAY_WE, "c: ja gern"), Answer.YES, 2, None),
        ((MAY_WE, "a: bitte", "c: ja gern"), Answer.YES, 2, None),
        (("?: dürfen wir das gespräch aufzeichnen", "?: ja", "?: äh nein lieber doch nicht"),
         Answer.YES, 1, 2),
        ((MAY_WE, "c: Ja? Hallo?"), Answer.UNCLEAR, 1, None),
        ((MAY_WE, "c: Ja, guten Tag, hier ist [PERSON_1], ich rufe wegen der Heizung an."),
         Answer.UNCLEAR, 1, None),
        ((AGAINST, "c: nein danke"), Answer.UNCLEAR, 1, None),
        ((AGAINST, "c: nein habe ich nicht"), Answer.YES, 1, None),
        ((MIND, "c: no i don't"), Answer.YES, 1, None),
        ((MAY_WE, "c: das dürfen sie"), Answer.YES, 1, None),
        ((OKAY, "c: yes of course you can"), Answer.YES, 1, None),
        ((OKAY, "c: yes actually no"), Answer.UNCLEAR, 1, None),
    ],
)  # fmt: skip
def test_said_in_several_turns(
    lines: tuple[str, ...], answer: Answer, answered: int, refused: int | None
) -> None:
    spoken = heard(*lines)
    assert (spoken.answer, spoken.answered, spoken.refused) == (answer, answered, refused)


@pytest.mark.parametrize(
    "asked",
    [
        "a: Darf ich den Termin am Dienstag speichern, das Gespräch wird aufgezeichnet",
        "a: Darf ich den Termin speichern, die Aufnahme läuft",
        "a: may i record your meter reading",
        "a: This call is recorded. Is Tuesday okay?",
    ],
)
def test_what_is_asked_may_be_another_matter(asked: str) -> None:
    assert not heard(asked, "c: ja", "c: yes").consents


@pytest.mark.parametrize(
    ("lines", "days"),
    [
        (("a: darf ich das aufzeichnen", "c: wie lange", "a: vierzehn tage", "c: ja gern"), 14),
        (("a: dürfen wir das gespräch aufzeichnen und", "a: dreißig tage speichern", "c: ja"), 30),
        ((MAY_WE, "c: ja", "a: gut", "c: aber höchstens eine woche"), 7),
        ((MAY_WE, "c: ja", "a: gut", "c: es ist seit einer woche kaputt"), 30),
        (("a: dürfen wir die aufnahme fünfundzwanzig tage speichern", "c: ja"), 25),
        (("a: May we keep the recording for twenty-one days?", "c: yes"), 21),
        (("a: dürfen wir die aufnahme einen halben monat speichern", "c: ja"), 14),
        (("a: dürfen wir die aufnahme anderthalb jahre speichern", "c: ja"), 365),
    ],
)
def test_the_shortest_period_that_was_said_counts(lines: tuple[str, ...], days: int) -> None:
    assert heard(*lines).consents
    assert heard(*lines).period == days * DAY


def test_the_call_of_the_demo() -> None:
    asked = (
        "Dieses Gespräch wird aufgezeichnet. Sind Sie damit einverstanden, dass wir die Aufnahme "
        "dreißig Tage lang speichern?"
    )
    said = "Ja, ich bin damit einverstanden. Sie dürfen die Aufnahme dreißig Tage aufbewahren."
    yes = Spoken(AUDIO, 0, Answer.YES, 1, None, 30 * DAY)
    assert heard(f"a: {asked}", f"c: {said}") == yes
    assert heard(f"?: {asked}", f"?: {said}") == yes
    assert heard(f"?: {asked} {said}").consents


_ELSEWHERE = st.lists(
    st.sampled_from(["a: gerne", "c: ich rufe wegen der wohnung an", "a: ich schaue nach"]),
    max_size=6,
)


@given(_ELSEWHERE, st.permutations(["a: wie ist ihr name", "c: weber", "a: aha", "c: hm"]))
def test_turns_elsewhere_and_their_order_do_not_matter(before: list[str], after: list[str]) -> None:
    spoken = heard(*before, "c: guten tag", MAY_WE, "c: ja gerne", "a: wer spricht", *after)
    assert spoken.consents and spoken.asked == len(before) + 1


def test_nothing_was_said() -> None:
    assert heard() == Spoken(AUDIO)
    assert heard("a: ", "c: ...") == Spoken(AUDIO)


_CHATTER = st.lists(
    st.sampled_from([
        "a: guten tag", "c: ich rufe an wegen der wohnung", "a: wie ist ihr name", "c: weber",
        "c: okay", "c: ja", "a: dieses gespräch wird aufgezeichnet", "c: hm", "a: gerne",
    ]),
    max_size=12,
)  # fmt: skip


@given(_CHATTER, st.sampled_from(["c: hm", "c: vielleicht", "c: okay aber", "a: ja", "c: nein"]))
def test_without_a_callers_yes_to_a_question_there_is_no_consent(
    chatter: list[str], answer: str
) -> None:
    assert not heard(*chatter).consents
    assert not heard(*[line for line in chatter if line != "c: ja"], MAY_WE, answer).consents


@pytest.mark.parametrize(
    "said",
    [
        "dürfen", "ja", "nicht", "aufnahme", "haben sie", "ob", "hm ja", "das ist in ordnung",
        "haben sie etwas dagegen wenn wir aufzeichnen", "dürfen wir das gespräch aufzeichnen",
        "ki außerhalb der eu training", "sie dürfen das nicht", "zeichnen nehmen sie",
    ],
)  # fmt: skip
@pytest.mark.parametrize(("turns", "times"), [(2000, 1), (500, 8), (2, 200)])
def test_time_goes_with_the_length_of_the_call(said: str, turns: int, times: int) -> None:
    text = f"{said} " * times
    call = [
        Segment((Speaker.AGENT, Speaker.CALLER)[number % 2], number, number + 1, text)
        for number in range(turns)
    ]
    started = time.process_time()
    spoken_consent(call, AUDIO)
    assert time.process_time() - started < 2
