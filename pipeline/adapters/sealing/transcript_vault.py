"""Transcripts and vaults: one data key each, wrapped by the customer's keys, and those by the
master keys. Destroying a customer's two wrapped keys closes all of its content at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from pipeline.adapters.sealing.keys import Master, SealingKeys
from pipeline.adapters.sealing.primitives import DataKey, WrappingKey, bound_to
from pipeline.domain.call import Customer, Sealed
from pipeline.domain.errors import KeyDestroyed, WrongKey, WrongMasterKey
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.keys import WrappedKey

_MASTERS = {
    "transcript": Master.CONTENT,
    "vault": Master.VAULT,
    "known": Master.VAULT,
    "lists": Master.VAULT,
    "index": Master.VAULT,
    "quote": Master.CONTENT,
}
_NOT_THESE = (
    "the {} master key at hand is not the one that the customers' keys are wrapped by: set "
    "DECKNAME_MASTER_KEY, or put back `content` and `vault` of DECKNAME_KEYS, as they were; where "
    "it was replaced, set DECKNAME_OTHER_MASTER_KEY to the one before; everything was kept"
)


class TinkTranscriptVault:
    """A `TranscriptVault`."""

    def __init__(self, keys: SealingKeys) -> None:
        self._keys = keys

    def new_customer_keys(self, customer_id: CustomerId) -> tuple[bytes, bytes]:
        """See `TranscriptVault.new_customer_keys`."""
        content, vault = (
            self._keys.make_master_key(master).wrap(
                WrappingKey.new(), _customer_bound(customer_id, master)
            )
            for master in (Master.CONTENT, Master.VAULT)
        )
        return content, vault

    def seal(self, customer: Customer, call_id: CallId, purpose: str, content: bytes) -> Sealed:
        """See `TranscriptVault.seal`. Raises `KeyDestroyed` for a closed customer."""
        data_key = DataKey.new()
        wrapped = self._customer_key(customer, purpose).wrap(
            data_key, bound_to(f"{purpose}_key", customer.id, call_id)
        )
        ciphertext = data_key.seal(content, bound_to(purpose, customer.id, call_id))
        return Sealed(ciphertext, wrapped, customer.key_version)

    def open(self, customer: Customer, call_id: CallId, purpose: str, sealed: Sealed) -> bytes:
        """See `TranscriptVault.open`."""
        data_key = self._customer_key(customer, purpose).unwrap(
            sealed.wrapped_key, bound_to(f"{purpose}_key", customer.id, call_id)
        )
        return data_key.open(sealed.ciphertext, bound_to(purpose, customer.id, call_id))

    def key_versions(self, customer: Customer) -> int:
        """See `TranscriptVault.key_versions`."""
        return self._customer_keys(customer)[Master.CONTENT].versions

    def rewrapped(self, customer: Customer) -> Customer:
        """See `TranscriptVault.rewrapped`. Keys that are wrapped by the present master keys are
        opened all the same: a rotation ends only where everything opens."""
        keys = self._customer_keys(customer)
        present = ((self._keys.master_key(each), _wrapped_by(customer, each)) for each in Master)
        if all(master.wrapped(wrapped) for master, wrapped in present):
            return customer
        return self._wrapped(customer, keys)

    def with_new_keys(self, customer: Customer, at: datetime) -> Customer:
        """See `TranscriptVault.with_new_keys`."""
        keys = {master: key.succeeded() for master, key in self._customer_keys(customer).items()}
        version = customer.key_version + 1
        return replace(self._wrapped(customer, keys), key_version=version, keys_made_at=at)

    def without_old_keys(self, customer: Customer) -> Customer:
        """See `TranscriptVault.without_old_keys`."""
        keys = {master: key.alone() for master, key in self._customer_keys(customer).items()}
        return self._wrapped(customer, keys)

    def rewrap(
        self, customer: Customer, keys: Sequence[WrappedKey]
    ) -> tuple[tuple[WrappedKey, bytes | None], ...]:
        """See `TranscriptVault.rewrap`."""
        own = self._customer_keys(customer)
        wrapping = [(key, own[_MASTERS[key.purpose]]) for key in keys]
        stale = [(key, by) for key, by in wrapping if not by.wrapped(key.wrapped)]
        return tuple((key, _rewrapped(customer.id, key, by)) for key, by in stale)

    def _customer_key(self, customer: Customer, purpose: str) -> WrappingKey:
        return self._opened(customer, _MASTERS[purpose])

    def _customer_keys(self, customer: Customer) -> dict[Master, WrappingKey]:
        return {master: self._opened(customer, master) for master in Master}

    def _opened(self, customer: Customer, master: Master) -> WrappingKey:
        wrapped = _wrapped_by(customer, master)
        if not wrapped:
            raise KeyDestroyed("the customer was closed and its keys destroyed")
        key = self._keys.master_key(master)  # a damaged file says so itself
        try:
            return key.unwrap_wrapping(wrapped, _customer_bound(customer.id, master))
        except WrongKey:
            raise WrongMasterKey(_NOT_THESE.format(master)) from None

    def _wrapped(self, customer: Customer, keys: dict[Master, WrappingKey]) -> Customer:
        content, vault = (
            self._keys.master_key(master).wrap(key, _customer_bound(customer.id, master))
            for master, key in keys.items()
        )
        return replace(customer, wrapped_key=content, wrapped_vault_key=vault)


def _rewrapped(customer_id: CustomerId, key: WrappedKey, by: WrappingKey) -> bytes | None:
    bound = bound_to(f"{key.purpose}_key", customer_id, key.call_id)
    try:
        return by.wrap(by.unwrap(key.wrapped, bound), bound)
    except WrongKey:
        return None


def _wrapped_by(customer: Customer, master: Master) -> bytes:
    return customer.wrapped_key if master is Master.CONTENT else customer.wrapped_vault_key


def _customer_bound(customer_id: CustomerId, master: Master) -> bytes:
    return bound_to(f"customer_{master}", customer_id)
