"""Whether a turn asks for consent to a purpose, and what a bare yes would mean then.

A topic alone is a statement: "this call is recorded" asks nobody. A question is an asking phrase
that has the topic for its object ("dürfen wir … aufzeichnen", "do you mind if we record"), or one
that points back to it ("dieses Gespräch wird aufgezeichnet, ist das in Ordnung?").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from pipeline.stages.spoken_consent.said import pattern
from pipeline.stages.spoken_consent.topics import Span, Topic


class Polarity(StrEnum):
    """What "yes" means. `open`: nothing by itself, e.g. after "Sie haben nichts dagegen?"."""

    YES_IS_YES = "yes_is_yes"
    NO_IS_YES = "no_is_yes"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Question:
    """`start` is where its topic or its asking begins, `last` the position of its last word,
    `end` where it ends."""

    start: int
    last: int
    end: int
    polarity: Polarity


_NOT_SAID = "".join(
    f"(?<!{word} )" for word in ["wir", "ich", "sie", "man", "we", "you", "i", "call", "that"]
)
_MAY = pattern(
    rf"{_NOT_SAID}(?:darf|dürfen|dürfte|dürften|kann|können|könnte|könnten|soll|sollen)"
    r" (?:wir|ich|man|das|dieses|ihr|ihre|ihren|unser|die|der|diese|dieser|den|diesen)",
    rf"{_NOT_SAID}(?:may|can|could|might|shall) (?:we|i|this|the|your|our)",
    r"are (?:we|i) allowed to",
)
_MAY_WE = pattern(
    rf"{_NOT_SAID}(?:darf|dürfen) (?:wir|ich) (?:das|dies)(?: tun| machen)?(?= [.?]| $)",
    rf"{_NOT_SAID}(?:may|can) (?:we|i) do (?:that|this)",
)
_AGREED = pattern(
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
    r"(?:is|would|will) (?:it|that|this) (?:be )?<2>"
    r"(?:okay|ok|all right|alright|fine|good|cool|acceptable)",
    r"are you <2>(?:okay|ok|happy|fine|comfortable|good|cool|willing|all right|alright)",
    r"(?:do|would|will|can) you <2>(?:agree|consent|accept|allow|permit|let|approve)",
    r"(?:do|can|may|could) (?:we|i) <1>(?:have|get) your <1>"
    r"(?:consent|permission|agreement|okay|ok)",
)
_AGAINST = pattern(
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
_TAG = pattern(
    r"einverstanden(?= \?| $)",
    r"(?:in ordnung|okay|ok|all right|alright|right|ja|yes)(?= \?)",
    r"sie sind <3>einverstanden(?= \?)",
)
_OBJECT = re.compile(
    r"\b(?:dass|wenn|falls|sofern|ob|mit|zu|zur|zum|gegen|in|if|that|with|to|for|of|us|me|when)\b"
)
_TO_DO = re.compile(r"\bzu \w+|\w+zu\w+en\b")
"""An infinitive is the object of what is asked: "erlauben Sie, den Anruf aufzuzeichnen"."""

_OWN_OBJECT = re.compile(
    r" (?:dass|wenn|falls|sofern|ob|if|that (?:we|i)|mit (?!ihnen)|zu |with (?!that|this|it|you)"
    r"|to (?!that|this|it)|for (?!you))"
)
_FINITE = re.compile(r"\b(?:wird|werde|ist|is|are|was|has|will)\b")
_PARTICIPLE = re.compile(
    r"(?:aufgezeichnet|mitgeschnitten|gespeichert|aufgenommen|aufbewahrt|archiviert|recorded|stored"
    r"|kept|retained|saved|archived|taped)$"
)
_PASSIVE = re.compile(r"^(?: [\w\[\]]+){0,7}? werden\b")
_NEGATION = re.compile(r"\b(?:nicht|nichts|keine?[nr]?|not|dont)\b")
_BREAK = re.compile(r"[.?]")
_LEAD = re.compile(
    r"^ (?:(?:und|also|gut|okay|ok|ja|zunächst|zuerst|vorab|bitte|herr|frau|hallo|guten"
    r"|tag|noch|kurz"
    r"|eine|frage|nun|so|aber|erst|erstmal|danke|vielen|dank|schön|sehr|alles|klar|first|before|and"
    r"|so|well|hello|hi|just|one|question|\[\w+\]) )*$"
)
_FAR, _FURTHER = 25, 60


def question(text: str, topic: Topic) -> Question | None:
    """The last question about `topic` in a turn's normal form; None where nothing is asked."""
    topics = topic.spans(text)
    found = [each for span in topics for each in (_with_object(text, span),) if each]
    found += [each for each in (_pointing_back(text, span) for span in topics) if each]
    if not found:
        return None
    last = max(found, key=lambda each: each.end)
    if any(each.polarity is not last.polarity for each in found):
        return Question(last.start, last.last, last.end, Polarity.OPEN)
    return last


