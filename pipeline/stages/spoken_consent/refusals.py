"""Refusals and withdrawals that nobody asked for: "bitte löschen Sie die Aufnahme", "stop
recording". They count wherever they are said, and who says them in the first person may be either
side: the channels of a recording can be labelled the wrong way round."""

from __future__ import annotations

import re

from models.names import word_set
from pipeline.domain.consent import Purpose
from pipeline.domain.transcript import Speaker
from pipeline.stages.spoken_consent.objections import spared
from pipeline.stages.spoken_consent.said import Said, pattern, words

_VOICE = (
    r"(?:gesprächs|ton|sprach|audio)?(?:aufnahmen?|aufzeichnung(?:en)?|mitschnitte?)|audio\w*"
    r"|gespräch|anruf|telefonat|stimme|sprachnachricht|recordings?|call|conversation|tape|voice"
    r"(?: message)?"
)
_DONE = (
    r"(?:aufgezeichnet|aufzeichnen|aufzeichnet|aufgenommen|aufnehmen|aufnimmt|mitgeschnitten"
    r"|mitschneiden|mitschneidet|gespeichert|speichern|speichert|aufbewahrt|aufbewahren)"
)
_DONE_EN = (
    rf"(?:record(?:ed|ing)?|taped?|taping|be (?:stored|kept|saved|retained)"
    rf"|(?:store|keep|save|retain) <3>(?:{_VOICE})"
    rf"|(?:it|this|that|me|{_VOICE}) (?:being |to be )?(?:stored|kept|saved|retained))"
)
_OF_VOICE = (
    rf"(?:ich (?:möchte|will|wünsche|mag)|(?:möchte|will|wünsche|mag) ich) <5>(?:nicht|keine?n?)"
    rf" <9>(?:{_DONE}|aufnahme|aufzeichnung|mitschnitt)",
    rf"ich <4>(?:nicht|keine?n?) <5>(?:{_DONE}|aufnahme|aufzeichnung) <1>(?:möchte|will|werde"
    r"|wünsche)",
    rf"(?:nicht|gegen) <1>(?:einverstanden|zugestimmt) <9>(?:{_DONE}|aufnahme|aufzeichnung)",
    rf"i <2>(?:dont|do not|wont|will not|didnt|did not|never|no longer|wouldnt) <4>"
    rf"(?:want|like|wish|consent|agree|allow|agreed|consented|allowed) <9>(?:{_DONE_EN})",
    r"i <1>(?:dont|do not|never|didnt) <2>(?:give|gave|grant) <4>(?:permission|consent)",
    rf"(?:id|i would|i) <1>(?:rather|prefer|like) <5>(?:not|didnt|dont) <6>(?:{_DONE_EN})",
    rf"i <1>(?:want|wish|refuse|decline) <2>(?:not )?to be (?:{_DONE_EN})(?<! to be recorded)",
    rf"i (?:refuse|decline) <2>(?:be|being|to) <1>(?:{_DONE_EN})",
    rf"i <1>object to <3>(?:{_DONE_EN})",
    r"ich widerspreche <5>(?:aufnahme|aufzeichnung|speicherung)",
    rf"(?:verbiete|untersage|verweigere) <5>(?:{_DONE}|aufzuzeichnen|aufzunehmen|aufnahme"
    r"|aufzeichnung)",
    r"(?:aufnahme|aufzeichnung) <3>(?:möchte|will) ich <2>nicht",
    r"(?:aufnahme|aufzeichnung) <4>anders überlegt|anders überlegt <6>(?:aufnahme|aufzeichnung)",
    r"changed my mind <5>record(?:ing|ed)?",
    r"(?:möchte|will|wünsche|verlange) <1>dass <6>gelöscht",
    rf"(?:want|like|need) <3>(?:it|that|everything|{_VOICE}) (?:to be )?(?:deleted|erased|removed)",
)
_ORDERS = (
    rf"nicht <1>{_DONE} bitte|(?:sie dürfen|dürfen sie) <4>nicht <1>{_DONE}",
    r"(?:kann|könnte) (?:die|meine|diese) (?:aufnahme|aufzeichnung) <2>gelöscht werden(?= [.?]| $)",
    r"lassen sie <4>(?:aufnahme|aufzeichnung)(?= [.?]| $)|brechen sie <4>(?:aufnahme|aufzeichnung)",
    r"(?:ich (?:möchte|will)|(?:möchte|will) ich) <2>(?:aufnahme|aufzeichnung) nicht"
    r"(?= [.?]| $| mehr)",
    r"(?:löschen|stoppen) sie <2>band|(?:machen|schalten) sie <2>band <1>(?:aus|ab)",
    r"(?:aufnahme|aufzeichnung|speicherung) <2>(?:nicht|nie|niemals) <1>zugestimmt",
    r"you (?:cant|cannot|can not|may not|must not|mustnt|are not allowed to|have no right to)"
    r" <1>record",
    rf"(?:löschen|lösch|löscht|vernichten|entfernen) (?:sie |bitte |mir |doch |das |die |dann |mal "
    rf"|wieder )*(?:sofort |gleich )?<3>(?:{_VOICE})",
    rf"(?:{_VOICE}) <4>(?:löschen|vernichten)",
    r"(?:aufnahme|aufzeichnung|mitschnitt) <4>(?:stoppen|beenden|ausschalten|ausmachen|abschalten"
    r"|abbrechen|anhalten)",
    rf"(?:will|möchte|wünsche|verlange|bitte) <6>(?:{_VOICE}) <4>gelöscht",
    r"(?:stoppen|beenden|unterbrechen|stopp|schalten|machen) (?:sie )?<3>"
    r"(?:aufnahme|aufzeichnung|mitschnitt)",
    r"löschen sie <6>(?:aufgenommen|aufgezeichnet|gespeichert)",
    r"löschen sie (?:das|es|alles)(?: bitte| alles| wieder| sofort| doch| jetzt)*(?= [.?]| $)",
    r"(?:delete|erase) (?:it|that|everything|all of it)(?: please| now| again)*(?= [.?]| $)",
    r"(?:aufnahme|aufzeichnung|mitschnitt) <3>nicht <2>(?:behalten|speichern|aufbewahren)",
    r"hören sie <4>(?:aufzuzeichnen|aufzunehmen|mitzuschneiden)",
    r"(?:zeichnen|nehmen|schneiden) sie <4>nicht <1>(?:auf|mit)(?! (?:die|den|das|der|dem))",
    rf"(?:bitte|das|gespräch|aber|lieber) <2>(?:nicht|nichts) <1>{_DONE}",
    r"keine (?:aufnahme|aufzeichnung|mitschnitt)(?: bitte)?(?= [.?]| $)",
    r"(?:stop|quit) <3>(?:recording|taping|the recording)",
    r"(?:dont|do not|never) <1>(?:record|tape|store|keep(?! (?!record|tap|stor|sav|\w+thing)\w+ing)"
    r"|save) <2>"
    r"(?:me|this|it|that|anything|call|conversation|recording|my|us)(?! waiting| hanging)",
    rf"(?:delete|erase|destroy|remove|discard|get rid of) <4>(?:{_VOICE})",
    r"(?:turn|switch) <3>(?:recording|recorder) off|(?:turn|switch) off <3>record(?:ing|er)",
    r"(?:no recording|without recording)(?: please)?",
)
# An agent who says so has heard a no, or has told the caller that nothing is kept.
_TOLD = (
    r"(?:gespräch|anruf|telefonat|es) (?:wird|wurde) <2>nicht <1>(?:aufgezeichnet|aufgenommen"
    r"|gespeichert|mitgeschnitten)",
    r"(?:zeichnen|nehmen) wir <3>nicht <1>auf|(?:stoppe|beende|lösche) ich <3>(?:aufnahme"
    r"|aufzeichnung)",
    r"(?:ich|wir) (?:stoppe|stoppen|beende|beenden) <2>(?:aufnahme|aufzeichnung)",
    r"(?:call|conversation|it) (?:is|was|will) <1>not <1>(?:being |be )?(?:recorded|stored|kept)",
    r"(?:we|i) (?:wont|will not|are not|am not) <1>(?:record|recording|keep|store)",
    r"(?:stopped|turned off|switched off) <2>recording",
)
_OF_TRAINING = (
    r"(?:nicht|keinesfalls|kein) <4>(?:training|trainieren|trainiert|anlernen)",
    r"(?:dont|do not|not|never) <5>(?:train|training)",
)
_OF_ABROAD = (
    r"(?:nicht|keine|keinesfalls) <6>(?:ausserhalb|usa|amerika|k ?i|künstliche[nr]? intelligenz"
    r"|chat ?gpt|drittland)",
    r"(?:dont|do not|not|never|no) <6>(?:outside|a ?i|chat ?gpt|america|united states|overseas)",
)
_OF_ALL = (
    r"(?:widerrufe|widerruf|widerrufen|ziehe|nehme|zurückziehen|zurücknehmen) <4>"
    r"(?:einwilligung|zustimmung|einverständnis|erlaubnis|einverständniserklärung)",
    r"(?:einwilligung|zustimmung|einverständnis|erlaubnis) <5>(?:zurück|zurückziehen|widerrufen"
    r"|zurücknehmen|widerrufe)",
    r"(?:withdraw|revoke|take back|retract|cancel) <2>(?:consent|permission|agreement)",
    r"(?:consent|permission) (?:is )?(?:withdrawn|revoked)",
)
_FIRST_PERSON = {
    Purpose.AUDIO_RETENTION: pattern(*_OF_VOICE, *_OF_ALL),
    Purpose.MODEL_TRAINING: pattern(*_OF_ALL),
    Purpose.LLM_OUTSIDE_EU: pattern(*_OF_ALL),
}
_BY_CALLER = {
    Purpose.AUDIO_RETENTION: pattern(*_ORDERS),
    Purpose.MODEL_TRAINING: pattern(*_OF_TRAINING),
    Purpose.LLM_OUTSIDE_EU: pattern(*_OF_ABROAD),
}
_BY_AGENT = pattern(*_TOLD)
_RETRACTED = pattern(
    r"(?:lieber|doch|dann) (?:doch |lieber )?nicht|anders überlegt|nein (?:nein|warten|stopp|halt)",
    r"halt stopp|actually (?:no|not)|on second thoughts?|changed my mind|id rather not|no wait",
)
_HALT = (
    r"(?:moment(?: mal)?|halt|stopp|warten sie|warte|ach|oh|obwohl|wobei|oder|hm|quatsch|eigentlich"
    r"|wissen sie was|wenn ichs mir überlege|wait|hold on|hang on|actually|oh|hmm|sorry|well"
    r"|you know what|or rather|i mean|on reflection|on second thoughts?|scratch that|rather"
    r"|come to think of it)"
)
_REVERSED = re.compile(
    rf"(?: {_HALT}(?: [.?])?)+(?: (?:doch|dann|lieber|besser|better|sorry))* "
    r"(?:nein|nee|nö|nicht|nichts|no|nope|not)(?= [.?]| $| (?:danke|doch|lieber|sorry|eigentlich"
    r"|lassen|ich möchte|i (?:changed|dont|would)|scratch))"
)
_BARE_NO = re.compile(
    r" (?:ach |oh |doch |well )?(?:nein|nee|nö|no|nope)(?: doch| danke| sorry"
    r"| entschuldigung)?(?= [.?]| $)"
)
_THANKS = word_set(
    """
    danke dankeschön vielen dank gut okay ok prima super alles klar schön perfekt wunderbar gerne
    sehr ja mhm verstehe thanks thank you very much great good perfect alright right fine lovely
    wonderful for that dafür dann . ?
    """
)
_ANY_NO = pattern("nein|nee|nö|no|nope|kein|nicht|not|dont")
# "Wann löschen Sie die Aufnahme?", "say stop recording at any time", "if you do not agree": the
# words of a refusal, and none.
_NO_REFUSAL = re.compile(
    r"\b(?:wir|we|we will|we then|will automatically) $|"
    r"\b(?:wann|ob|nach|innerhalb|tagen|wochen|monaten|sagen|sage|sag|jederzeit|wenn"
    r"|falls|können sie"
    r" ihre|say|saying|if|when|unless|without|ohne|whether|after|days|weeks|months|did|why|warum"
    r"|anytime|you (?:can|may)|sie können|may)(?: [\w\[\]]+){0,5} $"
)


