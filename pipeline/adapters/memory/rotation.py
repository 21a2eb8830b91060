"""The half of the in-memory `CallRepository` that rotates keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from pipeline.adapters.memory.customers import MemoryCustomers
from pipeline.adapters.memory.register import MemoryConsentRegister
from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Customer, Sealed
from pipeline.domain.errors import Conflict
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.keys import WrappedKey

_ORDER = (
    "redaction_policies",
    "index_secrets",
    "known_parties",
    "transcripts",
    "vaults",
    "consent_quotes",
)
_RESULTS = {"transcript": "transcripts", "vault": "vaults"}
_OF_NO_CALL = CallId("")
_Swap = Callable[[Sealed], object]


class MemoryKeyRotation(MemoryCustomers):
    """See `CallRepository` for every method."""

    consents: MemoryConsentRegister
    _entries: dict[CallId, Any]

    def replace_customer_keys(self, before: Customer, after: Customer, event: AuditEvent) -> None:
        """Raises `NotFound`, `Conflict`."""
        now = self._open_account(before.id)
        held = (now.wrapped_key, now.wrapped_vault_key)
        if held != (before.wrapped_key, before.wrapped_vault_key):
            raise Conflict("the customer's keys were replaced just now; nothing was changed")
        self._customers[before.id] = replace(
            now,
            wrapped_key=after.wrapped_key,
            wrapped_vault_key=after.wrapped_vault_key,
            key_version=after.key_version,
            keys_made_at=after.keys_made_at,
        )
        self.audit.append(event)

    def wrapped_keys(
        self, customer_id: CustomerId, after: WrappedKey | None = None, limit: int = 500
    ) -> tuple[WrappedKey, ...]:
        """By place, then by row."""
        keys = sorted((key for key, _, _ in self._all_sealed(customer_id)), key=_position)
        if after is not None:
            keys = [key for key in keys if _position(key) > _position(after)]
        return tuple(keys[:limit])

    def rewrap_keys(self, customer_id: CustomerId, keys: Sequence[tuple[WrappedKey, bytes]]) -> int:
        """A row that went, or was sealed anew, is left alone."""
        wanted, replaced = dict(keys), 0
        for key, sealed, swap in list(self._all_sealed(customer_id)):
            if key in wanted:
                swap(replace(sealed, wrapped_key=wanted[key]))
                replaced += 1
        return replaced

    def _all_sealed(self, customer_id: CustomerId) -> Iterator[tuple[WrappedKey, Sealed, _Swap]]:
        """Everything of the customer, with how to put another in its place."""
        policy, secret = self._policies.get(customer_id), self.index_secrets.get(customer_id)
        if policy is not None and policy.sealed is not None:
            key = _key("redaction_policies", customer_id, "lists", policy.sealed)
            yield key, policy.sealed, partial(self._put_policy, customer_id)
        if secret is not None:
            key = _key("index_secrets", customer_id, "index", secret)
            yield key, secret, partial(self.index_secrets.__setitem__, customer_id)
        for call_id, entry in self._entries.items():
            if entry.call.customer_id != customer_id:
                continue
            if entry.known is not None:
                key = _key("known_parties", call_id, "known", entry.known, call_id)
                yield key, entry.known, partial(setattr, entry, "known")
            for purpose, sealed in list(entry.results.items()):
                key = _key(_RESULTS[purpose], call_id, purpose, sealed, call_id)
                yield key, sealed, partial(entry.results.__setitem__, purpose)
        for position, entry, quote in self.consents.all_quotes():
            if entry.customer_id == customer_id:
                key = _key("consent_quotes", str(position), "quote", quote, entry.call_id)
                yield key, quote, partial(self.consents.put_quote, position)

    def _put_policy(self, customer_id: CustomerId, sealed: Sealed) -> None:
        self._policies[customer_id] = replace(self._policies[customer_id], sealed=sealed)


def _key(
    place: str, row: str, purpose: str, sealed: Sealed, call_id: CallId = _OF_NO_CALL
) -> WrappedKey:
    return WrappedKey(place, row, purpose, call_id, sealed.wrapped_key)


def _position(key: WrappedKey) -> tuple[int, int, str]:
    number = int(key.row) if key.place == "consent_quotes" else 0
    return _ORDER.index(key.place), number, key.row
