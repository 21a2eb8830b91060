"""Utterances by what they must not be taken for: a yes that is none, a question that is none, a
no that goes unheard. German and English, two channels and one."""

from __future__ import annotations

import pytest

from pipeline.domain.consent import Purpose
from tests.unit.test_spoken_consent import (
    ABROAD,
    AGAINST,
    AUDIO,
    MAY_WE,
    MIND,
    OKAY,
    TRAINING,
    heard,
)

YES, NO, NEITHER = "yes", "no", "neither"


def verdict(*lines: str, purpose: Purpose = AUDIO) -> str:
    spoken = heard(*lines, purpose=purpose)
    return YES if spoken.consents else NO if spoken.objects else NEITHER


DE = {
    YES: [
        "ja das können sie gerne machen",
        "ja von mir aus gerne",
        "ja das ist für mich in ordnung",
        "ja ja machen sie nur",
        "ja okay",
        "okay ja",
        "ja dürfen sie",
        "ja können sie machen",
        "ja ist mir recht",
        "na klar",
        "ja logo",
        "ja selbstverständlich kein thema",
        "da hab ich nichts dagegen",
        "ja sicher",
        "ja bitte",
        "Ja. Ich rufe an, weil die Heizung nicht geht.",
        "Ja, gerne. Also es geht um keine große Sache.",
    ],
    NO: [
        "nein bitte nicht",
        "nö danke",
        "nein das will ich nicht",
        "also ehrlich gesagt lieber nicht",
        "da bin ich dagegen",
        "das möchte ich eigentlich nicht",
        "ich möchte nicht dass das gespeichert wird",
        "nee lass mal",
        "nee lassen sie das mal",
        "das wäre mir nicht recht",
        "damit bin ich nicht einverstanden",
        "ja dagegen habe ich was",
        "das lehne ich ab",
        "ja eigentlich möchte ich das nicht",
        "muss nicht sein",
        "nicht einverstanden",
        "bloß nicht",
        "hm ja nee eher nicht",
        "kommt gar nicht in frage",
        "ja also ich weiß nicht lieber nicht",
        "kein interesse",
        "ne",
        "das geht gar nicht",
        "ja von wegen",
        "das dürfen sie nicht",
        "ja das fände ich nicht so gut",
    ],
    NEITHER: [
        "ja bin ich",
        "joa passt",
        "mir egal",
        "ist mir egal",
        "gut dann machen wir das so",
        "ja ich rufe an wegen der heizung die ist seit gestern kaputt",
        "ja klar mein name ist [PERSON_1]",
        "nee ja doch",
        "ich glaube nicht",
        "einverstanden bin ich damit nicht",
        "nein warum",
        "ja wenn es unbedingt sein muss",
        "wie meinen sie das",
        "ach so aha",
        "verstehe",
        "hallo",
        "ja hallo",
        "ja hallo hier ist [PERSON_1]",
        "ja guten tag [PERSON_1] mein name",
        "ja wer ist denn da",
        "ja moment",
        "ja was denn",
        "ja äh was",
        "genau",
        "ja schon aber eigentlich",
        "ich bin mir nicht sicher ja",
        "ja vielleicht",
        "das ist ja interessant",
        "ich habe ja schon gesagt dass ich heizung",
        "ja nicht",
        "ja oder nein muss ich das jetzt sagen",
        "ja aber nur wenn mein chef zustimmt",
        "da müsste ich erst meine frau fragen",
        "ja nein",
        "ist das denn erlaubt",
    ],
}
EN = {
    YES: [
        "yeah that's okay",
        "sure no problem",
        "yes please",
        "yes you may",
        "that's all right",
        "okay sure",
        "yeah go for it",
        "fine",
        "alright",
        "ok",
        "i'm okay with that",
        "yes i don't mind",
        "it's fine",
    ],
    NO: [
        "no please don't",
        "i don't think so",
        "not really",
        "i don't want to be recorded",
        "please don't record me",
        "no i don't want that",
        "i'm not okay with that",
        "that's not okay",
        "i'd prefer if you didn't",
        "never",
        "nah",
        "no way",
        "i do not give my consent",
        "i don't give you permission",
        "that's not fine with me",
        "i would rather you did not",
    ],
    NEITHER: [
        "yes i'm calling about the flat it's not available online",
        "yes but why",
        "um i suppose so",
        "what do you mean",
        "hello",
        "yes hello this is [PERSON_1]",
        "yes who is this",
        "yes no actually no",
        "yeah right",
        "right",
        "if you have to",
        "sorry what",
        "are you serious",
        "sure don't",
        "okay no",
    ],
}
NEG_DE = {
    YES: [
        "nein",
        "nein gar nicht",
        "nein natürlich nicht",
        "nein überhaupt nicht",
        "nö passt",
        "nein machen sie ruhig",
        "nein habe ich nicht",
        "nee",
    ],
    NO: [
        "ja schon",
        "ja habe ich",
        "ja ich möchte das nicht",
        "ja machen sie",
        "nein das möchte ich nicht",
        "nein lassen sie das",
        "nein bitte nicht aufzeichnen",
        "nein keine aufzeichnung",
        "nein ich will nicht aufgezeichnet werden",
    ],
    NEITHER: [
        "doch",
        "doch schon",
        "eigentlich schon",
        "okay",
        "nein äh doch",
        "nein wozu denn",
    ],
}
NEG_EN = {
    YES: [
        "no",
        "not at all",
        "no that's fine",
        "no problem",
        "nope",
        "no of course not",
    ],
    NO: [
        "yes i do",
        "yes",
        "no please don't",
        "no don't record",
        "i'd rather you didn't",
    ],
    NEITHER: [
        "actually i do",
        "i do",
        "sure",
    ],
}

