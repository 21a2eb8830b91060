"""What an entry of the deletion ledger tells, done again inside an open transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from pipeline.adapters.database import customers as accounts
from pipeline.adapters.database import endings, erasures, known_entries, retention
from pipeline.adapters.database.audit_log import append_event
from pipeline.adapters.database.deletions import adopt_receipt, insert_row
from pipeline.adapters.database.register import insert_entry
from pipeline.adapters.database.rights_requests import insert_request
from pipeline.adapters.database.tables import (
    audio_keys,
    calls,
    deletions,
    legal_holds,
    rights_requests,
)
from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import CallStatus
from pipeline.domain.consent import ConsentAct, Purpose
from pipeline.domain.deletion import (
    RETAINED_KEYS,
    DataClass,
    Deletion,
    LedgerEntry,
    Method,
    Place,
    Receipt,
    Trigger,
    deletion_of,
)
from pipeline.domain.errors import SealBroken
from pipeline.domain.ids import CallId
from pipeline.domain.ledger import (
    LIFTS,
    MARKS,
    Kind,
    answer_in,
    answered_by,
    consent_in,
    deletion_in,
    held_by,
    hold_in,
    is_awaiting,
    is_lasting,
    key_hash_in,
    reason_of,
    receipt_in,
    request_in,
    retention_in,
)
from pipeline.domain.retention_policy import restored_policy
from pipeline.domain.rights import Right

Step = Callable[
    [Connection, LedgerEntry, datetime, Callable[[str], object]], tuple[CallId, ...] | None
]

_UNFINISHED = (CallStatus.RECEIVED.value, CallStatus.PROCESSING.value)
_ENDS = {ConsentAct.REFUSED: Trigger.REFUSAL, ConsentAct.WITHDRAWN: Trigger.WITHDRAWAL}


def delete_again(
    connection: Connection, entry: LedgerEntry, now: datetime, destroy: Callable[[str], object]
) -> tuple[CallId, ...] | None:
    """Audio, a call, or a customer. The receipt is adopted."""
    receipt = receipt_in(entry)
    deletion = _told_by(receipt)
    if _is_finished(connection, receipt.id):
        return None
    gone = _ended(connection, deletion, destroy).calls
    adopt_receipt(connection, receipt, now)
    # The blob of a deletion that was pending in the backup may have come back with it.
    return gone or _own(deletion)


def begin_again(
    connection: Connection, entry: LedgerEntry, now: datetime, destroy: Callable[[str], object]
) -> tuple[CallId, ...] | None:
    """A deletion whose receipt the ledger does not have yet: it is pending here as well, and the
    receipt tells what was here. Where its commit was not told and this database saw its claim, the
    worker was killed before: the recording lives."""
    deletion = deletion_in(entry)
    if known_entries.has_deletion(connection, deletion.id):
        return None
    if known_entries.saw_claim(connection, entry):
        return None
    ended = _ended(connection, deletion, destroy)
    begun = replace(deletion, places=_moved(ended.places, now), key_name=ended.key_name)
    insert_row(connection, begun)
    _tell(connection, entry, now)
    return ended.calls or _own(deletion)


def refuse_again(
    connection: Connection, entry: LedgerEntry, now: datetime, destroy: Callable[[str], object]
) -> tuple[CallId, ...] | None:
    """A refusal or withdrawal; audio that was kept under that consent goes, and as the ledger has
    no receipt of it (those come first), it gets one."""
    told = consent_in(entry)
    row = connection.execute(select(calls.c.id).where(calls.c.id == told.call_id)).first()
    if row is None or known_entries.has_consent(connection, entry):
        return None
    insert_entry(connection, told, None)
    trigger = _ENDS.get(told.act)
    if told.purpose is not Purpose.AUDIO_RETENTION or trigger is None:
        return ()
    return _kept_ended(connection, told.call_id, trigger, now, destroy)


def hold_again(
    connection: Connection, entry: LedgerEntry, now: datetime, _: Callable[[str], object]
) -> tuple[CallId, ...] | None:
    """A legal hold, without the words of its reason."""
    hold = hold_in(entry)
    query = select(legal_holds.c.id).where(legal_holds.c.id == hold.id)
    if connection.execute(query).first() is not None:
        return None
    if hold.call_id is not None:
        known = select(calls.c.id).where(calls.c.id == hold.call_id)
        if connection.execute(known).first() is None:
            return None
    connection.execute(
        insert(legal_holds).values(
            id=hold.id,
            customer_id=hold.customer_id,
            call_id=hold.call_id,
            reason=hold.reason,
            placed_by=hold.placed_by,
            placed_at=hold.placed_at,
            until=hold.until,
        )
    )
    _tell(connection, entry, now)
    return ()


def release_again(
    connection: Connection, entry: LedgerEntry, now: datetime, _: Callable[[str], object]
) -> tuple[CallId, ...] | None:
    """The end of a legal hold."""
    changed = connection.execute(
        update(legal_holds)
        .where(legal_holds.c.id == held_by(entry), legal_holds.c.released_at.is_(None))
        .values(released_at=entry.at)
    )
    if changed.rowcount == 0:
        return None
    _tell(connection, entry, now)
    return ()


def mark_again(
    connection: Connection, entry: LedgerEntry, now: datetime, destroy: Callable[[str], object]
) -> tuple[CallId, ...] | None:
    """A restriction, an objection or an erasure owed, or that it was lifted; nothing where the call
    was marked since. With an erasure owed goes audio that is kept."""
    if known_entries.bears_mark(connection, entry) is not False:
        return None
    changes = {MARKS[entry.kind].value: None if entry.kind in LIFTS else entry.at}
    connection.execute(update(calls).where(calls.c.id == entry.call_id).values(changes))
    _tell(connection, entry, now)
    if entry.kind != Kind.OWE or entry.call_id is None:
        return ()
    return _kept_ended(connection, entry.call_id, Trigger.REQUEST, now, destroy)


def request_again(
    connection: Connection, entry: LedgerEntry, now: datetime, _: Callable[[str], object]
) -> tuple[CallId, ...] | None:
    """What a data subject asked for: its clock runs on."""
    if known_entries.has_request(connection, entry):
        return None
    insert_request(connection, request_in(entry))
    _tell(connection, entry, now)
    return ()


def answer_again(
    connection: Connection, entry: LedgerEntry, now: datetime, _: Callable[[str], object]
) -> tuple[CallId, ...] | None:
    """How a request was closed; nothing where that was with a correction: it is lost, and the
    request is open again."""
    outcome, number = answer_in(entry)
    own, still = rights_requests.c.id == answered_by(entry), rights_requests.c.closed_at.is_(None)
    right = connection.scalar(select(rights_requests.c.right).where(own, still))
    if right is None or not is_lasting(Right(right), outcome, number):
        return None
    values = {"closed_at": entry.at, "outcome": outcome, "calls": number}
    connection.execute(update(rights_requests).where(own).values(values))
    _tell(connection, entry, now)
    return ()


def rule_again(
    connection: Connection, entry: LedgerEntry, now: datetime, _: Callable[[str], object]
) -> tuple[CallId, ...] | None:
    """A customer's retention rule: the stricter one, of this and what the database has."""
    if known_entries.keeps_rule(connection, entry):
        return None
    here = retention.read(connection, entry.customer_id)
    policy = restored_policy(here, retention_in(entry))
    retention.store(connection, entry.customer_id, policy, now)
    _tell(connection, entry, now)
    return ()


