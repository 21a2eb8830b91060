"""The contract of `Evidence`, over SQL and over memory: what is over goes, whole and in its order,
and the log of what is left still shows whether anybody touched it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.adapters.database import Database
from pipeline.adapters.memory import StoppedClock
from pipeline.domain.audit import PRUNED, AuditEvent
from pipeline.domain.call import Call
from pipeline.domain.consent import ConsentAct, ConsentEntry, ConsentSource, Purpose
from pipeline.domain.deletion import DataClass, Deletion, HoldCheck, Receipt, Trigger, document_of
from pipeline.domain.errors import Conflict, NotFound, SealBroken
from pipeline.domain.ids import CallId, CustomerId, new_call_id
from pipeline.domain.rights import LegalHold, Right, RightsRequest, new_hold_id
from pipeline.usecases.deck import Deck
from pipeline.usecases.finish_deletions import finish_deletions
from tests.builders import ACME, NOON, call, claim_one, customer, outcome, push
from tests.databases import KINDS, Kind, database_url, tamper
from tests.decks import disk_deck, memory_deck

DAY = timedelta(days=1)
LIMIT = 1000
Row = tuple[int, str, str | None]


@dataclass
class Store:
    """`rows` are position, name and call of each entry of the audit log; `alter` changes the facts
    of one, `remove` takes one out, `note` adds one that follows from nothing."""

    deck: Deck
    clock: StoppedClock
    rows: Callable[[], list[Row]]
    alter: Callable[[int], None]
    remove: Callable[[int], None]

    def prune_log(self, before: datetime, limit: int = LIMIT) -> int:
        return self.deck.evidence.prune_log(before, self.clock.now(), limit)

    def names(self) -> list[str]:
        return [name for _, name, _ in self.rows()]


def in_memory() -> Store:
    clock = StoppedClock(NOON)
    deck = memory_deck(clock)
    log: Any = deck.audit

    def index(position: int) -> int:
        return [at for at, _ in log.places].index(position)

    def rows() -> list[Row]:
        placed = zip(log.entries, log.places, strict=True)
        return [(at, event.name, event.call_id) for (event, _), (at, _) in placed]

    def alter(position: int) -> None:
        event, digest = log.entries[index(position)]
        log.entries[index(position)] = (replace(event, facts={"token": 9}), digest)

    def remove(position: int) -> None:
        at = index(position)
        del log.entries[at], log.places[at]

    return Store(deck, clock, rows, alter, remove)


def on_disk(folder: Path, url: str) -> Store:
    clock = StoppedClock(NOON)
    deck = disk_deck(folder, clock, url)
    database: Database = deck.audit._database  # type: ignore[attr-defined]

    def rows() -> list[Row]:
        query = "SELECT position, name, call_id FROM audit_log ORDER BY position"
        with database.read() as connection:
            return [(at, name, of) for at, name, of in connection.exec_driver_sql(query)]

    def alter(position: int) -> None:
        query = "UPDATE audit_log SET facts = ? WHERE position = ?"
        tamper(database, query, '{"token": 9}', position)

    def remove(position: int) -> None:
        tamper(database, "DELETE FROM audit_log WHERE position = ?", position)

    return Store(deck, clock, rows, alter, remove)


@contextmanager
def opened(kind: str) -> Iterator[Store]:
    """With one customer."""
    with ExitStack() as stack:
        if kind == "memory":
            made = in_memory()
        else:
            folder = Path(stack.enter_context(TemporaryDirectory()))
            made = on_disk(folder, stack.enter_context(database_url(cast(Kind, kind), folder)))
        made.deck.calls.add_customer(customer(), "hash")
        yield made


@pytest.fixture(params=["memory", *KINDS])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    with opened(request.param) as made:
        yield made


def stored(store: Store, customer_id: str = ACME) -> Call:
    new = call(customer_id, store.clock.now())
    push(store.deck.calls, new)
    now = store.clock.now()
    done = store.deck.calls.complete(claim_one(store.deck.calls, new.id, now), outcome(), now)
    finish_deletions(store.deck)
    return done


def erase(store: Store, of: Call, finish: bool = True) -> None:
    store.deck.calls.erase_call(of.id, "erased_on_request", store.clock.now())
    if finish:
        finish_deletions(store.deck)


def has(store: Store, of: Call) -> bool:
    try:
        return bool(store.deck.calls.call(of.id))
    except NotFound:
        return False


def told_of(store: Store, of: Call) -> int:
    return sum(call_id == of.id for _, _, call_id in store.rows())


def test_what_lives_keeps_all_that_proves_it(store: Store) -> None:
    living, gone = stored(store), stored(store)
    store.clock.turn(DAY)
    erase(store, gone)
    before, rows = store.clock.now() - timedelta(seconds=1), store.rows()
    evidence = store.deck.evidence
    assert store.prune_log(before) == 0, "it was erased later"
    assert evidence.prune_calls(before, LIMIT) == evidence.prune_customers(before, LIMIT) == 0
    assert evidence.prune_records(before, LIMIT) == 0
    assert store.rows() == rows, "nothing was told, for nothing went"
    assert has(store, living) and has(store, gone)


def test_of_a_call_that_was_erased_long_ago_nothing_is_left(store: Store) -> None:
    living, gone = stored(store), stored(store)
    store.deck.consents.record(
        ConsentEntry(
            ACME,
            gone.id,
            Purpose.MODEL_TRAINING,
            ConsentAct.REFUSED,
            ConsentSource.PORTAL,
            NOON,
        )
    )
    erase(store, gone)
    kept = told_of(store, living)
    assert kept and told_of(store, gone)
    removed = store.prune_log(NOON)
    assert removed and told_of(store, gone) == 0 and told_of(store, living) == kept
    assert store.names()[-1] == PRUNED and store.deck.audit.verify() == len(store.rows())
    assert store.deck.evidence.prune_calls(NOON, LIMIT) == 1
    assert not has(store, gone) and has(store, living)
    assert store.deck.deletions.receipts(call_id=gone.id) == ()
    assert store.deck.consents.of_call(gone.id) == ()
    assert len(store.deck.deletions.receipts(call_id=living.id)) == 1
    assert store.prune_log(NOON) == store.deck.evidence.prune_calls(NOON, LIMIT) == 0


def test_a_call_waits_for_its_youngest_receipt(store: Store) -> None:
    gone = stored(store)
    erase(store, gone, finish=False)
    assert store.deck.evidence.prune_calls(NOON + DAY, LIMIT) == 0, "a deletion is pending"
    store.clock.turn(2 * DAY)
    finish_deletions(store.deck)
    assert store.deck.evidence.prune_calls(NOON + DAY, LIMIT) == 0 and has(store, gone)
    assert store.deck.evidence.prune_calls(NOON + 2 * DAY, LIMIT) == 1 and not has(store, gone)


def test_a_closed_customer_goes_last_and_its_id_is_free_again(store: Store) -> None:
    calls, evidence = store.deck.calls, store.deck.evidence
    calls.add_customer(customer("other"), "other-hash")
    mine, other = stored(store), stored(store, "other")
    hold = LegalHold(new_hold_id(), ACME, None, "a claim", "operator", NOON, NOON + DAY)
    store.deck.holds.place(hold)
    asked = RightsRequest("req_" + "1" * 32, ACME, Right.EXPORT, NOON, NOON + 30 * DAY, 1)
    store.deck.rights.open(asked, NOON)
    store.clock.turn(DAY)
    calls.close_customer(ACME, store.clock.now())
    finish_deletions(store.deck)
    assert evidence.prune_customers(store.clock.now(), LIMIT) == 0, "it has a call"
    assert evidence.prune_calls(store.clock.now(), LIMIT) == 1 and not has(store, mine)
    assert evidence.prune_customers(NOON, LIMIT) == 0, "it was closed later"
    assert evidence.prune_customers(store.clock.now(), LIMIT) == 1
    assert [each.id for each in calls.customers()] == ["other"] and has(store, other)
    assert store.deck.rights.requests() == ()
    with pytest.raises(NotFound):
        store.deck.holds.release(hold.id, "operator", store.clock.now())
    assert {each.body["customer"] for each in store.deck.deletions.receipts()} == {"other"}
    calls.add_customer(customer(), "new-hash")
    assert calls.customer(ACME).closed_at is None


def test_holds_and_requests_go_after_their_own_end(store: Store) -> None:
    deck, evidence = store.deck, store.deck.evidence
    of = stored(store)
    lapsed, released, standing = (
        LegalHold(new_hold_id(), ACME, of.id, "a claim", "operator", NOON, until)
        for until in (NOON + DAY, None, None)
    )
    for hold in (lapsed, released, standing):
        deck.holds.place(hold)
    answered, waiting = (
        RightsRequest(f"req_{digit * 32}", ACME, Right.ERASE, NOON, NOON + 30 * DAY, 1)
        for digit in "12"
    )
    for request in (answered, waiting):
        deck.rights.open(request, NOON)
    deck.holds.release(released.id, "operator", NOON + DAY)
    deck.rights.close(answered.id, "done", 1, NOON + DAY)
    assert evidence.prune_records(NOON + DAY / 2, LIMIT) == 0
    assert evidence.prune_records(NOON + DAY, LIMIT) == 3
    assert evidence.prune_records(NOON + DAY, LIMIT) == 0
    assert [each.id for each in deck.rights.requests()] == [waiting.id]
    assert [each.id for each in deck.holds.in_force(NOON)] == [standing.id]
    for hold in (lapsed, released):
        with pytest.raises(NotFound):
            deck.holds.release(hold.id, "operator", NOON)
    with pytest.raises(Conflict):
        deck.calls.add_customer(customer(), "hash")


def stray(call_id: CallId | None, customer_id: str) -> Receipt:
    deletion = Deletion(
        f"del_{new_call_id()[5:]}",
        DataClass.CUSTOMER if call_id is None else DataClass.TRANSCRIPT,
        "transcript",
        1,
        Trigger.REQUEST,
        CustomerId(customer_id),
        call_id,
        HoldCheck.NONE,
        NOON,
        NOON,
    )
    document = document_of(deletion, NOON, 1, "0" * 64, "f" * 16)
    return Receipt(deletion.id, document, b"s" * 64)


def test_receipts_of_what_was_never_here_go_by_their_own_age(store: Store) -> None:
    of_a_call, of_a_customer = stray(new_call_id(), ACME), stray(None, "unknown")
    of_a_living_one = stray(stored(store).id, ACME)
    for receipt in (of_a_call, of_a_customer, of_a_living_one):
        store.deck.deletions.adopt(receipt, NOON)
    assert store.deck.evidence.prune_records(NOON - DAY, LIMIT) == 0
    assert store.deck.evidence.prune_records(NOON, LIMIT) == 2
    left = {each.id for each in store.deck.deletions.receipts()}
    assert of_a_living_one.id in left and not left & {of_a_call.id, of_a_customer.id}


def test_it_is_done_in_batches(store: Store) -> None:
    for _ in range(5):
        erase(store, stored(store))
    counts = []
    while removed := store.deck.evidence.prune_calls(NOON, 2):
        counts.append(removed)
    assert counts == [2, 2, 1]
    entries, batches = len(store.rows()) - 1, []  # the customer lives
    store.clock.turn(DAY)
    while removed := store.prune_log(NOON, 4):
        batches.append(removed)
        assert store.deck.audit.verify() == len(store.rows())
    assert len(batches) > 3 and sum(batches) == entries


def test_the_log_of_what_ended_is_an_anchor_and_stays_one(store: Store) -> None:
    erase(store, stored(store))
    store.deck.calls.close_customer(ACME, NOON)
    finish_deletions(store.deck)
    store.clock.turn(DAY)
    last = store.rows()[-1][0]
    assert store.prune_log(NOON) == last
    assert store.rows() == [(last + 1, PRUNED, None)] and store.deck.audit.verify() == 1
    for _ in range(3):
        store.clock.turn(100 * DAY)
        assert store.prune_log(store.clock.now() - DAY) == 0
    assert store.rows() == [(last + 1, PRUNED, None)], "an old anchor is no reason for a new one"
    store.deck.audit.append(AuditEvent("keys_destroyed", store.clock.now()))
    store.clock.turn(DAY)
    assert store.prune_log(store.clock.now() - DAY) == 2
    assert store.rows() == [(last + 3, PRUNED, None)] and store.deck.audit.verify() == 1


def test_a_receipt_whose_entry_went_is_believed(store: Store) -> None:
    gone = stored(store)
    erase(store, gone)
    receipts = store.deck.deletions.receipts(call_id=gone.id)
    assert store.prune_log(NOON)
    assert all(store.deck.replay.has_in_audit(each) for each in receipts)


@pytest.mark.parametrize("facts", [{}, {"to": 0}, {"to": 1, "hash": "f" * 64, "kept": 3}])
def test_an_anchor_that_is_none_is_told_of(store: Store, facts: dict[str, Any]) -> None:
    store.deck.audit.append(AuditEvent(PRUNED, NOON, facts=facts))
    with pytest.raises(SealBroken, match=f"entry {store.rows()[-1][0]}"):
        store.deck.audit.verify()
    with pytest.raises(SealBroken):
        store.prune_log(NOON)


@pytest.mark.parametrize("kind", ["memory", *KINDS])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_the_chain_verifies_after_any_pruning_and_shows_every_change(
    kind: str, data: st.DataObject
) -> None:
    """Events about a living call, an erased one, the customer and nothing, of any age, in any
    order; pruned at any time and in batches of any size."""
    with opened(kind) as store:
        living, erased = stored(store), stored(store)
        erase(store, erased)
        about = st.sampled_from([living.id, erased.id, new_call_id(), None])
        for _ in range(data.draw(st.integers(1, 4))):
            for _ in range(data.draw(st.integers(0, 5))):
                at = NOON + data.draw(st.integers(-9, 9)) * DAY
                call_id = data.draw(about)
                owner = ACME if call_id else data.draw(st.sampled_from([ACME, None]))
                store.deck.audit.append(AuditEvent("call_shown", at, call_id, owner))
            before = NOON + data.draw(st.integers(-9, 9)) * DAY
            held = told_of(store, living)
            store.prune_log(before, data.draw(st.integers(1, 9)))
            assert store.deck.audit.verify() == len(store.rows())
            assert told_of(store, living) == held, "what lives keeps its entries"
        position = data.draw(st.sampled_from([at for at, _, _ in store.rows()]))
        cut_off = position == store.rows()[-1][0]
        if cut_off or data.draw(st.booleans()):
            store.alter(position)  # the end of a chain can be cut off: the ledger anchors that
        else:
            store.remove(position)
        with pytest.raises(SealBroken):
            store.deck.audit.verify()
