"""Unicode hygiene before anything is looked for: composed letters, no invisible characters.

Characters and their properties are those of the Unicode Character Database; what is invisible
follows its Default_Ignorable_Code_Point. Every step is linear in the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from pipeline.stages.spoken_forms.textmap import Piece, TextMap, replaced

_ORDINARY = re.compile(r"[\n -~]*\Z")
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")  # Hangul letters without a shape
_BLANK = "\u2800"  # a Braille sign without a dot
_MOST_MARKS = 8
_SAME = frozenset(
    ("<wide>", "<narrow>", "<font>", "<circle>", "<isolated>", "<initial>", "<medial>", "<final>")
)
"""Compatibility decompositions that change how a character looks, not what it says."""

_LIKE_LATIN = dict(
    zip(
        "АВЕЅІЈКМНОРСТХУҮЅԜѴӀаеѕіјорсухүԁոһԝѵΑΒΕΖΗΙΚΜΝΟΡΤΥΧοανικρυ",
        "ABESIJKMHOPCTXYYSWVIaesijopcyxydnhwvABEZHIKMNOPTYXoavikpu",
        strict=True,
    )
)
_NEARLY_LATIN = _LIKE_LATIN | dict(zip("кмтχ", "kmtx", strict=True))
_FOREIGN = re.compile(r"[\u0370-\u052f\u0578]")
_WORD = re.compile(r"[^\W_]+")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_MARK_RUN = re.compile(r"(?:[^\w\s]|_){33,}")
_KEPT_OF_RUN = 16


def clean(text: str) -> TextMap:
    """`text` in composed form (NFC), without invisible characters and accents that belong to no
    letter, with plain spaces, with digits and letters of other widths, fonts and scripts made
    plain, with Cyrillic and Greek look-alikes among Latin letters made Latin, and with very long
    runs of punctuation shortened."""
    view = TextMap(text)
    if not _ORDINARY.match(text):
        view = _without_lookalikes(replaced(text, _pieces(text)))
    return view.then(_shortened(view.text))


def without_symbols(view: TextMap) -> TextMap:
    """`view` without emoji and other pictures, control characters and unassigned ones; `view`
    itself where there are none."""
    symbols = {char for char in set(view.text) if _symbol(char)}
    if not symbols:
        return view
    return view.then([(at, at + 1, "") for at, char in enumerate(view.text) if char in symbols])


def _shortened(text: str) -> Iterator[Piece]:
    for run in _MARK_RUN.finditer(text):
        yield run.start() + _KEPT_OF_RUN, run.end() - _KEPT_OF_RUN, ""


def _symbol(char: str) -> bool:
    if char < "\u0100":
        return unicodedata.category(char) == "Cc" and char != "\n"
    return unicodedata.category(char) in {"So", "Sk", "Sm", "Co", "Cn", "Cs"}


@lru_cache(maxsize=4096)
def is_mark(char: str) -> bool:
    """Whether `char` belongs to the character before it: accents, vowel signs, variants."""
    return char > "\u02ff" and unicodedata.category(char) in {"Mn", "Mc", "Me"}


@lru_cache(maxsize=4096)
def is_invisible(char: str) -> bool:
    """Whether `char` shows nothing and says nothing: joiners, soft hyphens, direction marks."""
    return char > "\x7f" and (char in _FILLERS or unicodedata.category(char) == "Cf")


def _pieces(text: str) -> Iterator[Piece]:
    """Clusters (a character and its marks), and characters that the view writes differently."""
    odd = {char for char in set(text) if is_mark(char) or _plain(char) != char}
    done = 0
    for at, char in enumerate(text):
        if char not in odd or at < done:
            continue
        start = end = at
        base = at - (at > done and text[at - 1] not in "\n")
        if is_invisible(char):
            while end < len(text) and is_invisible(text[end]):
                end += 1
            if base < at and end < len(text) and is_mark(text[end]):
                start, end = base, _end(text, base)
        elif is_mark(char):
            start = base
            end = _end(text, base)
        else:
            end = _end(text, at)
        written = _written(text[start:end])
        if end > start + 1 or written != char:
            yield start, end, written
        done = end


def _end(text: str, start: int) -> int:
    """Where the cluster that begins at `start` ends; invisible characters between a letter and
    its accent lie inside."""
    end = at = start + 1
    while at < len(text) and (is_mark(text[at]) or is_invisible(text[at])):
        at += 1
        if is_mark(text[at - 1]):
            end = at
    return end


def _written(cluster: str) -> str:
    shown = "".join(char for char in cluster if not is_invisible(char))
    return "".join(_plain(char) for char in _composed(shown) if not _loose(char))


def _composed(shown: str) -> str:
    """NFC; a Latin letter keeps the one accent that European names know, an `ọ` is an `o`."""
    few = shown[: 1 + _MOST_MARKS]
    parts = unicodedata.normalize("NFD", few)
    if not parts[:1].isascii():
        return unicodedata.normalize("NFC", few)
    letters = (unicodedata.normalize("NFC", parts[0] + mark) for mark in parts[1:])
    return next((each for each in letters if len(each) == 1 and each < "\u0250"), parts[:1])


def _loose(char: str) -> bool:
    """Accents that composed with nothing, and signs that change how a character looks."""
    return is_mark(char) and (
        unicodedata.combining(char) > 0
        or unicodedata.category(char) == "Me"
        or char == "\u034f"
        or "\u180b" <= char <= "\u180f"
        or "\ufe00" <= char <= "\ufe0f"
        or char >= "\U000e0100"
    )


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    """What one character says."""
    if char == "\n" or " " <= char <= "~":
        return char
    if char.isspace() or char == _BLANK:
        return " "
    if is_invisible(char):
        return ""
    if char.isdecimal():
        return str(unicodedata.digit(char))
    form, _, _ = unicodedata.decomposition(char).partition(" ")
    letter = unicodedata.category(char)[0] == "L" or unicodedata.category(char) == "Nl"
    if form in _SAME or (form == "<compat>" and letter):
        written = unicodedata.normalize("NFKC", char)
        return written if " " not in written else char
    return _composed(char) if char > "\u024f" else char


def _without_lookalikes(view: TextMap) -> TextMap:
    text = view.text
    if not _FOREIGN.search(text):
        return view
    latin = bool(_LATIN.search(text))
    return view.then(
        (at, at + 1, written)
        for word in _WORD.finditer(text)
        if (table := _table(word[0], latin))
        for at in range(word.start(), word.end())
        if (written := table.get(text[at]))
    )


def _table(word: str, latin: bool) -> dict[str, str]:
    """Which letters of `word` only look Latin: those beside Latin ones; all of a word that has
    no others, in a text with Latin letters or in a code with digits."""
    if not _FOREIGN.search(word):
        return {}
    if _LATIN.search(word):
        return _NEARLY_LATIN
    alike = all(char in _LIKE_LATIN for char in word if not char.isdecimal())
    return _LIKE_LATIN if alike and (latin or any(map(str.isdecimal, word))) else {}
