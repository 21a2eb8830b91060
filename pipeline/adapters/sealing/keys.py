"""What the vaults need from a key store, beyond the port that the use cases see."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pipeline.adapters.sealing.primitives import WrappingKey


class Master(StrEnum):
    """Two master keys, in folders of their own: one person need not hold both."""

    CONTENT = "content"
    VAULT = "vault"


class SealingKeys(Protocol):
    """Finds, makes and destroys wrapping keys."""

    def sealing_key(self, received_at: datetime) -> tuple[str, WrappingKey]:
        """The ISO date and key of the day of `received_at`, made on first use. Never a day in
        the future: its key would outlive the cap. Raises `KeyDestroyed` for a day past its
        end."""
        ...

    def opening_key(self, day: str) -> WrappingKey:
        """Raises `KeyDestroyed`, also past the day's end where the key still lies there."""
        ...

    def new_retention_key(self, until: datetime) -> tuple[str, WrappingKey]:
        """A fresh key and its opaque name; it is destroyed at `until`."""
        ...

    def retention_key(self, name: str) -> WrappingKey:
        """Raises `KeyDestroyed`, also past its end where the key still lies there."""
        ...

    def destroy_retention_key(self, name: str) -> bool:
        """False where it was gone already."""
        ...

    def make_master_key(self, master: Master) -> WrappingKey:
        """The master key, made on first use."""
        ...

    def master_key(self, master: Master) -> WrappingKey:
        """Raises `KeyDestroyed`: opening never makes a key that can open nothing."""
        ...
