"""A text without case, diacritics, fullwidth forms and invisible signs, with the way back."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

_BRACKETS = {
    **dict.fromkeys("⟦【〔〖「『", "["),
    **dict.fromkeys("⟧】〕〗」』", "]"),
    **dict.fromkeys("〈⟨《", "<"),
    **dict.fromkeys("〉⟩》", ">"),
}


class FoldedText:
    """`text` is folded; every character of it comes from one character of `source_text`."""

    def __init__(self, source_text: str) -> None:
        self.source_text = source_text
        self._at: Sequence[int] = range(len(source_text))
        if source_text.isascii():
            self.text = source_text.lower()
            return
        folded = [_fold(char) for char in source_text]
        self.text = "".join(folded)
        self._at = [at for at, chars in enumerate(folded) for _ in chars]

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Offsets of `source_text` for the folded characters `start:end`, at least one."""
        return self._at[start], self._at[end - 1] + 1

    def part(self, start: int, end: int) -> str:
        """What stands in `source_text` for the folded characters `start:end`."""
        if start == end:
            return ""
        first, last = self.source(start, end)
        return self.source_text[first:last]


@lru_cache(maxsize=4096)  # single characters: no content
def _fold(char: str) -> str:
    category = unicodedata.category(char)
    if category in {"Mn", "Cf"}:
        return ""
    if char.isspace():
        return " "
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category == "Pd":
        return "-"
    wide = unicodedata.normalize("NFKD", char)
    if category[0] == "L":
        return "".join(each for each in wide.casefold() if not unicodedata.combining(each))
    return _BRACKETS.get(char) or (wide if len(wide) == 1 else char)
