"""Random values for every entity type, in the form of the value that they replace.

A frame such as `meine Nummer ist {{PHONE_NUMBER|null eins sieben}}` becomes many utterances: the
value is drawn anew, spoken where it was spoken and in figures where it was in figures.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from models.training.pii.internet import Internet
from models.training.pii.names import Names
from models.training.pii.numbers import Numbers
from models.training.pii.people import People


class Values:
    """Draws values of one language."""

    def __init__(self, language: str, dice: Random, names: Names) -> None:
        people = People(language, dice, names)
        numbers = Numbers(language, dice, names)
        internet = Internet(language, dice, names)
        self._makers: dict[str, Callable[[str], str]] = {
            "PERSON": people.person,
            "LOCATION": people.place,
            "STREET_ADDRESS": people.street,
            "ORGANIZATION": people.firm,
            "POSTCODE": numbers.postcode,
            "PHONE_NUMBER": numbers.phone,
            "DATE_OF_BIRTH": numbers.birth,
            "LICENSE_PLATE": numbers.plate,
            "IBAN": numbers.iban,
            "CREDIT_CARD": numbers.card,
            "TAX_ID": numbers.tax,
            "SOCIAL_SECURITY": numbers.social,
            "ID_CARD": numbers.identity_card,
            "PASSPORT": numbers.passport,
            "OTHER_ID": numbers.other,
            "EMAIL_ADDRESS": internet.email,
            "URL": internet.url,
        }

    def value(self, kind: str, like: str) -> str:
        """A new value of `kind` in the form of `like`; fragments keep about its length."""
        return self._makers[kind](like)
