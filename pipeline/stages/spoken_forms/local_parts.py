"""The part of an address in front of the at, or of the last dot; read from its end."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.names import load_lexicon, word_set
from pipeline.stages.spoken_forms.address_words import (
    NEVER_LOCAL,
    NEVER_SITE,
    RELATIVES,
    STYLE,
    STYLE_ENDS,
)
from pipeline.stages.spoken_forms.signs import Heard

_MOST_WORDS = 3
_LONGEST = 120
#: next to the at they are mailboxes
_BOXES = word_set("mail hallo contact")
_AND = frozenset({"and", "und"})
_NEVER = NEVER_LOCAL | RELATIVES
_ARTICLES = frozenset({"a", "i", "o"})


@dataclass(frozen=True, slots=True)
class Local:
    """It begins at token `first`; `signed` where a sign, number or spelling is in it."""

    first: int
    written: str = field(repr=False)
    signed: bool


def local_before(heard: Heard, index: int, floor: int, *, site: bool = False) -> Local | None:
    """The local part that ends at token `index` and begins behind token `floor`; with `site` the
    name of a web address."""
    tight = heard.touches(index)
    at = index
    styled = not tight and (not site or heard.low(at) in STYLE_ENDS)
    while at > floor and styled and heard.low(at) in STYLE:
        at -= 1
    first, written, plain, connected = at + 1, "", 0, False
    signed = dotted = False
    lowest = max(floor, index - _LONGEST)
    while at > lowest and not heard.is_break(at):
        sign = heard.sign(at)
        if sign is not None and written:
            if at - 1 <= lowest or _is_dash(heard, at):
                break
            written, connected, signed = _sign(heard, at, sign) + written, True, True
            dotted = True
        elif _is_between(heard, at, connected=connected or not written):
            pass
        else:
            ending = heard.ending(at)
            joined = connected or (tight and not written) or _follows_on(heard, at, first, written)
            if ending is None or not _belongs(
                heard, at, first, joined=joined, far=site and written != ""
            ):
                break
            if not joined and written and (tight or (dotted and not _adds(heard, at, first))):
                break
            spelled = at in heard.ends or len(ending[1]) == 1
            plain += written != "" and not (joined or spelled)
            if plain >= _MOST_WORDS:
                break
            signed |= spelled
            at, written, connected = ending[0], ending[1] + written, False
            first = at
        at -= 1
    written = written.lstrip("._-+")
    return Local(first, written, signed) if written else None


def _is_dash(heard: Heard, at: int) -> bool:
    """A dash between words: `max - muster`."""
    return heard.low(at) == "-" and not heard.touches(at - 1)


def _sign(heard: Heard, at: int, sign: str) -> str:
    """Hyphens only separate the letters of a spelling: `m-a-x`."""
    spelling = heard.low(at) == "-" and all(len(heard.low(near)) == 1 for near in (at - 1, at + 1))
    return "" if spelling else sign


def _is_between(heard: Heard, at: int, *, connected: bool) -> bool:
    """A filler or `alles klein` beside a sign."""
    if heard.low(at) not in STYLE and not heard.is_filler(at):
        return False
    before = at - 1
    while heard.is_filler(before):
        before -= 1
    return (connected and heard.is_filler(at)) or heard.sign(before) is not None


def _follows_on(heard: Heard, at: int, first: int, written: str) -> bool:
    """Written as one: `rechnung24`."""
    return written != "" and first == at + 1 and heard.touches(at)


def _belongs(heard: Heard, at: int, first: int, *, joined: bool, far: bool) -> bool:
    """Whether a word may be part of the address and is none of the sentence around it; `far`
    from the dot of a web address it must be likelier."""
    low = heard.low(at)
    if joined:
        return True
    if low in _ARTICLES:
        return _is_letter(heard, at - 1) or (first == at + 1 and _is_letter(heard, first))
    if at in heard.ends:
        return True
    if low in _BOXES and heard.is_at(at + 1):
        return True
    if far and low in _AND:
        return first == at + 1 and heard.ending(at - 1) is not None and _is_name(heard, at - 1)
    if not far:
        return _is_name(heard, at)
    if low in NEVER_SITE or not _is_name(heard, at):
        return False
    english = "wie" not in heard.words.like
    return english or heard.low(first) in _AND or "C" not in load_lexicon().flags(low)


def _is_name(heard: Heard, at: int) -> bool:
    """Whether nothing speaks against a word as part of an address."""
    low = heard.low(at)
    return "'" not in low and low not in _NEVER | heard.words.corrections


def _is_letter(heard: Heard, at: int) -> bool:
    return len(heard.low(at)) == 1 and heard.low(at).isalpha()


def _adds(heard: Heard, at: int, first: int) -> bool:
    """Whether a word in front of an address that has its signs already is one more of it."""
    if at in heard.ends or _is_letter(heard, at):
        return True
    if first in heard.starts:
        return True
    return "C" not in load_lexicon().flags(heard.low(at))
