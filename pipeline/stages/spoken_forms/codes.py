"""Letters that stand in a code of letters and digits as it is written: `AB 4471`, `nw1 6xe`."""

from __future__ import annotations

from collections.abc import Sequence

from models.names import load_lexicon, word_set
from pipeline.stages.spoken_forms.numbers import Atom, AtomKind
from pipeline.stages.spoken_forms.tokens import Token, TokenKind

_ACRONYMS = word_set(
    """
    plz iban bic pin tan tel nr dob id tv pc eg og dg kg gmbh ag eur usd gbp st
    """
)
_NO_CODE = word_set(
    """
    plz iban bic pin tan tel nr dob id st nd rd th qm km cm mm kg min std uhr am pm m h k
    mio eur usd gbp er te ten ter tes jaehrig ct ft sq kw kwh mb gb tv pc eg og dg bj ca ab
    um in zu an im bis is at on or to no my we so und oder and the
    """
)
_SHORTENED = word_set(
    "hr fr dr mr mrs ms ps jh hm hmm mhm mm km kg cm qm str pls bzw sms th nd rd pcn"
)
_VOWELS = frozenset("aeiouy")


def written_letters(tokens: Sequence[Token], index: int) -> Atom | None:
    """The letters at token `index`, where the digits beside them make them part of a code."""
    token = tokens[index]
    if token.kind is not TokenKind.WORD or len(token.text) > 4:
        return None
    if plate := _plate(tokens, index):
        return plate
    if len(token.text) < 2 or not token.text.isascii():
        return None
    fits = _before_digits(tokens, index) or _after_digits(tokens, index) or _goes_on(tokens, index)
    return Atom(index, index, AtomKind.LETTER, token.text.lower()) if fits else None


def _plate(tokens: Sequence[Token], index: int) -> Atom | None:
    """`hg-tk 482`."""
    if len(tokens[index].text) > 3 or not _hyphen(tokens, index + 1, "-"):
        return None
    second = tokens[index + 2]
    number = _digits(tokens, index + 3) or (
        _hyphen(tokens, index + 3, "-") and _digits(tokens, index + 4)
    )
    if second.kind is not TokenKind.WORD or len(second.text) > 2 or not 1 <= number <= 4:
        return None
    text = tokens[index].text.lower() + second.text.lower()
    return Atom(index, index + 2, AtomKind.LETTER, text)


def _before_digits(tokens: Sequence[Token], index: int) -> bool:
    """`at83`, `AB 4471`, `pm-0093`."""
    token = tokens[index]
    count = _digits(tokens, index + 1)
    if count and tokens[index + 1].start == token.end:
        return token.low not in _ACRONYMS
    if count >= 2 and (token.text.isupper() or not _VOWELS & set(token.low)):
        return token.low not in _ACRONYMS | _SHORTENED
    return (
        token.low not in _ACRONYMS
        and _hyphen(tokens, index + 1, "-/")
        and _digits(tokens, index + 2) >= 3
    )


def _after_digits(tokens: Sequence[Token], index: int) -> bool:
    """`6xe` behind `nw1`, `12ab`, `20418-xd`."""
    token = tokens[index]
    count = _digits(tokens, index - 1)
    if count and tokens[index - 1].end == token.start:
        blocked = _ACRONYMS if token.text.isupper() else _NO_CODE
        return token.low not in blocked or (count == 1 and _is_outward(tokens, index - 2))
    return (
        token.low not in _NO_CODE
        and len(token.text) == 2
        and _hyphen(tokens, index - 1, "-")
        and _digits(tokens, index - 2) >= 4
    )


def _is_outward(tokens: Sequence[Token], last: int) -> bool:
    """Whether the first half of a British postcode ends here: `pe12`, `sw1a`."""
    first = last
    while first > 0 and last - first < 2 and tokens[first - 1].end == tokens[first].start:
        first -= 1
    text = "".join(token.text for token in tokens[max(first, 0) : last + 1])
    return text[:1].isalpha() and 2 <= len(text) <= 4 and any(map(str.isdecimal, text))


def _goes_on(tokens: Sequence[Token], index: int) -> bool:
    """`nwbk` in `gb29 nwbk 6016`, `hgn` in `bx70 hgn`."""
    begun = (
        index >= 2
        and _digits(tokens, index - 1) == 2
        and len(tokens[index - 2].text) == 2
        and tokens[index - 2].kind is TokenKind.WORD
        and tokens[index - 2].end == tokens[index - 1].start
    )
    if not begun:
        return False
    if len(tokens[index].text) == 4:
        return _digits(tokens, index + 1) >= 2
    return len(tokens[index].text) == 3 and not load_lexicon().flags(tokens[index].low)


def _digits(tokens: Sequence[Token], at: int) -> int:
    """How many digits are written here."""
    if not 0 <= at < len(tokens) or tokens[at].kind is not TokenKind.DIGITS:
        return 0
    return len(tokens[at].text)


def _hyphen(tokens: Sequence[Token], at: int, marks: str) -> bool:
    """Whether one of `marks` joins two tokens without a space."""
    return (
        0 < at < len(tokens) - 1
        and tokens[at].text in marks
        and tokens[at - 1].end == tokens[at].start
        and tokens[at].end == tokens[at + 1].start
    )
