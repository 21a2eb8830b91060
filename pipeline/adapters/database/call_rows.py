"""Rows to calls and back, inside an open transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, insert, select

from pipeline.adapters.database.tables import audio_keys, calls, consent_claims
from pipeline.domain.call import Call, CallStatus, ChannelLayout
from pipeline.domain.consent import ConsentClaim, Purpose
from pipeline.domain.errors import NotFound
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.recording import AudioState, RetainedKey, SealedRecording
from pipeline.domain.retention import day_key_end
from pipeline.domain.retention_policy import Origin, UnsupportedConsent

_STATES = {"day": AudioState.SEALED, "retained": AudioState.RETAINED}

ID_BATCH = 500
"""Ids in one statement; SQLite binds 32,766 variables at most, PostgreSQL 65,535."""


def select_calls(*conditions: ColumnElement[bool]) -> Select[Any]:
    """Calls with the kind of their audio key, None where they have none."""
    return (
        select(calls, audio_keys.c.kind.label("audio_kind"))
        .outerjoin(audio_keys, audio_keys.c.call_id == calls.c.id)
        .where(*conditions)
    )


def read_calls(connection: Connection, query: Select[Any]) -> tuple[Call, ...]:
    """The calls of a `select_calls` query, in its order."""
    rows = connection.execute(query).all()
    claims = _claims(connection, [row.id for row in rows])
    return tuple(_call(row, claims.get(row.id, ())) for row in rows)


def read_call(connection: Connection, call_id: CallId, *conditions: ColumnElement[bool]) -> Call:
    """Raises `NotFound`."""
    found = read_calls(connection, select_calls(calls.c.id == call_id, *conditions))
    if not found:
        raise NotFound("there is no such call")
    return found[0]


def insert_call(connection: Connection, call: Call, idempotency_hash: str | None) -> None:
    """A new call in status `received`, with its consent claims."""
    connection.execute(
        insert(calls).values(
            id=call.id,
            customer_id=call.customer_id,
            status=CallStatus.RECEIVED.value,
            received_at=call.received_at,
            queued_at=call.received_at,
            audio_until=call.audio_until,
            language=call.language,
            layout=call.layout.value,
            duration=call.duration,
            attempts=0,
            token=0,
            idempotency_hash=idempotency_hash,
            origin=call.origin.value,
            rules_version=call.rules_version,
            unsupported=call.unsupported.value,
            priority=call.priority,
            transcript_until=call.transcript_until,
        )
    )
    for position, claim in enumerate(call.consents):
        seconds = None if claim.duration is None else claim.duration.total_seconds()
        connection.execute(
            insert(consent_claims).values(
                call_id=call.id,
                position=position,
                purpose=claim.purpose.value,
                duration_seconds=seconds,
            )
        )


def insert_audio_key(
    connection: Connection, call_id: CallId, key: SealedRecording | RetainedKey
) -> None:
    """The only row that lets the recording be opened."""
    values: dict[str, Any] = {"call_id": call_id, "wrapped_key": key.wrapped_key}
    if isinstance(key, SealedRecording):
        values |= {"kind": "day", "until": day_key_end(key.day)}
        values |= {"blob": key.blob, "size": key.size, "day": key.day}
    else:
        values |= {"kind": "retained", "until": key.until, "key_name": key.key_name}
    connection.execute(insert(audio_keys).values(values))


def audio_key(row: Row[Any]) -> SealedRecording | RetainedKey:
    """What `insert_audio_key` stored."""
    if row.kind == "day":
        return SealedRecording(row.blob, row.size, row.day, row.wrapped_key)
    return RetainedKey(row.key_name, row.until, row.wrapped_key)


def _claims(connection: Connection, call_ids: Sequence[str]) -> dict[str, tuple[ConsentClaim, ...]]:
    claims: dict[str, tuple[ConsentClaim, ...]] = {}
    for at in range(0, len(call_ids), ID_BATCH):
        query = (
            select(consent_claims)
            .where(consent_claims.c.call_id.in_(call_ids[at : at + ID_BATCH]))
            .order_by(consent_claims.c.call_id, consent_claims.c.position)
        )
        for row in connection.execute(query):
            seconds = row.duration_seconds
            duration = None if seconds is None else timedelta(seconds=seconds)
            claim = ConsentClaim(Purpose(row.purpose), duration)
            claims[row.call_id] = (*claims.get(row.call_id, ()), claim)
    return claims


def _call(row: Row[Any], consents: tuple[ConsentClaim, ...]) -> Call:
    return Call(
        id=CallId(row.id),
        customer_id=CustomerId(row.customer_id),
        status=CallStatus(row.status) if row.erased_at is None else CallStatus.ERASED,
        received_at=row.received_at,
        audio=_STATES.get(row.audio_kind, AudioState.DESTROYED),
        language=row.language,
        layout=ChannelLayout(row.layout),
        consents=consents,
        duration=row.duration,
        finished_at=row.finished_at,
        audio_until=row.audio_until,
        attempts=row.attempts,
        failure=row.failure,
        origin=Origin(row.origin),
        rules_version=row.rules_version,
        unsupported=UnsupportedConsent(row.unsupported),
        priority=row.priority,
        transcript_until=row.transcript_until,
        restricted_at=row.restricted_at,
        objected_at=row.objected_at,
        erasure_owed_at=row.erasure_owed_at,
        erased_at=row.erased_at,
    )
