"""Write into the deletion ledger what the database knows and the ledger lacks: the way out where
the ledger was lost. What was deleted after the backup that a restored database came from is in
neither, and nobody can tell it any more."""

from __future__ import annotations

from datetime import datetime, timedelta

from pipeline.domain.audit import AuditEvent
from pipeline.domain.consent import ConsentAct
from pipeline.domain.deletion import LedgerEntry, deletion_of
from pipeline.domain.ledger import (
    Kind,
    answer_told,
    api_key_told,
    consent_told,
    deleted_told,
    hold_told,
    mark_told,
    receipt_told,
    remade_told,
    request_told,
    retention_told,
)
from pipeline.domain.retention_policy import RetentionPolicy
from pipeline.usecases.deck import Deck

_ALL = 1_000_000_000
_INSTANT = timedelta(microseconds=1)


def remake_ledger(deck: Deck) -> int:
    """How many entries were added. Raises `SealBroken` where the ledger that is there was altered:
    move it away first."""
    known = {entry.id for entry in deck.ledger.entries()}
    now = deck.clock.now()
    told = [*_receipts(deck), *map(deleted_told, deck.deletions.pending(_ALL))]
    told += [*_consents(deck), *_marks(deck)]
    told += [hold_told(hold) for hold in deck.holds.in_force(now)]
    told += [*_requests(deck), *_rules(now, deck)]
    added = [entry for entry in told if entry.id not in known]
    for entry in (*_another(now, deck), *added):
        deck.ledger.append(entry)
    facts = {"entries": len(added)}
    deck.audit.append(AuditEvent("ledger_remade", now, facts=facts))
    return len(added)


def _another(now: datetime, deck: Deck) -> list[LedgerEntry]:
    """Where the mark of the database is not that of this ledger, a word that it need not be: the
    next start would take it for proof that this one was cut."""
    reached = deck.replay.replayed_to()
    if reached is None or deck.ledger.holds(reached[0]):
        return []
    return [remade_told(max(now, reached[1] + _INSTANT))]


def _receipts(deck: Deck) -> list[LedgerEntry]:
    receipts = reversed(deck.deletions.receipts(limit=_ALL))
    return [
        receipt_told(deletion, receipt, deletion.begun)
        for receipt in receipts
        for deletion in [deletion_of(receipt)]
    ]


def _consents(deck: Deck) -> list[LedgerEntry]:
    """Refusals and withdrawals; what was given needs no ledger."""
    return [
        consent_told(entry)
        for call in deck.calls.calls(limit=_ALL)
        for entry in deck.consents.of_call(call.id)
        if entry.act in (ConsentAct.REFUSED, ConsentAct.WITHDRAWN)
    ]


def _marks(deck: Deck) -> list[LedgerEntry]:
    told = []
    for call in deck.calls.calls(limit=_ALL):
        if call.restricted_at is not None:
            told.append(mark_told(Kind.RESTRICT, call.id, call.customer_id, call.restricted_at))
        if call.objected_at is not None:
            told.append(mark_told(Kind.OBJECT, call.id, call.customer_id, call.objected_at))
        if call.erasure_owed_at is not None:
            told.append(mark_told(Kind.OWE, call.id, call.customer_id, call.erasure_owed_at))
    return told


def _requests(deck: Deck) -> list[LedgerEntry]:
    told = []
    for request in deck.rights.requests():
        told.append(request_told(request))
        if request.closed_at is not None:
            told.append(answer_told(request, request.closed_at))
    return told


def _rules(now: datetime, deck: Deck) -> list[LedgerEntry]:
    """Retention rules that were set, and API keys, of the customers that are not closed."""
    told = []
    for customer in deck.calls.customers():
        key_hash = deck.calls.key_hash(customer.id)
        if key_hash is None:
            continue
        policy = deck.calls.retention_policy(customer.id)
        if policy != RetentionPolicy():
            told.append(retention_told(customer.id, policy, now))
        told.append(api_key_told(customer.id, key_hash, now))
    return told
