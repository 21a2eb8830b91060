"""Consents, and what data subjects may ask for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from pipeline.domain.call import Sealed
from pipeline.domain.consent import ConsentEntry
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.rights import LegalHold, Rectification, RightsRequest


class ConsentRegister(Protocol):
    """Who consented to what, when, how we know. Append-only."""

    def record(self, entry: ConsentEntry, quote: Sealed | None = None) -> bool:
        """Add `entry` with its sealed quote, if there is one, and an audit event; it ends no audio,
        see `CallRepository.withdraw`. False, and nothing was added, where `entry` withdraws what
        was withdrawn before (see `withdrawn_before`). Raises `Conflict` where it is a consent and
        the call is to be erased."""
        ...

    def of_call(self, call_id: CallId) -> tuple[ConsentEntry, ...]:
        """In the order in which they were recorded."""
        ...

    def quotes(self, call_id: CallId) -> tuple[Sealed | None, ...]:
        """The sealed quote of each entry of `of_call`; None where there is none, or none any
        more."""
        ...


class LegalHolds(Protocol):
    """What keeps transcripts from expiry and erasure, and customers from being closed."""

    def place(self, hold: LegalHold, tell: Callable[[], object] | None = None) -> None:
        """From now on, with an audit event; `tell` runs inside the transaction. Raises `NotFound`
        where the customer has no such call, `Conflict` where the customer is closed or the call
        erased; then nobody was told."""
        ...

    def release(
        self,
        hold_id: str,
        by: str,
        now: datetime,
        tell: Callable[[LegalHold], object] | None = None,
    ) -> LegalHold:
        """End it, with an audit event; `tell` gets it inside the transaction. Raises `NotFound`,
        `Conflict` where that was done before; then nobody was told."""
        ...

    def of(
        self, customer_id: CustomerId, call_id: CallId | None, now: datetime
    ) -> tuple[LegalHold, ...]:
        """Those in force that keep the call; where `call_id` is None those that keep the customer
        from being closed: its own and those of its calls."""
        ...

    def in_force(self, now: datetime) -> tuple[LegalHold, ...]:
        """All, oldest first."""
        ...


class SubjectIndex(Protocol):
    """Keyed hashes of numbers, addresses and names, by which the rights desk finds calls."""

    def secret(self, customer_id: CustomerId) -> Sealed | None:
        """The sealed key of the customer's index; None where there is none yet."""
        ...

    def keep_secret(self, customer_id: CustomerId, secret: Sealed) -> Sealed:
        """The key that is kept: the first one wins. Raises `NotFound`, `Conflict` where the
        customer is closed."""
        ...

    def find(self, customer_id: CustomerId, token: str) -> tuple[CallId, ...]:
        """The customer's calls that have `token`, newest first."""
        ...

    def tokens(self, call_id: CallId) -> tuple[str, ...]:
        """All of one call, sorted."""
        ...

    def count(self, customer_id: CustomerId) -> int:
        """How many calls of the customer were not erased, indexed or not."""
        ...

    def waiting(self, customer_id: CustomerId) -> int:
        """How many calls of the customer wait for their transcript: nobody is found in them yet."""
        ...

    def rectify(self, call_id: CallId, change: Rectification, now: datetime) -> None:
        """Put the new transcript, vault and tokens in place of the old ones, with an audit event.
        Raises `NotFound`, `Conflict` where the vault is another than `change.before` by now."""
        ...


class RightsRequests(Protocol):
    """Requests of data subjects, each with its clock."""

    def open(
        self, request: RightsRequest, now: datetime, tell: Callable[[], object] | None = None
    ) -> None:
        """Add it, with an audit event; `tell` runs inside the transaction. Raises `NotFound` for
        an unknown customer, `Conflict` for a closed one; then nobody was told."""
        ...

    def close(
        self,
        request_id: str,
        outcome: str,
        calls: int,
        now: datetime,
        tell: Callable[[RightsRequest], object] | None = None,
    ) -> RightsRequest:
        """With an audit event; `tell` gets it inside the transaction. Raises `NotFound`,
        `Conflict` where it was closed before; then nobody was told."""
        ...

    def request(self, request_id: str) -> RightsRequest:
        """Raises `NotFound`."""
        ...

    def requests(
        self, customer_id: CustomerId | None = None, open_only: bool = False
    ) -> tuple[RightsRequest, ...]:
        """Soonest due first."""
        ...


class SecondKey(Protocol):
    """The hash of the erasure key: who holds the key confirms unusually large erasures."""

    def digest(self) -> str | None:
        """None where no key was issued yet."""
        ...

    def replace(self, digest: str) -> None:
        """The old key confirms nothing any more. Durable when it returns."""
        ...