def key_again(
    connection: Connection, entry: LedgerEntry, now: datetime, _: Callable[[str], object]
) -> tuple[CallId, ...] | None:
    """A customer's API key: what the database has was replaced, and opens nothing any more. One
    whose commit was not told replaced none."""
    if is_awaiting(entry) or known_entries.has_api_key(connection, entry):
        return None
    accounts.replace_key(connection, entry.customer_id, key_hash_in(entry))
    _tell(connection, entry, now)
    return ()


def place_in_audit(receipt: Receipt) -> tuple[int, str]:
    """Its position in the audit log, and the hash of the entry before. Raises `SealBroken`."""
    try:
        place = receipt.body["audit"]
        return int(place["position"]), str(place["previous"])
    except (KeyError, TypeError, ValueError):
        raise SealBroken("a receipt in the deletion ledger cannot be read") from None


def _kept_ended(
    connection: Connection,
    call_id: CallId,
    trigger: Trigger,
    now: datetime,
    destroy: Callable[[str], object],
) -> tuple[CallId, ...]:
    """The call, where a consent kept its audio: that goes."""
    kept = select(audio_keys.c.key_name).where(
        audio_keys.c.call_id == call_id, audio_keys.c.kind == "retained"
    )
    key_name = connection.scalar(kept)
    if key_name is None:
        return ()
    destroy(key_name)
    endings.drop_audio(connection, call_id, trigger, now)
    connection.execute(update(calls).where(calls.c.id == call_id).values(audio_until=None))
    return (call_id,)


