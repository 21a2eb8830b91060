"""Whatever ends content tells the ledger before its transaction commits, over SQL and over memory;
what the ledger tells of that begins again in an older copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, select

from pipeline.adapters.database import Database, deletions
from pipeline.adapters.database.tables import metadata, outbox
from pipeline.adapters.memory import MemoryCallRepository, StoppedClock
from pipeline.domain.call import Call, CallStatus, Intake, Sealed
from pipeline.domain.consent import ConsentAct, ConsentEntry, ConsentSource, Purpose
from pipeline.domain.deletion import (
    DataClass,
    Deletion,
    HoldCheck,
    LedgerEntry,
    Method,
    Trigger,
    new_deletion_id,
)
from pipeline.domain.errors import KeyDestroyed, LeaseLost, NotFound, SealBroken, StorageFull
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.ledger import LOST_IN_RESTORE, Kind, api_key_told, deleted_told, deletion_in
from pipeline.domain.recording import RetainedKey
from pipeline.domain.rights import LegalHold, new_hold_id
from pipeline.usecases.deck import Deck
from tests.builders import ACME, NOON, claim_one, customer, outcome, push, recording
from tests.builders import call as a_call
from tests.databases import KINDS, database_url
from tests.databases import Kind as Server
from tests.decks import disk_deck, memory_deck

SECOND = timedelta(seconds=1)
STRANGER = CallId("call_" + "9" * 32)


@dataclass
class Store:
    deck: Deck

    @property
    def database(self) -> Database:
        return self.deck.calls._database  # type: ignore[attr-defined, no-any-return]

    def kinds(self) -> list[str]:
        return [str(entry.kind) for entry in self.deck.ledger.entries()]

    def outbox(self) -> list[tuple[str, str]]:
        """Name and call of each notice, in their order."""
        if isinstance(self.deck.calls, MemoryCallRepository):
            return list(self.deck.calls.outbox)
        query = select(outbox.c.name, outbox.c.call_id).order_by(outbox.c.id)
        with self.database.read() as connection:
            return [(name, call_id) for name, call_id in connection.execute(query)]

    def rows(self) -> dict[str, list[str]]:
        """What is committed in each table."""
        with self.database.read() as connection:
            return {
                table.name: sorted(map(repr, connection.execute(select(table))))
                for table in metadata.sorted_tables
            }


@pytest.fixture(params=["memory", *KINDS])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield _with_customer(memory_deck(StoppedClock(NOON)))
    else:
        yield from _in_database(request.param, tmp_path)


def _in_database(kind: Server, folder: Path) -> Iterator[Store]:
    with database_url(kind, folder) as url:
        yield _with_customer(disk_deck(folder, StoppedClock(NOON), url))


def _with_customer(deck: Deck) -> Store:
    deck.calls.add_customer(customer(), "hash")
    return Store(deck)


def kept(deck: Deck) -> Call:
    """A call whose audio is kept under consent."""
    pushed = push(deck.calls)
    key = RetainedKey("ret_" + pushed.id[5:], NOON + timedelta(days=30), b"wrapped")
    return deck.calls.complete(claim_one(deck.calls, pushed.id), outcome(key), NOON)


def stored(deck: Deck) -> Call:
    return deck.calls.complete(claim_one(deck.calls, push(deck.calls).id), outcome(), NOON)


def _complete(deck: Deck) -> None:
    stored(deck)


def _fail(deck: Deck) -> None:
    deck.calls.fail(claim_one(deck.calls, push(deck.calls).id), "recording_rejected", NOON)


def _destroy(deck: Deck) -> None:
    deck.calls.destroy_audio(push(deck.calls).id, "audio_cap_reached", NOON)


def _erase(deck: Deck) -> None:
    deck.calls.erase_call(kept(deck).id, "erased_on_request", NOON)


def _close(deck: Deck) -> None:
    kept(deck), push(deck.calls)
    deck.calls.close_customer(ACME, NOON)


def _withdraw(deck: Deck) -> None:
    back = ConsentEntry(
        ACME,
        kept(deck).id,
        Purpose.AUDIO_RETENTION,
        ConsentAct.WITHDRAWN,
        ConsentSource.OPERATOR,
        NOON,
    )
    deck.calls.withdraw(back, NOON, lambda: None)


ENDINGS: dict[Callable[[Deck], None], tuple[int, list[str]]] = {
    _complete: (1, ["raw_audio"]),
    _fail: (1, ["raw_audio"]),
    _destroy: (0, ["raw_audio"]),
    _erase: (0, ["retained_audio", "transcript"]),
    _close: (0, ["retained_audio", "raw_audio", "customer"]),
    _withdraw: (0, ["retained_audio"]),
}


@pytest.mark.parametrize("end", list(ENDINGS))
def test_every_ending_tells_the_ledger_of_each_deletion(
    store: Store, end: Callable[[Deck], None]
) -> None:
    claimed, classes = ENDINGS[end]
    end(store.deck)
    told = [entry for entry in store.deck.ledger.entries() if entry.kind == Kind.DELETED]
    assert sorted(str(deletion_in(each).data_class) for each in told) == sorted(classes)
    begun = {each.id: each for each in store.deck.deletions.pending()}
    for each in map(deletion_in, told):
        assert each == replace(begun.pop(each.id), places=(), key_name=None)
    assert begun == {}, "nothing begins untold"
    assert store.kinds().count("committed") == claimed
    assert "undone" not in store.kinds()
    assert store.deck.replay.unknown(told) == ()


def test_a_worker_that_was_overtaken_tells_nothing(store: Store) -> None:
    deck = store.deck
    slow = claim_one(deck.calls, push(deck.calls).id)
    deck.calls.destroy_audio(slow.call.id, "audio_cap_reached", NOON)
    before = store.kinds()
    with pytest.raises(LeaseLost):
        deck.calls.complete(slow, outcome(), NOON)
    assert store.kinds() == before == ["deleted"]


# Only SQL has transactions.


@pytest.fixture(params=KINDS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    yield from _in_database(request.param, tmp_path)


@pytest.mark.parametrize("end", [_complete, _fail, _destroy])
def test_a_ledger_that_cannot_be_told_lets_nothing_end(
    disk: Store, end: Callable[[Deck], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    deck, found = disk.deck, list[dict[str, list[str]]]()

    def full(*entries: LedgerEntry, lasting: bool = True) -> None:
        if entries and not found:
            found.append(disk.rows())
            raise StorageFull("no room")

    monkeypatch.setattr(deck.ledger, "append", full)
    with pytest.raises(StorageFull):
        end(deck)
    assert disk.rows() == found[0], "as it was before the transaction"
    (call,) = deck.calls.calls()
    assert deck.calls.has_audio_key([call.id])[call.id] and disk.kinds() == []


@pytest.mark.parametrize("end", [_complete, _destroy])
def test_a_commit_that_fails_is_told_to_be_undone(disk: Store, end: Callable[[Deck], None]) -> None:
    deck = disk.deck
    engine: Engine = disk.database.engine

    def fail(_: object) -> None:
        if "deleted" in disk.kinds():
            raise StorageFull("the database has no room left")

    event.listen(engine, "commit", fail)
    with pytest.raises(StorageFull):
        end(deck)
    event.remove(engine, "commit", fail)
    assert disk.kinds() == ["deleted", "undone"]
    (call,) = deck.calls.calls()
    assert deck.calls.has_audio_key([call.id])[call.id]
    assert deck.deletions.pending() == ()


def test_no_deletion_begins_in_a_transaction_that_tells_nobody(disk: Store) -> None:
    deletion = deletion_in(begun(DataClass.RAW_AUDIO, push(disk.deck.calls).id))
    with pytest.raises(KeyError), disk.database.write() as connection:
        deletions.begin(connection, deletion)
    assert disk.deck.deletions.pending() == ()


# What an older copy does of it.


def begun(
    data_class: DataClass, call_id: CallId | None, token: int | None = None, owner: str = ACME
) -> LedgerEntry:
    """A deletion that this database does not know."""
    deletion = Deletion(
        new_deletion_id(),
        data_class,
        str(data_class),
        1,
        Trigger.CONTRACT_END if data_class is DataClass.CUSTOMER else Trigger.DONE,
        CustomerId(owner),
        call_id,
        HoldCheck.NONE,
        NOON - SECOND,
        NOON - SECOND,
    )
    return deleted_told(deletion, token)


def apply(deck: Deck, entry: LedgerEntry) -> tuple[tuple[CallId, ...] | None, list[str]]:
    destroyed: list[str] = []
    return deck.replay.apply(entry, NOON, destroyed.append), destroyed


def test_a_deletion_begins_again_under_its_own_id(store: Store) -> None:
    deck = store.deck
    waiting, under_consent = push(deck.calls), kept(deck)
    raw = begun(DataClass.RAW_AUDIO, waiting.id)
    retained = begun(DataClass.RETAINED_AUDIO, under_consent.id)
    assert deck.replay.unknown([raw, retained]) == (raw, retained)
    key_name = "ret_" + under_consent.id[5:]
    assert apply(deck, raw) == ((waiting.id,), [])
    assert apply(deck, retained) == ((under_consent.id,), [key_name])
    assert apply(deck, raw) == apply(deck, retained) == (None, [])
    assert deck.replay.unknown([raw, retained]) == ()
    for call in (waiting, under_consent):
        with pytest.raises(KeyDestroyed):
            deck.calls.recording(call.id)
    ended = deck.calls.call(waiting.id)
    assert (ended.status, ended.failure) == (CallStatus.FAILED, LOST_IN_RESTORE)
    assert deck.calls.transcript(under_consent.id)
    found = {each.call_id: each for each in deck.deletions.pending()}
    assert found[waiting.id].id == deletion_in(raw).id
    assert found[under_consent.id].key_name == key_name, "the next start makes sure of it"
    for deletion in found.values():
        assert deletion.begun == NOON - SECOND
        assert [place.method for place in deletion.places] == [Method.KEY_DESTROYED]
        assert all(place.done == NOON for place in deletion.places)
    assert store.kinds().count("deleted") == 0, "the ledger tells of them already"
    assert deck.audit.verify() > 0


def test_a_call_is_erased_again_and_announced_once(store: Store) -> None:
    deck, call = store.deck, kept(store.deck)
    deck.holds.place(LegalHold(new_hold_id(), ACME, None, "old", "operator", NOON))
    entry, other = (begun(DataClass.TRANSCRIPT, call.id) for _ in range(2))
    assert apply(deck, entry) == ((call.id,), ["ret_" + call.id[5:]])
    assert deck.calls.call(call.id).erased_at == NOON - SECOND
    with pytest.raises(NotFound):
        deck.calls.transcript(call.id)
    assert store.outbox() == [("call_erased", call.id)]
    assert apply(deck, other)[0] == (call.id,)
    assert store.outbox() == [("call_erased", call.id)]
    assert len(deck.deletions.pending()) == 2


def test_a_customer_is_closed_again_and_every_transcript_announced(store: Store) -> None:
    deck = store.deck
    waiting, done, erased = push(deck.calls), stored(deck), stored(deck)
    deck.calls.erase_call(erased.id, "erased_on_request", NOON)
    gone, _ = apply(deck, begun(DataClass.CUSTOMER, None))
    assert gone == (waiting.id,)
    assert deck.calls.customer(ACME).closed_at == NOON - SECOND
    assert {call.status for call in deck.calls.calls(ACME)} == {CallStatus.ERASED}
    assert sorted(store.outbox()) == sorted(("call_erased", each.id) for each in (done, erased))


def test_closing_announces_what_may_have_been_delivered_and_nothing_else(store: Store) -> None:
    deck = store.deck
    deck.calls.add_customer(customer("other"), "other-hash")
    theirs = push(deck.calls, a_call("other"))
    deck.calls.complete(claim_one(deck.calls, theirs.id), outcome(), NOON)
    done, erased, failed = stored(deck), stored(deck), push(deck.calls)
    deck.calls.erase_call(erased.id, "erased_on_request", NOON)
    deck.calls.fail(claim_one(deck.calls, failed.id), "recording_rejected", NOON)
    push(deck.calls)
    deck.calls.close_customer(ACME, NOON)
    expected = [("call_stored", theirs.id), ("call_erased", done.id), ("call_erased", erased.id)]
    assert sorted(store.outbox()) == sorted(expected)


def test_what_is_not_here_gets_its_receipt_all_the_same(store: Store) -> None:
    deck = store.deck
    entries = [
        begun(DataClass.RAW_AUDIO, STRANGER, 3),
        begun(DataClass.TRANSCRIPT, STRANGER, owner="newcomer"),
        begun(DataClass.CUSTOMER, None, owner="newcomer"),
    ]
    assert [apply(deck, each)[0] for each in entries] == [(STRANGER,), (STRANGER,), ()]
    begun_here = {each.id: each for each in deck.deletions.pending()}
    assert begun_here.keys() == {deletion_in(each).id for each in entries}
    methods = {place.method for each in begun_here.values() for place in each.places}
    assert methods == {Method.NOT_PRESENT}
    with pytest.raises(NotFound):
        deck.calls.customer(CustomerId("newcomer"))


@pytest.mark.parametrize("awaiting", [True, False])
def test_a_database_that_saw_the_claim_does_what_was_committed_only(
    store: Store, awaiting: bool
) -> None:
    """As it was never committed there, the recording is still to be transcribed."""
    deck = store.deck
    claim = claim_one(deck.calls, push(deck.calls).id)
    entry = begun(DataClass.RAW_AUDIO, claim.call.id, claim.token if awaiting else None)
    assert deck.replay.unknown([entry]) == (entry,)
    assert apply(deck, entry)[0] == (None if awaiting else (claim.call.id,))
    assert deck.calls.has_audio_key([claim.call.id])[claim.call.id] is awaiting
    later = begun(DataClass.RAW_AUDIO, claim.call.id, claim.token + 1)
    assert apply(deck, later)[0] == (claim.call.id,)


def test_what_a_push_knew_goes_again(store: Store) -> None:
    deck, call = store.deck, a_call()
    known = Sealed(b"known", b"key-k")
    deck.calls.add_call(call, Intake(ACME), recording(call), known)
    apply(deck, begun(DataClass.RAW_AUDIO, call.id))
    assert deck.calls.known(call.id) is None


def test_a_beginning_that_cannot_be_read_changes_nothing(store: Store) -> None:
    deck, call = store.deck, kept(store.deck)
    entry = replace(begun(DataClass.TRANSCRIPT, call.id), facts={})
    for look in (lambda: apply(deck, entry), lambda: deck.replay.unknown([entry])):
        with pytest.raises(SealBroken):
            look()
    assert deck.calls.transcript(call.id)


def test_an_api_key_that_awaits_its_commit_replaces_none(store: Store) -> None:
    entry = api_key_told(ACME, "unseen", NOON, awaiting=True)
    assert store.deck.replay.unknown([entry]) == (entry,)
    assert apply(store.deck, entry)[0] is None
    assert store.deck.calls.key_hash(ACME) == "hash"


def test_holds_are_told_inside_their_transaction(store: Store) -> None:
    holds, told = store.deck.holds, list[object]()
    placed = LegalHold(new_hold_id(), ACME, None, "tax law", "legal", NOON)

    def full(*_: object) -> None:
        raise StorageFull("no room")

    events = store.deck.audit.verify()
    with pytest.raises(StorageFull):
        holds.place(placed, full)
    assert holds.in_force(NOON) == () and store.deck.audit.verify() == events
    holds.place(placed, lambda: told.append("placed"))
    with pytest.raises(StorageFull):
        holds.release(placed.id, "legal", NOON, full)
    assert holds.in_force(NOON) == (placed,)
    released = holds.release(placed.id, "legal", NOON, told.append)
    assert told == ["placed", released]
    with pytest.raises(NotFound):
        holds.release(new_hold_id(), "legal", NOON, told.append)
    assert len(told) == 2
