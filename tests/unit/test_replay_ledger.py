"""Catching up with the ledger, and writing a lost one anew, over the in-memory store."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest

from pipeline.adapters.memory import MemoryLedger, StoppedClock
from pipeline.domain.call import Call
from pipeline.domain.consent import ConsentAct, ConsentClaim, ConsentEntry, ConsentSource, Purpose
from pipeline.domain.deletion import LedgerEntry
from pipeline.domain.errors import ConfigurationError, ServiceUnavailable, StorageFull
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.ledger import (
    START,
    Kind,
    LedgerMark,
    api_key_told,
    deleted_told,
    mark_told,
    outcome_told,
    remade_told,
)
from pipeline.domain.retention_policy import RetentionPolicy
from pipeline.domain.rights import LegalHold, Mark, Right, new_hold_id
from pipeline.usecases.customers import hash_of, issue_key
from pipeline.usecases.deck import Deck
from pipeline.usecases.finish_deletions import finish_deletions
from pipeline.usecases.hold_calls import place_hold, release_hold
from pipeline.usecases.record_consent import record_consent, withdraw_consent
from pipeline.usecases.remake_ledger import remake_ledger
from pipeline.usecases.replay_ledger import Replayed, catch_up, count_due, note_reached
from pipeline.usecases.retention_policy import set_retention
from pipeline.usecases.rights_requests import close_request, open_request
from tests.builders import ACME, NOON, call, claim_one, customer, push
from tests.decks import memory_deck

MONTH = timedelta(days=30)
CALL = CallId("call_" + "7" * 32)


def opened(clock: StoppedClock | None = None) -> Deck:
    deck = memory_deck(clock or StoppedClock(NOON))
    deck.calls.add_customer(customer(), "hash")
    return deck


def erased(deck: Deck, count: int = 1) -> None:
    for _ in range(count):
        deck.calls.erase_call(push(deck.calls).id, "erased_on_request", NOON)
    finish_deletions(deck)


def test_a_fresh_store_has_nothing_to_catch_up_with() -> None:
    deck = opened()
    assert catch_up(deck) == Replayed()
    erased(deck)
    assert catch_up(deck) == Replayed()


def test_a_database_that_is_older_is_caught_up_once(caplog: pytest.LogCaptureFixture) -> None:
    deck = opened()
    erased(deck, 50)
    restored = replace(opened(), ledger=deck.ledger)
    caplog.set_level(logging.WARNING)
    assert catch_up(restored).entries == 100
    assert [record.message for record in caplog.records] == ["ledger_replayed"]
    assert catch_up(restored) == Replayed()
    assert set(restored.deletions.receipts(limit=999)) == set(deck.deletions.receipts(limit=999))
    assert restored.replay.replayed_to() == (deck.ledger.end(), NOON)


def test_a_replay_that_breaks_off_begins_again_at_the_same_place(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Receipts are done first: then they are known, and what was told before them is not."""
    deck = opened()
    pushed = push(deck.calls, call(call_id=CALL))
    deck.ledger.append(mark_told(Kind.RESTRICT, pushed.id, ACME, NOON))
    erased(deck, 50)
    restored = replace(opened(), ledger=deck.ledger)
    push(restored.calls, call(call_id=CALL))
    apply = restored.replay.apply

    def breaking(entry: LedgerEntry, *rest: Any) -> tuple[CallId, ...] | None:
        if entry.kind == Kind.RESTRICT:
            raise ServiceUnavailable("the database is away")
        return apply(entry, *rest)

    monkeypatch.setattr(restored.replay, "apply", breaking)
    with pytest.raises(ServiceUnavailable):
        catch_up(restored)
    assert caplog.records[-1].count == 100, "what was done by then is told"  # type: ignore[attr-defined]
    assert restored.replay.replayed_to() is None
    monkeypatch.undo()
    assert catch_up(restored) == Replayed(1, 0)
    assert restored.calls.call(CALL).restricted_at == NOON


