"""Transcripts and vaults: one data key each, wrapped by the customer's keys, and those by the
master keys. Destroying a customer's two wrapped keys closes all of its content at once."""

from __future__ import annotations

from pipeline.adapters.sealing.keys import Master, SealingKeys
from pipeline.adapters.sealing.primitives import DataKey, WrappingKey, bound_to
from pipeline.domain.call import Customer, Sealed
from pipeline.domain.errors import KeyDestroyed
from pipeline.domain.ids import CallId, CustomerId

_MASTERS = {
    "transcript": Master.CONTENT,
    "vault": Master.VAULT,
    "known": Master.VAULT,
    "lists": Master.VAULT,
}


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
        return Sealed(data_key.seal(content, bound_to(purpose, customer.id, call_id)), wrapped)

    def open(self, customer: Customer, call_id: CallId, purpose: str, sealed: Sealed) -> bytes:
        """See `TranscriptVault.open`."""
        data_key = self._customer_key(customer, purpose).unwrap(
            sealed.wrapped_key, bound_to(f"{purpose}_key", customer.id, call_id)
        )
        return data_key.open(sealed.ciphertext, bound_to(purpose, customer.id, call_id))

    def _customer_key(self, customer: Customer, purpose: str) -> WrappingKey:
        master = _MASTERS[purpose]
        wrapped = customer.wrapped_key if master is Master.CONTENT else customer.wrapped_vault_key
        if not wrapped:
            raise KeyDestroyed("the customer was closed and its keys destroyed")
        return self._keys.master_key(master).unwrap_wrapping(
            wrapped, _customer_bound(customer.id, master)
        )


def _customer_bound(customer_id: CustomerId, master: Master) -> bytes:
    return bound_to(f"customer_{master}", customer_id)
