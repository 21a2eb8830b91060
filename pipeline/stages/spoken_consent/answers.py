"""What an answer says: yes, no, unclear, a question back, or a moment's thought.

Whatever is not clearly a yes is none. A no beats a yes in one answer ("ja, äh, nein, lieber doch
nicht"); a no that turns into a yes is unclear. Phrases such as "kein Problem" mean the same after
every question; "ja" and "nein" mean what the question makes of them.
"""

from __future__ import annotations

import re
from enum import StrEnum

from models.names import word_set
from pipeline.stages.spoken_consent.answer_phrases import (
    AGREED,
    BUT,
    BUT_GLADLY,
    COUNTER,
    FLAT_NO,
    GLADLY,
    GREETED,
    HEDGED,
    IRONY,
    NEGATED_AT_END,
    NEGATION,
    NO,
    NO_OBJECTION,
    NOISE,
    NOT_AT_ALL,
    PAUSE,
    REFUSED,
    WEAK,
    YES,
)
from pipeline.stages.spoken_consent.periods import NUMBERS, period
from pipeline.stages.spoken_consent.questions import Polarity
from pipeline.stages.spoken_consent.said import pattern, words

WINDOW = 25
"""Words of an answer that count: what follows is another matter."""

_OPENING = 12
"""Words within which a bare "nein" belongs to the answer."""


class Reply(StrEnum):
    """`counter`: a question back; `pause`: an answer is still to come; `silent`: no word."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"
    COUNTER = "counter"
    PAUSE = "pause"
    SILENT = "silent"


def reply(text: str, polarity: Polarity, *, strict: bool = False) -> Reply:
    """What the normal form `text` answers. `strict` wants more than "okay": after an explanation
    that may be mere acknowledgement, and on one channel nobody knows who said it."""
    text = GREETED.sub(".", FLAT_NO.sub("nein", words(text, WINDOW)))
    text = words(BUT_GLADLY.sub("gerne", text), WINDOW)
    rest = NO_OBJECTION.sub("", text)
    if (HEDGED.search(rest) or IRONY.search(rest)) and not REFUSED.search(rest):
        return Reply.COUNTER if _asks_back(rest) else Reply.UNCLEAR
    if REFUSED.search(rest):
        return Reply.NO
    if _asks_back(rest):
        return Reply.COUNTER
    if BUT.search(words(rest, 8)) and period(text) is None:
        return Reply.UNCLEAR
    bare, agreement = _bare(rest, polarity, strict), AGREED.search(rest)
    opening = words(rest, _OPENING)
    if any(
        _is_negated(rest, each) for each in (agreement, YES.search(opening), GLADLY.search(opening))
    ):
        return Reply.UNCLEAR
    if rest != text or agreement is not None:
        doubtful = bare in (Reply.NO, Reply.UNCLEAR) or _CONDITION.search(rest) is not None
        return Reply.UNCLEAR if doubtful else Reply.YES
    if PAUSE.search(words(rest, 4)):
        return Reply.PAUSE
    if bare is Reply.YES and not _is_plain(rest):
        return Reply.UNCLEAR
    if bare is not Reply.SILENT:
        return bare
    if all(word in NOISE for word in rest.split()):
        return Reply.PAUSE
    return Reply.UNCLEAR


_CONDITION = pattern(
    r"wenn|falls|sofern|solange|ausser|bevor|unter der bedingung|if|unless|as long as|provided"
)
_AGREEING = word_set(
    """
    ja jo jawohl jup jep jap yes yeah yep yup aye sure okay ok gern gerne klar natürlich bitte
    selbstverständlich sicher sicherlich freilich logo danke dankeschön thanks thank you please gut
    schön fine right alright all of course certainly absolutely definitely surely gladly unbedingt
    sehr doch also na nun oh ah so achso hm mhm um well er and und dann then verstehe herr frau mr
    mrs ms sir madam das es sie dürfen können machen tun ruhig mal tue do that can may go on nein
    nee nö no not at überhaupt gar nicht nichts keineswegs nope aber nur für bis zu maximal
    höchstens lang only up to genau richtig exactly dafür dazu jederzeit schon
    """
) | frozenset(NUMBERS)
_SENTENCE = re.compile(r"(?<=[.?]) ")
_ECHO = pattern(r"(?:habe|hab) ich (?:gar |überhaupt )?nichts?", r"i (?:dont|do not|wouldnt)")
"""What repeats a "nein": "nein, habe ich nicht", "no, I don't"."""

_NO_THANKS = pattern(r"(?:nein|nee|nö|no) (?:vielen |besten )?(?:danke?|thanks|thank you)")
"""Declines, even where it was asked whether somebody minds."""

_UNIT = re.compile(r"(?:tag|woche|monat|jahr|stunde|day|week|month|year|hour)(?:e|en|n|s)?\Z")


def _is_plain(text: str) -> bool:
    """Whether the sentence that begins the answer agrees and says nothing else. "Ja, damit habe
    ich ein Problem" begins with a yes too; whatever else is said makes it unclear."""
    opening = _ECHO.sub("", _SENTENCE.split(text.strip(" ."), maxsplit=1)[0])
    return all(
        word in _AGREEING or word.startswith("[") or word.isdecimal() or _UNIT.match(word)
        for word in opening.strip(" .").split()
    )


def _is_negated(text: str, agreement: re.Match[str] | None) -> bool:
    """Whether a negation nearby turns the agreement: "nicht unbedingt einverstanden"."""
    if agreement is None:
        return False
    before = text[: agreement.start()].rpartition(".")[2].split()[-4:]
    after = " ".join(text[agreement.end() :].partition(" .")[0].split()[:3])
    return (
        NEGATION.search(" ".join(before)) is not None
        or NEGATION.search(after) is not None
        or NEGATED_AT_END.match(text[agreement.end() :]) is not None
    )


def _asks_back(text: str) -> bool:
    """Within the first words: what a caller asks later is another matter."""
    return COUNTER.search(words(text, 6)) is not None


def _bare(text: str, polarity: Polarity, strict: bool) -> Reply:
    """What "ja", "nein" and their like say; silent where there is none of them."""
    opening = words(text, _OPENING)
    yes = YES.search(opening) is not None
    gladly = GLADLY.search(opening) is not None or (not strict and WEAK.search(opening) is not None)
    no = NO.search(opening) is not None or NOT_AT_ALL.search(opening) is not None
    if polarity is Polarity.NO_IS_YES and _NO_THANKS.search(opening):
        return Reply.UNCLEAR
    if no and (yes or gladly or " doch " in opening):
        return Reply.UNCLEAR
    if no:
        return _read(polarity, Reply.NO, Reply.YES)
    if yes:
        return _read(polarity, Reply.YES, Reply.NO)
    if gladly:
        return Reply.YES if polarity is Polarity.YES_IS_YES else Reply.SILENT
    return Reply.SILENT


def _read(polarity: Polarity, straight: Reply, turned: Reply) -> Reply:
    if polarity is Polarity.OPEN:
        return Reply.UNCLEAR
    return straight if polarity is Polarity.YES_IS_YES else turned