def test_what_was_lifted_long_after_stays_lifted() -> None:
    deck = opened()
    push(deck.calls, call(call_id=CALL))
    deck.ledger.append(mark_told(Kind.RESTRICT, CALL, ACME, NOON))
    erased(deck, 300)
    deck.ledger.append(mark_told(Kind.LIFT, CALL, ACME, NOON))
    assert catch_up(deck) == Replayed()
    assert deck.calls.call(CALL).restricted_at is None


def test_the_mark_follows_what_is_told() -> None:
    """A start never looks at more than it must; where nothing was told since, it writes nothing."""
    deck = opened()
    assert catch_up(deck) == Replayed() and deck.replay.replayed_to() is None
    erased(deck)
    catch_up(deck)
    assert deck.replay.replayed_to() == (deck.ledger.end(), NOON)
    events = len(deck.audit.entries)  # type: ignore[attr-defined]
    erased(deck, 16)
    assert note_reached(deck) == 64
    assert deck.replay.replayed_to() == (deck.ledger.end(), NOON)
    assert note_reached(deck) == 0
    told = [event.name for event, _ in deck.audit.entries[events:]]  # type: ignore[attr-defined]
    assert "ledger_replayed" not in told, "nothing was done again"


def _new_key(deck: Deck, pushed: Call) -> None:
    issue_key(ACME, deck)


def _shorter_rule(deck: Deck, pushed: Call) -> None:
    set_retention(ACME, deck, transcripts="30d")


def _hold(deck: Deck, pushed: Call) -> None:
    place_hold(ACME, pushed.id, "Betriebsprüfung", "legal", deck)


def _release(deck: Deck, pushed: Call) -> None:
    hold = place_hold(ACME, pushed.id, "Betriebsprüfung", "legal", deck)
    note_reached(deck)
    release_hold(hold.id, "legal", deck)


def _withdrawal(deck: Deck, pushed: Call) -> None:
    record_consent(pushed.id, ConsentClaim(Purpose.MODEL_TRAINING), deck, ConsentSource.PORTAL)
    withdraw_consent(pushed.id, Purpose.MODEL_TRAINING, deck, ConsentSource.PORTAL)


def _erasure_without_receipt(deck: Deck, pushed: Call) -> None:
    deck.calls.erase_call(pushed.id, "erased_on_request", NOON)


@pytest.mark.parametrize(
    "act", [_new_key, _shorter_rule, _hold, _release, _withdrawal, _erasure_without_receipt]
)
def test_an_older_copy_of_the_ledger_is_told_apart(act: Callable[[Deck, Call], None]) -> None:
    """Whatever it lacks, also where no receipt would prove it."""
    deck = opened()
    erased(deck)
    note_reached(deck)
    pushed, older = push(deck.calls), MemoryLedger()
    older.append(*deck.ledger.entries())
    act(deck, pushed)
    assert note_reached(deck) >= 1
    assert len(tuple(older.entries())) < len(tuple(deck.ledger.entries()))
    for look in (catch_up, note_reached, count_due):
        with pytest.raises(ConfigurationError, match="older copy"):
            look(replace(deck, ledger=older))
    assert catch_up(deck) == Replayed()


def test_what_is_not_settled_is_not_passed_by() -> None:
    """The mark of a store at work stays before what it may still have to tell or to do again."""
    deck = opened()
    deck.ledger.append(api_key_told(ACME, hash_of("given"), NOON, awaiting=True))
    deck.calls.replace_key(ACME, hash_of("given"))
    assert note_reached(deck) == 0 and deck.replay.replayed_to() is None
    catch_up(deck)  # tells that it was committed
    assert deck.replay.replayed_to() is None
    assert note_reached(deck) == 2
    mark = deck.replay.replayed_to()
    pushed = push(deck.calls)
    deck.ledger.append(mark_told(Kind.RESTRICT, pushed.id, ACME, NOON))
    assert note_reached(deck) == 0 and deck.replay.replayed_to() == mark
    assert deck.calls.call(pushed.id).restricted_at is None, "nothing is done again"
    assert catch_up(deck).entries == 1 and deck.replay.replayed_to() != mark
    never = api_key_told(ACME, hash_of("never given"), NOON, awaiting=True)
    deck.ledger.append(never)
    assert note_reached(deck) == 0, "somebody may still commit it"
    deck.ledger.append(outcome_told(Kind.UNDONE, never))
    assert note_reached(deck) == 2, "nobody ever will"


