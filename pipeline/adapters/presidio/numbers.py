"""Everything made of digits and letters: phones, IBANs, cards, ids, plates, postcodes, births.

A checksum may raise a score; it never vetoes, since speech recognition gets digits wrong. What
cannot be a price, year, room, area or time is redacted: fail closed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from models.names import word_set
from pipeline.adapters.presidio.amounts import is_dated, is_measured, priced
from pipeline.adapters.presidio.bare_turns import (
    alone,
    house_number_asked,
    house_number_follows,
)
from pipeline.adapters.presidio.dialogue import Topic
from pipeline.adapters.presidio.number_shapes import by_shape
from pipeline.adapters.presidio.reading import Finding, Reading, SpokenRecognizer
from pipeline.domain.privacy import EntityType
from pipeline.stages.spoken_forms import Form, FormKind, TokenKind
from pipeline.stages.spoken_forms.numbers import AtomKind

_TYPE_OF: dict[Topic, tuple[EntityType, int]] = {
    Topic.PHONE: (EntityType.PHONE_NUMBER, 3),
    Topic.IBAN: (EntityType.IBAN, 3),
    Topic.CARD: (EntityType.CREDIT_CARD, 3),
    Topic.TAX: (EntityType.TAX_ID, 4),
    Topic.SOCIAL: (EntityType.SOCIAL_SECURITY, 3),
    Topic.ID_CARD: (EntityType.ID_CARD, 3),
    Topic.PASSPORT: (EntityType.PASSPORT, 4),
    Topic.PLATE: (EntityType.LICENSE_PLATE, 1),
    Topic.POSTCODE: (EntityType.POSTCODE, 2),
    Topic.BIRTH: (EntityType.DATE_OF_BIRTH, 3),
    Topic.OTHER_ID: (EntityType.OTHER_ID, 3),
    Topic.NUMBER: (EntityType.PHONE_NUMBER, 5),
    Topic.CALL: (EntityType.PHONE_NUMBER, 5),
}
_LETTERED = frozenset(
    {
        EntityType.IBAN,
        EntityType.TAX_ID,
        EntityType.LICENSE_PLATE,
        EntityType.PASSPORT,
        EntityType.ID_CARD,
        EntityType.SOCIAL_SECURITY,
        EntityType.OTHER_ID,
    }
)
_NO_PREFIX = word_set(
    """
    ist die der das und the is mit hat von dem den ein am im in an zu so wie ja da es er sie
    wir uns bei aus auf um ab nr no my it's its are was war was lautet id and or for to of
    at by on ihr sei mal nun also dann hier eh uh um oh ah aeh hm ne nur pin tan code not wer du
    ich i we you be
    """
)
_SPECIFIC = frozenset(_TYPE_OF) - {Topic.NUMBER, Topic.CALL}
_DATE_REACH, _CUE_REACH = 12, 4
_CODED = frozenset(
    {Topic.OTHER_ID, Topic.TAX, Topic.SOCIAL, Topic.ID_CARD, Topic.PASSPORT, Topic.CARD}
)
_WRITTEN_UK_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b", re.IGNORECASE)
_WRITTEN_PLATE = re.compile(r"\b[A-ZÄÖÜ]{1,3}[- ][A-Z]{1,2}[- ]?\d{1,4}[EH]?\b")


class NumberRecognizer(SpokenRecognizer):
    """Runs of digits, letters and digits, and dates."""

    TYPES = (
        EntityType.PHONE_NUMBER,
        EntityType.IBAN,
        EntityType.CREDIT_CARD,
        EntityType.TAX_ID,
        EntityType.SOCIAL_SECURITY,
        EntityType.ID_CARD,
        EntityType.PASSPORT,
        EntityType.LICENSE_PLATE,
        EntityType.POSTCODE,
        EntityType.DATE_OF_BIRTH,
        EntityType.STREET_ADDRESS,
        EntityType.OTHER_ID,
    )

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Every run that is, or may be, personal."""
        previous: tuple[int, EntityType] | None = None
        for form in _parts(reading):
            if form.kind is FormKind.DATE:
                kind = _date_kind(reading, form)
            elif form.kind in {FormKind.NUMBER, FormKind.CODE, FormKind.SPELLED}:
                kind = _kind(reading, form, previous)
            else:
                continue
            if kind:
                start = _begin(reading, form, kind[0])
                yield Finding(start, form.end, kind[0], kind[1])
                previous = reading.dialogue.lines[form.last], kind[0]
        for pattern, written, score in (
            (_WRITTEN_UK_POSTCODE, EntityType.POSTCODE, 0.7),
            (_WRITTEN_PLATE, EntityType.LICENSE_PLATE, 0.55),
        ):
            for match in pattern.finditer(reading.document.text):
                yield Finding(match.start(), match.end(), written, score)


