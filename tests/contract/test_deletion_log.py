"""The contracts of `DeletionLog` and `LedgerReplay`, over SQL and over memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline.domain.call import Call, CallStatus
from pipeline.domain.consent import ConsentAct, ConsentEntry, ConsentSource, Purpose
from pipeline.domain.deletion import (
    DataClass,
    Deletion,
    HoldCheck,
    LedgerEntry,
    Method,
    Place,
    Receipt,
    Trigger,
    document_of,
    new_deletion_id,
)
from pipeline.domain.errors import Conflict, KeyDestroyed, NotFound, SealBroken, StorageFull
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.ledger import (
    LOST_IN_RESTORE,
    Kind,
    LedgerMark,
    api_key_told,
    consent_told,
    hold_told,
    mark_told,
    receipt_told,
    release_told,
    retention_told,
)
from pipeline.domain.recording import RetainedKey
from pipeline.domain.retention_policy import RetentionPolicy, UnsupportedConsent
from pipeline.domain.rights import LegalHold, Mark, new_hold_id
from pipeline.usecases.deck import Deck
from tests.builders import ACME, NOON, claim_one, customer, outcome, push
from tests.databases import KINDS, database_url
from tests.decks import disk_deck, memory_deck

SECOND = timedelta(seconds=1)


@dataclass
class Store:
    deck: Deck
    again: Callable[[], Deck]
    """A second, empty store: what a very old backup restores."""


@pytest.fixture(params=["memory", *KINDS])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    from pipeline.adapters.memory import StoppedClock

    count = iter(range(9))

    def opened() -> Deck:
        clock = StoppedClock(NOON)
        if request.param == "memory":
            deck = memory_deck(clock)
        else:
            folder = tmp_path / str(next(count))
            url = stack.enter_context(database_url(request.param, folder))
            deck = disk_deck(folder, clock, url)
        deck.calls.add_customer(customer(), "hash")
        return deck

    with ExitStack() as stack:
        yield Store(opened(), opened)


def sign(deletion: Deletion, position: int, previous: str) -> Receipt:
    document = document_of(deletion, NOON, position, previous, "f" * 16)
    return Receipt(deletion.id, document, b"s" * 64)


def finish(deck: Deck, deletion: Deletion, now: datetime = NOON) -> Receipt:
    return deck.deletions.finish(deletion, sign, now)


def kept(deck: Deck) -> Call:
    """A call whose audio is kept under consent."""
    pushed = push(deck.calls)
    key = RetainedKey("ret_" + pushed.id[5:], NOON + timedelta(days=30), b"wrapped")
    return deck.calls.complete(claim_one(deck.calls, pushed.id), outcome(key), NOON)


def told(data_class: DataClass, call_id: CallId | None, trigger: Trigger) -> LedgerEntry:
    """What the ledger has of a deletion that this database does not know."""
    deletion = Deletion(
        new_deletion_id(),
        data_class,
        str(data_class),
        1,
        trigger,
        ACME,
        call_id,
        HoldCheck.NONE,
        NOON,
        NOON - SECOND,
        (Place("somewhere", Method.KEY_DESTROYED, NOON, "204"),),
    )
    return receipt_told(deletion, sign(deletion, 7, "a" * 64), NOON)


def apply(deck: Deck, entry: LedgerEntry) -> tuple[tuple[CallId, ...] | None, list[str]]:
    destroyed: list[str] = []
    return deck.replay.apply(entry, NOON, destroyed.append), destroyed


# DeletionLog


def test_a_deletion_is_pending_until_it_has_its_receipt(store: Store) -> None:
    deck, pushed = store.deck, push(store.deck.calls)
    assert deck.deletions.pending() == deck.deletions.receipts() == ()
    deck.calls.destroy_audio(pushed.id, "consent_withdrawn", NOON)
    (deletion,) = deck.deletions.pending()
    assert deck.deletions.pending(call_id=pushed.id) == (deletion,)
    assert deck.deletions.pending(call_id=CallId("call_" + "0" * 32)) == ()
    assert (deletion.trigger, deletion.call_id) == (Trigger.WITHDRAWAL, pushed.id)
    place = Place("blobs", Method.UNLINKED, NOON, None)
    deck.deletions.note(pushed.id, place)
    (noted,) = deck.deletions.pending()
    assert noted.places == (*deletion.places, place)
    receipt = finish(deck, noted)
    assert deck.deletions.pending() == ()
    assert deck.deletions.receipts() == (receipt,) == (deck.deletions.receipt(receipt.id),)
    assert finish(deck, replace(noted, places=())) == receipt, "finished once and for all"
    deck.deletions.note(pushed.id, place)
    assert deck.deletions.receipt(receipt.id) == receipt
    assert deck.audit.verify() > 0


def test_a_receipt_names_its_place_in_the_audit_log(store: Store) -> None:
    deck = store.deck
    for _ in range(3):
        pushed = push(deck.calls)
        deck.calls.destroy_audio(pushed.id, "consent_withdrawn", NOON)
        (deletion,) = deck.deletions.pending()
        receipt = finish(deck, deletion)
        assert receipt.body["audit"]["position"] == deck.audit.verify()
        assert deck.replay.has_in_audit(receipt)
        document = json.loads(receipt.document)
        document["audit"]["previous"] = "0" * 64
        assert deck.replay.has_in_audit(replace(receipt, document=json.dumps(document)))


def test_unknown_things_are_told(store: Store) -> None:
    deck = store.deck
    with pytest.raises(NotFound):
        deck.deletions.receipt("del_" + "0" * 32)
    entry = told(DataClass.RAW_AUDIO, None, Trigger.DONE)
    stray = replace(_only(store.again()), id=entry.id)
    with pytest.raises(NotFound):
        finish(deck, stray)
    assert deck.deletions.unknown([]) == ()
    begun = _only(deck)
    assert deck.deletions.unknown(["b", begun.id, "a", "b"]) == ("b", "a")
    assert deck.deletions.receipts(before="b") == ()


def _only(deck: Deck) -> Deletion:
    deck.calls.destroy_audio(push(deck.calls).id, "consent_withdrawn", NOON)
    (deletion,) = deck.deletions.pending()
    return deletion


def test_receipts_are_listed_newest_first_and_in_pages(store: Store) -> None:
    deck = store.deck
    deck.calls.add_customer(customer("other"), "another-hash")
    for number in range(5):
        pushed = push(deck.calls)
        deck.calls.destroy_audio(pushed.id, "consent_withdrawn", NOON + number * SECOND)
        (deletion,) = deck.deletions.pending()
        finish(deck, deletion)
    found = deck.deletions.receipts()
    begun = [receipt.body["begun"] for receipt in found]
    assert begun == sorted(begun, reverse=True) and len(found) == 5
    assert deck.deletions.receipts(limit=2) == found[:2]
    assert deck.deletions.receipts(limit=2, before=found[1].id) == found[2:4]
    assert deck.deletions.receipts(CustomerId("other")) == ()
    call_id = CallId(found[3].body["call"])
    assert deck.deletions.receipts(ACME, call_id) == (found[3],)
    assert deck.replay.last_receipt() in found


def test_a_receipt_is_adopted_once(store: Store) -> None:
    deletion = _only(store.deck)
    receipt = finish(store.deck, deletion)
    restored = store.again()
    for _ in range(2):
        restored.deletions.adopt(receipt, NOON)
        assert restored.deletions.receipts() == (receipt,)
        assert restored.deletions.pending() == ()
    assert restored.replay.has_in_audit(receipt), "the replay explains it"
    assert store.deck.audit.verify() and restored.audit.verify() == 2
    store.deck.deletions.adopt(receipt, NOON)
    assert store.deck.deletions.receipts() == (receipt,)


# LedgerReplay


def test_a_database_is_marked_once_it_was_caught_up_with(store: Store) -> None:
    replay = store.deck.replay
    assert replay.replayed_to() is None and replay.last_receipt() is None
    for at, applied in ((70, 3), (90, 0), (80, 1)):
        mark, now = LedgerMark(at, f"{at:064}"), NOON + at * SECOND
        replay.mark(mark, applied, now)
        assert replay.replayed_to() == (mark, now)
    assert store.deck.audit.verify() == 3, "the audit log tells of what was done again"


def test_audio_goes_again_and_the_receipt_is_adopted(store: Store) -> None:
    deck = store.deck
    waiting, under_consent, other = push(deck.calls), kept(deck), kept(deck)
    raw = told(DataClass.RAW_AUDIO, waiting.id, Trigger.DONE)
    retained = told(DataClass.RETAINED_AUDIO, under_consent.id, Trigger.WITHDRAWAL)
    assert deck.replay.unknown([raw, retained]) == (raw, retained)
    assert apply(deck, raw) == ((waiting.id,), [])
    assert apply(deck, retained) == ((under_consent.id,), ["ret_" + under_consent.id[5:]])
    assert apply(deck, raw) == apply(deck, retained) == (None, [])
    assert deck.replay.unknown([raw, retained]) == ()
    for call in (waiting, under_consent):
        with pytest.raises(KeyDestroyed):
            deck.calls.recording(call.id)
    ended = deck.calls.call(waiting.id)
    assert (ended.status, ended.failure) == (CallStatus.FAILED, LOST_IN_RESTORE)
    assert deck.calls.call(under_consent.id).status is CallStatus.STORED
    assert deck.calls.transcript(under_consent.id) and deck.calls.recording(other.id)
    assert {each.id for each in deck.deletions.receipts()} == {raw.id, retained.id}
    assert deck.deletions.pending() == (), "no second receipt"
    assert deck.audit.verify() > 0


def test_a_call_is_erased_again_whatever_holds_it(store: Store) -> None:
    deck, call = store.deck, kept(store.deck)
    deck.holds.place(LegalHold(new_hold_id(), ACME, None, "old", "operator", NOON))
    entry = told(DataClass.TRANSCRIPT, call.id, Trigger.REQUEST)
    assert apply(deck, entry) == ((call.id,), ["ret_" + call.id[5:]])
    erased = deck.calls.call(call.id)
    assert (erased.status, erased.erased_at) == (CallStatus.ERASED, NOON - SECOND)
    for look in (deck.calls.transcript, deck.calls.vault):
        with pytest.raises(NotFound):
            look(call.id)
    assert deck.deletions.pending() == ()


def test_a_customer_is_closed_again(store: Store) -> None:
    deck = store.deck
    deck.calls.add_customer(customer("other"), "another-hash")
    waiting, under_consent, stored = push(deck.calls), kept(deck), push(deck.calls)
    deck.calls.complete(claim_one(deck.calls, stored.id), outcome(), NOON)
    before = deck.deletions.pending()
    gone, destroyed = apply(deck, told(DataClass.CUSTOMER, None, Trigger.CONTRACT_END))
    assert set(gone or ()) == {waiting.id, under_consent.id}
    assert destroyed == ["ret_" + under_consent.id[5:]]
    closed = deck.calls.customer(ACME)
    assert closed.closed_at == NOON - SECOND and closed.wrapped_key == b""
    assert deck.calls.customer_by_key("hash") is None
    assert {call.status for call in deck.calls.calls(ACME)} == {CallStatus.ERASED}
    assert deck.calls.customer(CustomerId("other")).closed_at is None
    assert deck.deletions.pending() == before


def test_receipts_of_what_is_not_here_are_adopted_all_the_same(store: Store) -> None:
    deck = store.deck
    unknown_call = told(DataClass.RAW_AUDIO, CallId("call_" + "9" * 32), Trigger.DONE)
    newcomer = told(DataClass.CUSTOMER, None, Trigger.CONTRACT_END)
    document = json.loads(str(newcomer.facts["document"])) | {"customer": "newcomer"}
    facts = {**newcomer.facts, "document": json.dumps(document)}
    newcomer = replace(newcomer, customer_id=CustomerId("newcomer"), facts=facts)
    for entry in (unknown_call, newcomer):
        assert apply(deck, entry)[0] is not None
        assert deck.deletions.receipt(entry.id).document == entry.facts["document"]
    with pytest.raises(NotFound):
        deck.calls.customer(CustomerId("newcomer"))


def test_a_pending_deletion_takes_the_receipt_of_the_ledger(store: Store) -> None:
    deck = store.deck
    deletion = _only(deck)
    entry = receipt_told(deletion, sign(deletion, 4, "b" * 64), NOON)
    assert deck.replay.unknown([entry]) == ()
    assert apply(deck, entry) == ((deletion.call_id,), [])
    assert deck.deletions.pending() == ()
    assert deck.deletions.receipt(deletion.id).document == entry.facts["document"]


@pytest.mark.parametrize("facts", [{}, {"document": "{}", "signature": "AA=="}])
def test_a_receipt_that_cannot_be_read_changes_nothing(store: Store, facts: dict[str, str]) -> None:
    deck, call = store.deck, kept(store.deck)
    entry = replace(told(DataClass.TRANSCRIPT, call.id, Trigger.REQUEST), facts=facts)
    with pytest.raises(SealBroken):
        apply(deck, entry)
    with pytest.raises(SealBroken):
        apply(deck, replace(told(DataClass.TRANSCRIPT, call.id, Trigger.REQUEST), id="del_x"))
    assert deck.calls.transcript(call.id)
    with pytest.raises(SealBroken):
        deck.replay.has_in_audit(Receipt("del_1", "{}", b""))


def consent(call: Call, purpose: Purpose, act: ConsentAct) -> ConsentEntry:
    return ConsentEntry(ACME, call.id, purpose, act, ConsentSource.OPERATOR, NOON)


def test_a_withdrawal_is_told_again_and_ends_what_it_ended(store: Store) -> None:
    deck, call, other = store.deck, kept(store.deck), kept(store.deck)
    training = consent_told(consent(call, Purpose.MODEL_TRAINING, ConsentAct.WITHDRAWN))
    audio = consent(call, Purpose.AUDIO_RETENTION, ConsentAct.WITHDRAWN)
    assert apply(deck, training) == ((), [])
    assert deck.calls.recording(call.id)
    assert deck.replay.unknown([training, consent_told(audio)]) == (consent_told(audio),)
    assert apply(deck, consent_told(audio)) == ((call.id,), ["ret_" + call.id[5:]])
    assert apply(deck, consent_told(audio)) == (None, [])
    assert deck.consents.of_call(call.id)[-1] == audio
    with pytest.raises(KeyDestroyed):
        deck.calls.recording(call.id)
    (deletion,) = deck.deletions.pending()
    assert (deletion.trigger, deletion.data_class) == (
        Trigger.WITHDRAWAL,
        DataClass.RETAINED_AUDIO,
    )
    waiting = push(deck.calls)
    refused = consent(waiting, Purpose.AUDIO_RETENTION, ConsentAct.REFUSED)
    assert apply(deck, consent_told(refused)) == ((), [])
    assert deck.calls.recording(waiting.id) and deck.calls.recording(other.id)
    stranger = replace(audio, call_id=CallId("call_" + "9" * 32))
    assert apply(deck, consent_told(stranger)) == (None, [])
    elsewhere = replace(consent_told(audio), customer_id=CustomerId("nobody"))
    assert apply(deck, elsewhere) == (None, [])


def test_holds_are_placed_and_released_again(store: Store) -> None:
    deck, call = store.deck, kept(store.deck)
    one = LegalHold(new_hold_id(), ACME, call.id, "words", "operator", NOON)
    all_of_it = replace(one, id=new_hold_id(), call_id=None)
    stray = replace(one, id=new_hold_id(), call_id=CallId("call_" + "9" * 32))
    assert apply(deck, release_told(one, NOON))[0] is None
    assert apply(deck, hold_told(stray))[0] is None
    for hold in (one, all_of_it):
        assert deck.replay.unknown([hold_told(hold)])
        assert [apply(deck, hold_told(hold))[0] for _ in range(2)] == [(), None]
        assert deck.replay.unknown([hold_told(hold)]) == ()
    held = deck.holds.in_force(NOON + SECOND)
    assert {hold.id for hold in held} == {one.id, all_of_it.id}
    assert all(hold.reason != "words" for hold in held)
    ended = release_told(one, NOON + SECOND)
    assert deck.replay.unknown([ended]) == (ended,)
    assert [apply(deck, ended)[0] for _ in range(2)] == [(), None]
    assert deck.replay.unknown([ended]) == ()
    assert [hold.id for hold in deck.holds.in_force(NOON + SECOND)] == [all_of_it.id]


def test_marks_are_set_again_unless_the_call_was_marked_since(store: Store) -> None:
    deck, call = store.deck, kept(store.deck)
    restrict, lift, objection = (
        mark_told(kind, call.id, ACME, NOON + at * SECOND)
        for kind, at in ((Kind.RESTRICT, 1), (Kind.LIFT, 2), (Kind.OBJECT, 3))
    )
    assert deck.replay.unknown([restrict, objection]) == (restrict, objection)
    assert deck.replay.unknown([restrict, lift]) == (restrict,), "it is not restricted"
    assert [apply(deck, restrict)[0] for _ in range(2)] == [(), None]
    assert deck.calls.call(call.id).restricted_at == NOON + SECOND
    assert deck.replay.unknown([restrict, lift]) == (lift,)
    assert [apply(deck, lift)[0] for _ in range(2)] == [(), None]
    assert deck.calls.call(call.id).restricted_at is None
    deck.calls.mark_call(call.id, Mark.RESTRICTION, NOON + 9 * SECOND)
    assert apply(deck, lift)[0] is None
    assert [apply(deck, objection)[0] for _ in range(2)] == [(), None]
    marked = deck.calls.call(call.id)
    assert marked.restricted_at == NOON + 9 * SECOND
    assert marked.objected_at == NOON + 3 * SECOND
    stray = mark_told(Kind.OBJECT, CallId("call_" + "9" * 32), ACME, NOON)
    assert apply(deck, stray)[0] is None and deck.replay.unknown([stray]) == (stray,)
    deck.calls.erase_call(call.id, "erased_on_request", NOON)
    assert apply(deck, restrict)[0] is None and deck.replay.unknown([restrict]) == ()


def test_an_objection_that_was_withdrawn_stays_so(store: Store) -> None:
    deck, call = store.deck, kept(store.deck)
    restrict, objection, lift = (
        mark_told(kind, call.id, ACME, NOON + at * SECOND)
        for kind, at in ((Kind.RESTRICT, 1), (Kind.OBJECT, 2), (Kind.LIFT_OBJECTION, 3))
    )
    for each in (restrict, objection):
        assert apply(deck, each)[0] == ()
    assert deck.replay.unknown([lift]) == (lift,)
    assert [apply(deck, lift)[0] for _ in range(2)] == [(), None]
    marked = deck.calls.call(call.id)
    assert (marked.restricted_at, marked.objected_at) == (NOON + SECOND, None)
    deck.calls.mark_call(call.id, Mark.OBJECTION, NOON + 9 * SECOND)
    assert apply(deck, lift)[0] is None, "somebody objected since"
    assert deck.calls.call(call.id).objected_at == NOON + 9 * SECOND


def test_of_two_retention_rules_the_stricter_one_holds(store: Store) -> None:
    deck, keep = store.deck, UnsupportedConsent.KEEP
    short = RetentionPolicy(timedelta(days=30), keep, 2)
    entry = retention_told(ACME, short, NOON)
    assert deck.replay.unknown([entry]) == (entry,)
    assert [apply(deck, entry) for _ in range(2)] == [((), []), (None, [])]
    assert deck.replay.unknown([entry]) == ()
    held = deck.calls.retention_policy(ACME)
    assert held == RetentionPolicy(timedelta(days=30), UnsupportedConsent.DESTROY, 3)
    longer = retention_told(ACME, RetentionPolicy(None, keep, 3), NOON)
    assert deck.replay.unknown([longer]) == () and apply(deck, longer)[0] is None
    later = retention_told(ACME, RetentionPolicy(timedelta(days=7), version=9), NOON)
    assert apply(deck, later)[0] == ()
    assert deck.calls.retention_policy(ACME) == RetentionPolicy(timedelta(days=7), version=9)
    assert deck.audit.verify() > 0


def test_a_replaced_api_key_opens_nothing_again(store: Store) -> None:
    deck = store.deck
    entry = api_key_told(ACME, "new-hash", NOON)
    assert deck.replay.unknown([entry]) == (entry,)
    assert [apply(deck, entry) for _ in range(2)] == [((), []), (None, [])]
    assert deck.replay.unknown([entry]) == ()
    assert deck.calls.customer_by_key("hash") is None
    assert deck.calls.customer_by_key("new-hash") == deck.calls.customer(ACME)
    assert deck.calls.key_hash(ACME) == "new-hash"


def test_a_closed_customer_gets_neither_rule_nor_key_again(store: Store) -> None:
    deck, nobody = store.deck, CustomerId("nobody")
    rule = retention_told(ACME, RetentionPolicy(timedelta(days=7), version=2), NOON)
    key = api_key_told(ACME, "new-hash", NOON)
    deck.calls.close_customer(ACME, NOON)
    assert deck.replay.unknown([rule, key]) == ()
    for entry in (rule, key):
        assert apply(deck, entry)[0] is None
        stray = replace(entry, customer_id=nobody)
        assert apply(deck, stray)[0] is None and deck.replay.unknown([stray]) == (stray,)
        with pytest.raises(SealBroken):
            deck.replay.unknown([replace(entry, customer_id=nobody, facts={})])
    assert deck.calls.retention_policy(ACME) == RetentionPolicy()
    assert deck.calls.key_hash(ACME) is None and deck.calls.key_hash(nobody) is None
    assert deck.calls.customer_by_key("new-hash") is None


def test_the_ledger_is_told_inside_the_change(store: Store) -> None:
    calls, told = store.deck.calls, list[object]()
    policy = RetentionPolicy(timedelta(days=7))
    stored = calls.change_retention_policy(ACME, RetentionPolicy(), policy, NOON, told.append)
    calls.replace_key(ACME, "new-hash", lambda: told.append("key"))
    assert told == [stored, "key"]
    with pytest.raises(Conflict):
        calls.change_retention_policy(ACME, RetentionPolicy(), policy, NOON, told.append)
    with pytest.raises(NotFound):
        calls.replace_key(CustomerId("nobody"), "x", lambda: told.append("x"))

    def full(*_: object) -> None:
        raise StorageFull("no room")

    with pytest.raises(StorageFull):
        calls.change_retention_policy(ACME, stored, RetentionPolicy(), NOON, full)
    with pytest.raises(StorageFull):
        calls.replace_key(ACME, "newest-hash", full)
    assert calls.retention_policy(ACME) == stored and calls.key_hash(ACME) == "new-hash"
    assert len(told) == 2


def test_a_kind_of_a_newer_deckname_is_passed_over(store: Store) -> None:
    entry = LedgerEntry("new_1", "newer", NOON, ACME, None)
    assert apply(store.deck, entry)[0] is None
    assert store.deck.replay.unknown([entry]) == ()