def test_a_database_that_is_busy_hinders_nobody_who_only_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deck = opened()
    erased(deck)

    def busy(*_: object) -> None:
        raise ServiceUnavailable("the database is busy")

    monkeypatch.setattr(deck.replay, "mark", busy)
    assert catch_up(deck) == Replayed()
    with pytest.raises(ServiceUnavailable):
        note_reached(deck)


def test_a_mark_of_another_ledger_is_none() -> None:
    deck, other = opened(), opened()
    for each in (deck, other):
        erased(each, 3)
        catch_up(each)
    push(deck.calls, call(call_id=CALL))
    other.ledger.append(mark_told(Kind.OBJECT, CALL, ACME, NOON))
    for entry in deck.ledger.entries():
        other.ledger.append(entry)
    elsewhere = replace(deck, ledger=other.ledger)
    with pytest.raises(ConfigurationError, match="was cut"):
        catch_up(elsewhere)
    other.ledger.append(remade_told(NOON))
    with pytest.raises(ConfigurationError, match="was cut"):
        catch_up(elsewhere)  # that was before the mark
    other.ledger.append(remade_told(NOON + timedelta(seconds=1)))
    assert catch_up(elsewhere).entries == 7
    assert deck.calls.call(CALL).objected_at == NOON


@pytest.mark.parametrize("left", ["nothing", "another line", "fewer lines"])
def test_a_ledger_that_was_cut_before_the_mark_is_told_and_has_a_way_out(left: str) -> None:
    """No receipt proves it here: only the mark does."""
    deck = opened()
    told = [mark_told(Kind.OBJECT, push(deck.calls).id, ACME, NOON) for _ in range(3)]
    deck.ledger.append(*told)
    assert catch_up(deck).entries == 3
    cut = MemoryLedger()
    if left == "another line":
        cut.append(mark_told(Kind.OBJECT, push(deck.calls).id, ACME, NOON))
    elif left == "fewer lines":
        cut.append(*told[:2])
    copy = replace(deck, ledger=cut)
    with pytest.raises(ConfigurationError, match=r"(missing|cut).*remake-ledger"):
        catch_up(copy)
    assert remake_ledger(copy) > 0
    catch_up(copy)
    catch_up(copy)
    assert {entry.id for entry in told} <= {entry.id for entry in cut.entries()}
    assert remake_ledger(copy) == 0 and catch_up(copy) == Replayed()


