"""Rectify (Art. 16): what a pseudonym of one call stands for, with a trace that tells no value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pipeline.domain.call import Call
from pipeline.domain.errors import NotFound, UsageError
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.privacy import Vault
from pipeline.domain.rights import Rectification, Right
from pipeline.domain.transcript import RedactedTranscript
from pipeline.stages.annotate import annotate
from pipeline.stages.redact import annotated, to_json, vault_to_json
from pipeline.stages.subject_index import pseudonym_tokens
from pipeline.usecases.deck import Deck
from pipeline.usecases.open_sealed import sealed_anew
from pipeline.usecases.read_transcript import (
    open_vault,
    read_stored,
    require_stored,
    sealed_vault,
)
from pipeline.usecases.redaction_policy import read_policy
from pipeline.usecases.rights_requests import DONE, close_request, request_for
from pipeline.usecases.subject_index import index_secret

MAX_VALUE = 500


def rectify_subject(
    call_id: CallId,
    customer_id: CustomerId,
    pseudonym: str,
    value: str,
    deck: Deck,
    request_id: str | None = None,
) -> None:
    """From now on `pseudonym` stands for `value`, wherever it is restored; transcript and vault are
    sealed anew and the call is found by the new value. Raises `NotFound` where the call or the
    pseudonym is not there, `Conflict` where no vault was kept or the call changed meanwhile,
    `UsageError`."""
    if not value.strip() or len(value) > MAX_VALUE or not value.isprintable():
        raise UsageError(f"a value is one line of {MAX_VALUE} characters at most")
    call = require_stored(deck.calls.call(call_id, customer_id))
    customer = deck.calls.customer(call.customer_id)
    before = sealed_vault(call, deck)
    vault = open_vault(call, before, deck)
    if pseudonym not in {entry.pseudonym for entry in vault.entries}:
        raise NotFound("there is no such pseudonym in this call; nothing was rectified")
    after = _with_value(vault, pseudonym, value.strip())
    redacted = _renoted(call, after, pseudonym, deck)
    index = _index(vault, after, pseudonym, redacted.language, index_secret(customer, deck))

    def seal_and_store() -> None:
        owner, seal = deck.calls.customer(customer.id), deck.transcripts.seal
        change = Rectification(
            pseudonym,
            before,
            seal(owner, call.id, "transcript", to_json(redacted)),
            seal(owner, call.id, "vault", vault_to_json(after)),
            *index,
        )
        deck.subjects.rectify(call.id, change, deck.clock.now())

    request = request_for(Right.RECTIFY, customer.id, deck, request_id)
    sealed_anew(seal_and_store)
    close_request(request.id, DONE, deck, 1)


def _with_value(vault: Vault, pseudonym: str, value: str) -> Vault:
    return Vault(
        tuple(
            replace(entry, original=value) if entry.pseudonym == pseudonym else entry
            for entry in vault.entries
        )
    )


def _renoted(call: Call, vault: Vault, pseudonym: str, deck: Deck) -> RedactedTranscript:
    """The transcript with the link and the coarse value that the new value has, where the old one
    had some."""
    redacted = read_stored(call, deck)
    policy = read_policy(call.customer_id, deck)
    anew = annotate(redacted, vault, policy, call.received_at.date())

    def noted(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
        return {
            name: new.get(name, "") if name == pseudonym else value for name, value in old.items()
        }

    links = noted(redacted.links, anew.links)
    coarse = noted(redacted.generalised, anew.generalised)
    return annotated(redacted, _filled(links), _filled(coarse))


def _filled(notes: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in notes.items() if value}


def _index(
    before: Vault, after: Vault, pseudonym: str, language: str, secret: bytes
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tokens that go, those of the old value that nobody else in the call has, and all that
    must be there. What the push knew stays."""
    old = pseudonym_tokens(before, language, secret).get(pseudonym, frozenset())
    now = set().union(*pseudonym_tokens(after, language, secret).values())
    return tuple(sorted(old - now)), tuple(sorted(now))
