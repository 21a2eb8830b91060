"""The `CallRepository` in SQL. One method, one transaction; what a transaction does is written
in `call_rows`, `customers` and `endings`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError

from pipeline.adapters.database import claims, endings, erasures, retention
from pipeline.adapters.database import customers as accounts
from pipeline.adapters.database.audit_log import append_event
from pipeline.adapters.database.call_rows import (
    ID_BATCH,
    audio_key,
    insert_audio_key,
    insert_call,
    read_call,
    read_calls,
    select_calls,
)
from pipeline.adapters.database.customer_repository import SqlCustomerRepository
from pipeline.adapters.database.fences import check_sealed
from pipeline.adapters.database.register import insert_entry
from pipeline.adapters.database.tables import (
    audio_keys,
    calls,
    known_parties,
    transcripts,
    vaults,
)
from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Call, CallStatus, Claim, Intake, Lease, Outcome, Sealed, flagged
from pipeline.domain.consent import ConsentEntry
from pipeline.domain.errors import Conflict, KeyDestroyed, NotFound
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.recording import RetainedKey, SealedRecording
from pipeline.domain.rights import Mark


class SqlCallRepository(SqlCustomerRepository):
    """See `CallRepository` for every method."""

    def add_call(
        self, call: Call, intake: Intake, recording: SealedRecording, known: Sealed | None
    ) -> Call:
        """Raises `NotFound` for an unknown customer, `Conflict` for a closed one."""
        with self._database.write() as connection:
            customer = accounts.open_account(connection, call.customer_id)
            mark = accounts.idempotency_hash(customer, intake.idempotency_key)
            try:
                with connection.begin_nested():
                    insert_call(connection, call, mark)
            except IntegrityError:
                return _earlier(connection, call.customer_id, mark)
            insert_audio_key(connection, call.id, recording)
            check_sealed(connection, call.customer_id, known)
            if known is not None:
                _insert_sealed(connection, known_parties, call.id, known)
            for claim in call.consents:
                insert_entry(connection, flagged(call, claim), None)
            facts = {"size": recording.size, "consents": len(call.consents)}
            append_event(
                connection,
                AuditEvent("call_received", call.received_at, call.id, call.customer_id, facts),
            )
            return read_call(connection, call.id)

    def call(self, call_id: CallId, customer_id: CustomerId | None = None) -> Call:
        """Raises `NotFound`."""
        own = () if customer_id is None else (calls.c.customer_id == customer_id,)
        with self._database.read() as connection:
            return read_call(connection, call_id, *own)

    def calls(
        self,
        customer_id: CustomerId | None = None,
        status: CallStatus | None = None,
        limit: int = 100,
        before: CallId | None = None,
    ) -> tuple[Call, ...]:
        """Newest first; nothing where `before` is unknown."""
        conditions: list[ColumnElement[bool]] = []
        if customer_id is not None:
            conditions.append(calls.c.customer_id == customer_id)
        if status is not None:
            conditions.append(_in_status(status))
        if before is not None:
            mark = select(calls.c.received_at, calls.c.id).where(calls.c.id == before)
            conditions.append(tuple_(calls.c.received_at, calls.c.id) < mark.scalar_subquery())
        query = select_calls(*conditions).order_by(calls.c.received_at.desc(), calls.c.id.desc())
        with self._database.read() as connection:
            return read_calls(connection, query.limit(limit))

    def backlog(self, most: int) -> int:
        """Through the index, `most` of its entries at most."""
        unfinished = (CallStatus.RECEIVED.value, CallStatus.PROCESSING.value)
        some = select(calls.c.status).where(calls.c.status.in_(unfinished)).limit(most).subquery()
        with self._database.read() as connection:
            return int(connection.scalar(select(func.count()).select_from(some)) or 0)

    def claim(
        self, call_ids: Sequence[CallId], owner: str, now: datetime, lease: timedelta
    ) -> tuple[Claim, ...]:
        """In the order of `call_ids`, without those that somebody else holds."""
        with self._database.write(exclusive=False) as connection:
            return claims.take(connection, call_ids, owner, now, lease)

    def claim_waiting(
        self, most: int, owner: str, now: datetime, lease: timedelta, suspects: bool = True
    ) -> tuple[Claim, ...]:
        """Fair between customers; a suspect comes alone."""
        with self._database.write(exclusive=False) as connection:
            return claims.take_waiting(connection, most, owner, now, lease, suspects)

    def renew(self, claim: Claim, now: datetime, lease: timedelta) -> Claim:
        """Raises `LeaseLost`. A lease that ran out may be renewed until somebody else claims."""
        with self._database.write(exclusive=False) as connection:
            endings.update_claimed(connection, claim, lease_until=now + lease)
        return replace(claim, until=now + lease)

    def recording(self, call_id: CallId) -> SealedRecording | RetainedKey:
        """Raises `KeyDestroyed`."""
        with self._database.read() as connection:
            row = connection.execute(
                select(audio_keys).where(audio_keys.c.call_id == call_id)
            ).first()
        if row is None:
            raise KeyDestroyed("the audio's key was destroyed: nobody can open it any more")
        return audio_key(row)

    def known(self, call_id: CallId) -> Sealed | None:
        """None where the push knew nobody, or the call has ended."""
        return self._sealed(known_parties, call_id)

    def complete(self, claim: Claim, outcome: Outcome, now: datetime) -> Call:
        """THE transaction, see `endings.store`. Raises `LeaseLost`."""
        with self._deleting(claim) as connection:
            endings.store(connection, claim, outcome, now)
            call = read_call(connection, claim.call.id)
        self._database.forget_deleted()
        return call

    def fail(self, claim: Claim, code: str, now: datetime) -> Call:
        """Raises `LeaseLost`; `ValueError` where `code` is no code."""
        with self._deleting(claim) as connection:
            endings.fail(connection, claim, endings.check_code(code), now)
            call = read_call(connection, claim.call.id)
        self._database.forget_deleted()
        return call

    def release(self, claim: Claim, now: datetime) -> None:
        """Raises `LeaseLost`."""
        values: dict[str, Any] = {"status": CallStatus.RECEIVED.value, "queued_at": now}
        values |= {"attempts": calls.c.attempts - 1}
        with self._database.write(exclusive=False) as connection:
            endings.update_claimed(connection, claim, lease_owner=None, lease_until=None, **values)

    def leases_beyond(self, moment: datetime) -> tuple[Lease, ...]:
        """By call id."""
        columns = select(calls.c.id, calls.c.token, calls.c.lease_until)
        held = calls.c.status == CallStatus.PROCESSING.value, calls.c.lease_until > moment
        with self._database.read() as connection:
            rows = connection.execute(columns.where(*held).order_by(calls.c.id)).all()
        return tuple(Lease(CallId(row.id), row.token, row.lease_until) for row in rows)

    def end_lease(self, lease: Lease, now: datetime) -> bool:
        """False where it changed meanwhile."""
        same = (
            calls.c.id == lease.call_id,
            calls.c.status == CallStatus.PROCESSING.value,
            calls.c.token == lease.token,
            calls.c.lease_until == lease.until,
        )
        with self._database.write(exclusive=False) as connection:
            ended = connection.execute(update(calls).where(*same).values(lease_until=now))
            return ended.rowcount == 1

    def stranded(self, now: datetime, waiting: timedelta, limit: int = 1000) -> tuple[CallId, ...]:
        """Those that wait longest come first."""
        query = (
            select(calls.c.id)
            .where(
                calls.c.restricted_at.is_(None),
                or_(
                    and_(
                        calls.c.status == CallStatus.RECEIVED.value,
                        # A moment to come is one of a wrong clock.
                        or_(calls.c.queued_at <= now - waiting, calls.c.queued_at > now),
                    ),
                    claims.lease_over(now),
                ),
            )
            .order_by(calls.c.queued_at, calls.c.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return tuple(CallId(call_id) for call_id in connection.scalars(query))

    def transcript(self, call_id: CallId) -> Sealed:
        """Raises `NotFound`."""
        return _present(self._sealed(transcripts, call_id), "transcript")

    def vault(self, call_id: CallId) -> Sealed:
        """Raises `NotFound`."""
        return _present(self._sealed(vaults, call_id), "vault")

    def retained_due(self, now: datetime) -> tuple[tuple[CallId, str], ...]:
        """With the retention key's name, longest overdue first."""
        query = (
            select(audio_keys.c.call_id, audio_keys.c.key_name)
            .where(audio_keys.c.kind == "retained", audio_keys.c.until <= now)
            .order_by(audio_keys.c.until, audio_keys.c.call_id)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return tuple((CallId(row.call_id), row.key_name) for row in rows)

    def retained_objected(self) -> tuple[CallId, ...]:
        """By id."""
        with self._database.read() as connection:
            return retention.objected(connection)

    def overdue_audio(self, now: datetime) -> tuple[CallId, ...]:
        """Longest overdue first."""
        query = (
            select(audio_keys.c.call_id)
            .where(audio_keys.c.kind == "day", audio_keys.c.until <= now)
            .order_by(audio_keys.c.until, audio_keys.c.call_id)
        )
        with self._database.read() as connection:
            return tuple(CallId(call_id) for call_id in connection.scalars(query))

    def withdraw(self, entry: ConsentEntry, now: datetime, tell: Callable[[], object]) -> bool:
        """Raises `NotFound`, and what `tell` raises."""
        with self._deleting() as connection:
            new = endings.withdraw(connection, entry, now, tell)
        self._database.forget_deleted()
        return new

    def destroy_audio(self, call_id: CallId, reason: str, now: datetime) -> None:
        """Raises `NotFound`; `ValueError` where `reason` is no code."""
        with self._deleting() as connection:
            endings.without_audio(connection, call_id, endings.check_code(reason), now)
        self._database.forget_deleted()

    def erase_call(
        self, call_id: CallId, reason: str, now: datetime, due: datetime | None = None
    ) -> bool:
        """Raises `NotFound`, `Held`; `ValueError` where `reason` is no code."""
        reason = endings.check_code(reason)
        with self._deleting() as connection:
            erased = erasures.erase(connection, call_id, reason, now, due=due or now)
        self._database.forget_deleted()
        return erased

    def mark_call(
        self,
        call_id: CallId,
        mark: Mark,
        at: datetime | None,
        event: AuditEvent | None = None,
        tell: Callable[[], object] | None = None,
    ) -> bool:
        """Raises `NotFound`, `Conflict`."""
        with self._database.write() as connection:
            marked = _mark(connection, call_id, mark, at)
            if marked and event is not None:
                append_event(connection, event)
            if marked and tell is not None:
                tell()
        return marked

    def owe_erasure(
        self, event: AuditEvent, withdrawal: ConsentEntry, tell: Callable[[bool], object]
    ) -> bool:
        """Raises `NotFound`, `Conflict`, and what `tell` raises."""
        with self._deleting() as connection:
            marked = _mark(connection, withdrawal.call_id, Mark.ERASURE, event.at)
            if marked:
                append_event(connection, event)
                tell(endings.end_consent(connection, withdrawal, event.at))
        self._database.forget_deleted()
        return marked

    def owed(self, now: datetime, limit: int) -> tuple[tuple[CallId, datetime], ...]:
        """Longest owed first."""
        with self._database.read() as connection:
            return retention.owed(connection, now, limit)

    def owing(self, customer_id: CustomerId) -> tuple[CallId, ...]:
        """Longest owed first."""
        query = select(calls.c.id).where(
            calls.c.customer_id == customer_id, calls.c.erasure_owed_at.is_not(None)
        )
        with self._database.read() as connection:
            ids = connection.scalars(query.order_by(calls.c.erasure_owed_at, calls.c.id))
            return tuple(CallId(call_id) for call_id in ids)

    def has_audio_key(self, call_ids: Iterable[CallId]) -> Mapping[CallId, bool]:
        """One entry for each id."""
        ids = list(dict.fromkeys(call_ids))
        found: set[str] = set()
        with self._database.read() as connection:
            for start in range(0, len(ids), ID_BATCH):
                batch = ids[start : start + ID_BATCH]
                query = select(audio_keys.c.call_id).where(audio_keys.c.call_id.in_(batch))
                found.update(connection.scalars(query))
        return {call_id: call_id in found for call_id in ids}

    def _sealed(self, table: Table, call_id: CallId) -> Sealed | None:
        query = select(table.c.ciphertext, table.c.wrapped_key).where(table.c.call_id == call_id)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else Sealed(row.ciphertext, row.wrapped_key)


def _in_status(status: CallStatus) -> ColumnElement[bool]:
    if status is CallStatus.ERASED:
        return calls.c.erased_at.is_not(None)
    return and_(calls.c.status == status.value, calls.c.erased_at.is_(None))


def _mark(connection: Connection, call_id: CallId, mark: Mark, at: datetime | None) -> bool:
    """False where the mark stood so before. Raises `NotFound`, `Conflict`."""
    column = calls.c[mark.value]
    other = column.is_(None) if at is not None else column.is_not(None)
    marked = connection.execute(
        update(calls)
        .where(calls.c.id == call_id, calls.c.erased_at.is_(None), other)
        .values({column: at})
    )
    if marked.rowcount == 0 and read_call(connection, call_id).erased_at is not None:
        raise Conflict("the call was erased: there is nothing left to mark")
    return marked.rowcount > 0


def _earlier(connection: Connection, customer_id: CustomerId, mark: str | None) -> Call:
    if mark is not None:
        same = (calls.c.customer_id == customer_id, calls.c.idempotency_hash == mark)
        for call in read_calls(connection, select_calls(*same)):
            return call
    raise Conflict("there is a call of this id already")


def _insert_sealed(connection: Connection, table: Table, call_id: CallId, sealed: Sealed) -> None:
    values: dict[str, Any] = {"ciphertext": sealed.ciphertext, "wrapped_key": sealed.wrapped_key}
    connection.execute(insert(table).values(call_id=call_id, **values))


def _present(sealed: Sealed | None, what: str) -> Sealed:
    if sealed is None:
        raise NotFound(f"there is no {what} of this call")
    return sealed
