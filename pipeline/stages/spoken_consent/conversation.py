"""Follow one purpose through a call: what the agent asked, what the caller answered, and whether
anybody took it back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise

from pipeline.domain.consent import Purpose
from pipeline.domain.transcript import Segment, Speaker
from pipeline.stages.spoken_consent.answers import Reply, reply
from pipeline.stages.spoken_consent.objections import Stance, speaks_of, stance
from pipeline.stages.spoken_consent.other_questions import asks_something_else
from pipeline.stages.spoken_consent.periods import limits, period
from pipeline.stages.spoken_consent.questions import (
    Polarity,
    Question,
    alternative,
    closed,
    pointing_back,
    question,
)
from pipeline.stages.spoken_consent.refusals import (
    acknowledges,
    contradicts,
    refuses,
    retracts,
    reverses,
    turned_round,
)
from pipeline.stages.spoken_consent.said import Said, joined, said, words
from pipeline.stages.spoken_consent.topics import TOPICS, Topic, ends_at_once


class Answer(StrEnum):
    """What the caller said to the question. `none`: nobody asked, or nobody answered."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a call says about one purpose; positions are indexes of segments.

    `refused` is the last refusal or withdrawal that nobody had asked for; `doubted` where the
    caller said something, after a yes or unasked, with which consent cannot be relied on. `period`
    is how long, where question or answer said so.
    """

    purpose: Purpose
    asked: int | None = None
    answer: Answer = Answer.NONE
    answered: int | None = None
    refused: int | None = None
    period: timedelta | None = None
    doubted: int | None = None

    @property
    def consents(self) -> bool:
        """Asked, answered with a clear yes, and not taken back. Anything else is no consent."""
        return self.answer is Answer.YES and self.refused is None and self.doubted is None

    @property
    def objects(self) -> bool:
        """A clear no, to the question or without one."""
        return self.answer is Answer.NO or self.refused is not None


_TURNS = 8
"""An answer is looked for in so many turns after its question."""

_REGRET = 4
"""A yes can be taken back without a word about what it was for in so many turns."""

_LASTING = 8
"""So many turns after a mention, a pronoun can still stand for the recording."""

_MURMUR = 3
"""So few words of a caller do not part what an agent says."""


def spoken_consent(segments: Sequence[Segment], purpose: Purpose) -> Spoken:
    """Read the turns of one call, redacted or not, for `purpose`."""
    turns = [said(index, segment) for index, segment in enumerate(segments)]
    turns = _mended(turns, TOPICS[purpose])
    refused = [turn.segment for turn in turns if refuses(turn, purpose)]
    stances = _stances(turns) if purpose is Purpose.AUDIO_RETENTION else {}
    refused += [at for at, held in stances.items() if held is Stance.WITHDRAWS]
    found = [
        each
        for index, turn in enumerate(turns)
        if turn.speaker is not Speaker.CALLER
        for each in (_asked(turns, index, purpose),)
        if each is not None
    ]
    found = [_narrowed(turns, each) for each in found]
    refused += [at for each in found for at in _taken_back(turns, each)]
    last = max(refused, default=None)
    refusals = [each for each in found if each.answer is Answer.NO]
    if refusals:
        return replace(refusals[-1], refused=last)
    asked = [each for each in found if each.asked is not None]
    given = replace(asked[-1] if asked else Spoken(purpose), refused=last)
    since = given.answered if given.answered is not None else -1
    doubts = (
        at
        for at, held in stances.items()
        if at > since or (at == since and held is not Stance.REOPENS)
    )
    return replace(given, doubted=max(doubts, default=None))


def _stances(turns: Sequence[Said]) -> dict[int, Stance]:
    """What is said against the recording, by segment, whatever was asked."""
    held: dict[int, Stance] = {}
    mentioned = -_LASTING - 1
    for index, turn in enumerate(turns):
        if turn.speaker is not Speaker.AGENT:
            against = stance(turn, recent=index - mentioned <= _LASTING)
            held |= {} if against is None else {turn.segment: against}
        mentioned = index if speaks_of(turn.text) else mentioned
    return held


def _mended(turns: list[Said], topic: Topic) -> list[Said]:
    """A question that a pause cut in two is one turn, and an empty one."""
    for index, (first, second) in enumerate(pairwise(turns)):
        if not first.speaker is second.speaker is Speaker.AGENT:
            continue
        whole = joined(turns[index], second)
        if question(whole.text, topic) is None:
            continue
        if question(turns[index].text, topic) is None and question(second.text, topic) is None:
            turns[index : index + 2] = [whole, Said(second.segment, second.speaker, " ")]
    return turns


def _right_after(turns: Sequence[Said], given: Spoken) -> Iterator[Said]:
    """What the caller says in the turns after a yes, until something else is asked."""
    if given.answer is not Answer.YES or given.answered is None:
        return
    for turn in turns[given.answered + 1 : given.answered + 1 + _REGRET]:
        if turn.speaker is not Speaker.CALLER and asks_something_else(turn.text):
            return
        if turn.speaker is not Speaker.AGENT:
            yield turn


def _taken_back(turns: Sequence[Said], given: Spoken) -> Iterator[int]:
    """Where a yes is taken back, in turns that need not say what it was for."""
    if given.answer is not Answer.YES or given.answered is None:
        return
    answer = turns[given.answered]
    if turned_round(answer):
        yield answer.segment
    for turn in _right_after(turns, given):
        between = turns[given.answered + 1 : turn.segment]
        alone = all(acknowledges(each) for each in between)
        if retracts(turn) or reverses(turn) or (alone and contradicts(answer, turn)):
            yield turn.segment


def _narrowed(turns: Sequence[Said], given: Spoken) -> Spoken:
    """`given` with the limit that the caller adds: "Ja." – "Aber höchstens eine Woche."."""
    for turn in _right_after(turns, given):
        given = _limited(given, turn.text) if limits(turn.text) else given
    return given


def _asked(turns: Sequence[Said], index: int, purpose: Purpose) -> Spoken | None:
    """The question in a turn and its answer; None where it asks nothing about `purpose`. A no to
    a mere announcement counts, a yes does not."""
    turn, topic = turns[index], TOPICS[purpose]
    asked = question(turn.text, topic)
    if asked is None and turn.speaker is Speaker.AGENT:
        asked = _pointing_at_earlier(turns, index, purpose)
    gone = purpose is Purpose.AUDIO_RETENTION and ends_at_once(turn.text)
    if asked is not None:
        heard = _answered(turns, index, _one_sided(turn.text, asked), purpose)
        return replace(heard, answer=Answer.UNCLEAR) if gone and heard.consents else heard
    if gone:
        return None
    spans = topic.spans(turn.text)
    if not spans or turn.speaker is not Speaker.AGENT:
        return None
    start, end = spans[-1]
    if asks_something_else(turn.text[end:]):
        return None  # what is refused may be the other thing
    announced = Question(start, turn.text.rfind(" ", 0, end) + 1, end, Polarity.YES_IS_YES)
    heard = _answered(turns, index, announced, purpose)
    if heard.answer is not Answer.NO:
        return None
    return replace(heard, asked=None)


def _one_sided(text: str, asked: Question) -> Question:
    """`asked`, open where an alternative was put behind it: then nobody knows what "yes" means."""
    return replace(asked, polarity=Polarity.OPEN) if alternative(text, asked.end) else asked


def _pointing_at_earlier(turns: Sequence[Said], index: int, purpose: Purpose) -> Question | None:
    """A question that points back over a murmur: "… wird aufgezeichnet." – "Mhm." – "Ist das in
    Ordnung?" """
    asked = pointing_back(turns[index].text)
    if asked is None:
        return None
    for earlier in reversed(turns[max(index - _TURNS, 0) : index]):
        if earlier.speaker is Speaker.AGENT:
            near = not asks_something_else(turns[index].text[: asked.start])
            return asked if near and TOPICS[purpose].spans(earlier.text) else None
        if earlier.text.count(" ") - 1 > _MURMUR:
            return None
    return None


