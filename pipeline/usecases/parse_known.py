"""Known parties as people and programs write them: strings, or objects with type and value."""

from __future__ import annotations

import json
import re
from typing import Any

from pipeline.domain.errors import UsageError
from pipeline.domain.privacy import EntityType, KnownParty

MAX_KNOWN = 100
MAX_CHARACTERS = 500


def parse_known_json(content: bytes) -> tuple[KnownParty, ...]:
    """The known parties in a JSON list. Raises `UsageError`, which never quotes them."""
    try:
        items = json.loads(content)
    except ValueError:
        raise UsageError("the known parties are not JSON") from None
    return parse_known(items)


def parse_known(items: Any) -> tuple[KnownParty, ...]:
    """Known parties from a list whose items are strings (the type is guessed) or objects with
    `type` and `value`. Raises `UsageError`, which never quotes them."""
    if not isinstance(items, list) or len(items) > MAX_KNOWN:
        raise UsageError(f"known must be a list of at most {MAX_KNOWN} items")
    return tuple(_party(item) for item in items)


def guessed_type(value: str) -> EntityType:
    """E-mail addresses, phone numbers and IBANs show their form; all else is a PERSON."""
    compact = re.sub(r"[\s()/.+-]", "", value)
    if "@" in value:
        return EntityType.EMAIL_ADDRESS
    if re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", compact):
        return EntityType.IBAN
    if compact.isdigit():
        return EntityType.PHONE_NUMBER if len(compact) >= 6 else EntityType.OTHER_ID
    return EntityType.PERSON


def _party(item: Any) -> KnownParty:
    if isinstance(item, str):
        kind, value = guessed_type(item), item
    elif isinstance(item, dict) and isinstance(item.get("value"), str):
        value = item["value"]
        kind = _entity_type(item["type"]) if "type" in item else guessed_type(value)
    else:
        raise UsageError('an item of known is neither a string nor {"type", "value"}')
    if not value.strip() or len(value) > MAX_CHARACTERS:
        raise UsageError(f"an item of known is blank or longer than {MAX_CHARACTERS} characters")
    return KnownParty(kind, value)


def _entity_type(name: Any) -> EntityType:
    try:
        return EntityType(name)
    except ValueError:
        raise UsageError("an item of known has a type that does not exist") from None
