"""Whether a run of digits is a price, a size, a time or a year: what need not be hidden."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from models.names import word_set
from pipeline.adapters.presidio.reading import Reading
from pipeline.stages.spoken_forms import Form, Token
from pipeline.stages.spoken_forms.numbers import AtomKind

_UNITS = word_set(
    """
    euro euros eur € dollar dollars $ pound pounds £ cent cents prozent percent %
    quadratmeter qm quadrat quadratmetern m2 m² zimmer zimmern zimmerwohnung raeume uhr jahr
    jahre jahren monat monate monaten woche wochen tag tage tagen minute minuten stunde
    stunden sekunde sekunden kilometer km meter metern zentimeter cm grad personen person
    leute leuten etage etagen stock stockwerk stockwerke mal kilo kilogramm gramm liter
    years year months month weeks week days day minutes hours hour seconds square feet foot
    ft metres meters miles mile kilometres kilometers bedroom bedrooms bathroom bathrooms
    bed beds room rooms people persons o'clock am pm degrees floor floors times thousand
    million tausend millionen mio parteien einheiten wohnungen haeuser kinder kindern hektar
    kwh watt ps mb gb seiten pages points punkte treffer personenhaushalt badezimmer
    schlafzimmer stellplaetze grand k bucks pence mieter baeder jaehrige jaehriger fache spm
    """
)
_CURRENCY_BEFORE = word_set(
    """
    € $ £ euro eur usd gbp
    """
)
_TIME_BEFORE = word_set(
    """
    um gegen ab bis zwischen baujahr jahr jahre jahres seit anno around until till in since
    by year circa ca etwa ungefaehr rund zirka fuer kostet kosten preis miete kaltmiete
    warmmiete costs cost price rent about roughly approximately at from
    """
)
#: what stands before a year or the end of a validity, which are nobody's number
_DATED = word_set("since until till runs to in expires expiry expiration seit bis ablaufdatum")
_EXPIRING = word_set("expiry expiration expires exp ablaufdatum ablauf")
_AMOUNT = re.compile(r"\d{1,3}(?:[. ]\d{3})+(?:,\d\d?)?\Z")


def is_measured(reading: Reading, form: Form) -> bool:
    """Whether the run is a price, time, area, room or year by the words beside it."""
    tokens = reading.document.tokens
    following = form.last + 1
    while following < len(tokens) and tokens[following].text in {"-", ","}:
        following += 1
    if not _amountlike(reading, form):
        return False
    if following < len(tokens) and tokens[following].low in _UNITS:
        return True
    before = form.first - 1
    return before >= 0 and tokens[before].low in _CURRENCY_BEFORE


def is_dated(reading: Reading, form: Form) -> bool:
    """Whether it is a year, or until when a card or document is valid."""
    tokens, line = reading.document.tokens, reading.dialogue.lines
    before = [
        tokens[at].low
        for at in range(max(0, form.first - 3), form.first)
        if line[at] == line[form.first]
    ]
    if form.digits <= 6 and _EXPIRING & set(before):
        return True
    year = form.digits == 4 and form.written[:2] in {"19", "20"}
    return year and bool(before) and before[-1] in _DATED


def _amountlike(reading: Reading, form: Form) -> bool:
    """A run may be an amount: short, one value, or written with separators; no leading zero."""
    if form.written.startswith("0") and form.digits >= 4:
        return False
    if form.digits <= 4 or len(form.atoms) == 1 or form.atoms[-1].kind is AtomKind.VALUE:
        return True
    text = reading.document.text[form.start : form.end]
    return bool(_AMOUNT.match(text)) or _separated(
        reading.document.tokens[form.first : form.last + 1]
    )


def priced(reading: Reading, form: Form) -> bool:
    """Whether it is written as an amount or a time, or a word before it says so."""
    tokens = reading.document.tokens
    if _separated(tokens[form.first : form.last + 1]):
        return True
    before = form.first - 1
    return before >= 0 and tokens[before].low in _TIME_BEFORE


def _separated(tokens: Sequence[Token]) -> bool:
    """`1.200,50` or `18:30`: written amounts and times, without spaces."""
    touching = all(left.end == right.start for left, right in pairwise(tokens))
    return touching and len(tokens) in {3, 5} and any(t.text in {".", ",", ":"} for t in tokens)