def test_a_receipt_from_before_the_mark_needs_no_look_at_the_whole_ledger(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = StoppedClock(NOON)
    deck = opened(clock)
    erased(deck, 3)
    clock.turn(timedelta(seconds=1))
    catch_up(deck)
    entries, asked = deck.ledger.entries, list[LedgerMark]()

    def counting(
        after: LedgerMark = START, until: LedgerMark | None = None
    ) -> Iterator[LedgerEntry]:
        asked.append(after)
        return entries(after, until)

    monkeypatch.setattr(deck.ledger, "entries", counting)
    assert catch_up(deck) == Replayed()
    assert set(asked) == {deck.ledger.end()}


def test_rules_and_keys_that_were_changed_since_hold_after_a_restore() -> None:
    deck = opened()
    deck.calls.add_customer(customer("other"), "other-hash")
    short = set_retention(ACME, deck, "30d")
    set_retention(CustomerId("other"), deck, "7d")
    wide = set_retention(CustomerId("other"), deck, "90d")
    issue_key(ACME, deck)
    key = issue_key(ACME, deck)
    restored = replace(opened(), ledger=deck.ledger)
    restored.calls.add_customer(customer("other"), "other-hash")
    assert catch_up(restored).entries == 3, "of rules and keys the last ones"
    assert restored.calls.customer_by_key("hash") is None
    assert restored.calls.customer_by_key(hash_of(key)) == restored.calls.customer(ACME)
    assert restored.calls.retention_policy(ACME) == short
    assert restored.calls.retention_policy(CustomerId("other")) == wide
    assert catch_up(restored) == catch_up(deck) == Replayed()


def test_a_pending_deletion_is_told_to_a_ledger_that_is_written_anew() -> None:
    deck = opened()
    pushed = push(deck.calls, call(call_id=CALL))
    deck.calls.destroy_audio(pushed.id, "consent_withdrawn", NOON)
    lost = replace(deck, ledger=MemoryLedger())
    assert remake_ledger(lost) == 2
    restored = replace(opened(), ledger=lost.ledger)
    push(restored.calls, call(call_id=CALL))
    assert catch_up(restored) == Replayed(1, 1)
    assert restored.deletions.pending()[0].id == deck.deletions.pending()[0].id


def restored_of(deck: Deck, *calls: CallId) -> Deck:
    """An older copy, with calls that wait."""
    older = replace(opened(), ledger=deck.ledger)
    for call_id in calls:
        push(older.calls, call(call_id=call_id))
    return older


def kinds(deck: Deck) -> list[str]:
    return [entry.kind for entry in deck.ledger.entries()]


def told_by_a_claim(deck: Deck) -> LedgerEntry:
    """What a worker told that was killed before its commit."""
    claim = claim_one(deck.calls, push(deck.calls, call(call_id=CALL)).id)
    other = opened()
    push(other.calls, call(call_id=CALL))
    other.calls.destroy_audio(CALL, "consent_refused", NOON)
    told = deleted_told(other.deletions.pending()[0], claim.token)
    deck.ledger.append(told)
    return told


def test_what_a_killed_worker_told_ends_nothing_where_its_claim_was_seen() -> None:
    deck = opened()
    told_by_a_claim(deck)
    assert catch_up(deck) == Replayed()
    assert deck.calls.has_audio_key([CALL])[CALL]
    assert kinds(deck) == ["deleted", "undone"]
    assert catch_up(deck) == Replayed() and kinds(deck) == ["deleted", "undone"]
    older = restored_of(deck, CALL)
    assert catch_up(older) == Replayed()
    assert older.calls.has_audio_key([CALL])[CALL], "it was never transcribed"


def test_where_nobody_said_what_became_of_it_an_older_copy_loses_the_voice() -> None:
    deck = opened()
    told_by_a_claim(deck)
    older = restored_of(deck, CALL)
    assert catch_up(older) == Replayed(1, 1)
    assert not older.calls.has_audio_key([CALL])[CALL]
    assert len(older.deletions.pending()) == 1, "and it gets its receipt"
    assert kinds(deck) == ["deleted"]


def test_a_commit_counts_though_a_start_took_it_for_undone() -> None:
    deck = opened()
    told = told_by_a_claim(deck)
    catch_up(deck)
    deck.ledger.append(outcome_told(Kind.COMMITTED, told))
    older = restored_of(deck)
    claim_one(older.calls, push(older.calls, call(call_id=CALL)).id)
    assert catch_up(older) == Replayed(1, 1)


@pytest.mark.parametrize("undone", [False, True])
def test_what_was_committed_and_not_told_is_told_by_the_next_start(undone: bool) -> None:
    """Or told to be undone, where nobody answered the commit and it happened."""
    deck = opened()
    claim = claim_one(deck.calls, push(deck.calls, call(call_id=CALL)).id)
    deck.calls.fail(claim, "recording_rejected:no_audio", NOON)
    whole = list(deck.ledger.entries())
    assert [entry.kind for entry in whole] == ["deleted", "committed"]
    cut = replace(deck, ledger=MemoryLedger())
    cut.ledger.append(whole[0], *([outcome_told(Kind.UNDONE, whole[0])] if undone else []))
    for _ in range(2):
        assert catch_up(cut) == Replayed()
        assert kinds(cut) == ["deleted", *(["undone"] if undone else []), "committed"]


def test_an_outcome_of_what_is_not_here_to_read_says_nothing() -> None:
    deck = opened()
    told = told_by_a_claim(opened())
    deck.ledger.append(outcome_told(Kind.UNDONE, told), outcome_told(Kind.COMMITTED, told))
    assert catch_up(deck) == Replayed()


def test_the_receipt_of_a_deletion_takes_the_place_of_its_beginning() -> None:
    deck = opened()
    erased(deck)
    older = replace(opened(), ledger=deck.ledger)
    assert catch_up(older).entries == 2, "two receipts, and no deletion begins"
    assert older.deletions.pending() == ()


def test_a_ledger_that_is_full_hinders_no_start(monkeypatch: pytest.MonkeyPatch) -> None:
    deck = opened()
    told_by_a_claim(deck)

    def full(*_: object, **__: object) -> None:
        raise StorageFull("no room")

    monkeypatch.setattr(deck.ledger, "append", full)
    assert catch_up(deck) == Replayed()


def test_an_api_key_whose_commit_was_not_told_replaces_none() -> None:
    deck = opened()
    shown = issue_key(ACME, deck)
    deck.ledger.append(api_key_told(ACME, "nobody-saw-it", NOON, awaiting=True))
    assert catch_up(deck) == Replayed()
    assert deck.calls.key_hash(ACME) == hash_of(shown)
    older = replace(opened(), ledger=deck.ledger)
    assert catch_up(older) == Replayed(1)
    assert older.calls.key_hash(ACME) == hash_of(shown), "the last one that anybody saw"


def test_a_key_that_was_issued_and_not_told_is_told_by_the_next_start() -> None:
    deck = opened()
    told = api_key_told(ACME, "new", NOON, awaiting=True)
    deck.calls.replace_key(ACME, "new", lambda: deck.ledger.append(told))
    assert catch_up(deck) == Replayed()
    assert kinds(deck) == ["api_key", "committed"]
    older = replace(opened(), ledger=deck.ledger)
    assert catch_up(older) == Replayed(1)
    assert older.calls.key_hash(ACME) == "new"


def test_what_an_earlier_customer_of_the_same_id_had_is_not_the_next_one_s() -> None:
    deck, newcomer = opened(), CustomerId("newcomer")
    issue_key(ACME, deck)
    deck.calls.add_customer(customer("newcomer"), "first-hash")
    issue_key(newcomer, deck)
    set_retention(newcomer, deck, "7d")
    older = replace(opened(), ledger=deck.ledger)
    issue_key(ACME, older)
    catch_up(older)
    mark = older.replay.replayed_to()
    deck.calls.add_customer(customer("later"), "later-hash")
    set_retention(CustomerId("later"), deck, "7d")
    assert catch_up(older) == Replayed(), "few, and about nobody here"
    assert older.replay.replayed_to() != mark
    for name in ("newcomer", "later"):
        older.calls.add_customer(customer(name), f"second-{name}")
    assert catch_up(older) == Replayed()
    for name in ("newcomer", "later"):
        assert older.calls.key_hash(CustomerId(name)) == f"second-{name}"
        assert older.calls.retention_policy(CustomerId(name)) == RetentionPolicy()


def test_a_queue_that_is_away_hinders_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    deck = opened()
    pushed = push(deck.calls, call(call_id=CALL))
    deck.calls.destroy_audio(pushed.id, "consent_withdrawn", NOON)
    finish_deletions(deck)
    restored = replace(opened(), ledger=deck.ledger)
    push(restored.calls, call(call_id=CALL))

    def away(call_id: CallId) -> bool:
        raise ServiceUnavailable("Redis is away")

    monkeypatch.setattr(restored.queue, "forget", away)
    assert catch_up(restored) == Replayed(1, 1)
    assert not restored.calls.has_audio_key([CALL])[CALL]


def test_requests_are_taken_over_with_their_clocks_and_their_ends(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """All but those of a customer that is younger than the database: they are named."""
    deck = opened()
    late = CustomerId("late")
    deck.calls.add_customer(customer(late), "hash-late")
    before = open_request(ACME, Right.ERASE, deck, subject="ab" * 32)
    restored = replace(opened(), ledger=deck.ledger)
    restored.rights.open(before, NOON)
    after = open_request(ACME, Right.ACCESS, deck, NOON - MONTH, subject="cd" * 32)
    answered = [open_request(each, Right.OBJECT, deck) for each in (ACME, late)]
    lost = open_request(late, Right.RECTIFY, deck)
    for each in (before, *answered):
        close_request(each.id, "done", deck, 3)
    caplog.set_level(logging.WARNING)
    assert catch_up(restored).strangers == (lost.id,)
    assert caplog.records[-1].message == "requests_of_strangers"
    assert restored.rights.requests() == deck.rights.requests(ACME)
    assert restored.rights.requests(open_only=True) == (after,)
    assert after.overdue(NOON + timedelta(days=2), UTC)
    assert catch_up(restored) == Replayed()


def test_a_request_whose_correction_is_lost_is_open_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its answer was the correction, and that went with the restore."""
    deck = opened()
    before, refused = (open_request(ACME, Right.RECTIFY, deck) for _ in range(2))
    restored = replace(opened(), ledger=deck.ledger)
    restored.rights.open(before, NOON)
    after = open_request(ACME, Right.RECTIFY, deck)
    for each in (before, after):
        close_request(each.id, "done", deck, 1)
    close_request(refused.id, "refused", deck)
    caplog.set_level(logging.WARNING)
    assert catch_up(restored).reopened == (before.id, after.id)
    assert caplog.records[-1].message == "corrections_lost"
    assert set(restored.rights.requests(open_only=True)) == {before, after}
    assert restored.rights.request(refused.id) == deck.rights.request(refused.id)
    assert catch_up(restored) == Replayed() and note_reached(restored) == 0
    close_request(before.id, "done", restored, 1)
    assert catch_up(restored) == Replayed()
    answer = next(each for each in deck.ledger.entries() if each.kind == Kind.ANSWER)
    assert restored.replay.apply(answer, NOON, lambda _: None) is None
    assert catch_up(deck) == Replayed(), "where the correction is, its answer holds"


def test_a_lost_ledger_is_written_anew() -> None:
    clock = StoppedClock(NOON)
    deck = opened(clock)
    erased(deck, 2)
    told, held = push(deck.calls), push(deck.calls)
    deck.consents.record(
        ConsentEntry(
            ACME,
            told.id,
            Purpose.MODEL_TRAINING,
            ConsentAct.WITHDRAWN,
            ConsentSource.OPERATOR,
            NOON,
        )
    )
    deck.holds.place(LegalHold(new_hold_id(), ACME, held.id, "words", "operator", NOON))
    for mark in Mark:
        deck.calls.mark_call(told.id, mark, NOON)
    lost = replace(deck, ledger=MemoryLedger())
    with pytest.raises(ConfigurationError, match="missing"):
        catch_up(lost)
    deck.calls.change_retention_policy(ACME, RetentionPolicy(), RetentionPolicy(MONTH), NOON)
    letters = [open_request(ACME, Right.ACCESS, deck) for _ in range(2)]
    close_request(letters[0].id, "refused", deck)
    assert remake_ledger(lost) == 4 + 1 + 3 + 1 + 2 + 3
    assert remake_ledger(lost) == 0
    assert catch_up(lost) == Replayed()
    assert {entry.kind for entry in lost.ledger.entries()} == {
        "receipt",
        "consent",
        "restrict",
        "object",
        "owe",
        "request",
        "answer",
        "hold",
        "retention",
        "api_key",
    }
    kept = [entry for entry in deck.ledger.entries() if entry.kind == Kind.RECEIPT]
    anew = {entry.id: entry.facts for entry in lost.ledger.entries()}
    assert len(kept) == 4 and all(anew[entry.id] == entry.facts for entry in kept)
    clock.turn(timedelta(seconds=1))
    erased(deck)
    with pytest.raises(ConfigurationError, match="cut"):
        catch_up(lost)
