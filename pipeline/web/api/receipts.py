"""Receipts of what was deleted of a call."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from pipeline.domain.ids import CallId
from pipeline.usecases.receipts import handed_out, list_receipts
from pipeline.web.access import CustomerOf, DeckOfCustomer

router = APIRouter(prefix="/v1/calls", tags=["calls"])


@router.get("/{call_id}/receipts")
def show_receipts(
    call_id: str,
    customer: CustomerOf,
    deck: DeckOfCustomer,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """Signed receipts of the call's deletions, newest first. Each verifies offline: `document` is
    what `signature` (Ed25519, base64) signs, `key` names the key pair."""
    found = list_receipts(deck, customer.id, CallId(call_id), limit)
    return {"receipts": [handed_out(receipt) for receipt in found]}