ANSWERS = [
    (question, answer, meant)
    for question, table in ((MAY_WE, DE), (OKAY, EN), (AGAINST, NEG_DE), (MIND, NEG_EN))
    for meant, answers in table.items()
    for answer in answers
]


@pytest.mark.parametrize(("question", "answer", "meant"), ANSWERS)
def test_answers(question: str, answer: str, meant: str) -> None:
    assert verdict(question, f"c: {answer}") == meant


QUESTIONS = {
    AUDIO: [
        "guten tag hier ist der digitale assistent von musterhaus dieses "
        "gespräch wird zur qualitätssicherung aufgezeichnet sind sie damit einverstanden",
        "wir zeichnen gespräche auf ist das für sie okay",
        "darf ich das gespräch zu qualitätszwecken mitschneiden",
        "ist es in ordnung wenn ich unser gespräch aufnehme",
        "wäre es okay wenn wir die aufnahme für dreißig tage speichern",
        "wäre es für sie in ordnung wenn dieses telefonat aufgezeichnet und "
        "für vier wochen aufbewahrt wird",
        "sind sie mit der aufzeichnung einverstanden",
        "sind sie einverstanden mit einer aufzeichnung des gesprächs",
        "haben sie einwände gegen eine aufzeichnung",
        "spricht etwas dagegen dass ich das gespräch aufzeichne",
        "dürften wir das telefonat aufzeichnen und speichern",
        "geben sie uns ihre einwilligung zur speicherung der aufnahme",
        "is it okay for you if this call is recorded",
        "are you happy for this call to be recorded",
        "do you give your consent for the recording to be stored",
        "would it be alright to keep the recording for thirty days",
        "can i record this conversation for quality assurance",
        "we'd like to record this call do you agree",
        "do i have your permission to record this call",
        "is it all right with you if we keep this recording",
        "would you be okay with the call being recorded",
        "Wir möchten das Gespräch gern aufzeichnen. Die Aufnahme bleibt "
        "dreißig Tage bei uns. Passt das für Sie?",
        "Das Telefonat wird aufgenommen, okay?",
        "darf die aufnahme gespeichert werden",
        "haben sie was dagegen wenn ich das aufzeichne",
        "möchten sie der aufzeichnung zustimmen",
        "stimmen sie zu dass das telefonat gespeichert wird",
        "bitte bestätigen sie dass sie mit der aufzeichnung einverstanden sind",
        "sind sie damit einverstanden dass wir dieses gespräch auf zeichnen",
        "darf ich das gespräch aufzeichnen",
        "können wir das gespräch für dreißig tage aufheben",
        "do you mind being recorded",
        "would you mind if we kept the recording",
        "wollen sie dass wir das gespräch aufzeichnen",
        "wenn sie einverstanden sind zeichnen wir das gespräch auf einverstanden",
        "may we have your consent to keep the audio for thirty days",
        "ist das recht wenn wir die aufnahme aufbewahren",
    ],
    TRAINING: [
        "dürfen wir die aufnahme zum training unserer ki modelle nutzen",
        "sind sie einverstanden dass wir ihre stimme zum trainieren unserer "
        "spracherkennung verwenden",
        "may we use this recording to train our ai models",
        "are you okay with your call being used to train our speech recognition",
        "dürfen wir mit der aufnahme unsere systeme trainieren",
        "dürfen wir das gespräch aufzeichnen und zum training unserer systeme verwenden",
    ],
    ABROAD: [
        "sind sie einverstanden dass das transkript von einem ki-dienst "
        "außerhalb der eu verarbeitet wird",
        "dürfen wir das gespräch mit einer künstlichen intelligenz in den usa auswerten",
        "is it okay if the transcript is processed by an ai service outside the european union",
        "darf ein sprachmodell außerhalb europas ihr anliegen auswerten",
        "do you agree to your words being processed by chatgpt in the united states",
    ],
}
NO_QUESTIONS = {
    AUDIO: [
        "dürfen wir ihre kontaktdaten speichern",
        "darf ich ihre telefonnummer notieren und speichern",
        "kann ich in diesem gespräch ihre schadensmeldung aufnehmen",
        "darf ich ihre daten aufnehmen",
        "dieses gespräch wird aufgezeichnet wie kann ich ihnen helfen",
        "dieses gespräch wird aufgezeichnet was kann ich für sie tun",
        "Das Gespräch wird aufgezeichnet. Sind Sie Mieter bei uns?",
        "dieses gespräch wird aufgezeichnet sind sie mieter",
        "dieses gespräch wird nicht aufgezeichnet ist das okay",
        "sind sie einverstanden dass wir nicht aufzeichnen",
        "this call is recorded how can i help you",
        "this call may be recorded can i have your name please",
        "can i keep you on the line",
        "can we keep this call short",
        "dürfen wir die zusammenfassung des gesprächs speichern",
        "ist es okay wenn ich sie zurückrufe",
        "haben sie unsere aufnahme im internet gesehen",
        "may i place you on a recorded line",
        "wenn sie nicht einverstanden sind legen sie bitte auf dieses gespräch wird aufgezeichnet",
        "mit ihrer teilnahme stimmen sie der aufzeichnung zu",
        "by staying on the line you agree to being recorded",
        "durch fortsetzen des gesprächs erklären sie sich mit der aufzeichnung einverstanden",
        "dürfen wir das gespräch aufzeichnen die aufnahme wird direkt nach der "
        "transkription gelöscht",
        "Dürfen wir das Gespräch transkribieren?",
        "is it okay if i note down your details this call is recorded",
        "stimmen sie dem termin am montag zu das gespräch wird aufgezeichnet",
        "sind sie einverstanden dass ich ihnen eine mail schicke übrigens wird "
        "das gespräch aufgezeichnet",
        "haben sie noch fragen zur aufzeichnung",
        "wissen sie dass das gespräch aufgezeichnet wird",
        "sie wurden informiert dass das gespräch aufgezeichnet wird richtig",
        "dieses gespräch wird aufgezeichnet um unsere qualität zu sichern "
        "passt ihnen montag um zehn",
        "this call is being recorded is it okay if i ask you some questions",
        "das gespräch wird aufgezeichnet. passt das montag um neun",
        "the call is recorded. Are you okay with a viewing on monday?",
        "dieses gespräch wird aufgezeichnet. ist das ihr erster anruf bei uns?",
        "das gespräch wird aufgezeichnet. Ist es in ordnung am montag vorbeizukommen?",
        "the call is recorded. would that be okay on monday",
        "das gespräch wird aufgezeichnet ich habe einen termin am montag um "
        "zehn ist das in ordnung",
    ],
    TRAINING: [
        "this call may be recorded for quality and training purposes is that okay",
        "dürfen wir das gespräch zu schulungszwecken aufzeichnen",
    ],
    ABROAD: [
        "dürfen wir das gespräch in den usa speichern",
    ],
}


