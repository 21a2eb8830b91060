"""Unicode hygiene before anything is looked for: composed letters, no invisible characters."""

from __future__ import annotations

import re
import unicodedata

from pipeline.stages.spoken_forms.textmap import Piece, TextMap, replaced

_LOOKALIKES = dict(zip("АВЕЅІЈКМНОРСТХУаеѕіјорсухԁոһ", "ABESIJKMHOPCTXYaesijopcyxdnh", strict=True))
_CYRILLIC_WORD = re.compile(r"[^\W\d_]*[\u0370-\u052f\u0578][^\W_]*")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ@]")
_SPACES = re.compile(r"[^\S \n]")


def clean(text: str) -> TextMap:
    """`text` in composed form (NFC), without zero-width and soft-hyphen characters, with plain
    spaces, with full-width digits made plain, and with Cyrillic look-alikes inside Latin words
    made Latin."""
    if text.isascii() and "\t" not in text and "\r" not in text:
        return TextMap(text)
    return replaced(text, _pieces(text))


def _pieces(text: str) -> list[Piece]:
    pieces: list[Piece] = []
    mixed = {
        at
        for word in _CYRILLIC_WORD.finditer(text)
        if _LATIN.search(word[0])
        for at in range(word.start(), word.end())
    }
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        written = _written(text[start:end], start in mixed)
        if written != text[start:end]:
            pieces.append((start, end, written))
        start = end
    return pieces


def _written(cluster: str, mixed: bool) -> str:
    if len(cluster) == 1 and cluster.isascii():
        return " " if cluster in "\t\r\x0b\x0c" else cluster
    if unicodedata.category(cluster[0]) == "Cf":
        return ""
    if _SPACES.fullmatch(cluster):
        return " "
    composed = unicodedata.normalize("NFC", cluster)
    if len(composed) == 1 and composed.isdecimal():
        return str(unicodedata.digit(composed))
    return _LOOKALIKES.get(composed, composed) if mixed else composed
