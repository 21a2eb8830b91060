"""E-mail addresses, written with `@` or said: `x ät y punkt de`, `x at y dot com`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.stages.second_look.digits import NUMBERS
from pipeline.stages.second_look.lists import word_set
from pipeline.stages.second_look.reading import Kind, Token

AT = word_set("at aet ett aett klammeraffe klammeraffen affenschwanz")
DOTS = word_set("punkt dot point")
_JOINTS = DOTS | word_set("minus bindestrich unterstrich underscore dash hyphen strich tiefstrich")
_ENDS = word_set(
    "de com net org info eu at ch co uk io biz me fr it nl pl ie us gmbh online berlin "
    "immobilien haus tv app dev cloud email london hamburg koeln bayern shop"
)
_SIGNS = frozenset(".-_+")
_LONGEST_DOMAIN = 8
_LONGEST_LOCAL = 40


def is_joint(token: Token) -> bool:
    """A sign, written or said, that joins the parts of an address."""
    return token.low in _JOINTS or (token.text in _SIGNS and token.kind is Kind.SIGN)


def addresses(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """First and last token of everything that looks like an address, from left to right."""
    done = 0
    for at, token in enumerate(tokens):
        if at < done or not (token.text == "@" or token.low in AT):
            continue
        last = _domain(tokens, at)
        if last is None and token.text == "@":
            last = _glued_end(tokens, at)
        if last is not None:
            yield max(done, _local(tokens, at)), last
            done = last + 1


def _domain(tokens: Sequence[Token], at: int) -> int | None:
    """The last token of `y punkt de` behind the sign at `at`."""
    last = None
    for dot in range(at + 2, min(at + _LONGEST_DOMAIN, len(tokens) - 1)):
        if last is not None and dot > last + 1:
            break
        if _is_dot(tokens, dot) and tokens[dot + 1].low in _ENDS:
            last = dot + 1
        elif _ends_domain(tokens, dot):
            break
    return last


def _ends_domain(tokens: Sequence[Token], at: int) -> bool:
    token = tokens[at]
    return token.kind is Kind.SIGN and token.text not in "-_" and not _is_dot(tokens, at)


def _is_dot(tokens: Sequence[Token], at: int) -> bool:
    token = tokens[at]
    return token.low in DOTS or (token.text == "." and token.glued and tokens[at + 1].glued)


def _glued_end(tokens: Sequence[Token], at: int) -> int | None:
    """What is written in one go with an `@`."""
    last = at
    while last + 1 < len(tokens) and tokens[last + 1].glued:
        last += 1
    return last if last > at or tokens[at].glued else None


def _local(tokens: Sequence[Token], at: int) -> int:
    """The first token of what stands in front of the sign at `at`."""
    first = at
    while first > 0 and at - first < _LONGEST_LOCAL:
        token, after = tokens[first - 1], tokens[first]
        if is_joint(token):
            joined = first > 1 and not (token.text == "." and not after.glued)
        elif token.kind is Kind.SIGN:
            break
        else:
            spelled = _short(token) and _short(after)
            joined = first == at or is_joint(after) or after.glued or spelled
        if not joined:
            break
        first -= 1
    return first


def _short(token: Token) -> bool:
    """A letter, figures or a number word: local parts are spelled."""
    return len(token.low) == 1 or token.kind is Kind.FIGURES or token.low in NUMBERS
