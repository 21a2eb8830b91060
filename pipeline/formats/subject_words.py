"""What an answer under Art. 15 says in words, in German and English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class SubjectWords:
    """One language. `labels` are headings and column names, `codes` what codes are called."""

    title: str
    intro: str
    purposes: tuple[str, ...]
    categories: tuple[str, ...]
    recipients: tuple[str, ...]
    origin: str
    rights: tuple[str, ...]
    labels: Mapping[str, str]
    codes: Mapping[str, str]

    def code(self, code: object) -> str:
        """`code` in words; itself where it has none."""
        return self.codes.get(str(code), str(code))


_GERMAN = SubjectWords(
    title="Auskunft über Ihre Telefongespräche",
    intro=(
        "Sie haben Auskunft über die Daten verlangt, die aus Ihren Telefongesprächen gespeichert "
        "sind (Art. 15 und 20 DSGVO). Dieses Schreiben nennt sie vollständig. Angaben über andere "
        "Personen sind durch Platzhalter wie [PERSON_2] ersetzt (Art. 15 Abs. 4 DSGVO)."
    ),
    purposes=(
        "Beantwortung und Bearbeitung Ihres Anliegens anhand einer Niederschrift des Gesprächs.",
        "Weitere Zwecke nur, soweit Sie eingewilligt haben; die Einwilligungen stehen bei jedem "
        "Gespräch.",
    ),
    categories=(
        "Zeit und Dauer des Gesprächs",
        "die Niederschrift, in der Namen, Nummern und Anschriften durch Platzhalter ersetzt sind",
        "getrennt davon und eigens verschlüsselt, wofür die Platzhalter stehen",
        "Einwilligungen, Widerrufe und Löschnachweise",
    ),
    recipients=(
        "der Verantwortliche, den Sie angerufen haben",
        "der Betreiber der Telefonanlage als Auftragsverarbeiter (Art. 28 DSGVO) und die weiteren "
        "Auftragsverarbeiter, die sein Verzeichnis nennt",
    ),
    origin="Die Angaben stammen aus Ihren Gesprächen und aus dem, was der Verantwortliche wusste.",
    rights=(
        "Sie können unrichtige Angaben berichtigen lassen (Art. 16 DSGVO).",
        "Sie können die Löschung verlangen (Art. 17 DSGVO).",
        "Sie können verlangen, dass die Verarbeitung eingeschränkt wird (Art. 18 DSGVO).",
        "Sie können der Verarbeitung widersprechen (Art. 21 DSGVO).",
        "Eine Einwilligung können Sie jederzeit widerrufen (Art. 7 Abs. 3 DSGVO).",
        "Sie können sich bei einer Aufsichtsbehörde beschweren (Art. 77 DSGVO).",
        "Eine ausschließlich automatisierte Entscheidung (Art. 22 DSGVO) findet hier nicht statt.",
    ),
    labels=MappingProxyType(
        {
            "controller": "Verantwortlicher",
            "request": "Ihr Antrag",
            "received": "eingegangen am",
            "due": "zu beantworten bis",
            "made": "Stand",
            "purposes": "Zwecke",
            "categories": "Arten von Daten",
            "recipients": "Empfänger",
            "origin": "Herkunft",
            "calls": "Gespräche",
            "call": "Gespräch",
            "status": "Zustand",
            "seconds": "Dauer in Sekunden",
            "audio": "Tonaufnahme",
            "audio_until": "Tonaufnahme bis",
            "transcript_until": "Niederschrift bis",
            "contract": "Ende des Vertrags mit dem Verantwortlichen",
            "legal_hold": "wird zur Erfüllung gesetzlicher Pflichten aufbewahrt",
            "restricted": "Verarbeitung eingeschränkt seit",
            "objected": "Widerspruch vom",
            "declarations": "Einwilligungen und Widerrufe",
            "deletions": "Löschungen",
            "transcript": "Niederschrift",
            "own": "Platzhalter, die für Sie stehen",
            "none": "keine",
            "rights": "Ihre Rechte",
        }
    ),
    codes=MappingProxyType(
        {
            "agent": "Telefonassistent",
            "caller": "Anrufer",
            "unknown": "unbekannt",
            "received": "eingegangen",
            "processing": "in Bearbeitung",
            "stored": "gespeichert",
            "failed": "fehlgeschlagen",
            "erased": "gelöscht",
            "sealed": "verschlüsselt, wird verarbeitet",
            "retained": "mit Einwilligung aufbewahrt",
            "destroyed": "vernichtet",
            "audio_retention": "Aufbewahrung der Tonaufnahme",
            "model_training": "Training von Modellen",
            "llm_outside_eu": "Sprachmodell außerhalb der EU",
            "given": "erteilt",
            "refused": "verweigert",
            "withdrawn": "widerrufen",
            "unsupported": "behauptet, im Gespräch nicht belegt",
            "raw_audio": "Tonaufnahme",
            "retained_audio": "aufbewahrte Tonaufnahme",
            "transcript": "Niederschrift",
            "customer": "alle Daten des Verantwortlichen",
        }
    ),
)

_ENGLISH = SubjectWords(
    title="Your phone calls: what is kept of them",
    intro=(
        "You asked which data are kept of your phone calls (Art. 15 and 20 GDPR). This letter "
        "names all of them. Placeholders such as [PERSON_2] stand for what concerns other people "
        "(Art. 15 (4) GDPR)."
    ),
    purposes=(
        "Answering and handling what you called about, with a transcript of the call.",
        "Anything else only where you consented; consents are listed with each call.",
    ),
    categories=(
        "time and length of the call",
        "its transcript, in which placeholders stand for names, numbers and addresses",
        "apart from it, sealed with a key of its own: what the placeholders stand for",
        "consents, withdrawals and receipts of deletions",
    ),
    recipients=(
        "the controller, whom you called",
        "the operator of the phone system as its processor (Art. 28 GDPR), and the further "
        "processors that its record names",
    ),
    origin="The data come from your calls and from what the controller knew.",
    rights=(
        "You may have what is wrong rectified (Art. 16 GDPR).",
        "You may have your data erased (Art. 17 GDPR).",
        "You may have processing restricted (Art. 18 GDPR).",
        "You may object to processing (Art. 21 GDPR).",
        "You may withdraw a consent at any time (Art. 7 (3) GDPR).",
        "You may complain to a supervisory authority (Art. 77 GDPR).",
        "No decision is made here by automated means alone (Art. 22 GDPR).",
    ),
    labels=MappingProxyType(
        {
            "controller": "Controller",
            "request": "Your request",
            "received": "received on",
            "due": "to be answered by",
            "made": "as of",
            "purposes": "Purposes",
            "categories": "Categories of data",
            "recipients": "Recipients",
            "origin": "Origin",
            "calls": "Calls",
            "call": "Call",
            "status": "state",
            "seconds": "length in seconds",
            "audio": "recording",
            "audio_until": "recording kept until",
            "transcript_until": "transcript kept until",
            "contract": "the end of the contract with the controller",
            "legal_hold": "is kept to fulfil legal duties",
            "restricted": "processing restricted since",
            "objected": "objection of",
            "declarations": "Consents and withdrawals",
            "deletions": "Deletions",
            "transcript": "Transcript",
            "own": "Placeholders that stand for you",
            "none": "none",
            "rights": "Your rights",
        }
    ),
    codes=MappingProxyType(
        {
            "unsupported": "claimed, not heard in the call",
            "sealed": "sealed, being processed",
            "retained": "kept by consent",
            "audio_retention": "keeping the recording",
            "model_training": "training of models",
            "llm_outside_eu": "language model outside the EU",
            "raw_audio": "recording",
            "retained_audio": "kept recording",
            "customer": "all data of the controller",
        }
    ),
)

SUBJECT_WORDS: Mapping[str, SubjectWords] = MappingProxyType({"de": _GERMAN, "en": _ENGLISH})
