"""Names that something announces: `Herr …`, `mein Name ist …`; in English, two capitals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.stages.second_look.lists import NO_NAMES, ORDINARY, word_set
from pipeline.stages.second_look.reading import Kind, Token

_TITLES = word_set("herr herrn frau mr mrs ms mister doktor doctor dr")
_NOUNS = word_set("herr frau doktor doctor")
_MORE_TITLES = word_set("fraeulein miss prof professor familie eheleute")
_PHRASES = (
    ("name", "ist"), ("ich", "heisse"), ("hier", "ist"), ("hier", "spricht"), ("name", "is"),
    ("name's",), ("this", "is"), ("i", "am"), ("i'm",), ("speaking", "to"), ("speaking", "with"),
)  # fmt: skip
_LONGEST_PHRASE = max(map(len, _PHRASES))
_SET = frozenset(_PHRASES)
_SOMEBODY = word_set(
    "der die das dem den des eine einem einer eines mein meine meinen meiner meinem dein "
    "deine deiner sein seine seiner ihr ihre ihrer unser unsere jede jeder keine kein zum beim vom "
    "the a an my your his her our their"
)
_PARTICLES = word_set("von van vom zu zur de del la le di da dos el al bin ibn")
_ARTICLES = word_set("der den dem la los")
_FILLERS = word_set("aeh aehm hm also ja nochmal uh um uhm erm")
_LONGEST_NAME = 8


def announced(tokens: Sequence[Token], *, cased: bool, english: bool) -> Iterator[tuple[int, int]]:
    """First and last token of every announced name; in `english` also of capitalised pairs."""
    for at, token in enumerate(tokens):
        any_case = False
        if token.low in _TITLES or token.low in _MORE_TITLES:
            first = _skip(tokens, at + 1, signs=".", words=_TITLES | _MORE_TITLES)
            noun = token.low in _NOUNS and at > 0 and tokens[at - 1].low in _SOMEBODY
            any_case = token.low in _TITLES and not noun
        elif _ends_phrase(tokens, at):
            first = _skip(tokens, at + 1, signs=",:", words=_FILLERS)
        else:
            continue
        name = first
        while name < len(tokens) and _is_particle(tokens, name):
            name += 1
        if name < len(tokens) and _may_be_name(tokens[name], any_case):
            yield first, _last(tokens, name)
    if english and cased:
        yield from _pairs(tokens)


def _skip(
    tokens: Sequence[Token], at: int, *, signs: str, words: frozenset[str] = frozenset()
) -> int:
    end = min(at + _LONGEST_NAME, len(tokens))
    while at < end and (tokens[at].text in signs or tokens[at].low in words):
        at += 1
    return at


def _ends_phrase(tokens: Sequence[Token], at: int) -> bool:
    return any(
        tuple(token.low for token in tokens[at - length + 1 : at + 1]) in _SET
        for length in range(1, min(_LONGEST_PHRASE, at + 1) + 1)
    )


def _may_be_name(token: Token, any_case: bool) -> bool:
    if token.kind is not Kind.WORD or len(token.low) < 2 or token.low in NO_NAMES:
        return False
    return token.capitalised or (any_case and token.low not in ORDINARY)


def _last(tokens: Sequence[Token], first: int) -> int:
    """Where a name that begins at `first` ends: over capitalised words, hyphens and particles."""
    last = first
    for at in range(first + 1, min(first + _LONGEST_NAME, len(tokens))):
        token = tokens[at]
        if (
            token.kind is Kind.WORD
            and token.low not in NO_NAMES
            and (token.capitalised or (token.glued and tokens[at - 1].text == "-"))
        ):
            last = at
        elif not (token.glued and token.text == "-") and not _is_particle(tokens, at):
            break
    return last


def _is_particle(tokens: Sequence[Token], at: int) -> bool:
    """`von`, or the `der` of `von der`."""
    low = tokens[at].low
    return low in _PARTICLES or (low in _ARTICLES and at > 0 and tokens[at - 1].low in _PARTICLES)


def _pairs(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Two capitalised words or more in a row inside an English sentence."""
    at = 1
    while at + 1 < len(tokens):
        opens = tokens[at - 1].kind is Kind.SIGN and tokens[at - 1].text not in {",", "-", "'"}
        if not opens and _title_case(tokens[at]) and _title_case(tokens[at + 1]):
            last = _last(tokens, at)
            yield at, last
            at = last
        at += 1


def _title_case(token: Token) -> bool:
    return (
        token.kind is Kind.WORD
        and len(token.text) > 1
        and token.capitalised
        and token.text[1:].islower()
        and token.low not in NO_NAMES
    )
