"""How a call ends, each time inside one open transaction: stored, failed, or without audio.

Nothing here commits. Whoever reads `store` sees the whole of promise 1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from pipeline.adapters.database import deletions
from pipeline.adapters.database.audit_log import append_event
from pipeline.adapters.database.call_rows import insert_audio_key
from pipeline.adapters.database.fences import check_sealed
from pipeline.adapters.database.register import add_entry, entries_of, insert_entry
from pipeline.adapters.database.tables import (
    audio_keys,
    calls,
    known_parties,
    outbox,
    subject_index,
    transcripts,
    vaults,
)
from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import CallStatus, Claim, Outcome
from pipeline.domain.consent import ConsentAct, ConsentEntry, Purpose, last_of, taken_back
from pipeline.domain.deletion import (
    CONSENT_WITHDRAWN,
    ERASED_ON_REQUEST,
    DataClass,
    Deletion,
    HoldCheck,
    Method,
    Place,
    Trigger,
    new_deletion_id,
    trigger_of,
)
from pipeline.domain.errors import LeaseLost, NotFound
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.recording import RetainedKey

_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}(?::[a-z][a-z0-9_]{0,38})?\Z")
_UNFINISHED = (CallStatus.RECEIVED.value, CallStatus.PROCESSING.value)


def check_code(code: str) -> str:
    """Raises `ValueError` for anything but a snake_case code: no sentence gets into the log."""
    if not _CODE.match(code):
        raise ValueError("a failure code is snake_case, with at most one `:reason`")
    return code


def update_claimed(connection: Connection, claim: Claim, **values: Any) -> None:
    """Change the call if `claim` still holds. Raises `LeaseLost`."""
    changed = connection.execute(
        update(calls)
        .where(
            calls.c.id == claim.call.id,
            calls.c.token == claim.token,
            calls.c.status == CallStatus.PROCESSING.value,
        )
        .values(values)
    )
    if changed.rowcount != 1:
        raise LeaseLost("another worker holds the call, or it has ended: nothing was changed")


def store(connection: Connection, claim: Claim, outcome: Outcome, now: datetime) -> None:
    """Transcript and vault in, audio key out (or re-wrapped under consent), both told of."""
    call_id, customer_id = claim.call.id, claim.call.customer_id
    update_claimed(
        connection,
        claim,
        status=CallStatus.STORED.value,
        finished_at=now,
        language=outcome.language,
        duration=outcome.duration,
        audio_until=None,
        lease_owner=None,
        lease_until=None,
    )
    check_sealed(connection, customer_id, outcome.transcript, outcome.vault)
    connection.execute(
        insert(transcripts).values(
            call_id=call_id,
            ciphertext=outcome.transcript.ciphertext,
            wrapped_key=outcome.transcript.wrapped_key,
            pseudonym_counts=json.dumps(dict(outcome.pseudonym_counts)),
            stored_at=now,
        )
    )
    if outcome.vault is not None:
        connection.execute(
            insert(vaults).values(
                call_id=call_id,
                ciphertext=outcome.vault.ciphertext,
                wrapped_key=outcome.vault.wrapped_key,
            )
        )
    registered = entries_of(connection, call_id)
    against = _against_keeping(connection, call_id, registered)
    retained = _end_of_audio(connection, call_id, outcome, now, against)
    for entry, quote in outcome.consents:
        given = entry.act is ConsentAct.GIVEN
        if not (given and taken_back(registered, entry.purpose)):
            insert_entry(connection, entry, quote)
    for token in dict.fromkeys(outcome.index):
        connection.execute(
            insert(subject_index).values(call_id=call_id, token=token, customer_id=customer_id)
        )
    facts = {
        "audio": "retained" if retained else "destroyed",
        "token": claim.token,
        "pseudonyms": sum(count for _, count in outcome.pseudonym_counts),
    }
    append_event(connection, AuditEvent("call_stored", now, call_id, customer_id, facts))
    announce(connection, "call_stored", call_id, customer_id, now)


def _against_keeping(
    connection: Connection, call_id: CallId, registered: Sequence[ConsentEntry]
) -> Trigger | None:
    """What happened while the worker was at it, so that no consent keeps the audio."""
    if taken_back(registered, Purpose.AUDIO_RETENTION):
        return Trigger.WITHDRAWAL
    owed = connection.scalar(select(calls.c.erasure_owed_at).where(calls.c.id == call_id))
    return None if owed is None else Trigger.REQUEST


def _end_of_audio(
    connection: Connection,
    call_id: CallId,
    outcome: Outcome,
    now: datetime,
    against: Trigger | None,
) -> RetainedKey | None:
    """Destroy the audio key, or put the consent's own in its place; one that nothing keeps any more
    goes with the deletion."""
    retained = outcome.retained
    if retained is None:
        drop_audio(connection, call_id, outcome.trigger, now)
        return None
    connection.execute(delete(audio_keys).where(audio_keys.c.call_id == call_id))
    insert_audio_key(connection, call_id, retained)
    if against is not None:
        drop_audio(connection, call_id, against, now)
        return None
    drop_known(connection, call_id)
    connection.execute(
        update(calls).where(calls.c.id == call_id).values(audio_until=retained.until)
    )
    return retained


def fail(connection: Connection, claim: Claim, code: str, now: datetime) -> None:
    """Status `failed`, the audio key gone."""
    update_claimed(connection, claim, **_failed(code, now))
    _after_failure(connection, claim.call.id, claim.call.customer_id, code, Trigger.FAILURE, now)


def without_audio(connection: Connection, call_id: CallId, reason: str, now: datetime) -> None:
    """Destroy the audio key whatever the status; an unfinished call fails with `reason`.
    Raises `NotFound`."""
    row = connection.execute(
        select(calls.c.status, calls.c.customer_id).where(calls.c.id == call_id).with_for_update()
    ).first()
    if row is None:
        raise NotFound("there is no such call")
    if row.status in _UNFINISHED:
        connection.execute(update(calls).where(calls.c.id == call_id).values(_failed(reason, now)))
        _after_failure(connection, call_id, row.customer_id, reason, trigger_of(reason), now)
    elif drop_audio(connection, call_id, trigger_of(reason), now):
        connection.execute(update(calls).where(calls.c.id == call_id).values(audio_until=None))
        event = AuditEvent("audio_destroyed", now, call_id, row.customer_id, {"reason": reason})
        append_event(connection, event)


def withdraw(
    connection: Connection, entry: ConsentEntry, now: datetime, tell: Callable[[], object]
) -> bool:
    """Enter a withdrawal, and destroy audio that is kept against it, in one transaction: nobody
    can open it between the two. False where the register said so before. An unfinished call is
    left: whoever processes it reads the register. Raises `NotFound`."""
    query = select(calls.c.status).where(calls.c.id == entry.call_id)
    status = connection.scalar(query.with_for_update())
    if status is None:
        raise NotFound("there is no such call")
    new = add_entry(connection, entry)
    if entry.purpose is Purpose.AUDIO_RETENTION and status not in _UNFINISHED:
        without_audio(connection, entry.call_id, CONSENT_WITHDRAWN, now)
    if new:
        tell()
    return new


def end_consent(connection: Connection, withdrawal: ConsentEntry, now: datetime) -> bool:
    """With an erasure that a legal hold stands against ends what a consent keeps: audio that is
    kept, and of an unfinished call, whose audio its transcript is still made of, the consent.
    Whether `withdrawal` was entered."""
    call_id = withdrawal.call_id
    status = connection.scalar(select(calls.c.status).where(calls.c.id == call_id))
    if status not in _UNFINISHED:
        without_audio(connection, call_id, ERASED_ON_REQUEST, now)
        return False
    last = last_of(entries_of(connection, call_id), withdrawal.purpose)
    if last is None or last.act is not ConsentAct.GIVEN:
        return False
    insert_entry(connection, withdrawal, None)
    return True


def drop_audio(connection: Connection, call_id: CallId, trigger: Trigger, now: datetime) -> bool:
    """Destroy the audio key and begin the deletion that removes the rest; False where there was
    none. What the push knew goes with it."""
    query = (
        select(audio_keys, calls.c.customer_id, calls.c.rules_version)
        .join(calls, calls.c.id == audio_keys.c.call_id)
        .where(audio_keys.c.call_id == call_id)
    )
    row = connection.execute(query).first()
    known = drop_known(connection, call_id)
    if row is None:
        return False
    connection.execute(delete(audio_keys).where(audio_keys.c.call_id == call_id))
    places = [Place("database:audio_keys", Method.KEY_DESTROYED, now)]
    if known:
        places.append(Place("database:known_parties", Method.ROW_DELETED, now))
    retained = row.kind == "retained"
    data_class = DataClass.RETAINED_AUDIO if retained else DataClass.RAW_AUDIO
    over = trigger in (Trigger.CAP, Trigger.CONSENT_OVER)
    deletions.begin(
        connection,
        Deletion(
            id=new_deletion_id(),
            data_class=data_class,
            rule=str(data_class),
            rule_version=row.rules_version,
            trigger=trigger,
            customer_id=CustomerId(row.customer_id),
            call_id=call_id,
            hold=HoldCheck.NOT_APPLICABLE,
            due=min(row.until, now) if over else now,
            begun=now,
            places=tuple(places),
            key_name=row.key_name,
        ),
    )
    return True


def drop_known(connection: Connection, call_id: CallId) -> bool:
    """What the push knew is of no use to an ended call; False where it knew nothing."""
    gone = connection.execute(delete(known_parties).where(known_parties.c.call_id == call_id))
    return gone.rowcount > 0


def _failed(code: str, now: datetime) -> dict[str, Any]:
    return {
        "status": CallStatus.FAILED.value,
        "finished_at": now,
        "failure": code,
        "audio_until": None,
        "lease_owner": None,
        "lease_until": None,
    }


def _after_failure(
    connection: Connection,
    call_id: CallId,
    customer_id: str,
    code: str,
    trigger: Trigger,
    now: datetime,
) -> None:
    drop_audio(connection, call_id, trigger, now)
    facts = {"code": code, "audio": "destroyed"}
    append_event(connection, AuditEvent("call_failed", now, call_id, customer_id, facts))
    announce(connection, "call_failed", call_id, customer_id, now)


def announce(
    connection: Connection, name: str, call_id: CallId, customer_id: str, now: datetime
) -> None:
    """For whoever the call is delivered to."""
    connection.execute(
        insert(outbox).values(name=name, call_id=call_id, customer_id=customer_id, at=now)
    )
