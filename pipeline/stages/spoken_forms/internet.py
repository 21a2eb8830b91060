"""Spoken and written e-mail addresses and web addresses.

`max punkt mustermann ät gmail punkt com`, `info@firma.de`, `www dot example dot co dot uk`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.names import word_set
from pipeline.stages.spoken_forms.numbers import Atom
from pipeline.stages.spoken_forms.tokens import Token, TokenKind
from pipeline.stages.spoken_forms.words import SpokenWords

TOP_LEVEL = word_set(
    """
    de com net org eu info io at ch uk biz berlin hamburg bayern koeln me tv co ag gmbh immo
    immobilien haus house homes app dev online shop cloud fr it es nl pl be dk se us ie gov
    edu coop swiss li lu email mail xyz one gmb kom komm dee
    """
)
_SURE_TOP_LEVEL = word_set(
    """
    de com net org eu info io ch uk biz berlin co kom at immo immobilien
    """
)
PROVIDERS = word_set(
    """
    gmail googlemail google gmx web outlook hotmail yahoo t-online icloud posteo freenet aol
    live mailbox protonmail proton arcor online telekom vodafone msn me mac fastmail
    btinternet t email mailde magenta comcast verizon
    """
)
_NEVER_LOCAL = word_set(
    """
    ist lautet heisst waere die der das meine mein ihre ihr deine seine unter an auf per
    mail email adresse mailadresse emailadresse emailadress e also ja genau und dann
    schreiben schreibe schicken senden sie mir uns bitte hallo okay gut is it's its my the
    your our email's address to send me at us mail write reach under that's thats that would
    be so yes sure well uh um uhm aeh aehm hm gerne gern oder or and alles klein
    kleingeschrieben geschrieben zusammen zwar naemlich natuerlich einfach einmal mal noch
    nochmal wieder lower case all this one word as follows folgende folgt moment wissen
    haben habe hab das's contact from von fuer for with mit
    """
)
_RELATIVES = word_set(
    """
    frau herr herrn mann freundin freund mutter vater sohn tochter chef wife husband not
    nicht photos
    """
)
_STYLE = word_set(
    """
    alles klein gross und zusammen zusammengeschrieben kleingeschrieben geschrieben in einem
    wort kleinbuchstaben all lower case lowercase one word together also dann aeh aehm uh um
    ,
    """
)
_MOST_WORDS = 3
_LONGEST_DOMAIN = 12

Units = Mapping[int, Atom]


def find_addresses(
    tokens: Sequence[Token], units: Units, ends: Units, words: SpokenWords
) -> list[tuple[str, int, int, str]]:
    """(`email` or `url`, first token, last token, written form), in order, not overlapping.

    `units` maps first tokens, `ends` last tokens, of numbers and spelled runs to their atoms.
    """
    found: list[tuple[str, int, int, str]] = []
    done = -1
    for index, token in enumerate(tokens):
        if index <= done:
            continue
        item = None
        if token.low == "@" or token.low in words.at:
            item = _email(tokens, index, done, units, ends, words)
        elif token.low in {"www", "http", "https"} or token.low in PROVIDERS:
            item = _web(tokens, index, units, words)
        elif _is_dot(tokens, index, words):
            item = _dotted(tokens, index, done, units, ends, words)
        if item:
            found.append(item)
            done = item[2]
    return found


def _is_dot(tokens: Sequence[Token], index: int, words: SpokenWords) -> bool:
    token = tokens[index]
    if token.text == ".":
        inside = 0 < index < len(tokens) - 1
        return inside and (
            tokens[index - 1].end == token.start and tokens[index + 1].start == token.end
        )
    return token.low in words.dots


def _sign(tokens: Sequence[Token], index: int, words: SpokenWords) -> str | None:
    """The sign a connector stands for."""
    token = tokens[index]
    if _is_dot(tokens, index, words):
        return "."
    if token.text in {"-", "_", "+"}:
        return token.text
    if token.low in words.underscores:
        return "_"
    if token.low in words.dashes:
        return "-"
    return "+" if token.low in words.plus else None


def _unit(tokens: Sequence[Token], index: int, units: Units) -> tuple[int, str] | None:
    """The word, number or spelled run that begins at `index`: its last token and written form."""
    if index in units:
        return units[index].last, units[index].text
    token = tokens[index]
    if token.kind in {TokenKind.WORD, TokenKind.DIGITS}:
        return index, token.text.lower()
    return None


def _domain(
    tokens: Sequence[Token], index: int, units: Units, words: SpokenWords
) -> tuple[int, str] | None:
    """A domain that begins at `index`: its last token and written form."""
    best: tuple[int, str] | None = None
    written = ""
    plain = 0
    at = index
    while at < len(tokens) and at - index < _LONGEST_DOMAIN:
        if tokens[at].kind is TokenKind.BREAK:
            break
        sign = _sign(tokens, at, words)
        if sign is not None:
            written, plain = written + sign, 0
            at += 1
            continue
        unit = _unit(tokens, at, units)
        if unit is None:
            if tokens[at].text in {",", "…"} and not best:
                at += 1
                continue
            break
        last, text = unit
        if text == "t" and not written and (online := _t_online(tokens, last)):
            last, text = online, "t-online"
        if written.endswith(".") and tokens[at].low in TOP_LEVEL:
            best = last, written + _top_level(tokens[at].low)
            if last + 1 >= len(tokens) or not _is_dot(tokens, last + 1, words):
                break
        elif best and not written.endswith((".", "-")):
            break
        plain += 1
        if plain > _MOST_WORDS:
            break
        if not best and plain == 1 and written == "" and text in PROVIDERS:
            following = last + 1
            if following >= len(tokens) or _sign(tokens, following, words) is None:
                if following < len(tokens) and tokens[following].low in _SURE_TOP_LEVEL:
                    return following, f"{text}.{tokens[following].low}"
                return (last, text) if len(text) > 2 else None
        written += text
        at = last + 1
    return best


def _t_online(tokens: Sequence[Token], index: int) -> int | None:
    """`t online`, `t minus online`: its last token."""
    at = index + 1
    if at < len(tokens) and tokens[at].low in {"-", "minus", "strich", "bindestrich", "dash"}:
        at += 1
    return at if at < len(tokens) and tokens[at].low == "online" else None


def _top_level(low: str) -> str:
    return {"kom": "com", "komm": "com", "dee": "de"}.get(low, low)


def _local(
    tokens: Sequence[Token],
    index: int,
    floor: int,
    units: Units,
    ends: Units,
    words: SpokenWords,
    most: int = _MOST_WORDS,
) -> tuple[int, str] | None:
    """The local part that ends at token `index`: its first token and written form."""
    first, written, plain = index + 1, "", 0
    at = index
    while at > floor and tokens[at].low in _STYLE:
        at -= 1
    connected = True
    while at > floor and tokens[at].kind is not TokenKind.BREAK:
        sign = _sign(tokens, at, words)
        if sign is not None and written:
            if at - 1 <= floor or (
                sign == "-" and tokens[at - 1].end < tokens[at].start and tokens[at].text == "-"
            ):
                break
            written, connected = sign + written, True
            at -= 1
            continue
        if tokens[at].low in {"aeh", "aehm", "uh", "um", ","} and (connected or not written):
            at -= 1
            continue
        text, begin = _ending(tokens, at, ends)
        if text is None:
            break
        spelled = at in ends or len(text) == 1
        if not spelled and not connected:
            plain += 1
        if (
            not spelled
            and tokens[at].low in _NEVER_LOCAL | _RELATIVES
            and not (connected and written)
        ):
            break
        if plain >= most:
            break
        written, first, connected = text + written, begin, False
        at = begin - 1
    written = written.lstrip("._-+")
    return (first, written) if written else None


def _ending(tokens: Sequence[Token], at: int, ends: Units) -> tuple[str | None, int]:
    if at in ends:
        return ends[at].text, ends[at].first
    if tokens[at].kind in {TokenKind.WORD, TokenKind.DIGITS}:
        return tokens[at].text.lower(), at
    return None, at


def _email(
    tokens: Sequence[Token], index: int, floor: int, units: Units, ends: Units, words: SpokenWords
) -> tuple[str, int, int, str] | None:
    domain = _domain(tokens, index + 1, units, words)
    if domain is None:
        return None
    local = _local(tokens, index - 1, floor, units, ends, words)
    first, name = local if local else (index, "")
    if not name and tokens[index].low == "at" and "wie" not in words.like:
        return None  # English "at gmail": no address without a name
    return "email", first, domain[0], f"{name}@{domain[1]}"


def _web(
    tokens: Sequence[Token], index: int, units: Units, words: SpokenWords
) -> tuple[str, int, int, str] | None:
    token = tokens[index]
    if token.low in PROVIDERS:
        return None
    start = index + 1
    while start < len(tokens) and tokens[start].text in {":", "/", "."}:
        start += 1
    if start < len(tokens) and tokens[start].low in words.dots | words.slashes:
        start += 1
    domain = _domain(tokens, start, units, words)
    if domain is None:
        return None
    domain = _path(tokens, domain, units, words)
    written = "".join(each.text for each in tokens[index:start] if each.low not in words.dots)
    if "." not in written and token.low == "www":
        written += "."
    return "url", index, domain[0], written + domain[1]


def _path(
    tokens: Sequence[Token], domain: tuple[int, str], units: Units, words: SpokenWords
) -> tuple[int, str]:
    """The domain with `slash contact` behind it."""
    last, written = domain
    while last + 2 < len(tokens) and tokens[last + 1].low in words.slashes | {"/"}:
        unit = _unit(tokens, last + 2, units)
        if unit is None:
            break
        last, written = unit[0], f"{written}/{unit[1]}"
    return last, written


def _dotted(
    tokens: Sequence[Token], index: int, floor: int, units: Units, ends: Units, words: SpokenWords
) -> tuple[str, int, int, str] | None:
    """`firma punkt de` without an at: a web address, or the rest of an e-mail address."""
    following = index + 1
    if following >= len(tokens) or tokens[following].low not in _SURE_TOP_LEVEL:
        return None
    if (
        tokens[following].low in {"at", "info", "co"} and not _is_dot(tokens, following + 1, words)
        if following + 1 < len(tokens)
        else tokens[following].low == "at"
    ):
        return None
    name = _local(tokens, index - 1, floor, units, ends, words, most=1)
    if name is None:
        return None
    last = following
    written = f"{name[1]}.{_top_level(tokens[following].low)}"
    more = last + 2 < len(tokens) and _is_dot(tokens, last + 1, words)
    if more and tokens[last + 2].low in TOP_LEVEL:
        last += 2
        written += f".{tokens[last].low}"
    provider = written.rsplit(".", 1)[0]
    for candidate in PROVIDERS:
        if len(candidate) > 2 and provider.endswith(candidate) and len(provider) > len(candidate):
            return "email", name[0], last, written
    return "url", name[0], last, written