@pytest.mark.parametrize(
    ("purpose", "asked"), [(each, text) for each, texts in QUESTIONS.items() for text in texts]
)
def test_questions(purpose: Purpose, asked: str) -> None:
    assert heard(f"a: {asked}", purpose=purpose).asked == 0
    answered = heard(f"a: {asked}", "c: ja gerne einverstanden", purpose=purpose)
    assert answered.asked == 0 and answered.answered == 1


@pytest.mark.parametrize(
    ("purpose", "told"), [(each, text) for each, texts in NO_QUESTIONS.items() for text in texts]
)
def test_what_asks_nobody_for_that(purpose: Purpose, told: str) -> None:
    for answer in ("ja gerne", "yes", "einverstanden", "that's fine"):
        assert not heard(f"a: {told}", f"c: {answer}", purpose=purpose).consents


REFUSALS = [
    "ich möchte nicht aufgezeichnet werden",
    "bitte nicht aufzeichnen",
    "löschen sie das bitte wieder",
    "können sie die aufnahme bitte löschen",
    "ich will dass sie die aufnahme löschen",
    "ich möchte dass das gelöscht wird",
    "zeichnen sie das bitte nicht auf",
    "hören sie auf das aufzuzeichnen",
    "machen sie die aufnahme aus",
    "schalten sie die aufzeichnung ab",
    "ich ziehe meine einwilligung zurück",
    "ich nehme meine zustimmung zurück",
    "ich habe es mir anders überlegt bitte nicht aufzeichnen",
    "ich habe mir das mit der aufnahme anders überlegt",
    "das mit der aufzeichnung möchte ich doch nicht",
    "keine aufnahme bitte",
    "ich bin doch nicht damit einverstanden dass sie aufzeichnen",
    "die aufnahme bitte nicht speichern",
    "ich möchte nicht dass das gespeichert wird",
    "löschen sie bitte alles was sie aufgenommen haben",
    "ich verbiete ihnen das aufzuzeichnen",
    "i don't want to be recorded",
    "please stop recording",
    "could you delete the recording",
    "please delete this call",
    "i've changed my mind about the recording",
    "i take back my consent",
    "turn off the recording",
    "do not record this",
    "i do not consent to being recorded",
    "please don't keep the recording",
    "i no longer agree to the recording",
    "i want the recording deleted",
    "erase it please",
    "i want you to delete my recording",
    "i would like the recording to be deleted",
]
OTHER_MATTERS = [
    "wann wird die aufnahme gelöscht",
    "die heizung möchte ich nicht aufgeschrieben haben",
    "ich möchte nicht lange warten",
    "bitte löschen sie meinen termin",
    "der alte mieter hat das gespräch abgebrochen",
    "ich habe den vertrag nicht gespeichert",
    "bitte nicht vergessen",
    "i don't want to keep the flat",
    "please delete my appointment",
    "stop calling me",
    "i can't save the pdf",
    "ich habe nichts dagegen dass sie aufzeichnen",
    "nicht aufgelegt haben",
    "speichern sie meine nummer bitte nicht unter dem alten namen",
    "der anrufbeantworter hat nicht aufgezeichnet",
    "ich habe einen anruf nicht aufgenommen",
]
INSTRUCTIONS = [
    "die aufnahme wird nach dreißig tagen gelöscht",
    "if you do not want to be recorded please say so",
    "ohne ihre zustimmung zeichnen wir das gespräch nicht auf",
    "sie können der aufzeichnung jederzeit widersprechen",
    "sie können ihre einwilligung jederzeit widerrufen",
    "we will delete the recording after thirty days",
    "wenn sie das nicht möchten zeichnen wir nicht auf",
    "wenn sie nicht aufgezeichnet werden möchten sagen sie bitte nein",
    "wir löschen die aufnahme nach dreißig tagen",
    "you may withdraw your consent at any time",
]


