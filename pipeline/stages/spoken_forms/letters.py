"""Spelling: `M wie Martha`, `M Ü L L E R`, `Mike Uniform`, `Doppel-T`, `scharfes S`."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.stages.spoken_forms.numbers import Atom, AtomKind
from pipeline.stages.spoken_forms.tokens import Token, TokenKind
from pipeline.stages.spoken_forms.words import SWISS, SpokenWords

_UMLAUTS = {"a": "ä", "o": "ö", "u": "ü"}
_PAUSES = frozenset({",", "aeh", "aehm", "um", "uh", "uhm", "erm"})
_WITH = frozenset({"mit", "und", "with", "and"})


def letter_atom(tokens: Sequence[Token], index: int, words: SpokenWords) -> Atom | None:
    """The letter that is certainly spelled at token `index`: a single letter, or one with its
    word of a spelling alphabet. Bare letter names and bare alphabet words need a run around
    them, see `loose_letter`."""
    token = tokens[index]
    if token.kind is not TokenKind.WORD:
        return None
    special = _special(tokens, index, words)
    if special is not None:
        return _with_example(tokens, index, words, special) or special
    counted = token.low in {"zwei", "two"} and _low(tokens, index - 1) in _WITH
    if token.low in words.twice or counted:
        return _doubled(tokens, index, words)
    name = _letter(token, words)
    single = Atom(index, index, AtomKind.LETTER, name) if name else None
    return _with_example(tokens, index, words, single) or (single if len(token.text) == 1 else None)


def loose_letter(tokens: Sequence[Token], index: int, words: SpokenWords) -> Atom | None:
    """What may be a letter next to other letters: `em`, `ypsilon`, `Martha`, `bravo`."""
    token = tokens[index]
    if token.kind is not TokenKind.WORD:
        return None
    letter = words.letter_names.get(token.low) or words.alphabet.get(token.low)
    return Atom(index, index, AtomKind.LETTER, letter) if letter else None


def _low(tokens: Sequence[Token], index: int) -> str:
    return tokens[index].low if 0 <= index < len(tokens) else ""


def _letter(token: Token, words: SpokenWords) -> str | None:
    if len(token.text) == 1 and token.kind is TokenKind.WORD:
        return token.text.lower()
    return words.letter_names.get(token.low)


def _special(tokens: Sequence[Token], index: int, words: SpokenWords) -> Atom | None:
    """`scharfes S`, `double u`, `x-ray`, `Umlaut A`, `U Umlaut`, `Umlaut Unna`."""
    low, following = tokens[index].low, _low(tokens, index + 1)
    if low in {"scharfes", "scharfe"} and following in {"s", "es", "ess"}:
        return Atom(index, index + 1, AtomKind.LETTER, "ß")
    if low in {"double", "doppel"} and following == "u" and "double" in {low, *words.twice}:
        return Atom(index, index + 1, AtomKind.LETTER, "w")
    ray = index + 1 + (following == "-")
    if low == "x" and _low(tokens, ray) == "ray":
        return Atom(index, ray, AtomKind.LETTER, "x")
    vowel = following if len(following) == 1 else words.alphabet.get(following, "")
    if low == "umlaut" and vowel in _UMLAUTS:
        return Atom(index, index + 1, AtomKind.LETTER, _UMLAUTS[vowel])
    if tokens[index].text.lower() in _UMLAUTS and following == "umlaut":
        return Atom(index, index + 1, AtomKind.LETTER, _UMLAUTS[low])
    return None


def _with_example(
    tokens: Sequence[Token], index: int, words: SpokenWords, letter: Atom | None
) -> Atom | None:
    """`M wie Martha`, `B as in Bravo`, `ka wie Kaufmann`, `S for Sugar`, `n for, um, nuts`."""
    at = (letter.last if letter else index) + 1
    if _low(tokens, at) == ",":
        at += 1
    if _low(tokens, at) not in words.like:
        return None
    at += 1
    while _low(tokens, at) in _PAUSES and at < len(tokens):
        at += 1
    if _low(tokens, at) in {"in", "bei", "der", "die"}:
        at += 1
    if at >= len(tokens) or tokens[at].kind is not TokenKind.WORD:
        return None
    example = tokens[at].low
    if letter is None:
        town = example in words.alphabet and tokens[index].low[:1] == example[:1]
        return Atom(index, at, AtomKind.LETTER, example[:1]) if town else None
    text = letter.text
    fits = example[:1] == fold_letter(text)[:1] or words.alphabet.get(example) == text
    alone = len(tokens[index].text) == 1 or letter.last > index
    sure = alone or example in words.alphabet or example in SWISS
    return Atom(index, at, AtomKind.LETTER, text) if fits and sure else None


def fold_letter(letter: str) -> str:
    """`ä` → `ae`, as the lists are folded."""
    return {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}.get(letter, letter)


def _doubled(tokens: Sequence[Token], index: int, words: SpokenWords) -> Atom | None:
    """`Doppel-T`, `zweimal L`, `double s`; a digit there is a number's business."""
    last = index + 1
    while _low(tokens, last) in {"-", "das", "the"}:
        last += 1
    if last >= len(tokens):
        return None
    letter = _letter(tokens[last], words)
    if letter is None or tokens[last].low in words.digits or letter == "u":
        return None
    if len(tokens[last].text) > 1 and tokens[index].low in {"zwei", "two"}:
        return None
    return Atom(index, last, AtomKind.LETTER, letter * words.twice.get(tokens[index].low, 2))
