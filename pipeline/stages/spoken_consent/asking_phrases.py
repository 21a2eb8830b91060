"""How an agent asks for consent, and what tells a question from a statement, in normal form."""

from __future__ import annotations

import re

from pipeline.stages.spoken_consent.said import pattern

_NOT_SAID = "".join(
    f"(?<!{word} )" for word in ["wir", "ich", "sie", "man", "we", "you", "i", "call", "that"]
)
MAY = pattern(
    rf"{_NOT_SAID}(?:darf|dürfen|dürfte|dürften|kann|können|könnte|könnten|soll|sollen)"
    r" (?:wir|ich|man|das|dieses|ihr|ihre|ihren|unser|die|der|diese|dieser|den|diesen"
    r"|eine?|einer)",
    rf"{_NOT_SAID}(?:may|can|could|might|shall) (?:we|i|this|the|your|our|an?)",
    r"are (?:we|i) allowed to",
)
MAY_WE = pattern(
    rf"{_NOT_SAID}(?:darf|dürfen) (?:wir|ich) (?:das|dies)(?: tun| machen)?(?= [.?]| $)",
    rf"{_NOT_SAID}(?:may|can) (?:we|i) do (?:that|this)",
)
AGREED = pattern(
    r"(?:sind|wären|wärst|bist|seid) (?:sie|du|ihr) <4>einverstanden",
    r"(?:ist|wäre|wär) (?:das|es|dies) <5>(?:in ordnung|okay|ok|recht|kein problem|möglich)",
    r"(?:geht|ginge) (?:das|es) <3>(?:in ordnung|klar|okay|ok|für sie)",
    r"passt (?:das|es)",
    r"(?:stimmen|stimmst) (?:sie|du) <9>zu",
    r"willigen sie <9>ein",
    r"(?:würden|möchten|wollen|können) sie <9>(?:zustimmen|einwilligen|erlauben|gestatten)",
    r"(?:würden|möchten|wollen) sie (?:uns |mir )?(?:erlauben|gestatten)",
    r"(?:haben|hätten|bekommen|erhalten) (?:wir|ich) <2>ihre?"
    r" (?:einverständnis|einwilligung|zustimmung|erlaubnis|ok|okay)",
    r"(?:geben|erteilen|gäben) sie <3>(?:einverständnis|einwilligung|zustimmung|erlaubnis)",
    r"(?:erlauben|gestatten) sie",
    r"sagen sie <4>ja|bestätigen sie|please confirm|say yes",
    r"(?:wollen|möchten) sie(?= dass)",
    r"(?:is|would|will) (?:it|that|this) (?:be )?<2>"
    r"(?:okay|ok|all right|alright|fine|good|cool|acceptable)",
    r"(?:are you|would you be) <2>(?:okay|ok|happy|fine|comfortable|good|cool|willing"
    r"|all right|alright)",
    r"(?:do|would|will|can) you <2>(?:agree|consent|accept|allow|permit|let|approve)",
    r"(?:do|can|may|could) (?:we|i) <1>(?:have|get) your <1>"
    r"(?:consent|permission|agreement|okay|ok)",
)
AGAINST = pattern(
    r"(?:haben|hätten|hast|hättest) (?:sie|du) <3>"
    r"(?:dagegen|etwas gegen|was gegen|nichts gegen|einwände|bedenken|einen einwand)",
    r"(?:stört|störte) (?:es|sie|das) (?:sie|das|es|dich)",
    r"(?:würde|wird) (?:es|das) sie <1>stören",
    r"macht (?:es|das) ihnen <2>aus",
    r"spricht <3>dagegen",
    r"(?:do|would|will) you <1>(?:mind|object)",
    r"(?:do you have|are there|have you|have you got) any <1>(?:objections?|concerns)",
    r"any objections?",
    r"(?:would|does) (?:it|that) bother you",
    r"widersprechen sie",
    r"(?:möchten|wollen) sie <9>(?:widersprechen|ablehnen)",
    r"lehnen sie <9>ab",
    r"sie haben <3>(?:nichts|etwas|was) (?:dagegen|gegen)",
    r"(?:you dont|dont you) mind",
)
TAG = pattern(
    r"einverstanden(?= \?| $)",
    r"(?:in ordnung|okay|ok|all right|alright|right|ja|yes)(?= \?)",
    r"sie sind <3>einverstanden(?= \?)",
)
OBJECT = re.compile(
    r"\b(?:dass|wenn|falls|sofern|ob|mit|zu|zur|zum|gegen|in|if|that|with|to|for|of|us|me"
    r"|when|being)\b"
)
TO_DO = re.compile(r"\bzu \w+|\w+zu\w+en\b")
"""An infinitive is the object of what is asked: "erlauben Sie, den Anruf aufzuzeichnen"."""