@pytest.mark.parametrize("said", REFUSALS)
def test_refusals_that_nobody_asked_for(said: str) -> None:
    assert verdict("a: wie kann ich ihnen helfen", f"c: {said}") == NO


@pytest.mark.parametrize("said", OTHER_MATTERS)
def test_what_is_refused_is_something_else(said: str) -> None:
    assert verdict("a: wie kann ich ihnen helfen", f"c: {said}") == NEITHER


@pytest.mark.parametrize("told", INSTRUCTIONS)
@pytest.mark.parametrize("sides", ["aca", "???"])
def test_who_explains_the_way_out_takes_nothing_back(told: str, sides: str) -> None:
    said = ("dürfen wir das gespräch aufzeichnen", "ja gerne", told)
    assert verdict(*(f"{side}: {text}" for side, text in zip(sides, said, strict=True))) == YES


CONVERSATIONS = [
    (
        NEITHER,
        (
            "?: guten tag hier ist musterhaus dürfen wir das gespräch aufzeichnen "
            "ja gerne worum geht es",
        ),
    ),
    (YES, ("?: Dürfen wir das Gespräch aufzeichnen? Ja, natürlich.",)),
    (YES, ("?: dieses gespräch wird aufgezeichnet sind sie damit einverstanden ja",)),
    (
        NEITHER,
        (
            "?: dieses gespräch wird aufgezeichnet sind sie damit einverstanden",
            "?: okay dann fangen wir an",
        ),
    ),
    (NO, ("?: dürfen wir das gespräch aufzeichnen nein lieber nicht",)),
    (
        NO,
        (
            "?: dürfen wir das gespräch aufzeichnen",
            "?: nein",
        ),
    ),
    (
        NEITHER,
        (
            "?: dieses gespräch wird aufgezeichnet",
            "?: ja",
        ),
    ),
    (
        NEITHER,
        (
            "?: is it okay if we record this call",
            "?: this helps us to get better",
            "?: yes",
        ),
    ),
    (YES, ("?: is it okay if we record this call yes that's fine how can i help",)),
    (YES, ("?: haben sie etwas dagegen wenn wir das gespräch aufzeichnen nein",)),
    (
        NEITHER,
        (
            "?: dürfen wir das gespräch aufzeichnen wie ist ihr name",
            "?: ja mein name ist weber",
        ),
    ),
    (
        NEITHER,
        ("?: dürfen wir das gespräch aufzeichnen und wie ist ihr name ja mein name ist weber",),
    ),
    (
        NEITHER,
        (
            "a: Dürfen wir das Gespräch aufzeichnen?",
            "c: Wie bitte?",
            "a: Ob wir das Gespräch aufzeichnen dürfen.",
            "c: Ach so, ja, gerne.",
        ),
    ),
    (
        YES,
        (
            "a: Dürfen wir das Gespräch aufzeichnen?",
            "c: Muss das sein?",
            "a: Nein, das ist freiwillig. Es hilft uns bei der Qualität.",
            "c: Na gut, von mir aus.",
        ),
    ),
    (
        NO,
        (
            "a: Dürfen wir das Gespräch aufzeichnen?",
            "c: Muss das sein?",
            "a: Nein, das ist freiwillig.",
            "c: Dann lieber nicht.",
        ),
    ),
    (
        YES,
        (
            "a: may we record this call",
            "c: how long do you keep it",
            "a: for thirty days",
            "c: alright then yes",
        ),
    ),
    (
        YES,
        (
            "a: may we record this call",
            "c: what for",
            "a: for quality assurance is that okay",
            "c: okay",
        ),
    ),
    (
        NEITHER,
        (
            "a: may we record this call",
            "c: what for",
            "a: for quality assurance",
            "c: okay i see",
        ),
    ),
    (
        NO,
        (
            "a: dürfen wir das gespräch aufzeichnen",
            "c: ja",
            "a: danke",
            "c: ähm nein warten sie lieber doch nicht",
        ),
    ),
    (
        YES,
        (
            "a: dürfen wir das gespräch aufzeichnen",
            "c: ja",
            "a: wann passt ihnen die besichtigung montag",
            "c: nein lieber nicht montag dienstag",
        ),
    ),
    (
        NO,
        (
            "a: dürfen wir das gespräch aufzeichnen",
            "c: ja",
            "a: danke",
            "c: nein doch nicht",
        ),
    ),
    (
        YES,
        (
            "a: dürfen wir das gespräch aufzeichnen",
            "c: ja klar",
            "a: danke. haben sie haustiere",
            "c: nein",
        ),
    ),
    (
        NEITHER,
        (
            "a: dürfen wir das gespräch aufzeichnen",
            "c: mhm",
            "a: gut was kann ich tun",
            "c: ja also die heizung",
        ),
    ),
    (
        NEITHER,
        (
            "a: Dürfen wir das Gespräch aufzeichnen? Vielen Dank. Worum geht es?",
            "c: Ja, es geht um die Heizung.",
        ),
    ),
    (
        NEITHER,
        (
            "a: dieses gespräch wird aufgezeichnet",
            "c: okay",
            "a: sind sie mieter",
            "c: ja",
        ),
    ),
    (
        NEITHER,
        (
            "a: this call is recorded",
            "c: that's fine",
            "a: great",
            "c: yes",
        ),
    ),
    (
        NEITHER,
        (
            "c: dürfen wir das gespräch aufzeichnen",
            "a: ja gerne",
        ),
    ),
]


@pytest.mark.parametrize(("meant", "lines"), CONVERSATIONS)
def test_conversations(meant: str, lines: tuple[str, ...]) -> None:
    assert verdict(*lines) == meant