@dataclass(slots=True)
class _Ended:
    """What a deletion found here: the calls that had audio, the places, and the name of the
    retention key where it was one recording that had one."""

    calls: tuple[CallId, ...] = ()
    places: list[Place] = field(default_factory=list)
    key_name: str | None = None


def _ended(connection: Connection, deletion: Deletion, destroy: Callable[[str], object]) -> _Ended:
    """End again what `deletion` ended."""
    ended, at = _Ended(), deletion.begun
    if deletion.data_class is DataClass.CUSTOMER:
        query = select(calls.c.id).where(calls.c.customer_id == deletion.customer_id)
        own = tuple(CallId(each) for each in connection.scalars(query.order_by(calls.c.id)))
    else:
        own = _own(deletion)
    for call_id in own:
        _end_audio(connection, call_id, deletion, destroy, ended)
    if deletion.data_class is DataClass.CUSTOMER:
        ended.places += accounts.destroy_account(connection, deletion.customer_id, at)
    elif deletion.data_class is DataClass.TRANSCRIPT and deletion.call_id is not None:
        ended.places += erasures.erase_again(connection, deletion.call_id, at)
    return ended


def _own(deletion: Deletion) -> tuple[CallId, ...]:
    return () if deletion.call_id is None else (deletion.call_id,)


def _moved(places: Iterable[Place], now: datetime) -> tuple[Place, ...]:
    """It is done now, though it was begun long ago."""
    return tuple(replace(place, done=now) for place in places)


def _end_audio(
    connection: Connection,
    call_id: CallId,
    deletion: Deletion,
    destroy: Callable[[str], object],
    ended: _Ended,
) -> None:
    """A call that was never finished here can end in one way only."""
    _drop_audio(connection, call_id, deletion, destroy, ended)
    values: dict[str, Any] = {"status": CallStatus.FAILED.value}
    values |= {"failure": reason_of(deletion.trigger), "finished_at": deletion.begun}
    connection.execute(
        update(calls)
        .where(calls.c.id == call_id, calls.c.status.in_(_UNFINISHED))
        .values(values | {"lease_owner": None, "lease_until": None})
    )
    connection.execute(update(calls).where(calls.c.id == call_id).values(audio_until=None))


def _drop_audio(
    connection: Connection,
    call_id: CallId,
    deletion: Deletion,
    destroy: Callable[[str], object],
    ended: _Ended,
) -> None:
    at, own = deletion.begun, audio_keys.c.call_id == call_id
    row = connection.execute(select(audio_keys.c.key_name).where(own)).first()
    key_name = None if row is None else row.key_name
    connection.execute(delete(audio_keys).where(own))
    known = endings.drop_known(connection, call_id)
    ended.calls += () if row is None else (call_id,)
    if deletion.data_class in (DataClass.RAW_AUDIO, DataClass.RETAINED_AUDIO):
        method = Method.NOT_PRESENT if row is None else Method.KEY_DESTROYED
        ended.places.append(Place("database:audio_keys", method, at))
        if known:
            ended.places.append(Place("database:known_parties", Method.ROW_DELETED, at))
    if key_name is not None and destroy(key_name):
        ended.places.append(Place(RETAINED_KEYS, Method.KEY_DESTROYED, at))
    ended.key_name = None if deletion.call_id is None else key_name


def _told_by(receipt: Receipt) -> Deletion:
    try:
        deletion = deletion_of(receipt)
    except (ValueError, KeyError, TypeError):
        raise SealBroken("a receipt in the deletion ledger cannot be read") from None
    if deletion.id != receipt.id:
        raise SealBroken("a receipt in the deletion ledger is not the one that its line names")
    return deletion


def _is_finished(connection: Connection, deletion_id: str) -> bool:
    query = select(deletions.c.done_at).where(deletions.c.id == deletion_id)
    return connection.scalar(query) is not None


def _tell(connection: Connection, entry: LedgerEntry, now: datetime) -> None:
    facts = {"entry": entry.id, "kind": str(entry.kind)}
    append_event(connection, AuditEvent("done_again", now, entry.call_id, entry.customer_id, facts))
