"""Text for the PDF: Markdown's marks taken off, letters that the standard font lacks replaced."""

from __future__ import annotations

import re
import unicodedata

_NEAREST = dict(zip("ŁłĐđĦħıŦŧ−‑", "LlDdHhiTt--", strict=True)) | {
    "≠": "!=",
    "≤": "<=",
    "≥": ">=",
    "→": "->",
}
BOLD = "\x02\x02"
"""What begins and ends bold text; no text has it."""
CODE = "\x04\x04"
"""The same of commands and names of files, which are set in italics."""
_INLINE = re.compile(r"\\(.)|\*\*|`([^`]*)`")
_BOLD_MARK = re.compile(r"(?<!\\)\*\*")
_BOUND = re.compile(
    r"(?<!\w)(?:Art\.|Abs\.|lit\.|Nr\.|Satz|§§?|[Ss]ections?|Abschnitte?) (?=[\da-z])"
    r"|(?<=[\d)]) (?=\(\w{1,2}\))"
    r"|(?<=\d) (?=(?:AO|BDSG|BGB|HGB|StGB|Tagen?|Stunden?|Jahre?n?|days?|hours?|years?)\b)"
)


def printable(text: str) -> str:
    """`text` in letters that the font has: others become their nearest, or a question mark."""
    return "".join(_nearest(letter) for letter in text)


def plain(text: str) -> str:
    """Inline Markdown without its marks."""
    return _INLINE.sub(lambda mark: mark[1] or mark[2] or "", text)


def _nearest(letter: str) -> str:
    letter = _NEAREST.get(letter, letter)
    decomposed = unicodedata.normalize("NFKD", letter)
    bare = "".join(part for part in decomposed if not unicodedata.combining(part))
    return next((each for each in (letter, bare) if each and _has(each)), "?")


def _has(letters: str) -> bool:
    """Whether Windows-1252 has them, and they are no control characters."""
    try:
        return letters.isprintable() and bool(letters.encode("cp1252"))
    except UnicodeEncodeError:
        return False


def bound(text: str) -> str:
    """What is read as one, such as `Art. 5` or `30 days`, does not break over lines."""
    return _BOUND.sub(lambda found: found[0].replace(" ", "\xa0"), text)


def inline(text: str) -> str:
    """With fpdf's marks for bold and for code."""
    parts = (bound(printable(part)) for part in _BOLD_MARK.split(text))
    return BOLD.join(_INLINE.sub(_marked, part) for part in parts)


def _marked(mark: re.Match[str]) -> str:
    return f"{CODE}{mark[2]}{CODE}" if mark[2] else mark[1] or ""
