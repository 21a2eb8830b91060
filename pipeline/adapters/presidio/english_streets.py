"""English streets: `12 Baker Street`, `eighty eight to ninety Lavender Hill`, `Elm Road 7`."""

from __future__ import annotations

from models.names import word_set
from pipeline.adapters.presidio.german_streets import NOT_BEFORE
from pipeline.adapters.presidio.house_numbers import Street, addressed, house_number
from pipeline.adapters.presidio.reading import Reading
from pipeline.stages.spoken_forms import Form, FormKind, TokenKind

ENGLISH = word_set(
    """
    street road avenue lane drive close court place way square terrace crescent gardens
    boulevard grove hill mews park row walk st rd ave blvd ln dr parkway highway green rise
    gate yard circle alley
    """
)
_SURE_ENGLISH = word_set(
    """
    street road avenue lane boulevard crescent terrace mews ave rd
    """
)
#: and behind a number those that are no measure of anything (`five minutes' walk`, `two car drive`)
_SURE_BEHIND_NUMBER = _SURE_ENGLISH | word_set(
    """
    row grove gardens boulevard parkway alley square circle st ln
    """
)


def english(reading: Reading, index: int, floor: int) -> Street | None:
    """The street whose ending is token `index`; it begins behind token `floor`."""
    tokens = reading.document.tokens
    first = index
    while first - 1 > floor and index - first < 3:
        before = tokens[first - 1]
        if before.kind is not TokenKind.WORD or before.low in NOT_BEFORE:
            break
        if first - 1 in reading.form_at:
            break
        first -= 1
    form = reading.form_at.get(first - 1) if first - 1 > floor else None
    numbered = form is not None and reading.document.forms[form].kind in {
        FormKind.NUMBER,
        FormKind.CODE,
    }
    if first == index:
        return None
    if numbered and form is not None:
        number = _range_start(reading, reading.document.forms[form])
        if (
            tokens[index].low in _SURE_BEHIND_NUMBER
            or _capital(reading, first, index)
            or addressed(reading, index)
        ):
            return number, index, number, 0.9
        return None
    behind, last = house_number(reading, index)
    if last > index and tokens[behind - 1].low in {"number", "nr"}:
        return first, last, behind, 0.8
    capital = _capital(reading, first, index)
    if tokens[index].low not in _SURE_ENGLISH:
        return None
    if capital:
        while not tokens[first].text[:1].isupper():
            first += 1
    else:
        first = max(first, index - 1)
    if not capital and ("C" in reading.flags(first) and not addressed(reading, index)):
        return None
    return first, index, index + 1, 0.7


def _range_start(reading: Reading, form: Form) -> int:
    """First token of `form`, or of the number before it in `eighty eight to ninety`."""
    tokens, at = reading.document.tokens, form.first - 1
    if at > 0 and tokens[at].low in {"to", "and", "-"} and at - 1 in reading.form_at:
        before = reading.document.forms[reading.form_at[at - 1]]
        if before.kind is FormKind.NUMBER and before.digits < 5:
            return before.first
    return form.first


def _capital(reading: Reading, first: int, index: int) -> bool:
    tokens = reading.document.tokens
    return tokens[index].text[:1].isupper() and tokens[index - 1].text[:1].isupper()
