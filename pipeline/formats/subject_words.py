"""What an answer under Art. 15 says in words, in German and English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class SubjectWords:
    """One language. `labels` are headings and column names, `codes` what codes are called.
    `hidden` says why placeholders stay, `lost` why where no vault was kept; `waiting` and
    `possible` say, with a number, which calls are not in the letter."""

    title: str
    intro: str
    hidden: str
    lost: str
    waiting: str
    possible: str
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
        "sind (Art. 15 und 20 DSGVO). Dieses Schreiben nennt, was zu Ihnen gefunden wurde. "
        "Aufgedeckt ist, was sicher für Sie steht; welche Platzhalter wie [PERSON_2] stehen "
        "bleiben, und warum, steht bei jedem Gespräch."
    ),
    hidden=(
        "Von diesen Platzhaltern steht nicht fest, dass sie für Sie stehen. Es können Angaben über "
        "andere Personen sein, deren Rechte zu wahren sind (Art. 15 Abs. 4 DSGVO). Steht einer "
        "davon für Sie, so sagen Sie es dem Verantwortlichen: Dann wird er aufgedeckt."
    ),
    lost="Wofür diese Platzhalter stehen, wurde nicht aufbewahrt: Niemand kann es mehr sagen.",
    waiting=(
        "Gespräche des Verantwortlichen, die noch keine Niederschrift haben und deshalb nicht "
        "durchsucht wurden: {}."
    ),
    possible=(
        "Gespräche, in denen ein gleicher oder ähnlicher Name fällt und die hier fehlen, weil "
        "nicht feststeht, dass es Ihre sind: {}."
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
            "length": "Dauer (Minuten:Sekunden)",
            "audio": "Tonaufnahme",
            "until": "bis",
            "audio_until": "Tonaufnahme bis",
            "transcript_until": "Niederschrift bis",
            "contract": "Ende des Vertrags mit dem Verantwortlichen",
            "legal_hold": "wird zur Erfüllung gesetzlicher Pflichten aufbewahrt",
            "restricted": "Verarbeitung eingeschränkt seit",
            "objected": "Widerspruch vom",
            "owed": "wird gelöscht, sobald die Aufbewahrungspflicht endet; verlangt am",
            "declarations": "Einwilligungen und Widerrufe",
            "deletions": "Löschungen",
            "transcript": "Niederschrift",
            "own": "Platzhalter, die für Sie stehen",
            "hidden": "Platzhalter, die stehen bleiben",
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
            "PERSON": "Name",
            "LOCATION": "Ort",
            "STREET_ADDRESS": "Anschrift",
            "POSTCODE": "Postleitzahl",
            "PHONE_NUMBER": "Telefonnummer",
            "EMAIL_ADDRESS": "E-Mail-Adresse",
            "DATE_OF_BIRTH": "Geburtsdatum",
            "IBAN": "Kontonummer",
            "CREDIT_CARD": "Kreditkarte",
            "TAX_ID": "Steuernummer",
            "SOCIAL_SECURITY": "Sozialversicherungsnummer",
            "ID_CARD": "Personalausweis",
            "PASSPORT": "Reisepass",
            "LICENSE_PLATE": "Kennzeichen",
            "ORGANIZATION": "Firma oder Einrichtung",
            "URL": "Internetadresse",
            "OTHER_ID": "sonstige Kennung",
        }
    ),
)

_ENGLISH = SubjectWords(
    title="Your phone calls: what is kept of them",
    intro=(
        "You asked which data are kept of your phone calls (Art. 15 and 20 GDPR). This letter "
        "names what was found of you. What stands for you for certain is restored; which "
        "placeholders such as [PERSON_2] stay, and why, is said with each call."
    ),
    hidden=(
        "It is not certain that these placeholders stand for you. They may hold data of other "
        "people, whose rights must be kept (Art. 15 (4) GDPR). If one of them stands for you, tell "
        "the controller: it will be restored then."
    ),
    lost="What these placeholders stand for was not kept: nobody can tell it any more.",
    waiting=(
        "Calls of the controller that have no transcript yet and were therefore not searched: {}."
    ),
    possible=(
        "Calls in which the same or a similar name is said, and which are not in this letter, as "
        "it is not certain that they are yours: {}."
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
            "length": "length (minutes:seconds)",
            "audio": "recording",
            "until": "until",
            "audio_until": "recording kept until",
            "transcript_until": "transcript kept until",
            "contract": "the end of the contract with the controller",
            "legal_hold": "is kept to fulfil legal duties",
            "restricted": "processing restricted since",
            "objected": "objection of",
            "owed": "is erased as soon as the duty to keep it ends; asked for on",
            "declarations": "Consents and withdrawals",
            "deletions": "Deletions",
            "transcript": "Transcript",
            "own": "Placeholders that stand for you",
            "hidden": "Placeholders that stay",
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
            "PERSON": "name",
            "LOCATION": "place",
            "STREET_ADDRESS": "address",
            "POSTCODE": "postcode",
            "PHONE_NUMBER": "phone number",
            "EMAIL_ADDRESS": "e-mail address",
            "DATE_OF_BIRTH": "date of birth",
            "IBAN": "bank account",
            "CREDIT_CARD": "credit card",
            "TAX_ID": "tax number",
            "SOCIAL_SECURITY": "social security number",
            "ID_CARD": "identity card",
            "PASSPORT": "passport",
            "LICENSE_PLATE": "number plate",
            "ORGANIZATION": "company or institution",
            "URL": "web address",
            "OTHER_ID": "other identifier",
        }
    ),
)

SUBJECT_WORDS: Mapping[str, SubjectWords] = MappingProxyType({"de": _GERMAN, "en": _ENGLISH})
