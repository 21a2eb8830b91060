"""The erasure key: a second person's yes to an unusually large erasure (decision 10)."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field

from pipeline.domain.audit import AuditEvent
from pipeline.domain.errors import AccessDenied, Conflict
from pipeline.domain.rights import needs_second_key
from pipeline.formats.counts import counted
from pipeline.usecases.customers import hash_of
from pipeline.usecases.deck import Deck
from pipeline.usecases.rights_requests import require_role

KEY_PREFIX = "erase_"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The role of the second person, how many calls that person read off, and the key."""

    by: str
    calls: int
    key: str = field(repr=False)


def issue_erasure_key(deck: Deck) -> str:
    """A fresh key, shown once and stored as its hash; the one before confirms nothing more."""
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    deck.audit.append(AuditEvent("erasure_key_issued", deck.clock.now()))
    deck.second_key.replace(hash_of(key))
    return key


def require_confirmed(
    erased: int, of: int, confirmation: Confirmation | None, deck: Deck
) -> str | None:
    """The role that confirmed; None where nobody had to. Raises `Conflict` where somebody has to
    and nobody did, or where another number was confirmed, `AccessDenied` for a wrong key."""
    if not needs_second_key(erased, of):
        return None
    if confirmation is None:
        raise Conflict(
            f"this would erase {erased} of {of} calls; nothing was erased: a second person confirms"
            f" with --confirm-by ROLE --calls {erased} and the key of `deckname keys erasure`"
        )
    role = require_role(confirmation.by)
    digest = deck.second_key.digest()
    if digest is None or not hmac.compare_digest(digest, hash_of(confirmation.key)):
        raise AccessDenied("the second key is not the erasure key; nothing was erased")
    if confirmation.calls != erased:
        raise Conflict(
            f"{counted(confirmation.calls, 'call')} confirmed, but {erased} match; nothing was "
            "erased"
        )
    return role