def _answered(turns: Sequence[Said], index: int, asked: Question, purpose: Purpose) -> Spoken:
    turn = turns[index]
    end = closed(turn.text, asked.end)
    begins = max(turn.text.rfind(".", 0, asked.start), turn.text.rfind("?", 0, asked.start), 0)
    ends = min((at for at in map(turn.text.find, ".?", (end, end)) if at >= 0), default=None)
    base = Spoken(purpose, turn.segment, period=period(turn.text[begins:ends]))
    if turn.speaker is Speaker.UNKNOWN:
        return _answer_of_somebody(turns, index, end, asked.polarity, base)
    return _answer_of_caller(turns, index, asked, end, base)


def _answer_of_caller(
    turns: Sequence[Said], index: int, asked: Question, end: int, base: Spoken
) -> Spoken:
    """On two channels: what the caller said once the question was out, until the agent goes on to
    something else."""
    turn, polarity, explained = turns[index], asked.polarity, False
    asked_at = turn.time(asked.last)
    for other in turns[index + 1 : index + 1 + _TURNS]:
        if other.speaker is not Speaker.CALLER:
            if asks_something_else(other.text):
                break
            again = pointing_back(other.text)
            if again is not None:
                polarity, explained = again.polarity, False
            base = _limited(base, other.text)
            continue
        text = other.after(asked_at)
        if not text.strip():
            continue
        began = next(t for t in other.times if t >= asked_at)
        if base.answer is Answer.NONE and asks_something_else(turn.between(end, began)):
            polarity = Polarity.OPEN  # whatever "yes" meant, there were two questions
        heard = reply(text, polarity, strict=explained)
        base = _heard(base, heard, other, text)
        if heard not in (Reply.COUNTER, Reply.PAUSE):
            break
        explained = explained or heard is Reply.COUNTER
    return base


def _answer_of_somebody(
    turns: Sequence[Said], index: int, end: int, polarity: Polarity, base: Spoken
) -> Spoken:
    """On one channel nobody knows who speaks: the answer has to follow at once, and plainly."""
    rest = " " + turns[index].text[end:].strip(" .?") + " "
    waiting, following = False, turns[index + 1 : index + 1 + _TURNS // 2]
    for other, text in ((turns[index], rest), *((each, each.text) for each in following)):
        if not text.strip():
            continue
        heard = reply(words(text, 15), polarity, strict=True)
        base = _heard(base, heard, other, text)
        if heard in (Reply.YES, Reply.NO):
            break
        waiting = waiting or heard is Reply.COUNTER
        if not waiting and heard is not Reply.PAUSE:
            break
    return base


_ANSWERS = {Reply.YES: Answer.YES, Reply.NO: Answer.NO}


def _heard(base: Spoken, heard: Reply, turn: Said, text: str) -> Spoken:
    """`base` with an answer. What is limited in the answer is limited."""
    answer = _ANSWERS.get(heard, Answer.UNCLEAR)
    return _limited(replace(base, answer=answer, answered=turn.segment), words(text, 25))


def _limited(base: Spoken, text: str) -> Spoken:
    """`base` with the shorter of its period and that of `text`."""
    periods = [each for each in (base.period, period(text)) if each is not None]
    return replace(base, period=min(periods, default=None))
