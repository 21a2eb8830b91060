"""A store whose keys are in memory with it."""

from __future__ import annotations

import secrets

from pipeline.domain.errors import KeysElsewhere


class MemoryStoreMark:
    """See `StoreMark` for every method."""

    def __init__(self) -> None:
        self._id: str | None = None
        self._others = 0

    def id(self) -> str | None:
        """None before the first `tie`."""
        return self._id

    def check(self) -> None:
        """Raises `KeysElsewhere` before the first `tie`."""
        if self._id is None:
            raise KeysElsewhere("this store was not tied to its keys yet: nothing was changed")

    def keys_in_use(self) -> bool:
        """Never: no other store's keys can be here."""
        return False

    def tie(self) -> None:
        """A new mark where there is none."""
        if self._id is None:
            self.renew()

    def renew(self) -> None:
        """Another one; the one before is that of another store from now on."""
        self._others += self._id is not None
        self._id = f"store_{secrets.token_hex(16)}"

    def others(self) -> int:
        """As many as were renewed."""
        return self._others

    def forget_others(self) -> int:
        """None is left."""
        gone, self._others = self._others, 0
        return gone
