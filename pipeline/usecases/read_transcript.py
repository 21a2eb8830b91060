"""Read what a call left: its redacted transcript, and, audited, what the pseudonyms stood for."""

from __future__ import annotations

from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Call, CallStatus, Sealed
from pipeline.domain.errors import Conflict, NotFound, Restricted
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.privacy import Vault
from pipeline.domain.transcript import RedactedTranscript
from pipeline.stages.redact import from_json, restore, vault_from_json
from pipeline.usecases.deck import Deck
from pipeline.usecases.open_sealed import open_sealed


def read_transcript(
    call_id: CallId, deck: Deck, customer_id: CustomerId | None = None
) -> RedactedTranscript:
    """The stored transcript. Raises `NotFound` (also for another customer's call), `Conflict`
    where there is none yet or never will be, `Restricted` where a data subject wanted it not to be
    shown, `KeyDestroyed` where the customer was closed."""
    return read_stored(require_shown(deck.calls.call(call_id, customer_id)), deck)


def read_stored(call: Call, deck: Deck) -> RedactedTranscript:
    """The transcript of a stored call, restricted or not: for the rights desk, which shows it to
    nobody but the data subject."""
    return from_json(
        open_sealed(
            call.customer_id, call.id, "transcript", lambda: deck.calls.transcript(call.id), deck
        )
    )


def reveal_transcript(
    call_id: CallId, deck: Deck, actor: str
) -> tuple[RedactedTranscript, tuple[str, ...]]:
    """The transcript and the restored text of each segment. That `actor` (a role such as
    `operator`, never a person's name) looked is in the audit log before anything is opened.
    Raises as `read_transcript`; `Conflict` also where no vault was kept."""
    redacted = read_transcript(call_id, deck)
    call = deck.calls.call(call_id)
    sealed = sealed_vault(call, deck)
    deck.audit.append(
        AuditEvent(
            "transcript_revealed", deck.clock.now(), call.id, call.customer_id, {"actor": actor}
        )
    )
    return redacted, restore(redacted, open_vault(call, sealed, deck))


def read_vault(call: Call, deck: Deck) -> Vault:
    """What re-identifies `call`. Whoever shows originals goes through `reveal_transcript`. Raises
    `Conflict` where it was not kept."""
    return open_vault(call, sealed_vault(call, deck), deck)


def sealed_vault(call: Call, deck: Deck) -> Sealed:
    """What `open_vault` opens. Raises `Conflict` where it was not kept."""
    try:
        return deck.calls.vault(call.id)
    except NotFound:
        raise Conflict(
            "no vault was kept of this call, as its customer wanted: nobody can tell what its "
            "pseudonyms stood for"
        ) from None


def open_vault(call: Call, sealed: Sealed, deck: Deck) -> Vault:
    """Raises `SealBroken`, `KeyDestroyed`."""
    first = iter((sealed,))

    def read() -> Sealed:
        return next(first, None) or sealed_vault(call, deck)

    return vault_from_json(open_sealed(call.customer_id, call.id, "vault", read, deck))


def require_shown(call: Call) -> Call:
    """`call`, if it is stored and may be shown. Raises `Restricted`, and as `require_stored`."""
    if require_stored(call).erasure_owed_at is not None:
        raise Restricted(
            "a data subject wants this call erased, and a legal hold stands against it: it is kept"
            " until that ends, and not shown; an export, which the audit log tells of, has it for"
            " whoever needs it for the claim"
        )
    if call.restricted_at is not None:
        raise Restricted(
            "a data subject restricted the processing of this call: it is kept and not shown"
        )
    return call


def require_stored(call: Call) -> Call:
    """`call`, if it is stored. Raises `Conflict` where it is not yet, or never will be."""
    if call.status is CallStatus.ERASED:
        raise Conflict("the call was erased: nothing of it can be read by anybody any more")
    if call.status is CallStatus.FAILED:
        raise Conflict(f"the call failed ({call.failure}); it has no transcript, its audio is gone")
    if call.status is not CallStatus.STORED:
        raise Conflict(f"the call is still {call.status}; its transcript comes later")
    return call
