"""Which laws a sentence cites: all that the deletion ledger keeps of a legal hold's reason, as
codes that no name can hide in."""

from __future__ import annotations

import re
from collections.abc import Iterable

LAWS = (
    *("AktG", "AO", "ArbZG", "BDSG", "BetrVG", "BGB", "DSGVO", "FGO", "GDPR", "GewO", "GewStG"),
    *("GmbHG", "GwG", "HGB", "InsO", "KWG", "MaBV", "MiLoG", "OWiG", "SGB", "StGB", "StPO"),
    *("TKG", "UStG", "VAG", "VVG", "VwVfG", "WpHG", "ZPO"),
)
_SPELLED = {law.casefold(): law for law in LAWS}
_LAW = "|".join(sorted(LAWS, key=len, reverse=True))
_NUMBER = r"(?:§{1,2}|Art\.?|Section)?\s*(\d{1,4}[a-z]?)"
_REST = r"(?:\s*(?:Abs\.?|Nr\.?|S\.?|lit\.?|\(|,)\s*\w{1,3}\)?)*"
_CITED = re.compile(
    rf"\b(?P<law>{_LAW})\s*{_NUMBER}\b|{_NUMBER}{_REST}\s+(?P<after>{_LAW})\b", re.IGNORECASE
)
_CODE = re.compile(rf"({_LAW})_(\d{{1,4}}[a-z]?)\Z")


def laws_cited(text: str) -> tuple[str, ...]:
    """Codes such as `HGB_257`, each once, in their order: of "HGB § 257", "§ 257 Abs. 1 HGB"."""
    codes = []
    for found in _CITED.finditer(text):
        law = found["law"] or found["after"]
        number = found[2] or found[3]
        codes.append(f"{_SPELLED[law.casefold()]}_{number.lower()}")
    return tuple(dict.fromkeys(codes))


def laws_in_words(codes: Iterable[str]) -> str:
    """`HGB § 257, GDPR Art. 17`; what is no such code is left out."""
    words = []
    for found in filter(None, map(_CODE.match, codes)):
        sign = "Art." if found[1] in ("DSGVO", "GDPR") else "§"
        words.append(f"{found[1]} {sign} {found[2]}")
    return ", ".join(words)
