"""Erasing a call: its transcript, its vault and all that leads to it; a tombstone is left, and a
notice for everybody to whom the transcript may have been delivered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    delete,
    insert,
    literal,
    or_,
    select,
    update,
)

from pipeline.adapters.database import deletions, endings
from pipeline.adapters.database.audit_log import append_event
from pipeline.adapters.database.tables import (
    Moment,
    calls,
    consent_claims,
    consent_quotes,
    legal_holds,
    outbox,
    subject_index,
    transcripts,
    vaults,
)
from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import CallStatus
from pipeline.domain.deletion import (
    ERASURE_OWED,
    DataClass,
    Deletion,
    HoldCheck,
    Method,
    Place,
    Trigger,
    new_deletion_id,
    trigger_of,
)
from pipeline.domain.errors import Held, NotFound
from pipeline.domain.ids import CallId, CustomerId

ERASED = "call_erased"
_CONTENT = (transcripts, vaults, consent_quotes, subject_index, consent_claims)


def erase(
    connection: Connection, call_id: CallId, reason: str, now: datetime, *, due: datetime
) -> bool:
    """Audio first, whatever a hold says; then the transcript. False where the call was erased
    before. Raises `NotFound`, and `Held` where a legal hold keeps the transcript: the caller must
    not roll the audio's end back, so look for holds first."""
    row = connection.execute(select(calls).where(calls.c.id == call_id).with_for_update()).first()
    if row is None:
        raise NotFound("there is no such call")
    if row.erased_at is not None:
        return False
    by_itself = trigger_of(reason) is Trigger.EXPIRED or reason == ERASURE_OWED
    if by_itself and row.restricted_at is not None:
        return False  # restricted since those that are due were listed
    if reason == ERASURE_OWED and row.erasure_owed_at is None:
        return False  # taken back since those that are owed were listed
    if held(connection, call_id, row.customer_id, now):
        raise Held("a legal hold keeps the transcript of this call: nothing was deleted")
    endings.without_audio(connection, call_id, reason, now)
    places = strip(connection, call_id, now)
    deletions.begin(connection, _deletion(row, trigger_of(reason), places, due, now))
    facts = {"reason": reason}
    append_event(connection, AuditEvent(ERASED, now, call_id, row.customer_id, facts))
    endings.announce(connection, ERASED, call_id, row.customer_id, now)
    return True


def erase_again(connection: Connection, call_id: CallId, at: datetime) -> list[Place]:
    """What `erase` did, in a database that does not know of it; the places. Nothing where the call
    is not here; one that is a tombstone is announced no second time."""
    columns = select(calls.c.customer_id, calls.c.erased_at).where(calls.c.id == call_id)
    row = connection.execute(columns).first()
    if row is None or row.erased_at is not None:
        return []
    places = strip(connection, call_id, at)
    endings.announce(connection, ERASED, call_id, row.customer_id, at)
    return places


def strip(connection: Connection, call_id: CallId, now: datetime) -> list[Place]:
    """Delete the content of a call and what was still to be delivered of it; a tombstone is
    left."""
    places = []
    for table in _CONTENT:
        gone = connection.execute(delete(table).where(table.c.call_id == call_id))
        if gone.rowcount:
            places.append(Place(f"database:{table.name}", Method.ROW_DELETED, now))
    connection.execute(
        delete(outbox).where(outbox.c.call_id == call_id, outbox.c.delivered_at.is_(None))
    )
    connection.execute(update(calls).where(calls.c.id == call_id).values(_stripped(now)))
    return places


def empty(connection: Connection, customer_id: CustomerId, now: datetime) -> list[Place]:
    """Delete the content of all calls of a customer whose keys are destroyed, and what was still
    to be delivered of them; tombstones are left, and a notice of each transcript that went."""
    own = select(calls.c.id).where(calls.c.customer_id == customer_id)
    places = []
    for table in _CONTENT:
        gone = connection.execute(delete(table).where(table.c.call_id.in_(own)))
        if gone.rowcount:
            places.append(
                Place(f"database:{table.name}", Method.ROW_DELETED, now, str(gone.rowcount))
            )
    _announce_all(connection, customer_id, now)
    connection.execute(
        update(calls)
        .where(calls.c.customer_id == customer_id, calls.c.erased_at.is_(None))
        .values(_stripped(now))
    )
    return places


def _announce_all(connection: Connection, customer_id: CustomerId, now: datetime) -> None:
    """Whether a transcript was delivered, nobody knows: notices of that are forgotten, and a copy
    of the database may be older."""
    connection.execute(
        delete(outbox).where(
            outbox.c.customer_id == customer_id,
            outbox.c.delivered_at.is_(None),
            outbox.c.name != ERASED,
        )
    )
    columns = (literal(ERASED), calls.c.id, calls.c.customer_id, literal(now, Moment()))
    stored = select(*columns).where(
        calls.c.customer_id == customer_id,
        calls.c.erased_at.is_(None),
        calls.c.status == CallStatus.STORED.value,
    )
    names = ["name", "call_id", "customer_id", "at"]
    connection.execute(insert(outbox).from_select(names, stored))


def any_hold(connection: Connection, customer_id: str, now: datetime) -> bool:
    """Whether any legal hold of the customer or of a call of it is in force."""
    query = select(legal_holds.c.id).where(legal_holds.c.customer_id == customer_id, in_force(now))
    return connection.execute(query.limit(1)).first() is not None


def held(connection: Connection, call_id: CallId, customer_id: str, now: datetime) -> bool:
    """Whether a legal hold of the call or of its customer is in force."""
    own = select(legal_holds.c.id).where(legal_holds.c.customer_id == customer_id, in_force(now))
    kept = (legal_holds.c.call_id.is_(None), legal_holds.c.call_id == call_id)
    queries = (own.where(each).limit(1) for each in kept)
    return any(connection.execute(query).first() is not None for query in queries)


def in_force(now: datetime) -> ColumnElement[bool]:
    """Of a row of `legal_holds`."""
    return and_(
        legal_holds.c.released_at.is_(None),
        or_(legal_holds.c.until.is_(None), legal_holds.c.until > now),
    )


def _stripped(now: datetime) -> dict[str, Any]:
    """What a tombstone has in its columns."""
    return {
        "erased_at": now,
        "language": None,
        "duration": None,
        "idempotency_hash": None,
        "transcript_until": None,
        "audio_until": None,
        "erasure_owed_at": None,
    }


def _deletion(
    row: Row[Any],
    trigger: Trigger,
    places: list[Place],
    due: datetime,
    now: datetime,
) -> Deletion:
    return Deletion(
        id=new_deletion_id(),
        data_class=DataClass.TRANSCRIPT,
        rule=str(DataClass.TRANSCRIPT),
        rule_version=row.rules_version,
        trigger=trigger,
        customer_id=CustomerId(row.customer_id),
        call_id=CallId(row.id),
        hold=HoldCheck.NONE,
        due=due,
        begun=now,
        places=tuple(places),
    )
