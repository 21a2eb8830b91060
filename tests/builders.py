"""Values the store's tests are made of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from pipeline.domain.call import Call, CallStatus, Claim, Customer, Intake, Outcome, Sealed
from pipeline.domain.consent import ConsentClaim
from pipeline.domain.ids import CallId, CustomerId, new_call_id
from pipeline.domain.recording import AudioState, RetainedKey, SealedRecording
from pipeline.domain.retention import day_of
from pipeline.ports import CallRepository

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
LEASE = timedelta(minutes=2)
ACME = CustomerId("acme")


def customer(customer_id: str = ACME, keys: tuple[bytes, bytes] = (b"k1", b"k2")) -> Customer:
    return Customer(CustomerId(customer_id), "Acme Immobilien", NOON, *keys)


def call(
    customer_id: str = ACME,
    received_at: datetime = NOON,
    consents: Iterable[ConsentClaim] = (),
    call_id: CallId | None = None,
) -> Call:
    return Call(
        call_id or new_call_id(),
        CustomerId(customer_id),
        CallStatus.RECEIVED,
        received_at,
        AudioState.SEALED,
        consents=tuple(consents),
    )


def recording(of: Call) -> SealedRecording:
    return SealedRecording(of.id, 12, day_of(of.received_at), b"wrapped-" + of.id.encode())


def outcome(retained: RetainedKey | None = None, vault: bool = True) -> Outcome:
    return Outcome(
        language="de",
        duration=3.5,
        transcript=Sealed(b"transcript", b"key-t"),
        vault=Sealed(b"vault", b"key-v") if vault else None,
        pseudonym_counts=(("PERSON", 2), ("PHONE_NUMBER", 1)),
        retained=retained,
    )


def push(
    calls: CallRepository,
    new: Call | None = None,
    idempotency_key: str | None = None,
    known: Sealed | None = None,
) -> Call:
    new = new or call()
    intake = Intake(new.customer_id, idempotency_key=idempotency_key)
    return calls.add_call(new, intake, recording(new), known)


def claim_one(calls: CallRepository, call_id: CallId, now: datetime = NOON) -> Claim:
    (claim,) = calls.claim([call_id], "worker-1", now, LEASE)
    return claim
