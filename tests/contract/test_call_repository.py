"""The contract of `CallRepository`, over SQL and over memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from pipeline.adapters.database import Database, SqlAuditLog, SqlCallRepository
from pipeline.adapters.memory import MemoryAuditLog, MemoryCallRepository, MemoryLedger
from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import CallStatus, ChannelLayout, Lease, Sealed
from pipeline.domain.consent import ConsentClaim, Purpose
from pipeline.domain.errors import Conflict, KeyDestroyed, KeyRotated, LeaseLost, NotFound
from pipeline.domain.ids import CallId, CustomerId, new_call_id
from pipeline.domain.keys import WrappedKey
from pipeline.domain.recording import AudioState, RetainedKey
from pipeline.domain.redaction_policy import StoredPolicy
from pipeline.domain.retention import day_key_end, day_of
from pipeline.domain.rights import Mark
from pipeline.ports import AuditLog, CallRepository
from tests.builders import ACME, LEASE, NOON, call, claim_one, customer, outcome, push, recording
from tests.databases import KINDS, on_each

SECOND = timedelta(seconds=1)


@dataclass
class Store:
    calls: CallRepository
    audit: AuditLog
    events: Callable[[], list[str]]


def _memory(_: Path) -> Iterator[Store]:
    audit = MemoryAuditLog()
    calls = MemoryCallRepository(audit)
    yield Store(calls, audit, lambda: [event.name for event, _ in audit.entries])


def _sql(database: Database) -> Iterator[Store]:
    def events() -> list[str]:
        with database.read() as connection:
            query = "SELECT name FROM audit_log ORDER BY position"
            return [row[0] for row in connection.exec_driver_sql(query)]

    yield Store(SqlCallRepository(database, MemoryLedger()), SqlAuditLog(database), events)


@pytest.fixture(params=[_memory, *on_each(_sql)], ids=["memory", *KINDS])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    yield from request.param(tmp_path)


@pytest.fixture
def calls(store: Store) -> CallRepository:
    store.calls.add_customer(customer(), "hash-of-acme")
    return store.calls


def test_a_customer_comes_back_as_it_was_added(calls: CallRepository) -> None:
    assert calls.customer(ACME) == customer()
    assert calls.customer_by_key("hash-of-acme") == customer()
    assert calls.customer_by_key("another") is None
    with pytest.raises(NotFound):
        calls.customer(CustomerId("nobody"))


def test_customers_are_listed_by_id(calls: CallRepository) -> None:
    calls.add_customer(customer("zeta"), "hash-z")
    calls.add_customer(customer("aaa"), "hash-a")
    assert [one.id for one in calls.customers()] == ["aaa", "acme", "zeta"]


def test_a_taken_id_is_a_conflict_and_changes_nothing(calls: CallRepository) -> None:
    with pytest.raises(Conflict):
        calls.add_customer(replace(customer(), name="Other"), "another-hash")
    assert calls.customer(ACME) == customer()
    assert calls.customer_by_key("another-hash") is None


def test_a_replaced_key_stops_working(calls: CallRepository) -> None:
    calls.replace_key(ACME, "new-hash")
    assert calls.customer_by_key("hash-of-acme") is None
    assert calls.customer_by_key("new-hash") == customer()
    with pytest.raises(NotFound):
        calls.replace_key(CustomerId("nobody"), "x")


def test_a_call_comes_back_as_it_was_pushed(calls: CallRepository) -> None:
    pushed = replace(
        call(
            consents=(
                ConsentClaim(Purpose.AUDIO_RETENTION, timedelta(days=30)),
                ConsentClaim(Purpose.MODEL_TRAINING),
            )
        ),
        language="de",
        layout=ChannelLayout.CALLER_LEFT,
        audio_until=NOON + timedelta(days=30),
    )
    assert push(calls, pushed) == pushed
    assert calls.call(pushed.id) == pushed
    assert calls.call(pushed.id, ACME) == pushed
    assert calls.recording(pushed.id) == recording(pushed)
    assert calls.known(pushed.id) is None


def test_times_of_any_zone_are_the_same_moment(calls: CallRepository) -> None:
    received = NOON.astimezone(timezone(timedelta(hours=5)))
    stored = push(calls, call(received_at=received))
    assert calls.call(stored.id).received_at == NOON


def test_a_time_without_zone_is_refused(calls: CallRepository) -> None:
    with pytest.raises(ValueError, match="time zone"):
        push(calls, call(received_at=datetime(2026, 1, 31, 12)))
    assert calls.calls() == ()


def test_another_customers_call_is_not_found(calls: CallRepository) -> None:
    calls.add_customer(customer("other"), "hash-o")
    pushed = push(calls)
    with pytest.raises(NotFound):
        calls.call(pushed.id, CustomerId("other"))
    with pytest.raises(NotFound):
        calls.call(new_call_id())


def test_a_call_of_nobody_is_refused(calls: CallRepository) -> None:
    with pytest.raises(NotFound):
        push(calls, call("nobody"))
    assert calls.calls() == ()


def test_the_same_idempotency_key_gives_the_same_call(calls: CallRepository) -> None:
    first = push(calls, idempotency_key="order 66")
    again = push(calls, idempotency_key="order 66")
    assert again == first
    assert calls.calls() == (first,)


def test_a_later_duplicate_sees_how_the_call_ended(calls: CallRepository) -> None:
    first = push(calls, idempotency_key="order 66")
    done = calls.complete(claim_one(calls, first.id), outcome(), NOON)
    assert push(calls, idempotency_key="order 66") == done


def test_idempotency_keys_are_the_customers_own(calls: CallRepository) -> None:
    calls.add_customer(customer("other"), "hash-o")
    mine = push(calls, idempotency_key="1")
    theirs = push(calls, call("other"), idempotency_key="1")
    assert mine.id != theirs.id
    assert push(calls).id != push(calls).id


def test_a_call_id_cannot_be_taken_twice(calls: CallRepository) -> None:
    pushed = push(calls)
    with pytest.raises(Conflict):
        push(calls, call(call_id=pushed.id))


def test_calls_are_listed_newest_first_and_in_pages(calls: CallRepository) -> None:
    calls.add_customer(customer("other"), "hash-o")
    mine = [push(calls, call(received_at=NOON + n * SECOND)) for n in (0, 1, 1, 2)]
    push(calls, call("other", NOON + 9 * SECOND))
    newest = sorted(mine, key=lambda one: (one.received_at, one.id), reverse=True)
    assert calls.calls(ACME) == tuple(newest)
    assert calls.calls(ACME, limit=2) == tuple(newest[:2])
    assert calls.calls(ACME, limit=2, before=newest[1].id) == tuple(newest[2:])
    assert calls.calls(before=new_call_id()) == ()
    assert len(calls.calls()) == 5


def test_calls_are_listed_by_status(calls: CallRepository) -> None:
    waiting, taken = push(calls), push(calls)
    claim_one(calls, taken.id)
    assert [one.id for one in calls.calls(status=CallStatus.RECEIVED)] == [waiting.id]
    assert [one.id for one in calls.calls(status=CallStatus.PROCESSING)] == [taken.id]


def test_a_claim_is_exclusive_until_its_lease_runs_out(calls: CallRepository) -> None:
    pushed = push(calls)
    claim = claim_one(calls, pushed.id)
    assert (claim.call.status, claim.call.attempts) == (CallStatus.PROCESSING, 1)
    assert claim.until == NOON + LEASE
    assert calls.claim([pushed.id], "worker-2", NOON + LEASE - SECOND, LEASE) == ()
    (second,) = calls.claim([pushed.id], "worker-2", NOON + LEASE, LEASE)
    assert second.token > claim.token
    assert second.call.attempts == 2


def test_claims_come_in_the_order_asked_and_skip_what_is_not_free(calls: CallRepository) -> None:
    first, second, third = push(calls), push(calls), push(calls)
    claim_one(calls, second.id)
    asked = [third.id, second.id, new_call_id(), first.id, third.id]
    claims = calls.claim(asked, "worker-2", NOON, LEASE)
    assert [claim.call.id for claim in claims] == [third.id, first.id]
    assert calls.claim([], "worker-2", NOON, LEASE) == ()


def turns(calls: CallRepository, most: int = 9, **named: bool) -> list[CallId]:
    claims = calls.claim_waiting(most, "worker-2", NOON + LEASE, LEASE, **named)
    assert all(claim.call.status is CallStatus.PROCESSING for claim in claims)
    assert all(claim.until == NOON + 2 * LEASE and claim.token > 0 for claim in claims)
    return [claim.call.id for claim in claims]


def test_waiting_calls_are_claimed_fairly_and_urgent_ones_first(calls: CallRepository) -> None:
    calls.add_customer(customer("beta"), "hash-b")
    mine = [push(calls, call(received_at=NOON + at * SECOND)).id for at in range(3)]
    theirs = push(calls, call("beta", NOON + 5 * SECOND)).id
    urgent = push(calls, replace(call(received_at=NOON + 9 * SECOND), priority=1)).id
    assert calls.call(urgent).priority == 1
    assert turns(calls, 1) == [urgent]
    assert turns(calls, 2) == [theirs, mine[0]], "one of acme's runs already"
    assert turns(calls) == mine[1:]
    assert turns(calls) == []


def test_what_was_tried_before_runs_alone(calls: CallRepository) -> None:
    first, second, fresh = push(calls).id, push(calls).id, push(calls).id
    calls.claim([first, second], "worker-1", NOON, LEASE)
    assert turns(calls, suspects=False) == []
    suspects = turns(calls)
    assert len(suspects) == 1 and suspects[0] in (first, second)
    assert sorted(suspects + turns(calls)) == sorted([first, second])
    assert turns(calls) == [fresh]


def test_a_suspect_that_was_given_back_is_still_one(calls: CallRepository) -> None:
    tried, fresh = push(calls).id, push(calls).id
    claim_one(calls, tried)
    (claim,) = calls.claim([tried], "worker-2", NOON + LEASE, LEASE)
    calls.release(claim, NOON + LEASE)
    assert (turns(calls), turns(calls)) == ([tried], [fresh])


def test_a_restricted_call_has_no_turn(calls: CallRepository) -> None:
    restricted, fresh = push(calls).id, push(calls).id
    assert calls.mark_call(restricted, Mark.RESTRICTION, NOON)
    assert turns(calls) == [fresh]


def test_a_renewed_lease_keeps_others_out(calls: CallRepository) -> None:
    pushed = push(calls)
    claim = calls.renew(claim_one(calls, pushed.id), NOON + SECOND, LEASE)
    assert claim.until == NOON + SECOND + LEASE
    assert calls.claim([pushed.id], "worker-2", NOON + LEASE, LEASE) == ()


def test_completing_stores_the_transcript_and_destroys_the_audio_key(
    calls: CallRepository,
) -> None:
    pushed = push(calls, known=Sealed(b"known", b"key-k"))
    claim = claim_one(calls, pushed.id)
    assert calls.known(pushed.id) == Sealed(b"known", b"key-k")
    done = calls.complete(claim, outcome(), NOON + SECOND)
    assert done == calls.call(pushed.id)
    assert (done.status, done.audio) == (CallStatus.STORED, AudioState.DESTROYED)
    assert (done.language, done.duration) == ("de", 3.5)
    assert (done.finished_at, done.audio_until) == (NOON + SECOND, None)
    assert calls.transcript(pushed.id) == outcome().transcript
    assert calls.vault(pushed.id) == outcome().vault
    assert calls.known(pushed.id) is None
    assert calls.has_audio_key([pushed.id]) == {pushed.id: False}
    with pytest.raises(KeyDestroyed):
        calls.recording(pushed.id)


def test_a_call_without_pii_has_no_vault(calls: CallRepository) -> None:
    pushed = push(calls)
    calls.complete(claim_one(calls, pushed.id), outcome(vault=False), NOON)
    with pytest.raises(NotFound):
        calls.vault(pushed.id)


def test_under_consent_only_the_retained_key_remains(calls: CallRepository) -> None:
    pushed = push(calls)
    kept = RetainedKey("ret_" + "0" * 32, NOON + timedelta(days=30), b"rewrapped")
    done = calls.complete(claim_one(calls, pushed.id), outcome(kept), NOON)
    assert (done.audio, done.audio_until) == (AudioState.RETAINED, kept.until)
    assert calls.recording(pushed.id) == kept
    assert calls.has_audio_key([pushed.id]) == {pushed.id: True}


def test_failing_destroys_the_audio_key_and_says_why(calls: CallRepository) -> None:
    pushed = push(calls, known=Sealed(b"known", b"key-k"))
    code = "recording_rejected:truncated"
    failed = calls.fail(claim_one(calls, pushed.id), code, NOON + SECOND)
    assert failed == calls.call(pushed.id)
    assert (failed.status, failed.failure) == (CallStatus.FAILED, code)
    assert (failed.audio, failed.finished_at) == (AudioState.DESTROYED, NOON + SECOND)
    assert calls.known(pushed.id) is None
    with pytest.raises(KeyDestroyed):
        calls.recording(pushed.id)
    with pytest.raises(NotFound):
        calls.transcript(pushed.id)


@pytest.mark.parametrize("code", ["Frau Meier rief an", "", "a:b:c", "Upper", "x y"])
def test_a_failure_code_is_no_sentence(calls: CallRepository, code: str) -> None:
    pushed = push(calls)
    claim = claim_one(calls, pushed.id)
    with pytest.raises(ValueError, match="snake_case"):
        calls.fail(claim, code, NOON)
    with pytest.raises(ValueError, match="snake_case"):
        calls.destroy_audio(pushed.id, code, NOON)
    assert calls.call(pushed.id).status is CallStatus.PROCESSING


def test_a_released_call_is_free_with_its_audio_untouched(calls: CallRepository) -> None:
    pushed = push(calls, known=Sealed(b"known", b"key-k"))
    calls.release(claim_one(calls, pushed.id), NOON)
    assert calls.call(pushed.id).status is CallStatus.RECEIVED
    assert calls.recording(pushed.id) == recording(pushed)
    assert calls.known(pushed.id) is not None
    assert claim_one(calls, pushed.id).call.attempts == 1, "only a crash costs a try"


Ending = Callable[[CallRepository, CallId], None]


def _stored(calls: CallRepository, call_id: CallId) -> None:
    calls.complete(claim_one(calls, call_id, NOON + LEASE), outcome(), NOON + LEASE)


def _failed(calls: CallRepository, call_id: CallId) -> None:
    calls.fail(claim_one(calls, call_id, NOON + LEASE), "poison", NOON + LEASE)


def _claimed_anew(calls: CallRepository, call_id: CallId) -> None:
    claim_one(calls, call_id, NOON + LEASE)


def _released_anew(calls: CallRepository, call_id: CallId) -> None:
    calls.release(claim_one(calls, call_id, NOON + LEASE), NOON + LEASE)


def _capped(calls: CallRepository, call_id: CallId) -> None:
    calls.destroy_audio(call_id, "audio_cap_reached", NOON + LEASE)


@pytest.mark.parametrize(
    "ending", [_stored, _failed, _claimed_anew, _released_anew, _capped], ids=lambda f: f.__name__
)
def test_a_stale_claim_changes_nothing(store: Store, calls: CallRepository, ending: Ending) -> None:
    pushed = push(calls)
    stale = claim_one(calls, pushed.id)
    ending(calls, pushed.id)
    before, events = calls.call(pushed.id), store.events()
    later = NOON + LEASE + SECOND
    with pytest.raises(LeaseLost):
        calls.complete(stale, replace(outcome(), language="en"), later)
    with pytest.raises(LeaseLost):
        calls.fail(stale, "late", later)
    with pytest.raises(LeaseLost):
        calls.release(stale, later)
    with pytest.raises(LeaseLost):
        calls.renew(stale, later, LEASE)
    assert calls.call(pushed.id) == before
    assert store.events() == events
    if before.status is not CallStatus.STORED:
        with pytest.raises(NotFound):
            calls.transcript(pushed.id)


def test_a_claim_on_an_unknown_call_is_lost(calls: CallRepository) -> None:
    claim = claim_one(calls, push(calls).id)
    with pytest.raises(LeaseLost):
        calls.complete(replace(claim, call=call()), outcome(), NOON)


def test_a_lease_that_ran_out_still_commits_while_nobody_else_claimed(
    calls: CallRepository,
) -> None:
    claim = claim_one(calls, push(calls).id)
    done = calls.complete(claim, outcome(), NOON + LEASE * 3)
    assert done.status is CallStatus.STORED


def test_stranded_calls_are_those_that_wait_too_long(calls: CallRepository) -> None:
    waiting = timedelta(seconds=30)
    old, taken, young = (
        push(calls, call(received_at=NOON - timedelta(seconds=s))) for s in (60, 50, 10)
    )
    claim_one(calls, taken.id)
    assert calls.stranded(NOON, waiting) == (old.id,)
    assert calls.stranded(NOON + LEASE, waiting) == (old.id, taken.id, young.id)
    assert calls.stranded(NOON + LEASE, waiting, limit=1) == (old.id,)
    _capped(calls, young.id)
    calls.complete(claim_one(calls, taken.id, NOON + LEASE), outcome(), NOON + LEASE)
    assert calls.stranded(NOON + LEASE * 9, waiting) == (old.id,)


def test_a_call_of_a_clock_that_was_ahead_is_stranded_at_once(calls: CallRepository) -> None:
    early = push(calls, call(received_at=NOON + timedelta(hours=1)))
    assert calls.stranded(NOON, LEASE) == (early.id,)


def test_a_lease_is_ended_while_it_is_as_it_was_seen(calls: CallRepository) -> None:
    pushed, other = push(calls), push(calls)
    claim = claim_one(calls, pushed.id)
    assert calls.leases_beyond(NOON + LEASE) == ()
    (lease,) = calls.leases_beyond(NOON + LEASE - SECOND)
    assert lease == Lease(pushed.id, claim.token, NOON + LEASE)
    calls.renew(claim, NOON + SECOND, LEASE)
    assert not calls.end_lease(lease, NOON)
    (lease,) = calls.leases_beyond(NOON)
    assert calls.end_lease(lease, NOON)
    assert calls.leases_beyond(NOON) == ()
    assert calls.stranded(NOON, LEASE) == (pushed.id,)
    again = claim_one(calls, pushed.id)
    assert not calls.end_lease(lease, NOON)
    calls.complete(again, outcome(), NOON)
    assert not calls.end_lease(lease, NOON)
    assert calls.claim([other.id], "worker-1", NOON, LEASE)


def test_a_released_call_waits_from_then_on(calls: CallRepository) -> None:
    pushed = push(calls)
    calls.release(claim_one(calls, pushed.id), NOON + LEASE)
    assert calls.stranded(NOON + LEASE, SECOND) == ()
    assert calls.stranded(NOON + LEASE + SECOND, SECOND) == (pushed.id,)


def test_audio_is_overdue_at_the_end_of_its_day_key(calls: CallRepository) -> None:
    pushed, done = push(calls), push(calls)
    calls.complete(claim_one(calls, done.id), outcome(), NOON)
    end = day_key_end(day_of(NOON))
    assert calls.overdue_audio(end - SECOND) == ()
    assert calls.overdue_audio(end) == (pushed.id,)
    calls.destroy_audio(pushed.id, "audio_cap_reached", end)
    assert calls.overdue_audio(end) == ()
    capped = calls.call(pushed.id)
    assert (capped.status, capped.failure) == (CallStatus.FAILED, "audio_cap_reached")


def test_retained_audio_is_due_at_its_end_and_not_at_the_cap(calls: CallRepository) -> None:
    pushed = push(calls)
    kept = RetainedKey("ret_" + "0" * 32, NOON + timedelta(days=90), b"rewrapped")
    calls.complete(claim_one(calls, pushed.id), outcome(kept), NOON)
    assert calls.retained_due(kept.until - SECOND) == ()
    assert calls.overdue_audio(kept.until) == ()
    assert calls.retained_due(kept.until) == ((pushed.id, kept.key_name),)
    calls.destroy_audio(pushed.id, "audio_retention_over", kept.until)
    assert calls.retained_due(kept.until) == ()
    done = calls.call(pushed.id)
    assert (done.status, done.audio) == (CallStatus.STORED, AudioState.DESTROYED)
    assert calls.transcript(pushed.id) == outcome().transcript


def test_destroying_audio_twice_tells_it_once(store: Store, calls: CallRepository) -> None:
    pushed = push(calls)
    kept = RetainedKey("ret_" + "0" * 32, NOON + timedelta(days=90), b"rewrapped")
    calls.complete(claim_one(calls, pushed.id), outcome(kept), NOON)
    for _ in range(2):
        calls.destroy_audio(pushed.id, "consent_withdrawn", NOON)
    assert store.events().count("audio_destroyed") == 1
    with pytest.raises(NotFound):
        calls.destroy_audio(new_call_id(), "consent_withdrawn", NOON)


def test_has_audio_key_answers_for_every_id(calls: CallRepository) -> None:
    pushed, unknown = push(calls), new_call_id()
    assert calls.has_audio_key([pushed.id, unknown]) == {pushed.id: True, unknown: False}
    assert calls.has_audio_key([]) == {}
    many = [new_call_id() for _ in range(1200)]
    assert calls.has_audio_key([*many, pushed.id])[pushed.id] is True


def test_a_closed_customer_keeps_no_key_and_no_audio(calls: CallRepository) -> None:
    calls.add_customer(customer("other"), "hash-o")
    theirs = push(calls, call("other"))
    waiting = push(calls, call(received_at=NOON))
    taken = push(calls, call(received_at=NOON + SECOND))
    done = push(calls, call(received_at=NOON + 2 * SECOND))
    claim = claim_one(calls, taken.id)
    calls.complete(claim_one(calls, done.id), outcome(), NOON)

    assert calls.close_customer(ACME, NOON) == (waiting.id, taken.id)

    closed = calls.customer(ACME)
    assert (closed.closed_at, closed.wrapped_key, closed.wrapped_vault_key) == (NOON, b"", b"")
    assert calls.customer_by_key("hash-of-acme") is None
    assert calls.call(waiting.id).failure == "customer_closed"
    assert calls.has_audio_key([waiting.id, taken.id, theirs.id]) == {
        waiting.id: False,
        taken.id: False,
        theirs.id: True,
    }
    with pytest.raises(LeaseLost):
        calls.complete(claim, outcome(), NOON)
    with pytest.raises(Conflict):
        push(calls)
    with pytest.raises(Conflict):
        calls.replace_key(ACME, "new-hash")
    assert calls.close_customer(ACME, NOON + SECOND) == ()
    with pytest.raises(NotFound):
        calls.close_customer(CustomerId("nobody"), NOON)


LISTS = StoredPolicy(False, True, True, Sealed(b"lists", b"key-l"))


def test_without_a_policy_the_defaults_hold(calls: CallRepository) -> None:
    assert calls.redaction_policy(ACME) == StoredPolicy()
    for ask in (
        lambda: calls.redaction_policy(CustomerId("nobody")),
        lambda: _set(calls, StoredPolicy(), LISTS, CustomerId("nobody")),
    ):
        with pytest.raises(NotFound):
            ask()


def _set(
    calls: CallRepository,
    before: StoredPolicy,
    after: StoredPolicy,
    customer_id: CustomerId = ACME,
    at: datetime = NOON,
) -> None:
    calls.change_redaction_policy(customer_id, before, after, ("keep_vault", "deny"), at)


def test_a_policy_comes_back_as_it_was_set(store: Store, calls: CallRepository) -> None:
    calls.add_customer(customer("other"), "hash-o")
    _set(calls, StoredPolicy(), LISTS)
    assert calls.redaction_policy(ACME) == LISTS
    assert calls.redaction_policy(CustomerId("other")) == StoredPolicy()
    _set(calls, LISTS, StoredPolicy(link_callers=False))
    assert calls.redaction_policy(ACME) == StoredPolicy()
    assert store.events()[-2:] == ["redaction_changed"] * 2
    assert store.audit.verify() == 4


def test_of_two_changes_at_once_the_second_is_refused(store: Store, calls: CallRepository) -> None:
    _set(calls, StoredPolicy(), LISTS)
    for before in (StoredPolicy(), replace(LISTS, sealed=Sealed(b"others", b"key"))):
        with pytest.raises(Conflict, match="try again"):
            _set(calls, before, StoredPolicy(generalise=True))
    assert calls.redaction_policy(ACME) == LISTS
    assert store.events().count("redaction_changed") == 1


def _all_wrapped(calls: CallRepository, limit: int) -> list[WrappedKey]:
    found: list[WrappedKey] = []
    after = None
    while keys := calls.wrapped_keys(ACME, after, limit):
        assert len(keys) <= limit
        found, after = [*found, *keys], keys[-1]
    return found


def test_wrapped_keys_are_walked_in_order_and_swapped_where_unchanged(
    calls: CallRepository,
) -> None:
    calls.add_customer(customer("other"), "hash-o")
    _set(calls, StoredPolicy(), LISTS)
    known = Sealed(b"known", b"key-k")
    stored = [push(calls) for _ in range(3)]
    for each in stored:
        calls.complete(claim_one(calls, each.id), outcome(), NOON)
    waiting = push(calls, known=known)
    push(calls, call("other"), known=known)
    expected = {("redaction_policies", str(ACME)), ("known_parties", str(waiting.id))} | {
        (place, str(each.id)) for place in ("transcripts", "vaults") for each in stored
    }
    for limit in (1, 3, 100):
        found = _all_wrapped(calls, limit)
        assert {(key.place, key.row) for key in found} == expected
        assert len(found) == len(expected)
    by_place = {key.place: key for key in found}
    policy, parties = by_place["redaction_policies"], by_place["known_parties"]
    assert (policy.purpose, policy.call_id, policy.wrapped) == ("lists", "", b"key-l")
    assert (parties.purpose, parties.call_id) == ("known", waiting.id)

    stale = replace(by_place["vaults"], wrapped=b"another")
    assert calls.rewrap_keys(ACME, []) == 0
    swaps = [(policy, b"new-p"), (parties, b"new-k"), (stale, b"never")]
    assert calls.rewrap_keys(ACME, swaps) == 2
    assert calls.known(waiting.id) == Sealed(b"known", b"new-k")
    assert calls.redaction_policy(ACME).sealed == Sealed(b"lists", b"new-p")
    assert {key.wrapped for key in _all_wrapped(calls, 2) if key.place == "vaults"} == {b"key-v"}
    # Whoever read the policy before its key was wrapped anew may still change it.
    _set(calls, LISTS, StoredPolicy())
    calls.close_customer(ACME, NOON)
    assert {key.place for key in calls.wrapped_keys(ACME)} <= {"known_parties"}


def test_a_customers_keys_are_swapped_where_unchanged(store: Store, calls: CallRepository) -> None:
    before = calls.customer(ACME)
    after = replace(
        before,
        wrapped_key=b"n1",
        wrapped_vault_key=b"n2",
        key_version=2,
        keys_made_at=NOON + SECOND,
    )
    event = AuditEvent("customer_key_rotated", NOON, None, ACME, {"version": 2})
    calls.replace_customer_keys(before, after, event)
    assert calls.customer(ACME) == calls.customers()[0] == after
    assert store.events()[-1] == "customer_key_rotated"
    for stale in (before, replace(after, wrapped_vault_key=b"k2")):
        with pytest.raises(Conflict):
            calls.replace_customer_keys(stale, before, event)
    with pytest.raises(NotFound):
        calls.replace_customer_keys(customer("nobody"), after, event)
    calls.close_customer(ACME, NOON)
    with pytest.raises(Conflict, match="closed"):
        calls.replace_customer_keys(replace(after, wrapped_key=b""), after, event)
    assert calls.customer(ACME).wrapped_key == b""
    assert store.events().count("customer_key_rotated") == 1


@pytest.mark.parametrize("version", [1, 3])
def test_nothing_is_stored_that_another_version_of_the_key_sealed(
    calls: CallRepository, version: int
) -> None:
    before = calls.customer(ACME)
    waiting = push(calls)
    claim = claim_one(calls, waiting.id)
    after = replace(before, wrapped_key=b"n1", wrapped_vault_key=b"n2", key_version=2)
    calls.replace_customer_keys(before, after, AuditEvent("rotated", NOON))
    stale, sealed = Sealed(b"c", b"k", version), Sealed(b"c", b"k", 2)
    good = replace(outcome(), transcript=sealed, vault=sealed)
    for bad in (replace(good, transcript=stale), replace(good, vault=stale)):
        with pytest.raises(KeyRotated):
            calls.complete(claim, bad, NOON)
    with pytest.raises(KeyRotated):
        push(calls, known=stale)
    with pytest.raises(KeyRotated):
        _set(calls, StoredPolicy(), replace(LISTS, sealed=stale))
    assert calls.redaction_policy(ACME) == StoredPolicy()
    assert len(calls.calls()) == 1 and calls.has_audio_key([waiting.id])[waiting.id]
    _set(calls, StoredPolicy(), replace(LISTS, sealed=sealed))
    assert calls.complete(claim, good, NOON).status is CallStatus.STORED


def test_a_closed_customer_keeps_no_policy(calls: CallRepository) -> None:
    _set(calls, StoredPolicy(), LISTS)
    calls.close_customer(ACME, NOON)
    assert calls.redaction_policy(ACME) == StoredPolicy()
    with pytest.raises(Conflict, match="closed"):
        _set(calls, StoredPolicy(), LISTS)
    assert calls.redaction_policy(ACME) == StoredPolicy()


def test_every_change_is_told_in_the_audit_log(store: Store, calls: CallRepository) -> None:
    done, failed = push(calls), push(calls, idempotency_key="k")
    push(calls, idempotency_key="k")
    calls.complete(claim_one(calls, done.id), outcome(), NOON)
    calls.fail(claim_one(calls, failed.id), "poison", NOON)
    calls.destroy_audio(done.id, "again", NOON)
    assert store.events() == [
        "customer_added",
        "call_received",
        "call_received",
        "call_stored",
        "call_failed",
    ]
    assert store.audit.verify() == 5


def test_moments_come_back_in_utc(calls: CallRepository) -> None:
    done = push(calls)
    calls.complete(claim_one(calls, done.id), outcome(), NOON)
    finished = calls.call(done.id).finished_at
    assert finished is not None
    assert finished.tzinfo is UTC


def test_the_backlog_is_what_waits_or_is_at_work_and_counted_no_further_than_asked(
    calls: CallRepository,
) -> None:
    assert calls.backlog(10) == 0
    stored, failed, working = (push(calls) for _ in range(3))
    push(calls)
    calls.complete(claim_one(calls, stored.id), outcome(), NOON)
    calls.fail(claim_one(calls, failed.id), "poison", NOON)
    claim_one(calls, working.id)
    assert calls.backlog(10) == 2
    assert calls.backlog(1) == 1
