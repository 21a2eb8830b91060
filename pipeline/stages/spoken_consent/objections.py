"""The general rule behind the phrases of `refusals`: what a caller says of the recording together
with a negation, a deletion, an objection or a doubt in one sentence, in either order, supports no
consent. It fails closed: phrasings nobody has thought of cost a recording that is not kept.

Sentences are cut where the recogniser wrote a mark. Where it wrote none, what is far apart does
not belong together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from itertools import pairwise

from models.names import word_set
from pipeline.domain.transcript import Speaker
from pipeline.stages.spoken_consent.answer_phrases import NO_OBJECTION
from pipeline.stages.spoken_consent.said import Said, pattern


class Stance(StrEnum):
    """`withdraws`: clearly against it; `doubts`: consent can no longer be relied on; `reopens`:
    speaks of it again, and neither agrees nor asks."""

    WITHDRAWS = "withdraws"
    DOUBTS = "doubts"
    REOPENS = "reopens"


_TOGETHER = 110
"""Characters that may part the words of one thought."""

_ABOUT = pattern(
    r"(?!bestandsauf|aufnahmefähig)\w*(?:aufnahme|aufzeichnung|mitschnitt|recording)\w*"
    r"(?! number| (?:in|im|ins) <1>(?:kindergarten|kita|klinik|krankenhaus|schule|heim))",
    r"(?:audio|tonspur)\w*(?! jack| cable| guide)|tonband|recorder"
    r"|(?:dem|vom|beim) aufnehmen|aufzeichnen"
    r"|aufzuzeichnen|mitschneiden|mitzuschneiden",
    r"speicherung(?! <3>(?:daten|nummer|adresse))",
)
_CONSENT = pattern(
    r"(?:meine|meiner|meinen|mein|my|the) (?:einwilligung|zustimmung|einverständnis|erlaubnis"
    r"|consent|permission|agreement)",
    r"einwilligung|einwilligungserklärung|einverständniserklärung",
    r"permission to <1>(?:keep|record|store)",
)
_CALL = pattern(
    r"(?:telefon)?gesprächs?|anrufe?s?|telefonate?s?|unterhaltung|stimme|gesagte[sn]?|meine worte"
    r"|meine aussagen|my words|calls?|conversations?"
    r"|voice"
)
_TAPE = pattern("band|tapes?")
_RECORDS = (
    r"(?:mich|uns) <2>(?:aufnehmen|aufzunehmen|aufgenommen)|aufgenommen (?:zu )?werden|"
    r"aufzeichne[nt]?|aufgezeichnet\w*|zeichnen? <6>auf|mitschneide[nt]?|mitgeschnitten\w*"
    r"|schneiden? <6>mit|(?<!any )(?<!on )(?<!no )(?<!a )record(?:ed|ing|s)?(?! of)"
    r"|taped|taping|tape (?:me|us|this|it)"
)
_KEEPS = (
    r"aufnehmen|aufzunehmen|aufnimmt|aufgenommen|nehmen? <6>auf|(?:ab|zu)?speicher[nt]?|speichere"
    r"|(?:ab)?gespeichert|abzuspeichern|behalten?(?! sie mich)|behält|aufbewahre[nt]?"
    r"|aufzubewahren|bewahren?"
    r"|aufbewahrt|aufheben|aufzuheben|aufgehoben|heben? <6>auf|archiv|archiviert|archiviere[nt]?"
    r"|stor(?:e|ed|es|ing)"
    r"|keep(?:s|ing)?(?! (?:you|me|on|in|up|short|brief|(?!rec|sto|sav|tap|\w+thing)\w+ing))"
    r"|kept|on file"
    r"|retain(?:ed|ing)?|sav(?:e|ed|ing)|archived?|hold(?:ing)? on(?:to| to)|hang(?:ing)? on to"
)
_KEPT = pattern(_KEEPS, _RECORDS)
_RECORDED = pattern(_RECORDS)
_TOLD = pattern(
    r"(?:habe|hab|hat|hatte|hatten|kann|konnte) <9>(?:aufgezeichnet|aufgenommen|gespeichert"
    r"|aufgehoben|aufbewahrt|behalten|speichern|aufnehmen)",
    r"(?<!you )(?:did not|didnt|havent|hasnt|hadnt|cant|couldnt|could not) <2>"
    r"(?:keep|kept|store|stored|save|saved|record|recorded|retain)",
)
"""What somebody did or can: no wish."""

_ELSE = pattern(
    r"daten|nummern?|telefonnummer|handynummer|adresse|anschrift|protokolle?|notiz(?:en)?|mail"
    r"|termine?|schaden|zähler\w*|bestellung|passwort|numbers?|address|readings?|damage|details"
    r"|orders?|appointments?|name[ns]?"
)

_DELETES = (
    r"lösch\w*|gelöscht|löschung|vernichte\w*|entferne[nt]?|entfernt|verwerfen|verworfen|tilgen"
    r"|wegwerfen|weg|wegschmeissen|rausnehmen|raus|rauswerfen|verschwinde[nt]?|streichen?"
    r"|delet(?:e|ed|ing)|deletion|eras(?:e|ed|ing)|erasure|destroy(?:ed)?|remov(?:e|ed|al)"
    r"|wip(?:e|ed)|discard(?:ed)?|scrap(?:ped)?|get rid|got rid|gone|throw|trash|purged?|undo"
    r"|bin it|kill|dump|ditch|wegmachen|get <5>(?:off|out of)|take <4>(?:off|out|down)"
)
_STOPS = (
    r"stopp\w*|beenden?|abbrechen|brechen? <6>ab|ausschalten|abschalten|ausmachen|abstellen"
    r"|(?:schalten?|machen?|stellen?|drehen?) <7>(?:aus|ab)|aufhören|hören? <7>auf|anhalten"
    r"|lass(?:en|t)? <6>(?:sein|bleiben|lieber)|(?:lieber|besser) (?:sein )?lassen"
    r"|(?:lassen|lass) sie(?: das| es| bitte| mal)*(?= [.?]| $)|lassen wir <3>(?:lieber"
    r"|besser)|vergessen"
    r"|stop(?:ped|ping)?|quit|cease|halt|cancel(?:led)?|discontinued?|forget|drop"
    r"|(?:turn|switch|shut) <5>(?:off|down)"
)
_OBJECTS = (
    r"widersprech\w*|widersprich\w*|widerspruch|widerruf\w*|zurückziehen|zurücknehmen"
    r"|zurückgezogen|zurückzuziehen|(?:ziehe?|nehme?) <7>zurück|ablehne\w*|abgelehnt|lehne <7>ab"
    r"|dagegen|gegen|verbiete\w*|untersag\w*|verweiger\w*|verzichten?|anders überlegt"
    r"|umentschieden|hinfällig|ungültig|bereue?|object(?:s|ing)?|objection|against|oppos(?:e"
    r"|ed)|withdr[ae]w\w*"
    r"|revok\w*|retract\w*|tak(?:e|ing) (?:\w+ ){1,4}back|take back|declin\w*|refus\w*|disagree"
    r"|changed my mind|regret\w*|opt(?:ing)? out|pull(?:ing)? (?:my|the) consent"
    r"|(?:is|are) (?:off|void|invalid)"
)
_NEGATES = (
    r"nicht|nich|nichts|nie|niemals|kein(?:e|en|er|em|s|esfalls)?|ohne|nein|nee|nö|weder"
    r"|nirgends|nirgendwo|not|no|none|nothing|never|without|cannot|neither|nor|nowhere"
    r"|(?:do|does|did|wo|would|ca|could|should|must|is|are|was|were|have|has|had|need|ai)nt"
)
_DOUBT_WORDS = (
    r"ungern|lieber|unangenehm|unwohl|unsicher|bedenken|einwände?|problem|zweifel\w*|skeptisch"
    r"|stört|stören|mulmig|uncomfortable|uneasy|unhappy|unsure|doubts?|concern(?:s|ed)?|mind"
    r"|rather|prefer|second thoughts?|worried|worr(?:y|ies)|bothers?|issues?|reservations?"
)
_AGAINST = pattern(_DELETES, _STOPS, _OBJECTS, _NEGATES, _DOUBT_WORDS)
_DELETED = pattern(_DELETES)
_ONLY_DELETES = pattern(_DELETES, _STOPS)
_CLEAR = pattern(_DELETES, _STOPS, _OBJECTS, _NEGATES)
_BY_ITSELF = pattern(
    _OBJECTS,
    r"(?:lassen|lass) (?:sie |wir )?(?:das|es) <1>(?:lieber|besser|sein|bleiben)",
    r"(?:nicht|no longer|not|dont) <3>(?:einverstanden|zustimmen|agree|consent)",
    r"(?:stimme|willige) <4>nicht <2>(?:zu|ein)",
)
"""Objections that need no topic where it was just spoken of."""

_ERASING = r"(?:gelöscht|löschen|entfernen|vernichten|delete|erase|remove|destroy|stop|stoppen)"
_NOT_AGAINST = pattern(
    r"nichts <4>(?:gegen|dagegen|einzuwenden|ausmachen)|(?:gegen|dagegen) <7>nichts"
    r"|nothing <2>against",
    r"(?:keine?|keinerlei|no|not any|dont have any|have not any) <2>(?:problem\w*|bedenken"
    r"|sorgen|einwand"
    r"|einwände|fragen?|thema|ding|sache|objections?|questions?|concerns?|issues?|doubts?|zweifel"
    r"|worries|reservations?)",
    r"(?:stört|stören|störe) <4>nicht|nicht <3>(?:stört|stören|schlimm|tragisch|dagegen|dramatisch"
    r"|unangenehm)",
    r"(?:dont|do not|doesnt|does not|wouldnt|never) <1>(?:mind|bother|worry|object|disagree)"
    r"|not <2>(?:a (?:problem|big deal|bother)|bothered|bad|against|opposed)"
    r"|(?:isnt|wasnt) <1>(?:a )?(?:problem|issue|big deal|against)",
    r"nicht <1>vergessen|vergessen <6>nicht|(?:dont|do not) forget|nicht nur|not only|nicht wahr"
    r"|(?:nicht|not) (?:wegen|about|calling about)|warum nicht|why not|(?:nicht|no"
    r"|not) (?:länger|mehr|longer|more) als"
    r"|(?:no|not|any) (?:longer|more) than|ohne weiteres|macht <3>nichts",
)
_SPARED = pattern(
    rf"(?:muss|müssen|müsst|brauchen|braucht|sollen) <6>nicht <2>(?:zu )?{_ERASING}",
    rf"(?:dont|do not|doesnt|not) <1>(?:have|need) to <2>(?:be )?{_ERASING}(?:d|ed)?"
    rf"|(?:no need|neednt|need not|dont|do not) (?:to )?{_ERASING}|nicht (?:zu )?löschen"
    r"|löschen <5>nicht",
)
"""What need not be deleted may be kept."""

_LEADING_NO = re.compile(r"^ ?(?:(?:ach|oh|ja|well) )*(?:nein|nee|nö|nope|no(?= (?:i|you|it|the"
    r"|that|please|its|im) )) (?!zu |zur |for |to )")  # fmt: skip
_ASKS_WHEN = pattern(
    r"wann|wie lange|ob|when|how long|whether|automatisch|automatically",
    r"(?:nach|innerhalb|after|within) (?:[\w]+ ){1,2}(?:tagen?|wochen?|monaten?|days?|weeks?"
    r"|months?)",
    r"(?<=^ )(?:wird|werden|is|are|will|does|do) (?:die|das|der|meine|the|my|it|that)",
)
_ASKS = re.compile(
    r"\? $|^ (?:(?:und|also|ja|aber|ach|gut|okay|so|and|but|well) )*(?:wie|wann|wer|wo|wohin"
    r"|was|wozu"
    r"|wofür|warum|welche|ist|sind|wird|werden|darf|dürfen|kann ich|können wir|bekomme|how|when"
    r"|who|where|what|which|hat|haben|is|are|will|do|does|did|has|have|may|can i|could i|can we)\b"
)
_SETTLED = pattern(
    r"auf (?:der|dieser) (?:aufnahme|aufzeichnung)|on (?:the|that|this) recording|gern|gerne|ruhig"
    r"|in ordnung|okay|ok|recht|einverstanden|passt|dürfen|egal|gut|schön|super"
    r"|behalten sie|(?:können|könnt|kannst) <9>(?:behalten|speichern|aufbewahren|aufheben|nutzen"
    r"|verwenden|machen|schicken|senden|geben|sagen)|kopie|bekommen|anhören|abhören|gegeben"
    r"|erteilt|erlaube|gestatte|stimme <7>zu|zugestimmt|danke|verstanden|bestätige\w*|fragen?"
    r"|wichtig|hilfreich|läuft|natürlich|klar",
    r"fine|good|great|all right|alright|agree(?:d)?|consent(?:ed)? to|happy|keep|copy|listen|send"
    r"|given|gave|give|allow|thanks|thank|understand|confirm"
    r"|(?:a|any|have|one) questions?|important|helpful|useful"
    r"|sure|course|welcome|glad|hear|love|like",
)
"""What agrees with a recording, or is only about it."""

_CONDITIONAL = pattern("wenn|falls|if|ob|whether|warum|wieso|why|vielleicht|maybe|perhaps")
# "Sie können jederzeit widersprechen": where nobody knows who speaks, it may be the agent.
_EXPLAINS = pattern(
    r"jederzeit|anytime|any time|wir|we|wenn|falls|if|unless|ohne ihre|without your"
    r"|sie (?:können|dürfen)|können sie|you (?:can|may)|ihre[rnm]?|your"
)
_SENTENCES = re.compile(r"[^.?]+\??")
_LIGHT = word_set(
    """
    ich du er sie es wir ihr mich mir dich dir ihn ihm ihnen uns euch man sich mein meine meiner
    meinem meinen das dies dieses diese diesen dem den der die des da dazu damit davon dafür daran
    dagegen ein eine einen alles etwas was wer wie dass zu zum zur von vom mit für bei an auf aus ab
    in im und oder aber sondern als ob wenn also ach oh ah so na ja nein doch lieber besser eher
    bitte mal eben halt eigentlich jetzt nun dann noch nochmal wieder gleich sofort später danach
    trotzdem auch nur schon mehr gern gerne ganz gar überhaupt ehrlich gesagt leider natürlich
    vielleicht moment warten wissen möchte will würde hätte habe hab haben hatte bin ist war wäre
    sind sein werden wird wurde soll sollen sollte sollten kann können könnten könnte darf dürfen
    muss müssen lassen lass tun machen mache macht nicht nichts nie niemals kein keine keinen
    einverstanden zustimmen stimme zugestimmt überlegt anders bleiben geht ginge hier heute morgen
    i you he she it we they me him her us them my your our this that these those a an the to of
    from in on at with for and or but so then now please just really actually anyway again any
    anymore more after all afterwards at later maybe well oh no not never dont do does did doesnt
    didnt wont will would wouldnt could couldnt can cant cannot may must mustnt shouldnt should be
    being been is isnt are arent am im id ive ill its was were have havent had want wanted like
    prefer rather think changed mind longer let lets us go back up sorry thanks thank agree consent
    know what one thing everything anything nothing none guess okay ok right sure yes yeah
    ganze recht right second thought anywhere nowhere system somewhere
    """
)


def stance(said: Said, recent: bool) -> Stance | None:
    """What the speaker of this turn holds of the recording; None where that is not said. `recent`:
    it was spoken of just before, so that a pronoun can stand for it."""
    found = {
        each
        for match in _SENTENCES.finditer(said.text)
        for each in (_of_sentence(f" {match[0].strip()} ", said.speaker, recent),)
    }
    return next((each for each in Stance if each in found), None)


def spared(text: str) -> str:
    """A normal form without the deletions that it says are not needed."""
    return _SPARED.sub("", text)


def speaks_of(text: str) -> bool:
    """Whether a normal form mentions the recording, so that a pronoun can stand for it."""
    return _ABOUT.search(text) is not None or _RECORDED.search(text) is not None


def _of_sentence(sentence: str, speaker: Speaker, recent: bool) -> Stance | None:
    if speaker is Speaker.UNKNOWN and (_EXPLAINS.search(sentence) or _ASKS_WHEN.search(sentence)):
        return None
    text = spared(_LEADING_NO.sub(" ", NO_OBJECTION.sub("", sentence)))
    text = _NOT_AGAINST.sub("", text)
    if text == sentence and speaker is Speaker.CALLER and _reopens(text):
        return Stance.REOPENS
    against = [match.span() for match in _AGAINST.finditer(text)]
    if all(_ONLY_DELETES.fullmatch(text[slice(*each)]) for each in against) and (
        _ASKS_WHEN.search(text)
    ):
        return None
    if _together(_topics(text), against):
        doubtful = _CLEAR.search(text) is None or _CONDITIONAL.search(text) is not None
        return Stance.DOUBTS if doubtful else Stance.WITHDRAWS
    alone = _BY_ITSELF.sub(lambda match: " ".join(match[0].split()[1:-1]), text)
    if recent and alone != text and _is_light(alone.split()):
        return Stance.DOUBTS
    return None


def _reopens(text: str) -> bool:
    """Whether a sentence speaks of the recording and holds nothing that is known: whoever agreed
    has no need to say that it "goes too far"."""
    if not any(each.search(text) for each in (_ABOUT, _CONSENT, _RECORDED)):
        return False
    return not any(each.search(text) for each in (_AGAINST, _SETTLED, _ASKS, _TOLD, _ELSE))


def _topics(text: str) -> list[tuple[int, int]]:
    """Where a sentence speaks of the recording, of keeping the voice, or of the consent."""
    found = [match.span() for each in (_ABOUT, _CONSENT) for match in each.finditer(text)]
    if _TOLD.search(text):
        return found
    kept = [match.span() for match in _KEPT.finditer(text)]
    deleted = [match.span() for match in _DELETED.finditer(text)]
    stopped = [match.span() for match in _ONLY_DELETES.finditer(text)]
    tapes = [match.span() for match in _TAPE.finditer(text)]
    other = _ELSE.search(text) is not None
    calls = [match.span() for match in _CALL.finditer(text)]
    if not other and _together(calls, kept + deleted):
        found += calls
    if _together(tapes, kept + stopped):
        found += tapes
    found += [each for each in kept if _has_no_object(text, each)]
    if not other:
        found += [match.span() for match in _RECORDED.finditer(text)]
    return found


def _together(first: Iterable[tuple[int, int]], second: Iterable[tuple[int, int]]) -> bool:
    """Whether one of the first and one of the second are near each other: neighbours are nearest,
    so that time stays linear."""
    every = sorted([(*each, 0) for each in first] + [(*each, 1) for each in second])
    return any(
        one[2] != other[2] and other[0] - one[1] <= _TOGETHER for one, other in pairwise(every)
    )


def _has_no_object(text: str, verb: tuple[int, int]) -> bool:
    """Whether nothing but "it" is kept: "bitte doch nicht speichern", not "den Schlüssel"."""
    before = text[max(verb[0] - 60, 0) : verb[0]].split()[-5:]
    after = text[verb[1] : verb[1] + 60].split()[:4]
    return _is_light(before) and _is_light(text[slice(*verb)].split()[1:-1] + after)


def _is_light(words: list[str]) -> bool:
    """Whether these words name no thing of their own."""
    return all(
        word in _LIGHT or word.startswith("[") or word == "?" or _ONLY_DELETES.fullmatch(word)
        for word in words
    )
