"""A call as plain JSON values: the one shape that the API and `deckname calls --json` show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pipeline.domain.call import Call
from pipeline.domain.consent import ConsentClaim, ConsentEntry, last_of
from pipeline.ports import ConsentRegister


def describe_call(call: Call, register: ConsentRegister) -> dict[str, Any]:
    """Everything the database knows about `call`; times are ISO 8601 in UTC, durations seconds.
    `act` of a consent that its push claimed is what `register` says of it by now."""
    entries = register.of_call(call.id) if call.consents else ()
    return {
        "id": call.id,
        "customer": call.customer_id,
        "status": str(call.status),
        "received_at": _iso(call.received_at),
        "finished_at": _iso(call.finished_at),
        "language": call.language,
        "layout": str(call.layout),
        "origin": str(call.origin),
        "priority": call.priority,
        "duration": call.duration,
        "audio": str(call.audio),
        "audio_until": _iso(call.audio_until),
        "consents": [_described(claim, entries) for claim in call.consents],
        "restricted_at": _iso(call.restricted_at),
        "objected_at": _iso(call.objected_at),
        "erasure_owed_at": _iso(call.erasure_owed_at),
        "erased_at": _iso(call.erased_at),
        "attempts": call.attempts,
        "failure": call.failure,
    }


def _described(claim: ConsentClaim, entries: Sequence[ConsentEntry]) -> dict[str, Any]:
    last = last_of(entries, claim.purpose)
    return {
        "purpose": str(claim.purpose),
        "duration": None if claim.duration is None else claim.duration.total_seconds(),
        "act": None if last is None else str(last.act),
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