OWN_OBJECT = re.compile(
    r" (?:dass|wenn|falls|sofern|ob|if|that (?:we|i)|mit (?!ihnen)|zu |with (?!that|this|it|you)"
    r"|to (?!that|this|it)|for (?!you))"
)
# "By staying on the line you agree to …", "mit Ihrer Teilnahme stimmen Sie … zu" ask nobody.
DEEMED = re.compile(
    r"\b(?:mit (?:ihrer|der|dem) (?:teilnahme|nutzung|weiteren|fortsetz\w*|verbleib\w*)|indem sie"
    r"|(?:damit|dadurch|hiermit|somit|automatisch) $|durch (?:[\w]+ ){0,2}(?:fortsetz\w*"
    r"|fortführ\w*"
    r"|weiterführ\w*|teilnahme|bleiben|nutzung|gespräch)|erklären sie sich|by (?:staying"
    r"|continuing|remaining|proceeding|speaking)"
    r"|if you (?:stay|continue|remain))"
)
# What may follow a question that points back: "Ist das in Ordnung für Sie?", not "… am Montag?".
TAIL = re.compile(
    r"(?: (?:für|sie|ihnen|so|soweit|bitte|oder|denn|damit|erstmal|okay|ok|with|that|this|it|for|to"
    r"|you|then|please|ja))*(?: [.?]| ?$)"
)
# Such a question says itself that it points back, whatever follows.
POINTING = re.compile(r"\b(?:damit|dem|dagegen|with that|to that|with this|to this)\b")
# What stands between a topic and such a question has to be about it.
ABOUT_VOICE = pattern(
    r"\w*(?:aufnahmen?|aufzeichnung(?:en)?|aufgezeichnet|mitschnitt)|gelöscht|gespeichert"
    r"|aufbewahrt|qualität\w*|tagen?|wochen?|monaten?|jahren?|training\w*|trainieren|systeme?"
    r"|verarbeitet|ausgewertet|recordings?|recorded|deleted|erased|stored|kept|quality|days?|weeks?"
    r"|months?|years?|models?|processed|service"
)
# The topic's own subject, right after "dass" or "if": "if this call is recorded".
ACTIVE = re.compile(r"(?:^|.*\b)(?:dass|wenn|falls|if|that|with|for) (?:[\w\[\]]+ ){0,5}$")
FINITE = re.compile(r"\b(?:wird|werde|ist|is|are|was|has|will)\b")
PARTICIPLE = re.compile(
    r"(?:aufgezeichnet|mitgeschnitten|gespeichert|aufgenommen|aufbewahrt|archiviert|recorded|stored"
    r"|kept|retained|saved|archived|taped)$"
)
PASSIVE = re.compile(r"^(?: [\w\[\]]+){0,7}? werden\b")
NEGATION = re.compile(r"\b(?:nicht|nichts|keine?[nr]?|not|dont)\b")
BREAK = re.compile(r"[.?]")
LEAD = re.compile(
    r"^ (?:(?:und|also|gut|okay|ok|ja|zunächst|zuerst|vorab|bitte|herr|frau|hallo|guten"
    r"|tag|noch|kurz"
    r"|eine|frage|nun|so|aber|erst|erstmal|danke|vielen|dank|schön|sehr|alles|klar|first|before|and"
    r"|so|well|hello|hi|just|one|question|\[\w+\]) )*$"
)
# "… oder nicht?", "or would you rather not?": two questions, which no "yes" can answer.
OR_ELSE = pattern(
    r"(?:oder|or) <1>(?:nicht|lieber|besser|eher|soll|sollen|möchten|wollen|hätten|haben|sind|darf"
    r"|dürfen|rufen|not|rather|would|should|shall|do|are|prefer|dont)"
)
