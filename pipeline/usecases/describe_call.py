"""A call as plain JSON values: the one shape that the API and `deckname calls --json` show."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pipeline.domain.call import Call


def describe_call(call: Call) -> dict[str, Any]:
    """Everything the database knows about `call`; times are ISO 8601 in UTC, durations seconds."""
    return {
        "id": call.id,
        "customer": call.customer_id,
        "status": str(call.status),
        "received_at": _iso(call.received_at),
        "finished_at": _iso(call.finished_at),
        "language": call.language,
        "layout": str(call.layout),
        "duration": call.duration,
        "audio": str(call.audio),
        "audio_until": _iso(call.audio_until),
        "consents": [
            {
                "purpose": str(claim.purpose),
                "duration": None if claim.duration is None else claim.duration.total_seconds(),
            }
            for claim in call.consents
        ],
        "restricted_at": _iso(call.restricted_at),
        "objected_at": _iso(call.objected_at),
        "erased_at": _iso(call.erased_at),
        "attempts": call.attempts,
        "failure": call.failure,
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
