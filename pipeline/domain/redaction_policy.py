"""How one customer's calls are redacted: what is kept, linked, shown coarsely, never or always
hidden."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from pipeline.domain.call import Sealed
from pipeline.domain.privacy import KnownParty


class ListName(StrEnum):
    """A customer's two lists: what is never and what is always redacted."""

    ALLOW = "allow"
    DENY = "deny"

    @property
    def other(self) -> ListName:
        """The other one."""
        return ListName.DENY if self is ListName.ALLOW else ListName.ALLOW


@dataclass(frozen=True, slots=True)
class RedactionPolicy:
    """What a customer chose. The defaults tell nothing beyond pseudonyms and keep a vault.

    Without `keep_vault` what the pseudonyms of a call stood for is gone for good. `link_callers`
    gives one person or number one link in all of the customer's calls, keyed by `link_secret`.
    `generalise` shows age groups and postcode areas. Values in `allow` are never redacted, those
    in `deny` always; where both hold, `deny` wins.
    """

    keep_vault: bool = True
    link_callers: bool = False
    generalise: bool = False
    allow: tuple[KnownParty, ...] = field(repr=False, default=())
    deny: tuple[KnownParty, ...] = field(repr=False, default=())
    link_secret: bytes = field(repr=False, default=b"")

    def __post_init__(self) -> None:
        if self.link_callers and not self.link_secret:
            raise ValueError("without a secret anybody could guess what a link stands for")

    def listed(self, name: ListName) -> tuple[KnownParty, ...]:
        """The values on one list."""
        return self.allow if name is ListName.ALLOW else self.deny

    def with_list(self, name: ListName, values: tuple[KnownParty, ...]) -> RedactionPolicy:
        """This policy with other `values` on one list."""
        if name is ListName.ALLOW:
            return replace(self, allow=values)
        return replace(self, deny=values)

    def changes(self, other: RedactionPolicy) -> tuple[str, ...]:
        """The names of the fields in which `other` differs; the secret is none of them."""
        pairs = {
            "keep_vault": (self.keep_vault, other.keep_vault),
            "link_callers": (self.link_callers, other.link_callers),
            "generalise": (self.generalise, other.generalise),
            "allow": (self.allow, other.allow),
            "deny": (self.deny, other.deny),
        }
        return tuple(name for name, (one, two) in pairs.items() if one != two)


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """A `RedactionPolicy` at rest: the flags in clear; lists and link secret, which are PII or
    guard it, in `sealed`, None where there are none."""

    keep_vault: bool = True
    link_callers: bool = False
    generalise: bool = False
    sealed: Sealed | None = None

    @property
    def content(self) -> tuple[bool, bool, bool, bytes | None]:
        """What a change changes, however its data key is wrapped."""
        ciphertext = self.sealed.ciphertext if self.sealed else None
        return self.keep_vault, self.link_callers, self.generalise, ciphertext