def pointing_back(text: str) -> Question | None:
    """A question that names no topic: "Ist das in Ordnung?" after what was said before."""
    return _pointing_back(text, (0, 0))


def closed(text: str, end: int) -> int:
    """Where the sentence that holds position `end` ends, its mark included."""
    mark = _BREAK.search(text, end)
    if mark is None or text[end : mark.start()].count(" ") > _FAR:
        return end
    return mark.end()


def _with_object(text: str, span: Span) -> Question | None:
    """The asking comes first."""
    for asked in reversed([*_MAY.finditer(text)]):
        if _near(text, asked.end(), span[0]) and _is_asked(text, asked, span):
            between = text[asked.start() : span[0]]
            return _made(text, (asked.start(), asked.end()), span, _bare(between, False))
    for against, phrases in ((True, _AGAINST), (False, _AGREED)):
        for asked in reversed([*phrases.finditer(text)]):
            inside = asked.start() <= span[0] and span[1] <= asked.end()
            if inside or (
                _near(text, asked.end(), span[0])
                and (
                    _OBJECT.search(text[asked.end() : span[0] + 5])
                    or _TO_DO.search(text[slice(*span)])
                )
            ):
                between = text[asked.start() : max(span[0], asked.end())]
                return _made(text, asked.span(), span, _bare(between, against))
    return None


def _pointing_back(text: str, span: Span) -> Question | None:
    """The topic comes first."""
    found = []
    for against, phrases in ((True, _AGAINST), (False, _AGREED), (False, _MAY_WE), (False, _TAG)):
        for asked in phrases.finditer(text, span[1]):
            far = text[span[1] : asked.start()].count(" ") > _FURTHER
            if not far and not _OWN_OBJECT.match(text, asked.end()):
                found.append(_made(text, span, asked.span(), _bare(asked[0], against)))
    return max(found, key=lambda each: each.last, default=None)


def _is_asked(text: str, asked: re.Match[str], span: Span) -> bool:
    """Whether the topic is what may be done, and not a sentence of its own; and whether a sentence
    that ends in a full stop begins like a question."""
    if _FINITE.search(text[asked.end() : span[0]]):
        return False
    topic = text[slice(*span)]
    passive = topic.startswith("be") or "be " in text[asked.end() : span[0]]
    if _PARTICIPLE.search(topic) and not passive and not _PASSIVE.match(text[span[1] :]):
        return False
    mark = _BREAK.search(text, span[1])
    if mark is None or mark[0] == "?":
        return True
    begins = max(text.rfind(".", 0, asked.start()), text.rfind("?", 0, asked.start())) + 1
    return _LEAD.match(text[begins : asked.start()]) is not None


def _near(text: str, end: int, start: int) -> bool:
    """Whether a topic at `start` belongs to the asking that ends at `end`."""
    between = text[end:start]
    return end <= start and between.count(" ") <= _FAR and not _BREAK.search(between)


def _bare(asking: str, against: bool) -> Polarity:
    if _NEGATION.search(asking):
        return Polarity.OPEN
    return Polarity.NO_IS_YES if against else Polarity.YES_IS_YES


def _made(text: str, first: Span, second: Span, polarity: Polarity) -> Question:
    end = max(first[1], second[1])
    last = text.rfind(" ", 0, end) + 1
    return Question(min(first[0], second[0]), last, end, polarity)
