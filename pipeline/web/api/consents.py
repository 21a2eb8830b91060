"""Consents of a call: the register, and the way out."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from pipeline.domain.consent import ConsentSource, Purpose
from pipeline.domain.ids import CallId
from pipeline.domain.rights import withheld_since
from pipeline.usecases.read_consents import described, read_consents
from pipeline.usecases.record_consent import withdraw_consent
from pipeline.web.access import CustomerOf, DeckOfCustomer

router = APIRouter(prefix="/v1/calls", tags=["consents"])


@router.get("/{call_id}/consents")
def show_consents(call_id: str, customer: CustomerOf, deck: DeckOfCustomer) -> dict[str, Any]:
    """Who consented to what, how we know, and the redacted words it rests on; without the words
    while the call is restricted (`restricted_at`), or only a legal hold stands against its
    erasure."""
    call = deck.calls.call(CallId(call_id), customer.id)
    found = read_consents(call.id, deck, customer.id)
    withheld = withheld_since(call)
    since = None if withheld is None else withheld.isoformat()
    consents = [described(entry, quote) for entry, quote in found]
    return {"consents": consents, "restricted_at": since}


@router.post("/{call_id}/consents/{purpose}/withdrawal", status_code=204)
def withdraw(
    call_id: str, purpose: Purpose, customer: CustomerOf, deck: DeckOfCustomer
) -> Response:
    """Withdraw a consent, at once: audio that it kept can be opened by nobody any more."""
    call = deck.calls.call(CallId(call_id), customer.id)
    withdraw_consent(call.id, purpose, deck, ConsentSource.PORTAL)
    return Response(status_code=204)
