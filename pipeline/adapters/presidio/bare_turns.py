"""Turns that are little else than a number: fragments, echoes, answers."""

from __future__ import annotations

from models.names import word_set
from pipeline.adapters.presidio.dialogue import Topic
from pipeline.adapters.presidio.reading import Reading
from pipeline.stages.spoken_forms import Form, TokenKind

_SMALL_TALK = word_set(
    """
    aeh aehm hm ja genau und dann die der das hinten vorne am ende richtig okay ok noch mal
    also so stimmt nein doch bitte yes yeah and then the at end that's right uh um no sorry
    is ist wie
    """
)


def house_number_follows(reading: Reading, form: Form) -> bool:
    """A turn that is a short number, just after a turn that named a street without one."""
    lines = reading.dialogue.lines
    if form.digits > 4 or not alone(reading, form, 1):
        return False
    return any(
        number > last and 1 <= lines[form.first] - lines[last] <= 2
        for _, last, number, _ in reading.streets
    )


def house_number_asked(reading: Reading, form: Form, asked: frozenset[Topic]) -> bool:
    """A turn that is a short number where an address and no other number was asked for."""
    others = {Topic.PHONE, Topic.NUMBER, Topic.POSTCODE, Topic.BIRTH} & asked
    short = form.digits <= 4 and not form.written.startswith("0")
    return Topic.ADDRESS in asked and not others and short and alone(reading, form, 1)


def alone(reading: Reading, form: Form, least: int = 2) -> bool:
    """Whether a turn is little else than this run: a fragment or an echo."""
    line = reading.dialogue.lines[form.first]
    tokens = reading.document.tokens
    others = 0
    for step, at in ((-1, form.first - 1), (1, form.last + 1)):
        while 0 <= at < len(tokens) and reading.dialogue.lines[at] == line:
            others += tokens[at].kind is TokenKind.WORD and tokens[at].low not in _SMALL_TALK
            at += step
            if others > 6:
                return False
    return form.digits >= least and others <= 3
