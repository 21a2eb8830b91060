"""House numbers, and whether an address is what the conversation is about."""

from __future__ import annotations

from pipeline.adapters.presidio.dialogue import Topic
from pipeline.adapters.presidio.reading import Reading
from pipeline.stages.spoken_forms import Form, FormKind

Street = tuple[int, int, int, float]
"""First token, last token, first house-number token or last + 1, score."""


def house_number(reading: Reading, index: int) -> tuple[int, int]:
    """First and last token of the house number behind token `index`; last is `index` where there
    is none."""
    document = reading.document
    tokens = document.tokens
    at = index + 1
    while at < len(tokens) and tokens[at].low in {".", "nummer", "hausnummer", "nr", ",", "number"}:
        if tokens[at].text == "," and not (
            at + 1 < len(tokens) and tokens[at + 1].low in {"nummer", "hausnummer", "nr"}
        ):
            return index + 1, index
        at += 1
        if at - index > 4:
            return index + 1, index
    number = reading.form_at.get(at)
    if number is None:
        return index + 1, index
    form = document.forms[number]
    if form.kind not in {FormKind.NUMBER, FormKind.CODE} or form.first != at or _is_postcode(form):
        return index + 1, index
    return at, _last_of_number(reading, number)


def _is_postcode(form: Form) -> bool:
    """`neun sechs vier fünf null` or `07743` behind a street or a town: no house number."""
    single = all(len(atom.text) == 1 for atom in form.atoms) or len(form.atoms) == 1
    return form.kind is FormKind.NUMBER and (
        (form.written.startswith("0") and form.digits > 3) or (form.digits == 5 and single)
    )


def _last_of_number(reading: Reading, number: int) -> int:
    """Up to three or four digits and a letter; what follows is a postcode or a phone number."""
    document = reading.document
    form = document.forms[number]
    digits = ""
    last = form.first
    # In one breath, `zwölf fünf null sechs sechs sieben`: the last five are the postcode.
    most = form.digits - 5 if 6 <= form.digits <= 9 else 4
    for atom in form.atoms:
        gap = document.tokens[last + 1 : atom.first]
        if digits and any(token.text == "," for token in gap):
            break
        if len(digits) + len(atom.text) > most and digits and atom.text.isdecimal():
            break
        if digits and atom.text.isdecimal() and len(atom.text) >= 4:
            break
        if digits and not atom.text.isdecimal():
            return atom.last
        digits += atom.text
        last = atom.last
    following = last + 1
    tokens = document.tokens
    if (
        following < len(tokens)
        and tokens[following].low in {*"abcdefgh"}
        and following not in reading.form_at
    ):
        return following
    return last


def addressed(reading: Reading, index: int) -> bool:
    """Whether an address was announced, asked for, or is named right after."""
    dialogue = reading.dialogue
    topics = {Topic.ADDRESS, Topic.POSTCODE}
    return bool(
        topics & set(dialogue.before(index))
        or topics & set(dialogue.after(index, 12))
        or topics & dialogue.asked(index)
    )
