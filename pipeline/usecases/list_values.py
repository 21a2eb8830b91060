"""Values for a customer's lists, as people type them."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.domain.errors import UsageError
from pipeline.domain.privacy import EntityType, KnownParty
from pipeline.domain.redaction_policy import ListName
from pipeline.stages.identities import fold
from pipeline.stages.normal_form import digits_of, words
from pipeline.usecases.parse_known import MAX_CHARACTERS, guessed_type

_SHORTEST_WORD = 3
_FEWEST_DIGITS = 4


def parse_values(
    values: Sequence[str], name: ListName, type_name: str | None = None
) -> tuple[KnownParty, ...]:
    """Parties for the list `name`, all of the type `type_name`, or each of the type it looks like.
    Raises `UsageError`, which never quotes them."""
    kind = None if type_name is None else _type(type_name)
    for value in values:
        if not value.strip() or len(value) > MAX_CHARACTERS:
            raise UsageError(f"a value is blank or longer than {MAX_CHARACTERS} characters")
        if name is ListName.DENY and not _can_be_found(value):
            # Said aloud it would be any syllable; who denies it must not think that it is hidden.
            raise UsageError(
                f"a value is too short to be found: it needs a word of {_SHORTEST_WORD} letters "
                f"or {_FEWEST_DIGITS} digits"
            )
    return tuple(KnownParty(kind or guessed_type(value), value.strip()) for value in values)


def _type(name: str) -> EntityType:
    try:
        return EntityType(name.strip().upper())
    except ValueError:
        raise UsageError(f"there is no such type; there are: {', '.join(EntityType)}") from None


def _can_be_found(value: str) -> bool:
    said = words(fold(value))
    letters = any(len(word) >= _SHORTEST_WORD and not word.isdecimal() for word in said)
    return letters or len(digits_of(value)) >= _FEWEST_DIGITS or "@" in value
