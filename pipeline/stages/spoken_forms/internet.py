"""Spoken and written e-mail addresses and web addresses, also corrected and incomplete ones.

`max punkt mustermann ät gmail punkt com`, `info@firma.de`, `www dot example dot co dot uk`,
`info at no sorry hello at stonegate dot uk`, `max punkt muster gmail punkt com`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.names import load_lexicon, word_set
from pipeline.stages.spoken_forms.address_words import PROVIDERS, SURE_PROVIDERS, SURE_TOP_LEVEL
from pipeline.stages.spoken_forms.domains import Part, domain_at, with_path
from pipeline.stages.spoken_forms.local_parts import Local, local_before
from pipeline.stages.spoken_forms.numbers import Atom
from pipeline.stages.spoken_forms.signs import Heard
from pipeline.stages.spoken_forms.tokens import Token
from pipeline.stages.spoken_forms.words import SpokenWords

Address = tuple[str, int, int, str]
"""`email` or `url`, first token, last token, written form."""
_SIGNS = word_set("@ . www http https w we weh double triple doppel dreimal treble")
_MOST_AFTER_AT = 7
_LONG_PROVIDERS = tuple(sorted(each for each in PROVIDERS if len(each) > 2))


def find_addresses(
    tokens: Sequence[Token],
    starts: Mapping[int, Atom],
    ends: Mapping[int, Atom],
    words: SpokenWords,
) -> list[Address]:
    """All addresses in order, not overlapping. `starts` and `ends` map the first and last tokens
    of numbers and spelled runs to their atoms. Of a corrected address the last version counts."""
    heard = Heard(tokens, starts, ends, words)
    signs = _SIGNS | words.at | words.dots
    found: list[Address] = []
    done = -1
    for index, token in enumerate(tokens):
        if index <= done or (token.low not in signs and token.low not in PROVIDERS):
            continue
        item = _address(heard, index, done)
        if item:
            if found and _is_correction(heard, done, item):
                item = (item[0], found.pop()[1], item[2], item[3])
            found.append(item)
            done = item[2]
    return found


def _address(heard: Heard, index: int, floor: int) -> Address | None:
    if heard.is_at(index):
        return _email(heard, index, floor)
    if (www := _www(heard, index)) is not None:
        return _web(heard, index, www)
    if heard.low(index) in PROVIDERS:
        return _swallowed(heard, index, floor)
    return _dotted(heard, index, floor) if heard.is_dot(index) else None


def _email(heard: Heard, index: int, floor: int) -> Address | None:
    start = index + 1
    while heard.low(start) in {"sign", "symbol", "zeichen"} or (
        heard.low(start) == "-" and heard.low(start + 1) == "zeichen"
    ):
        start += 1
    domain = domain_at(heard, start)
    if domain is None:
        return None
    domain = _corrected_domain(heard, domain)
    local = local_before(heard, index - 1, floor)
    if local is None:
        if heard.low(index) == "at" and "wie" not in heard.words.like:
            return None  # English "at gmail": no address without a name
        return "email", index, domain[0], f"@{domain[1]}"
    first = _before_correction(heard, local, floor)
    return "email", first, domain[0], f"{local.written}@{domain[1]}"


def _corrected_domain(heard: Heard, domain: Part) -> Part:
    """`at gmx punkt de nein gmx punkt net`: the last one."""
    start = _past_correction(heard, domain[0] + 1)
    better = domain_at(heard, start) if start is not None else None
    return better if better and not heard.is_at(better[0] + 1) else domain


def _past_correction(heard: Heard, at: int) -> int | None:
    """The token behind `nein`, `, no sorry`; None where there is no correction."""
    start = at
    while heard.is_filler(start):
        start += 1
    after = start
    while heard.low(after) in heard.words.corrections or (after > start and heard.is_filler(after)):
        after += 1
    return after if after > start else None


def _correction_before(heard: Heard, at: int) -> int | None:
    """The token in front of `nein`, `, no sorry` that ends at token `at`."""
    corrected, before = False, at
    while heard.is_filler(before) or heard.low(before) in heard.words.corrections:
        corrected |= not heard.is_filler(before)
        before -= 1
    return before if corrected else None


def _is_correction(heard: Heard, done: int, item: Address) -> bool:
    """Whether nothing but a correction is between the address before and this one."""
    return item[0] == "email" and _correction_before(heard, item[1] - 1) == done


def _before_correction(heard: Heard, local: Local, floor: int) -> int:
    """Where the address begins with what was taken back: `info at no sorry` hello, `müller nein`
    möller."""
    before = _correction_before(heard, local.first - 1)
    if before is None or before <= floor or heard.is_break(before):
        return local.first
    for at in range(before, max(floor, before - _MOST_AFTER_AT), -1):
        if heard.is_break(at):
            break
        if heard.is_at(at):
            taken_back = local_before(heard, at - 1, floor)
            return taken_back.first if taken_back else at
    taken_back = local_before(heard, before, floor)
    if taken_back is None:
        return local.first
    alike = taken_back.written[:1] == local.written[:1] and len(taken_back.written) > 1
    named = set("FST") & set(load_lexicon().flags(heard.low(before)).replace("C", ""))
    return taken_back.first if taken_back.signed or alike or named else local.first


def _www(heard: Heard, index: int) -> int | None:
    """The last token of `www`, `w w w`, `https`."""
    if heard.low(index) in {"www", "http", "https"}:
        return index
    at, said = index, ""
    while len(said) < 3 and (unit := heard.unit(at)):
        letters = "w" if unit[1] in {"we", "weh"} else unit[1]
        if set(letters) != {"w"}:
            return None
        said, at = said + letters, unit[0] + 1
    return at - 1 if said == "www" and heard.low(at) not in {"w", "we", "weh"} else None


def _web(heard: Heard, index: int, last: int) -> Address | None:
    start = _past_marks(heard, last + 1)
    scheme = f"{heard.low(index)}://" if heard.low(index) in {"http", "https"} else ""
    www = _www(heard, start) if scheme else last
    if www is not None:
        start = _past_marks(heard, www + 1)
    domain = domain_at(heard, start)
    if domain is None:
        return None
    domain = with_path(heard, domain)
    written = scheme + ("" if www is None else "www.") + domain[1]
    return "url", index, domain[0], written


def _past_marks(heard: Heard, at: int) -> int:
    """Behind `://`, `punkt`, `slash slash`."""
    skipped = {":", "/", "."} | heard.words.slashes | heard.words.dots
    while heard.low(at) in skipped:
        at += 1
    return at


def _swallowed(heard: Heard, index: int, floor: int) -> Address | None:
    """`max punkt muster gmail punkt com`: the at is lost."""
    before = index - 1
    if heard.is_at(before) or heard.sign(before) is not None or heard.is_break(before):
        return None
    domain = domain_at(heard, index)
    if domain is None or "." not in domain[1]:
        return None
    provider = domain[1].partition(".")[0]
    local = local_before(heard, before, floor)
    if local is None or provider not in PROVIDERS:
        return None
    if not local.signed and provider not in SURE_PROVIDERS:
        return None
    return "email", local.first, domain[0], f"{local.written}@{domain[1]}"


def _dotted(heard: Heard, index: int, floor: int) -> Address | None:
    """`firma punkt de` without an at: a web address, or the rest of an e-mail address."""
    top = heard.top_level(index + 1)
    if top is None or not _is_ending(heard, index, top):
        return None
    name = local_before(heard, index - 1, floor, site=True)
    if name is None:
        return None
    last, written = top[0], f"{name.written}.{top[1]}"
    while heard.is_dot(last + 1) and (more := heard.top_level(last + 2)):
        last, written = more[0], f"{written}.{more[1]}"
    box = written.rpartition(".")[0]
    if any(box.endswith(each) and box != each for each in _LONG_PROVIDERS):
        return "email", name.first, last, written
    last, written = with_path(heard, (last, written))
    return "url", name.first, last, written


def _is_ending(heard: Heard, index: int, top: Part) -> bool:
    """Whether what follows the dot at token `index` ends an address, and is no word."""
    low, german = heard.low(index + 1), "wie" in heard.words.like
    if top[0] > index + 1:
        return heard.low(index) != "."
    if low not in SURE_TOP_LEVEL:
        return False
    if low == "at":
        return german or heard.low(index) == "."
    over = heard.is_break(top[0] + 1) or heard.is_dot(top[0] + 1) or heard.is_filler(top[0] + 1)
    return over or low not in {"info", "co"} or heard.low(index) == "."
