"""Retention rules and expiry: the contract of both repositories."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from pipeline.adapters.database import Database, SqlCallRepository, open_database
from pipeline.adapters.database.tables import legal_holds, outbox
from pipeline.adapters.memory import MemoryCallRepository, MemoryLedger
from pipeline.domain.call import Call
from pipeline.domain.errors import Conflict, NotFound
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.recording import RetainedKey
from pipeline.domain.retention_policy import Origin, RetentionPolicy, UnsupportedConsent
from pipeline.domain.rights import Mark
from pipeline.ports import CallRepository
from tests.builders import ACME, NOON, call, claim_one, customer, outcome, push
from tests.databases import KINDS, on_each

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
OTHER = CustomerId("other")


@dataclass
class Store:
    """`hold(customer, call or None, until)` places a legal hold."""

    calls: CallRepository
    hold: Callable[[CustomerId, CallId | None, datetime], None]


def _memory(_: Path) -> Iterator[Store]:
    calls = MemoryCallRepository()
    holds: list[tuple[CustomerId, CallId | None, datetime]] = []

    def held(customer_id: CustomerId, call_id: CallId | None, now: datetime) -> bool:
        return any(
            owner == customer_id and one in (None, call_id) and now < until
            for owner, one, until in holds
        )

    calls.held = held
    yield Store(calls, lambda *hold: holds.append(hold))


def _sql(database: Database) -> Iterator[Store]:
    def hold(customer_id: CustomerId, call_id: CallId | None, until: datetime) -> None:
        values: dict[str, Any] = {"customer_id": customer_id, "call_id": call_id, "until": until}
        values |= {"id": f"hold_{until.timestamp():.0f}", "reason": "x", "placed_by": "operator"}
        with database.write() as connection:
            connection.execute(insert(legal_holds).values(placed_at=NOON, **values))

    yield Store(SqlCallRepository(database, MemoryLedger()), hold)


@pytest.fixture(params=[_memory, *on_each(_sql)], ids=["memory", *KINDS])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    for made in request.param(tmp_path):
        made.calls.add_customer(customer(), "hash-of-acme")
        made.calls.add_customer(customer(OTHER), "hash-of-other")
        yield made


@pytest.fixture
def calls(store: Store) -> CallRepository:
    return store.calls


def stored(
    calls: CallRepository,
    until: timedelta | None = None,
    received_at: datetime = NOON,
    customer_id: str = ACME,
    origin: Origin = Origin.PHONE,
) -> Call:
    end = None if until is None else received_at + until
    new = replace(call(customer_id, received_at), transcript_until=end, origin=origin)
    push(calls, new)
    return calls.complete(claim_one(calls, new.id, received_at), outcome(), received_at)


def choose(calls: CallRepository, period: timedelta | None, customer_id: str = ACME) -> None:
    who = CustomerId(customer_id)
    calls.change_retention_policy(who, calls.retention_policy(who), RetentionPolicy(period), NOON)


def ids(calls: CallRepository, now: datetime, limit: int = 100) -> list[CallId]:
    return [call_id for call_id, _ in calls.expired(now, limit)]


def test_without_a_policy_there_are_the_defaults(calls: CallRepository) -> None:
    assert calls.retention_policy(ACME) == RetentionPolicy()
    with pytest.raises(NotFound):
        calls.retention_policy(CustomerId("nobody"))


def test_a_policy_comes_back_as_the_next_version(calls: CallRepository) -> None:
    wanted = RetentionPolicy(90 * DAY, UnsupportedConsent.KEEP, version=77)
    changed = calls.change_retention_policy(ACME, RetentionPolicy(), wanted, NOON)
    assert changed == replace(wanted, version=2) == calls.retention_policy(ACME)
    again = calls.change_retention_policy(ACME, changed, RetentionPolicy(), NOON)
    assert again == RetentionPolicy(version=3) == calls.retention_policy(ACME)
    assert calls.retention_policy(OTHER) == RetentionPolicy()


def test_a_change_of_something_else_by_now_is_a_conflict(calls: CallRepository) -> None:
    choose(calls, DAY)
    with pytest.raises(Conflict):
        calls.change_retention_policy(ACME, RetentionPolicy(), RetentionPolicy(None), NOON)
    assert calls.retention_policy(ACME) == RetentionPolicy(DAY, version=2)


def test_a_closed_customers_policy_is_gone_and_cannot_be_set(calls: CallRepository) -> None:
    choose(calls, DAY)
    calls.close_customer(ACME, NOON)
    assert calls.retention_policy(ACME) == RetentionPolicy()
    with pytest.raises(Conflict):
        choose(calls, DAY)
    with pytest.raises(NotFound):
        calls.change_retention_policy(
            CustomerId("nobody"), RetentionPolicy(), RetentionPolicy(), NOON
        )


def test_what_was_promised_at_intake_expires_to_the_second(calls: CallRepository) -> None:
    due = stored(calls, DAY)
    stored(calls, 2 * DAY)
    stored(calls)
    assert calls.expired(NOON + DAY - SECOND, 100) == ()
    assert calls.expired(NOON + DAY, 100) == ((due.id, NOON + DAY),)


def test_todays_shorter_rule_counts_for_its_customer_only(calls: CallRepository) -> None:
    free, promised = stored(calls), stored(calls, 9 * DAY, NOON + SECOND)
    stored(calls, None, NOON, OTHER)
    choose(calls, 7 * DAY)
    assert calls.expired(NOON + 7 * DAY - SECOND, 100) == ()
    assert calls.expired(NOON + 8 * DAY, 100) == (
        (free.id, NOON + 7 * DAY),
        (promised.id, NOON + SECOND + 7 * DAY),
    )


def test_customers_have_periods_of_their_own(calls: CallRepository) -> None:
    mine, theirs = stored(calls), stored(calls, None, NOON, OTHER)
    choose(calls, 3 * DAY)
    choose(calls, DAY, OTHER)
    assert ids(calls, NOON + DAY) == [theirs.id]
    assert ids(calls, NOON + 3 * DAY) == [theirs.id, mine.id]


def test_todays_longer_rule_changes_nothing(calls: CallRepository) -> None:
    due = stored(calls, DAY)
    choose(calls, 900 * DAY)
    assert calls.expired(NOON + DAY, 100) == ((due.id, NOON + DAY),)


def test_failed_calls_expire_and_unfinished_ones_do_not(calls: CallRepository) -> None:
    new = [replace(call(), transcript_until=NOON + DAY) for _ in range(3)]
    waiting, taken, failed = (push(calls, each) for each in new)
    claim_one(calls, taken.id)
    calls.fail(claim_one(calls, failed.id), "poison", NOON)
    assert ids(calls, NOON + DAY) == [failed.id]
    assert waiting.transcript_until == NOON + DAY


def test_what_is_erased_does_not_expire_again(calls: CallRepository) -> None:
    choose(calls, DAY)
    due = stored(calls, DAY)
    assert calls.erase_call(due.id, "transcript_expired", NOON + DAY, NOON + DAY)
    assert ids(calls, NOON + 9 * DAY) == []


def test_what_is_restricted_stays(calls: CallRepository) -> None:
    due = stored(calls, DAY)
    calls.mark_call(due.id, Mark.RESTRICTION, NOON)
    assert ids(calls, NOON + DAY) == []
    calls.mark_call(due.id, Mark.RESTRICTION, None)
    calls.mark_call(due.id, Mark.OBJECTION, NOON)
    assert ids(calls, NOON + DAY) == [due.id]


def test_a_hold_of_a_call_keeps_that_call_until_it_ends(store: Store) -> None:
    kept, other = stored(store.calls, DAY), stored(store.calls, DAY)
    store.hold(ACME, kept.id, NOON + 2 * DAY)
    assert ids(store.calls, NOON + DAY) == [other.id]
    assert set(ids(store.calls, NOON + 2 * DAY)) == {kept.id, other.id}


def test_a_hold_of_a_customer_keeps_all_its_calls(store: Store) -> None:
    stored(store.calls, DAY)
    theirs = stored(store.calls, DAY, NOON, OTHER)
    store.hold(ACME, None, NOON + 9 * DAY)
    assert ids(store.calls, NOON + DAY) == [theirs.id]


def test_a_batch_is_no_larger_than_asked_and_holds_none_twice(calls: CallRepository) -> None:
    choose(calls, DAY)
    made = [stored(calls, DAY, NOON + n * SECOND) for n in range(5)]
    assert ids(calls, NOON + 2 * DAY, limit=3) == [each.id for each in made[:3]]
    assert len(set(ids(calls, NOON + 2 * DAY))) == 5


def test_a_retention_key_is_named_until_its_deletion_is_finished(calls: CallRepository) -> None:
    assert calls.retention_keys_named() == frozenset()
    stored(calls)
    kept, ending = (RetainedKey(f"ret_{n:032d}", NOON + 9 * DAY, b"rewrapped") for n in (1, 2))
    made = [push(calls), push(calls)]
    for pushed, key in zip(made, (kept, ending), strict=True):
        calls.complete(claim_one(calls, pushed.id), outcome(key), NOON)
    both = frozenset({kept.key_name, ending.key_name})
    assert calls.retention_keys_named() == both
    calls.destroy_audio(made[1].id, "consent_withdrawn", NOON)
    assert calls.retention_keys_named() == both


def test_what_nobody_delivered_is_not_dropped(calls: CallRepository) -> None:
    stored(calls)
    assert calls.drop_delivered(NOON + 900 * DAY, 100) == 0


def test_what_was_delivered_goes_when_it_is_old_and_the_rest_stays(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'deckname.db'}")
    calls = SqlCallRepository(database, MemoryLedger())
    calls.add_customer(customer(), "hash-of-acme")
    old, young, waiting = stored(calls), stored(calls), stored(calls)
    with database.write() as connection:
        for done, moment in ((old, NOON), (young, NOON + SECOND)):
            connection.execute(
                update(outbox).where(outbox.c.call_id == done.id).values(delivered_at=moment)
            )
    assert calls.drop_delivered(NOON + SECOND, 100) == 1
    assert calls.drop_delivered(NOON + SECOND, 100) == 0
    with database.read() as connection:
        left = set(connection.scalars(select(outbox.c.call_id)))
    assert left == {young.id, waiting.id}
    database.close()