def refuses(said: Said, purpose: Purpose) -> bool:
    """Whether this turn refuses or withdraws consent to `purpose` of its own accord."""
    phrases = [_FIRST_PERSON[purpose]]
    if said.speaker is not Speaker.AGENT:
        phrases.append(_BY_CALLER[purpose])
    elif purpose is Purpose.AUDIO_RETENTION:
        phrases.append(_BY_AGENT)
    text = spared(said.text)
    return any(_is_meant(text, each) for each in phrases)


def retracts(said: Said) -> bool:
    """Whether this turn takes back a yes that was given just before: "nein, doch lieber nicht"."""
    return _RETRACTED.search(words(said.text, 12)) is not None


def reverses(said: Said) -> bool:
    """Whether this turn begins by turning round: "moment, nein", "oh wait, no"."""
    return _REVERSED.match(said.text) is not None


def turned_round(answer: Said) -> bool:
    """Whether a yes is turned round in its own turn: "yes. actually, no."."""
    return _REVERSED.search(answer.text) is not None


def acknowledges(said: Said) -> bool:
    """Whether an agent's turn says no more than that a yes was heard."""
    return all(word in _THANKS for word in said.text.split())


def contradicts(before: Said, after: Said) -> bool:
    """Whether the caller's next words are a bare no after a yes: "Ja." – "Nein."."""
    return (
        after.speaker is not Speaker.AGENT
        and _BARE_NO.match(after.text) is not None
        and _ANY_NO.search(before.text) is None
    )


def _is_meant(text: str, phrases: re.Pattern[str]) -> bool:
    for match in phrases.finditer(text):
        sentence = re.split("[.?]", text[max(match.start() - 200, 0) : match.start()])[-1]
        if not _NO_REFUSAL.search(sentence):
            return True
    return False
