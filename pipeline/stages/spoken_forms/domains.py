"""The part of an address behind the at, and what may follow it: `web punkt de slash kontakt`."""

from __future__ import annotations

from pipeline.stages.spoken_forms.address_words import (
    NEVER_DOMAIN,
    PROVIDERS,
    STYLE,
    SURE_TOP_LEVEL,
)
from pipeline.stages.spoken_forms.signs import Heard

_MOST_WORDS = 3
_LONGEST = 18

Part = tuple[int, str]
"""The last token of a part of an address, and its written form."""


def domain_at(heard: Heard, index: int) -> Part | None:
    """The domain that begins at token `index`: `t online punkt de`, `port and pine dot com`."""
    best: Part | None = None
    written, plain, at = "", 0, index
    if heard.low(index) in NEVER_DOMAIN:
        return None
    while not heard.is_break(at) and at - index < _LONGEST:
        sign = heard.sign(at)
        if sign is not None and written:
            written, plain, at = written + sign, 0, at + 1
            continue
        skipped = _skipped(heard, at, written, done=best is not None)
        if skipped > at:
            at = skipped
            continue
        if written.endswith(".") and (top := heard.top_level(at)):
            best = top[0], written + top[1]
            if not heard.is_dot(top[0] + 1):
                break
            written, at = best[1], top[0] + 1
            continue
        unit = heard.unit(at)
        if unit is None or _ends(heard, at) or (best and not written.endswith((".", "-"))):
            break
        last, text = unit
        if text == "t" and not written and (online := _t_online(heard, last)):
            last, text = online, "t-online"
        if not written and text in PROVIDERS and heard.sign(last + 1) is None:
            return _bare_provider(heard, last, text)
        plain += len(text) > 1
        if plain > _MOST_WORDS:
            break
        written, at = written + text, last + 1
    return best


def _ends(heard: Heard, at: int) -> bool:
    """A second at, a correction, another address: the domain is over."""
    return heard.is_at(at) or heard.low(at) in heard.words.corrections or heard.low(at) == "www"


def _skipped(heard: Heard, at: int, written: str, *, done: bool) -> int:
    """The next token behind fillers and `all one word`, as far as they stand beside a sign."""
    after = at
    while heard.is_filler(after):
        after += 1
    if not done and (not written or written[-1] in ".-_" or heard.sign(after) is not None):
        at = after
    after = at
    while written and written[-1] not in ".-_" and heard.low(after) in STYLE:
        after += 1
    return after if heard.sign(after) is not None else at


def _bare_provider(heard: Heard, last: int, text: str) -> Part | None:
    """`gmail com`, `gmail`: the dot is swallowed often."""
    if heard.low(last + 1) in SURE_TOP_LEVEL:
        return last + 1, f"{text}.{heard.low(last + 1)}"
    return (last, text) if len(text) > 2 else None


def _t_online(heard: Heard, index: int) -> int | None:
    """`t online`, `t minus online`: its last token."""
    at = index + 1 + (heard.sign(index + 1) == "-")
    return at if heard.low(at) == "online" else None


def with_path(heard: Heard, part: Part) -> Part:
    """The address with `slash contact`, `forward slash term dash dates` behind it."""
    last, written = part
    while segment := _segment(heard, last + 1):
        last, written = segment[0], f"{written}/{segment[1]}"
    return last, written


def _segment(heard: Heard, at: int) -> Part | None:
    at += heard.low(at) == "forward"
    spoken = heard.low(at) in heard.words.slashes
    if not spoken and not (heard.low(at) == "/" and heard.touches(at)):
        return None
    unit = heard.unit(at + 1)
    if unit is None:
        return None
    last, written = unit
    while (sign := heard.sign(last + 1)) is not None:
        more = heard.unit(last + 2)
        loose = heard.low(last + 1) == sign and not heard.touches(last)
        if more is None or loose:
            break
        last, written = more[0], written + sign + more[1]
    return last, written
