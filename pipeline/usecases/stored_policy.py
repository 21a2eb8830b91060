"""A redaction policy at rest: flags in clear, lists and link secret sealed with the vault key."""

from __future__ import annotations

import json

from pipeline.domain.call import Customer, Sealed
from pipeline.domain.ids import CallId
from pipeline.domain.privacy import EntityType, KnownParty
from pipeline.domain.redaction_policy import ListName, RedactionPolicy, StoredPolicy
from pipeline.ports import TranscriptVault

_PURPOSE = "lists"
_OF_NO_CALL = CallId("")


def open_policy(
    customer: Customer, stored: StoredPolicy, vault: TranscriptVault
) -> RedactionPolicy:
    """The policy in `stored`. Raises `SealBroken`, `KeyDestroyed`."""
    if stored.sealed is None:
        return RedactionPolicy(keep_vault=stored.keep_vault, generalise=stored.generalise)
    content = json.loads(vault.open(customer, _OF_NO_CALL, _PURPOSE, stored.sealed))
    secret = bytes.fromhex(content["link_secret"])
    return RedactionPolicy(
        stored.keep_vault,
        stored.link_callers and bool(secret),
        stored.generalise,
        _parties(content[ListName.ALLOW]),
        _parties(content[ListName.DENY]),
        secret,
    )


def store_policy(
    customer: Customer, policy: RedactionPolicy, vault: TranscriptVault
) -> StoredPolicy:
    """The policy at rest, sealed anew; nothing is sealed where there is neither list nor
    secret."""
    sealed: Sealed | None = None
    if policy.allow or policy.deny or policy.link_secret:
        content = {
            ListName.ALLOW: [[party.type, party.value] for party in policy.allow],
            ListName.DENY: [[party.type, party.value] for party in policy.deny],
            "link_secret": policy.link_secret.hex(),
        }
        sealed = vault.seal(customer, _OF_NO_CALL, _PURPOSE, json.dumps(content).encode())
    return StoredPolicy(policy.keep_vault, policy.link_callers, policy.generalise, sealed)


def _parties(items: list[list[str]]) -> tuple[KnownParty, ...]:
    return tuple(KnownParty(EntityType(kind), value) for kind, value in items)
