"""A data subject as the rights desk looks for one, and why a call was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.domain.call import Call


class Why(StrEnum):
    """Why a call matches. By the last name alone nobody is certain: many have the same."""

    CALL_ID = "call_id"
    CUSTOMER = "customer"
    PHONE_NUMBER = "phone_number"
    EMAIL_ADDRESS = "email_address"
    FULL_NAME = "full_name"
    LAST_NAME = "last_name"
    NAME_PART = "name_part"
    SOUNDS_ALIKE = "sounds_alike"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of somebody; calls match where any of it does."""

    phone: str | None = field(repr=False, default=None)
    email: str | None = field(repr=False, default=None)
    name: str | None = field(repr=False, default=None)

    def __bool__(self) -> bool:
        return any((self.phone, self.email, self.name))


@dataclass(frozen=True, slots=True)
class Sought:
    """A token to look up. What is found by an uncertain one is shown and never acted upon."""

    why: Why
    certain: bool
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Match:
    """A call that was found, and why; where it is certain, only what makes it so."""

    call: Call
    why: tuple[Why, ...]
    certain: bool
