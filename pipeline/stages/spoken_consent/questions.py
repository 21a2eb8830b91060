"""Whether a turn asks for consent to a purpose, and what a bare yes would mean then.

A topic alone is a statement: "this call is recorded" asks nobody. A question is an asking phrase
that has the topic for its object ("dürfen wir … aufzeichnen", "do you mind if we record"), or one
that points back to it ("dieses Gespräch wird aufgezeichnet, ist das in Ordnung?").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile

from pipeline.stages.spoken_consent.asking_phrases import (
    ABOUT_VOICE,
    ACTIVE,
    AGAINST,
    AGREED,
    BREAK,
    DEEMED,
    FINITE,
    LEAD,
    MAY,
    MAY_WE,
    NEGATION,
    OBJECT,
    OR_ELSE,
    OWN_OBJECT,
    PARTICIPLE,
    PASSIVE,
    POINTING,
    TAG,
    TAIL,
    TO_DO,
)
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


_FAR, _FURTHER = 25, 60
_ASIDE = 8
"""So many words may stand between what a question points back to and the question."""
_ASIDE_REACH = 60
"""Characters behind a question within which its alternative is put."""

_REACH = 800
"""Characters within which asking and topic belong together."""


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


def alternative(text: str, end: int) -> bool:
    """Whether "… or not?", "… or shall I call back?" follows the question that ends at `end`."""
    return OR_ELSE.search(text[end : end + _ASIDE_REACH]) is not None


def closed(text: str, end: int) -> int:
    """Where the sentence that holds position `end` ends, its mark included."""
    mark = BREAK.search(text, end)
    if mark is None or text[end : mark.start()].count(" ") > _FAR:
        return end
    return mark.end()


def _with_object(text: str, span: Span) -> Question | None:
    """The asking comes first."""
    for asked in reversed(_before(MAY, text, span)):
        if _near(text, asked.end(), span[0]) and _is_asked(text, asked, span):
            between = text[asked.start() : span[0]]
            return _made(text, (asked.start(), asked.end()), span, _bare(between, False))
    for against, phrases in ((True, AGAINST), (False, AGREED)):
        for asked in reversed(_before(phrases, text, span)):
            if not _is_deemed(text, asked) and _is_object(text, asked, span):
                between = text[asked.start() : max(span[0], asked.end())]
                return _made(text, asked.span(), span, _bare(between, against))
    return None


def _pointing_back(text: str, span: Span) -> Question | None:
    """The topic comes first."""
    found = []
    for against, phrases in ((True, AGAINST), (False, AGREED), (False, MAY_WE), (False, TAG)):
        for asked in _between(phrases, text, span[1], span[1] + _REACH):
            if phrases is TAG and FINITE.search(text, span[1], asked.start()):
                continue  # "… is recorded. Is Tuesday okay?"
            if _points_back(text, span, asked) and not _is_deemed(text, asked):
                found.append(_made(text, span, asked.span(), _bare(asked[0], against)))
    return max(found, key=lambda each: each.last, default=None)


def _before(phrases: re.Pattern[str], text: str, span: Span) -> list[re.Match[str]]:
    return _between(phrases, text, max(span[0] - _REACH, 0), span[0])


def _between(phrases: re.Pattern[str], text: str, start: int, end: int) -> list[re.Match[str]]:
    """The matches that begin there. What is far off is not read: time is linear in the text."""
    return [*takewhile(lambda match: match.start() <= end, phrases.finditer(text, start))]


def _is_object(text: str, asked: re.Match[str], span: Span) -> bool:
    """Whether the topic is what is agreed or objected to: "… okay if we record"."""
    if asked.start() <= span[0] and span[1] <= asked.end():
        return True
    if not _near(text, asked.end(), span[0]):
        return False
    finite = [*FINITE.finditer(text, asked.end(), span[0])]
    if finite and not ACTIVE.match(text[asked.end() : finite[-1].start()]):
        return False  # "… dass ich Ihnen schreibe, übrigens wird aufgezeichnet"
    between = text[asked.end() : span[0] + 5]
    return OBJECT.search(between) is not None or TO_DO.search(text[slice(*span)]) is not None


def _points_back(text: str, span: Span, asked: re.Match[str]) -> bool:
    """Whether the question is about the topic before it, and about nothing of its own."""
    between = text[span[1] : asked.start()]
    if between.count(" ") > _FURTHER or OWN_OBJECT.match(text, asked.end()):
        return False
    if not POINTING.search(asked[0]) and not TAIL.match(text, asked.end()):
        return False
    about = [match.end() for match in ABOUT_VOICE.finditer(between)]
    return between[about[-1] if about else 0 :].count(" ") <= _ASIDE or span == (0, 0)


def _is_deemed(text: str, asked: re.Match[str]) -> bool:
    """Whether agreement is only presumed, in the same sentence."""
    near = max(asked.start() - _REACH, 0)
    begins = max(*(text.rfind(mark, near, asked.start()) + 1 for mark in ".?"), near)
    return DEEMED.search(text[begins : asked.start()]) is not None


def _is_asked(text: str, asked: re.Match[str], span: Span) -> bool:
    """Whether the topic is what may be done, and not a sentence of its own; and whether a sentence
    that ends in a full stop begins like a question."""
    if FINITE.search(text[asked.end() : span[0]]):
        return False
    topic = text[slice(*span)]
    passive = topic.startswith("be") or "be " in text[asked.end() : span[0]]
    if PARTICIPLE.search(topic) and not passive and not PASSIVE.match(text[span[1] :]):
        return False
    mark = BREAK.search(text, span[1])
    if mark is None or mark[0] == "?":
        return True
    begins = max(text.rfind(".", 0, asked.start()), text.rfind("?", 0, asked.start())) + 1
    return LEAD.match(text[begins : asked.start()]) is not None


def _near(text: str, end: int, start: int) -> bool:
    """Whether a topic at `start` belongs to the asking that ends at `end`."""
    between = text[end:start]
    return end <= start and between.count(" ") <= _FAR and not BREAK.search(between)


def _bare(asking: str, against: bool) -> Polarity:
    if NEGATION.search(asking):
        return Polarity.OPEN
    return Polarity.NO_IS_YES if against else Polarity.YES_IS_YES


def _made(text: str, first: Span, second: Span, polarity: Polarity) -> Question:
    end = max(first[1], second[1])
    last = text.rfind(" ", 0, end) + 1
    return Question(min(first[0], second[0]), last, end, polarity)