def _parts(reading: Reading) -> Iterator[Form]:
    """Forms without the house numbers in front of them."""
    document = reading.document
    housed = {token for _, last, number, _ in reading.streets for token in range(number, last + 1)}
    for form in document.forms:
        atoms = tuple(atom for atom in form.atoms if atom.first not in housed)
        if form.atoms and len(atoms) < len(form.atoms):
            if not atoms:
                continue
            first, last = atoms[0].first, atoms[-1].last
            yield replace(
                form,
                first=first,
                last=last,
                start=document.tokens[first].start,
                end=document.tokens[last].end,
                written="".join(atom.text for atom in atoms),
                atoms=atoms,
                kind=FormKind.NUMBER if all(a.text.isdecimal() for a in atoms) else form.kind,
            )
        elif form.first not in housed:
            yield form


def _begin(reading: Reading, form: Form, kind: EntityType) -> int:
    """Where the value begins: `DE`, `köln ka` or `a` in front of the digits belong to it."""
    tokens = reading.document.tokens
    article = tokens[form.first - 1].low if form.first else ""
    dated = article == "the" and kind is EntityType.DATE_OF_BIRTH
    if dated or (article == "a" and tokens[form.first].low in {"hundred", "thousand"}):
        return tokens[form.first - 1].start
    if kind not in _LETTERED or form.kind is FormKind.SPELLED:
        return form.start
    first = form.first
    while first > 0 and form.first - first < 3:
        before = tokens[first - 1]
        line = reading.dialogue.lines[first - 1] == reading.dialogue.lines[form.first]
        short = before.kind is TokenKind.WORD and len(before.text) <= 3
        place = kind is EntityType.LICENSE_PLATE and set("Pp") & set(reading.flags(first - 1))
        country = kind in {EntityType.IBAN, EntityType.TAX_ID} and before.low == "deutschland"
        joined = before.text == "-" and first < form.first
        if not line or before.low in _NO_PREFIX or (first - 1) in reading.dialogue.cues:
            break
        if not (short or place or country or joined):
            break
        first -= 1
    while tokens[first].text == "-":
        first += 1
    return tokens[first].start if first < form.first else form.start


def _date_kind(reading: Reading, form: Form) -> tuple[EntityType, float] | None:
    dialogue = reading.dialogue
    late = Topic.BIRTH in dialogue.after(form.last) and not _date_follows(reading, form)
    if late or Topic.BIRTH in dialogue.before(form.first):
        return EntityType.DATE_OF_BIRTH, 0.95
    if Topic.BIRTH in reading.dialogue.asked(form.first):
        return EntityType.DATE_OF_BIRTH, 0.9
    if form.year is not None and 1900 <= form.year <= date.today().year - 14:
        return EntityType.DATE_OF_BIRTH, 0.6
    return None


def _date_follows(reading: Reading, form: Form) -> bool:
    """Whether `geboren` behind this date announces the next: `am 3.4. um 9, geboren am 5.6.80`."""
    lines = reading.dialogue.lines
    return any(
        0 < other.first - form.last <= _DATE_REACH
        and other.kind is FormKind.DATE
        and lines[other.first] == lines[form.first]
        and any(
            reading.dialogue.cues.get(at) is Topic.BIRTH
            for at in range(max(form.last, other.first - _CUE_REACH), other.first)
        )
        for other in reading.document.forms
    )


def _kind(
    reading: Reading, form: Form, previous: tuple[int, EntityType] | None
) -> tuple[EntityType, float] | None:
    if form.kind is FormKind.SPELLED:
        return _spelled_kind(reading, form)
    if reading.document.tokens[form.first - 1].low in {"hausnummer"} and form.first:
        return EntityType.STREET_ADDRESS, 0.8
    shape = by_shape(form)
    topics = _announced(reading, form)
    late = [topic for topic in reading.dialogue.after(form.last) if topic in _TYPE_OF]
    asked = reading.dialogue.asked(form.first)
    measured = is_measured(reading, form) or is_dated(reading, form)
    if not _SPECIFIC & {*topics, *asked} and (found := _postcode(reading, form, sure=True)):
        return found
    for topic in [*topics, *late]:
        known = _TYPE_OF.get(topic)
        if known and not measured:
            kind, least = known
            if topic is Topic.NUMBER and shape:
                return shape
            if topic is Topic.BIRTH and form.kind is FormKind.CODE:
                continue
            if topic is Topic.BIRTH and form.digits > 8:
                continue
            if topic is Topic.POSTCODE and form.digits > 6:
                continue
            if topic is Topic.PHONE and topic in late and not topics and form.digits < 5:
                continue
            if form.kind is FormKind.CODE and kind in _LETTERED:
                least = min(least, 2)
            if form.digits >= least and _fits(kind, form):
                return kind, 0.96 if topic in topics and topic in _SPECIFIC else 0.75
    if not measured and (answer := _answered(form, asked)):
        return answer
    if shape and not (measured and form.digits < 9):
        return shape
    if {Topic.PHONE, Topic.NUMBER} & set(topics) and form.written.startswith("0"):
        return EntityType.PHONE_NUMBER, 0.6
    if not measured:
        if house_number_follows(reading, form) or house_number_asked(reading, form, asked):
            return EntityType.STREET_ADDRESS, 0.75
        near = previous and reading.dialogue.lines[form.first] - previous[0]
        if near is not None and near in {1, 2} and previous and alone(reading, form):
            return previous[1], 0.7
        if postcode := _postcode(reading, form):
            return postcode
    return _closed(reading, form, measured)


