"""What a sentence is about: recording or keeping the voice, training models, an AI outside the EU.

A topic is a match in a normal form. Topics that are denied ("wird nicht aufgezeichnet") are none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.domain.consent import Purpose
from pipeline.stages.spoken_consent.periods import period
from pipeline.stages.spoken_consent.said import pattern

Span = tuple[int, int]

_VOICE = (
    r"(?:gesprächs|ton|sprach|audio|telefon)?(?:aufnahmen?|aufzeichnung(?:en)?|mitschnitte?s?)"
    r"|audio(?:datei(?:en)?)?|stimme|recordings?|voice|tapes?|sprachnachricht"
)
_CALL = (
    r"(?:telefon|beratungs)?gesprächs?|(?:telefon)?anrufe?s?|telefonate?s?|unterhaltung"
    r"|(?:phone |telephone )?calls?|conversation"
)
# "Für das Gespräch", "in this call": then it is something else that is recorded or kept.
_ASIDE = "".join(
    f"(?<!{word} )"
    for word in [
        "für",
        "über",
        "durch",
        "ohne",
        "gegen",
        "um",
        "during",
        "after",
        "from",
        "in",
        "for",
        "of",
        "on",
        "about",
        "before",
    ]
)
_THE = (
    rf"{_ASIDE}(?:das|dieses|unser|ihr|den|diesen|ihren|unseren|die|diese|ihre|unsere|alle"
    r"|the|this|our|your|all)"
)
_RECORD = (
    r"(?:auf zeichnen|auf gezeichnet|aufzeichnen|aufzuzeichnen|aufzeichne|aufgezeichnet"
    r"|mitschneiden|mitzuschneiden"
    r"|mitschneide|mitgeschnitten|zeichnen? <6>auf|schneiden? <6>mit"
    r"|be(?:ing)? recorded|recorded(?! (?:call|conversation|audio|message))"
    r"|record(?! (?:\w+ ){1,2}(?:readings?|orders?|details|address|numbers?|names?|payments?"
    r"|complaints?|requests?|answers?|information|bookings?)\b)"
    r"(?= (?:this|the|our|your|you|us|it|that|and|for|calls?|all|what)\b)"
    r"|record(?= [.?])"
    r"|record(?= $)|recording(?= (?:this|the|our|your|you|us|it|calls?)\b))"
)
_STORE = (
    r"(?:speichern?|abspeichern|abzuspeichern|zu speichern|gespeichert|abgespeichert|aufbewahren"
    r"|aufzubewahren|aufbewahrt|behalten|aufheben|aufzuheben|aufgehoben|archivieren|archiviert"
    r"|store|stored|storing|keep(?! (?:you|in|on|short|brief|going))|kept|keeping|retain|retained"
    r"|retaining|save|saved|saving|archive|archived)"
)
_TAKE = r"(?:aufnehmen|aufzunehmen|aufnehme|aufgenommen|nehmen? <6>auf|tape|taped|taping)"
_NOT_VOICE = (
    r"daten|nummern?|telefonnummer|adresse|anschrift|transkripte?|protokolle?|zusammenfassung"
    r"|notiz(?:en)?|angaben|e mail|text|transcripts?|summary|notes?|data|numbers?|details|address"
    r"|personalien|schaden\w*|termin\w*|bestellung\w*|anfrage|anliegen|\w*meldung|name[ns]?|order"
)
_AS_NOUN = (
    rf"(?:mit|zu|zur|in|gegen|with|to|against|for) (?:einer|der|dieser|die|eine|diese|einem|dem"
    rf"|the|this|a|any|our)? ?(?:{_VOICE})(?! <3>(?:zum|zu|fürs|to|{_NOT_VOICE})\b)"
    r"|(?:der|dieser|einer|zur|die|the|any) speicherung"
    r"|(?:der|dieser|einer) (?:aufnahme|aufzeichnung)"
    r"|(?:storage|retention|keeping) of (?:the|this|your|our)"
)
_RECORDED = pattern(_RECORD)
_NAMED = pattern(rf"(?:{_AS_NOUN})")
_KEPT = pattern(
    rf"(?:{_VOICE}) <9>{_STORE}",
    rf"{_STORE} <6>(?:{_VOICE})(?! (?:wird|ist|läuft|wurde|is|was))",
)
_CALL_KEPT = pattern(
    rf"{_THE} <1>(?:{_CALL}) <7>(?:{_STORE}|{_TAKE})",
    rf"(?:{_STORE}|{_TAKE}) {_THE} <1>(?:{_CALL})"
    r"(?! (?:short|brief|quick|going|open|wird|ist|wurde|is|was))",
)
_OTHER_THING = pattern(_NOT_VOICE, r"(?!zeichnen|schneiden)\w+en und")

_SYSTEM = (
    r"(?:k ?i|künstliche[nr]? intelligenz|systeme?n?s?|modelle?n?s?|sprachmodelle?n?s?"
    r"|algorithmus|algorithmen|software|spracherkennung|assistenten|bots?|a ?i|models?|systems?"
    r"|algorithms?|artificial intelligence|speech recognition|language models?)"
)
_FOR = (
    r"(?:(?:of|von|unserer?s?|unseren?|der|des|die|our|for|the|any|your|ihrer|eines|einer) ){0,3}"
)
_TRAINED = pattern(
    rf"(?:training|trainieren|anlernen|train|training) {_FOR}{_SYSTEM}",
    rf"{_SYSTEM} <4>(?:trainieren|trainiert|training|anzulernen|trained|lernen|lernt|learns?)",
    r"(?:modell|model|ki|ai)training|machine learning|maschinelle[sn]? lernen",
)
_AI = (
    r"(?:k ?i|a ?i|künstliche[nr]? intelligenz|sprachmodelle?n?s?|artificial intelligence"
    r"|language models?|llm|chat ?gpt|gpt|open ?ai)"
)
_EU = r"(?:der |the )?(?:e ?u|europa|europas|europe|europäischen union|european union|e ?w ?r)"
_OUTSIDE = (
    rf"(?:ausserhalb (?:von )?{_EU}|outside (?:of )?{_EU}|nicht in {_EU}"
    r"|ausserhalb (?:der |von )?\[(?:location|organization)_\d+\]"
    r"|outside (?:of )?(?:the )?\[(?:location|organization)_\d+\]"
    r"|in (?:den |die )?(?:usa|u s a|vereinigten staaten|amerika)|drittland|drittländern?"
    r"|in the (?:us|usa|u s|united states)|in america|overseas|third country)"
)
_ABROAD = pattern(rf"{_AI} <9><9>{_OUTSIDE}", rf"{_OUTSIDE} <9><9>{_AI}")

# What comes right before a topic that is denied.
_DENIED = re.compile(
    r"\b(?:nicht|nichts|ohne|keine[rn]?|not|never|without|no)"
    r"(?: (?:be|being|mehr|dauerhaft|weiter|länger|any|zu|zum|zur|for|in|the|die|der)){0,2} $"
)
_NEGATED = pattern(r"nicht|nie|keine?[nr]?|not|never|ohne|without")
_GONE_AT_ONCE = pattern(
    r"(?:sofort|direkt|unmittelbar|umgehend|gleich|immediately|instantly|right|straight)"
    r" <6>(?:gelöscht|vernichtet|verworfen|deleted|erased|destroyed)",
    r"(?:gelöscht|vernichtet|deleted|erased) <2>(?:sofort|unmittelbar|umgehend|immediately)",
    r"(?:nicht|not|never) (?:dauerhaft |be )?(?:gespeichert|aufbewahrt|stored|kept|saved)",
)
# After the call, unless it is after the thirty days that were named.
_AFTERWARDS = (
    r"(?:sofort|gleich|direkt|umgehend|unmittelbar|danach|anschliessend|hinterher|afterwards"
    r"|immediately|right (?:after|away)|straight (?:after|away)|directly after"
    r"|(?:nach|after) (?:dem|diesem|der|the|this|your|our) (?:gespräch|telefonat|anruf|call"
    r"|conversation|transkription|verschriftlichung|transcription))"
)
_GONE = r"(?:löschen|gelöscht|vernichte[nt]|deleted?|erased?|destroy(?:ed)?|discard(?:ed)?)"
_GONE_AFTERWARDS = pattern(rf"{_AFTERWARDS} <5>{_GONE}", rf"{_GONE} <4>{_AFTERWARDS}")


@dataclass(frozen=True, slots=True)
class Topic:
    """`find` gives the spans of a normal form that are about a purpose."""

    purpose: Purpose
    find: Callable[[str], Iterator[Span]]

    def spans(self, text: str) -> list[Span]:
        """In order; denied ones left out."""
        return sorted(
            (start, end)
            for start, end in self.find(text)
            if not _DENIED.search(text[max(start - 80, 0) : start])
            and not _NEGATED.search(text[start:end])
        )


def _audio(text: str) -> Iterator[Span]:
    for each in (_RECORDED, _NAMED, _KEPT):
        yield from (match.span() for match in each.finditer(text))
    for match in _CALL_KEPT.finditer(text):
        if not _OTHER_THING.search(match[0]):
            yield match.span()


def _training(text: str) -> Iterator[Span]:
    yield from (match.span() for match in _TRAINED.finditer(text))


def _abroad(text: str) -> Iterator[Span]:
    yield from (match.span() for match in _ABROAD.finditer(text))


TOPICS = {
    Purpose.AUDIO_RETENTION: Topic(Purpose.AUDIO_RETENTION, _audio),
    Purpose.MODEL_TRAINING: Topic(Purpose.MODEL_TRAINING, _training),
    Purpose.LLM_OUTSIDE_EU: Topic(Purpose.LLM_OUTSIDE_EU, _abroad),
}


def ends_at_once(text: str) -> bool:
    """Whether the agent says that nothing of the voice will be kept: then no yes keeps it."""
    if _GONE_AT_ONCE.search(text):
        return True
    return period(text) is None and _GONE_AFTERWARDS.search(text) is not None
