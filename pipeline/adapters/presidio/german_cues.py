"""German words that say what a number is: listed ones and compounds with `-nummer`.

The kinds are values of `dialogue.Topic`.
"""

from __future__ import annotations

_KINDS = {
    "social": "svnr ahv ahvnummer rentenkasse ecard svnummer rentennummer",
    "tax": "identifikationsnummer idnr finanzamt umsatzsteuerid steueridentnummer uid",
    "id_card": "identitaetskarte aufenthaltstitel dienstausweis",
    "other_id": "jobticket abokarte monatskarte mitgliedskarte geschaeftszahl geschaeftszeichen "
    "kennziffer chiffre flurstueck grundbuch grundbuchblatt zaehlpunkt bankleitzahl blz "
    "versichertenkarte gesundheitskarte krankenkassenkarte",
}
WORDS = {word: kind for kind, words in _KINDS.items() for word in words.split()}
_NUMBERED = (  # noqa: SIM905
    "rechnung rechnungs auftrag vertrag vertrags police vorgang akte fall ticket mitglied "
    "mitglieds kunden objekt expose zaehler beleg bestellung mandat konto abo schein antrag "
    "sendung versicherten"
).split()
PAIRS = {
    **{(word, "nummer"): "other_id" for word in _NUMBERED},
    ("e", "card"): "social",
    ("sv", "nummer"): "social",
    ("ahv", "nummer"): "social",
    ("renten", "nummer"): "social",
    ("versicherungs", "nummer"): "social",
    ("steuer", "nummer"): "tax",
    ("ausweis", "nummer"): "id_card",
    ("pass", "nummer"): "passport",
}
#: what the head of a compound with `-nummer` holds, the first that fits
_HEADS = (
    ("haus", "address"),
    ("steuer", "tax"),
    ("sozialvers", "social"),
    ("renten", "social"),
    ("ahv", "social"),
    ("ausweis", "id_card"),
    ("pass", "passport"),
    ("kredit", "card"),
    ("telefon", "phone"),
    ("ruf", "phone"),
    ("handy", "phone"),
    ("mobil", "phone"),
    ("funk", "phone"),
    ("fax", "phone"),
    ("festnetz", "phone"),
    ("buero", "phone"),
    ("privat", "phone"),
    ("kontakt", "phone"),
)
_UNNAMED = frozenset({"zimmer", "seiten", "kapitel", "linien", "platz", "stock", "raum"})


def kind_of(low: str) -> str | None:
    """What a folded word announces; None where it announces nothing."""
    if low in WORDS:
        return WORDS[low]
    if not low.endswith(("nummer", "nummern")):
        return None
    head = low.removesuffix("n").removesuffix("nummer")
    if not head or head in _UNNAMED:
        return None
    return next((kind for part, kind in _HEADS if part in head), "other_id")
