"""Gather what the papers say: facts of the installation, rules of customers, counts and ages."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pipeline.domain.call import Customer
from pipeline.domain.errors import NotFound, SealBroken
from pipeline.domain.ids import CANARY, CustomerId
from pipeline.domain.processing import CustomerFacts, Installation, KeyFacts, Processing, Stock
from pipeline.domain.retention import day_key_end
from pipeline.usecases.deck import Deck


def describe_processing(
    installation: Installation,
    deck: Deck,
    only: CustomerId | None = None,
    findings: int | None = None,
) -> Processing:
    """All customers, or `only` one, and then no number tells of another. `findings` is what the
    verifier had, None where it was not asked. Raises `NotFound`."""
    now = deck.clock.now()
    census = deck.census.take()
    chosen = _chosen(only, deck)
    entries, whole = _audit(deck)
    return Processing(
        at=now,
        installation=installation,
        schema=census.schema,
        customers=tuple(
            _facts(customer, census.stocks.get(customer.id, Stock()), deck, now)
            for customer in chosen
        ),
        keys=_keys(deck, now),
        audit_entries=entries if only is None else None,
        audit_whole=whole,
        findings=findings,
        only=only,
    )


def _chosen(only: CustomerId | None, deck: Deck) -> tuple[Customer, ...]:
    """The verifier's canary is no controller, and its calls are about nobody."""
    if only == CANARY:
        raise NotFound(f"{CANARY} is the verifier's own and no customer: no paper is about it")
    if only is not None:
        return (deck.calls.customer(only),)
    return tuple(each for each in deck.calls.customers() if each.id != CANARY)


def _facts(customer: Customer, stock: Stock, deck: Deck, now: datetime) -> CustomerFacts:
    still_open = customer.closed_at is None
    requests = deck.rights.requests(customer.id, open_only=True)
    return CustomerFacts(
        id=customer.id,
        name=customer.name,
        since=customer.created_at,
        closed=customer.closed_at,
        retention=deck.calls.retention_policy(customer.id) if still_open else None,
        redaction=deck.calls.redaction_policy(customer.id) if still_open else None,
        stock=replace(
            stock,
            holds=len(deck.holds.of(customer.id, None, now)),
            requests=len(requests),
            overdue=sum(request.overdue(now, deck.policy.zone) for request in requests),
        ),
    )


def _audit(deck: Deck) -> tuple[int | None, bool]:
    """A broken chain is a fact for the papers, not the end of them."""
    try:
        return deck.audit.verify(), True
    except SealBroken:
        return None, False


def _keys(deck: Deck, now: datetime) -> KeyFacts:
    days = sorted(deck.keys.day_keys())
    ends = [day_key_end(day) for day in days]
    return KeyFacts(
        masters=deck.keys.master_keys(),
        days=len(days),
        oldest_day=days[0] if days else None,
        next_end=min(ends, default=None),
        overdue=sum(end <= now for end in ends),
        retention=len(deck.keys.retention_ends()),
        signer=deck.signer.key_id,
    )
