"""Read what a call left: its redacted transcript, and, audited, what the pseudonyms stood for."""

from __future__ import annotations

from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Call, CallStatus, Sealed
from pipeline.domain.errors import Conflict, NotFound
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.privacy import Vault
from pipeline.domain.transcript import RedactedTranscript
from pipeline.stages.redact import from_json, restore, vault_from_json
from pipeline.usecases.deck import Deck


def read_transcript(
    call_id: CallId, deck: Deck, customer_id: CustomerId | None = None
) -> RedactedTranscript:
    """The stored transcript. Raises `NotFound` (also for another customer's call), `Conflict`
    where there is none yet or never will be, `KeyDestroyed` where the customer was closed."""
    call = require_stored(deck.calls.call(call_id, customer_id))
    customer = deck.calls.customer(call.customer_id)
    sealed = deck.calls.transcript(call.id)
    return from_json(deck.transcripts.open(customer, call.id, "transcript", sealed))


def reveal_transcript(
    call_id: CallId, deck: Deck, actor: str
) -> tuple[RedactedTranscript, tuple[str, ...]]:
    """The transcript and the restored text of each segment. That `actor` (a role such as
    `operator`, never a person's name) looked is in the audit log before anything is opened.
    Raises as `read_transcript`; `Conflict` also where no vault was kept."""
    redacted = read_transcript(call_id, deck)
    call = deck.calls.call(call_id)
    sealed = _sealed_vault(call, deck)
    deck.audit.append(
        AuditEvent(
            "transcript_revealed", deck.clock.now(), call.id, call.customer_id, {"actor": actor}
        )
    )
    return redacted, restore(redacted, _opened(call, sealed, deck))


def read_vault(call: Call, deck: Deck) -> Vault:
    """What re-identifies `call`. Whoever shows originals goes through `reveal_transcript`. Raises
    `Conflict` where it was not kept."""
    return _opened(call, _sealed_vault(call, deck), deck)


def _sealed_vault(call: Call, deck: Deck) -> Sealed:
    try:
        return deck.calls.vault(call.id)
    except NotFound:
        raise Conflict(
            "no vault was kept of this call, as its customer wanted: nobody can tell what its "
            "pseudonyms stood for"
        ) from None


def _opened(call: Call, sealed: Sealed, deck: Deck) -> Vault:
    customer = deck.calls.customer(call.customer_id)
    return vault_from_json(deck.transcripts.open(customer, call.id, "vault", sealed))


def require_stored(call: Call) -> Call:
    """`call`, if it is stored. Raises `Conflict` where it is not yet, or never will be."""
    if call.status is CallStatus.ERASED:
        raise Conflict("the call was erased: nothing of it can be read by anybody any more")
    if call.status is CallStatus.FAILED:
        raise Conflict(f"the call failed ({call.failure}); it has no transcript, its audio is gone")
    if call.status is not CallStatus.STORED:
        raise Conflict(f"the call is still {call.status}; its transcript comes later")
    return call