def _announced(reading: Reading, form: Form) -> list[Topic]:
    """Topics before the run, nearest first. `das jobticket mit der nummer`: a mere number gives
    way to what has one, unless the run begins as telephone numbers do."""
    topics = reading.dialogue.before(form.first)
    if form.written.startswith("0") or not _CODED & set(topics):
        return topics
    return [topic for topic in topics if topic is not Topic.NUMBER]


def _answered(form: Form, asked: frozenset[Topic]) -> tuple[EntityType, float] | None:
    """The type that a question in the turns before gives to this run."""
    most = {Topic.POSTCODE: 6, Topic.BIRTH: 8}
    least = {Topic.NUMBER: 3}
    for topic in sorted(asked, key=lambda each: (each is Topic.NUMBER, each.value)):
        if topic not in _TYPE_OF or form.digits > most.get(topic, 40):
            continue
        kind, usual = _TYPE_OF[topic]
        if form.digits >= max(2, min(least.get(topic, usual), 4)) and _fits(kind, form):
            specific = topic in _SPECIFIC and len(asked & _SPECIFIC) == 1
            # Asked long ago or not: what looks like a telephone number may be one.
            if topic is not Topic.PHONE and form.written.startswith("0") and form.digits > 9:
                specific = False
            return kind, 0.86 if specific else 0.75
    return None


def _fits(kind: EntityType, form: Form) -> bool:
    if kind is EntityType.LICENSE_PLATE:
        return form.kind is FormKind.CODE or form.digits >= 2
    single = len(form.atoms) == 1 and form.atoms[0].kind is AtomKind.VALUE
    return not single or kind in {EntityType.DATE_OF_BIRTH, EntityType.POSTCODE}


def _postcode(
    reading: Reading, form: Form, *, sure: bool = False
) -> tuple[EntityType, float] | None:
    """Five digits before a town or behind a street; where it need not be `sure`, also where an
    address is spoken of or a town stands before it."""
    if form.kind is not FormKind.NUMBER or form.digits != 5:
        return None
    tokens = reading.document.tokens
    at = form.last + 1
    while at < len(tokens) and tokens[at].low in {",", "in"}:
        at += 1
    town = at < len(tokens) and set("P" if sure else "Pp") & set(reading.flags(at))
    ended = {last for _, last, _, _ in reading.streets}
    if town or ended & set(range(form.first - 3, form.first)):
        return EntityType.POSTCODE, 0.9
    if sure:
        return None
    if {Topic.ADDRESS, Topic.POSTCODE} & {
        *reading.dialogue.before(form.first),
        *reading.dialogue.asked(form.first),
    }:
        return EntityType.POSTCODE, 0.8
    before = form.first - 1
    if before >= 0 and set("P") & set(reading.flags(before)):
        return EntityType.POSTCODE, 0.7
    return None


def _closed(reading: Reading, form: Form, measured: bool) -> tuple[EntityType, float] | None:
    """Runs nobody announced: what cannot be an amount is redacted."""
    single = len(form.atoms) == 1
    if form.kind is FormKind.CODE:
        return (EntityType.OTHER_ID, 0.5) if form.digits >= 4 and not measured else None
    if single and form.atoms[0].kind is AtomKind.VALUE:
        return None
    if measured and form.digits < 9:
        return None
    if single and form.written.endswith("000") and form.digits <= 8:
        return None
    if form.digits >= 7:
        return (EntityType.PHONE_NUMBER if form.digits <= 13 else EntityType.OTHER_ID), 0.6
    if priced(reading, form):
        return None
    if form.digits == 6:
        return EntityType.PHONE_NUMBER, 0.5
    if form.digits >= 5:
        return EntityType.OTHER_ID, 0.5
    said = [atom for atom in form.atoms if atom.kind is AtomKind.DIGIT]
    if form.digits >= 3 and form.written.startswith("0") and len(said) == len(form.atoms) > 1:
        return EntityType.PHONE_NUMBER, 0.5
    if form.digits == 4 and len(said) == 4 and form.last - form.first == 3:
        return EntityType.OTHER_ID, 0.45
    return None


def _spelled_kind(reading: Reading, form: Form) -> tuple[EntityType, float] | None:
    topics = reading.dialogue.before(form.first)
    if Topic.PLATE in topics or Topic.PLATE in reading.dialogue.asked(form.first):
        return EntityType.LICENSE_PLATE, 0.7
    if topics and topics[0] in {Topic.OTHER_ID, Topic.PASSPORT, Topic.ID_CARD, Topic.IBAN}:
        return _TYPE_OF[topics[0]][0], 0.6
    return None
