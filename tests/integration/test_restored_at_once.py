"""A copy that is put back at once, before anything was finished: nothing that was deleted comes
back. And processes that are killed around a commit: nothing is lost that should live."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.adapters.memory_queue import MemoryJobQueue
from pipeline.bootstrap import bootstrap
from pipeline.cli import main
from pipeline.domain.call import Call, CallStatus, Outcome
from pipeline.domain.consent import ConsentSource, Purpose
from pipeline.domain.errors import Conflict, ServiceUnavailable, StorageFull
from pipeline.domain.ids import CustomerId
from pipeline.domain.ledger import LOST_IN_RESTORE
from pipeline.usecases.customers import close_customer, hash_of, issue_key
from pipeline.usecases.finish_deletions import finish_deletions
from pipeline.usecases.hold_calls import place_hold, release_hold
from pipeline.usecases.record_consent import withdraw_consent
from pipeline.usecases.replay_ledger import catch_up
from pipeline.usecases.retention_policy import set_retention
from tests.integration.backup_store import ACME, AUDIO, SAID, WAYS, BackedUp, Kept

ROOT = Path(__file__).parents[2]
NOTHING, TEXT_ONLY = Kept(False, False, False), Kept(False, True, True)
WAITING = Kept(True, False, False)


@pytest.fixture
def store(tmp_path: Path) -> BackedUp:
    opened = BackedUp(tmp_path)
    opened.add_customer()
    return opened


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def backed_up(request: pytest.FixtureRequest, store: BackedUp) -> Callable[[], Callable[[], None]]:
    """Backs the store up; what it returns restores it."""
    return lambda: request.param(store)


Backed = Callable[[], Callable[[], None]]


def outcome(store: BackedUp, call: Call) -> Outcome:
    seal, owner = store.deck.transcripts.seal, store.deck.calls.customer(call.customer_id)
    sealed = (seal(owner, call.id, purpose, SAID) for purpose in ("transcript", "vault"))
    return Outcome("de", 2.0, *sealed, (("PERSON", 1),), None)


def transcribe(store: BackedUp, call: Call) -> None:
    """And nothing after that."""
    store.deck.calls.complete(store.claim(call), outcome(store, call), store.deck.clock.now())


def whole(store: BackedUp, receipts: int) -> None:
    """Everything is finished, proven and agreed upon."""
    store.finish()
    assert store.findings() == set()
    assert store.deck.deletions.pending() == ()
    assert len(store.deck.deletions.receipts(limit=999)) == receipts
    catch_up(store.deck)


def test_a_voice_whose_transcript_was_stored_stays_closed(
    store: BackedUp, backed_up: Backed
) -> None:
    call = store.push()
    restore = backed_up()
    transcribe(store, call)
    (begun,) = store.deck.deletions.pending()
    restore()
    assert store.readable(call.id) == NOTHING
    ended = store.deck.calls.call(call.id)
    assert (ended.status, ended.failure) == (CallStatus.FAILED, LOST_IN_RESTORE)
    assert not (store.home / "blobs" / call.id).exists()
    whole(store, 1)
    (receipt,) = store.deck.deletions.receipts()
    assert receipt.id == begun.id and receipt.body["trigger"] == "done"


def test_an_erasure_that_was_not_signed_yet_holds(store: BackedUp, backed_up: Backed) -> None:
    erased, other = store.store(store.push(True), True), store.store(store.push())
    restore = backed_up()
    store.deck.calls.erase_call(erased.id, "erased_on_request", store.deck.clock.now())
    restore()
    assert store.readable(erased.id) == NOTHING
    assert store.readable(other.id) == TEXT_ONLY
    with closing(sqlite3.connect(store.home / "deckname.db")) as rows:
        told = list(rows.execute("SELECT name FROM outbox WHERE call_id = ?", (erased.id,)))
    assert told == [("call_erased",)]
    whole(store, 3)


def test_what_ran_out_stays_gone(store: BackedUp, backed_up: Backed) -> None:
    waiting = store.push()
    expired = store.store(store.push())
    restore = backed_up()
    now = store.deck.clock.now()
    store.deck.calls.destroy_audio(waiting.id, "audio_cap_reached", now)
    store.deck.calls.erase_call(expired.id, "transcript_expired", now)
    restore()
    assert store.readable(waiting.id) == store.readable(expired.id) == NOTHING
    assert store.deck.calls.call(waiting.id).failure == "audio_cap_reached"
    whole(store, 3)


class Away(MemoryJobQueue):
    """Redis is down."""

    def forget(self, call_id: object) -> bool:
        raise ServiceUnavailable("away")


def test_without_redis_nothing_comes_back_either(store: BackedUp, backed_up: Backed) -> None:
    kept, call = store.store(store.push(True), True), store.push()
    restore = backed_up()
    store.deck = replace(store.deck, queue=Away())
    transcribe(store, call)
    done = withdraw_consent(kept.id, Purpose.AUDIO_RETENTION, store.deck, ConsentSource.OPERATOR)
    assert done.pending == 1 and finish_deletions(store.deck) == ()
    restore()
    assert store.readable(call.id) == NOTHING and store.readable(kept.id) == TEXT_ONLY
    whole(store, 2)
    (receipt,) = store.deck.deletions.receipts(call_id=kept.id)
    assert receipt.body["trigger"] == "withdrawal", "one receipt, not two"


def test_a_closed_customer_stays_closed(store: BackedUp, backed_up: Backed) -> None:
    done, kept = store.store(store.push()), store.store(store.push(True), True)
    restore = backed_up()
    close_customer(ACME, store.deck)
    assert store.deck.deletions.pending() == (), "its own receipt is signed, too"
    restore()
    assert store.deck.calls.customer(ACME).closed_at is not None
    assert store.readable(done.id) == store.readable(kept.id) == NOTHING
    whole(store, 3)


def test_a_customer_whose_closing_was_not_signed_stays_closed(
    store: BackedUp, backed_up: Backed
) -> None:
    done, waiting = store.store(store.push()), store.push()
    restore = backed_up()
    store.deck.calls.close_customer(ACME, store.deck.clock.now())
    restore()
    assert store.deck.calls.customer(ACME).closed_at is not None
    assert store.deck.calls.customer(ACME).wrapped_key == b""
    assert store.readable(done.id) == store.readable(waiting.id) == NOTHING
    whole(store, 3)


def test_a_store_aside_tells_the_other_one_s_ledger_nothing(
    store: BackedUp, tmp_path: Path
) -> None:
    call, lost = store.push(), store.push()
    store.deck.recordings.unlink(lost.id)
    backup = store.back_up()
    transcribe(store, call)
    ledger = tmp_path / "keys" / "ledger" / "deletions.jsonl"
    before = ledger.read_bytes()
    assert store.restore_aside(backup, tmp_path / "aside").lost == 1
    assert ledger.read_bytes() == before
    store.home.rename(tmp_path / "gone")
    (tmp_path / "aside").rename(store.home)
    store.open()
    assert store.readable(call.id) == store.readable(lost.id) == NOTHING
    whole(store, 2)


def test_a_customer_that_is_added_again_has_nothing_of_the_earlier_one(store: BackedUp) -> None:
    issue_key(ACME, store.deck)
    catch_up(store.deck)
    copy, newcomer = store.copy_by_hand(), CustomerId("newcomer")
    store.add_customer(newcomer)
    first = issue_key(newcomer, store.deck)
    set_retention(newcomer, store.deck, transcripts="7d")
    store.put_back(copy)
    store.open()
    store.add_customer(newcomer)
    held = store.deck.calls.key_hash(newcomer)
    for _ in range(2):
        store.open()
        assert store.deck.calls.key_hash(newcomer) == held != hash_of(first)
        assert store.deck.calls.retention_policy(newcomer).transcripts is None


class Full:
    """A ledger on a disk without room."""

    def append(self, *_: object, lasting: bool = True) -> None:
        raise StorageFull("no room")


def test_a_hold_that_cannot_be_told_is_none(store: BackedUp, backed_up: Backed) -> None:
    call, deck = store.store(store.push()), store.deck
    full: Any = replace(deck, ledger=Full())
    with pytest.raises(StorageFull):
        place_hold(ACME, call.id, "a claim", "lawyer", full)
    assert deck.holds.in_force(deck.clock.now()) == ()
    hold = place_hold(ACME, call.id, "a claim", "lawyer", deck)
    restore = backed_up()
    with pytest.raises(StorageFull):
        release_hold(hold.id, "lawyer", full)
    assert deck.holds.in_force(deck.clock.now()) == (hold,)
    release_hold(hold.id, "lawyer", deck)
    with pytest.raises(Conflict):
        release_hold(hold.id, "lawyer", deck)
    restore()
    assert store.deck.holds.in_force(store.deck.clock.now()) == ()


KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from pipeline.bootstrap import bootstrap
from pipeline.settings import load_settings
from tests.integration import backup_store
from tests.integration.test_restored_at_once import transcribe
from pipeline.usecases.customers import issue_key

folder, what, when = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
store = backup_store.BackedUp(folder)
engine = store.deck.calls._database.engine

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

told = store.deck.ledger.append
def tell_and_arm(*entries, lasting=True):
    if when == "after the commit" and any(each.kind == "committed" for each in entries):
        die()
    told(*entries, lasting=lasting)
    if when == "before the commit" and entries:
        event.listen(engine, "commit", die)
if when == "before it is told":
    told = die
store.deck.ledger.append = tell_and_arm
if what == "issue":
    issue_key(backup_store.ACME, store.deck)
else:
    transcribe(store, store.deck.calls.calls()[0])
"""


def killed(store: BackedUp, what: str, when: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(store.folder), what, when], cwd=ROOT, timeout=240
    )
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("when", ["before it is told", "before the commit"])
def test_a_key_that_nobody_saw_shuts_nobody_out(store: BackedUp, when: str) -> None:
    shown = issue_key(ACME, store.deck)
    copy = store.copy_by_hand()
    killed(store, "issue", when)
    for _ in range(2):
        calls = store.open().calls
        assert calls.customer_by_key(hash_of(shown)) == calls.customer(ACME)
    store.put_back(copy)
    calls = store.open().calls
    assert calls.customer_by_key(hash_of(shown)) == calls.customer(ACME)
    new = issue_key(ACME, store.deck)
    store.forget()
    store.open()
    assert store.deck.calls.customer_by_key(hash_of(shown)) is None
    assert store.deck.calls.customer_by_key(hash_of(new)) is not None


def test_a_key_whose_commit_happened_replaced_the_old_one_in_every_copy(store: BackedUp) -> None:
    old = issue_key(ACME, store.deck)
    copy = store.copy_by_hand()
    killed(store, "issue", "after the commit")
    held = store.open().calls.key_hash(ACME)
    assert held != hash_of(old)
    store.put_back(copy)
    assert store.open().calls.key_hash(ACME) == held


@pytest.mark.parametrize("when", ["before it is told", "before the commit"])
def test_a_worker_that_dies_before_the_commit_loses_no_recording(
    store: BackedUp, when: str
) -> None:
    call = store.push()
    copy = store.copy_by_hand()
    killed(store, "transcribe", when)
    for _ in range(2):
        deck = store.open()
        assert store.readable(call.id) == WAITING
        assert deck.recordings.open(call.id, deck.calls.recording(call.id)) == AUDIO
    store.put_back(copy)
    store.open()
    assert store.readable(call.id) == WAITING, "a start said that it was never transcribed"
    transcribe(store, call)
    assert store.readable(call.id) == TEXT_ONLY
    whole(store, 1)


def test_a_worker_that_dies_after_the_commit_leaves_no_voice_in_any_copy(store: BackedUp) -> None:
    call = store.push()
    copy = store.copy_by_hand()
    killed(store, "transcribe", "after the commit")
    store.put_back(copy)  # and nothing was started in between
    store.open()
    assert store.readable(call.id) == NOTHING
    whole(store, 1)


def test_a_worker_that_dies_after_the_commit_has_its_transcript(store: BackedUp) -> None:
    call = store.push()
    killed(store, "transcribe", "after the commit")
    copy = store.copy_by_hand()
    for _ in range(2):
        store.open()
        assert store.readable(call.id) == TEXT_ONLY
    kinds = [str(entry.kind) for entry in store.deck.ledger.entries()]
    assert kinds == ["deleted", "committed"], "the start tells what the worker could not"
    store.put_back(copy)
    store.open()
    assert store.readable(call.id) == TEXT_ONLY
    whole(store, 1)


def test_a_backup_is_restored_twice_before_anything_is_finished(store: BackedUp) -> None:
    call = store.push()
    backup = store.back_up()
    transcribe(store, call)
    for _ in range(2):
        assert store.restore(backup).replayed.entries == 1
        assert store.readable(call.id) == NOTHING
    whole(store, 1)


def test_the_verifier_misses_what_only_the_ledger_tells(store: BackedUp) -> None:
    call, waiting = store.push(), store.push()
    copy = store.copy_by_hand()
    transcribe(store, call)
    killed(store, "transcribe", "before the commit")
    store.put_back(copy)
    store.deck = replace(bootstrap(store.settings, catching_up=False), queue=MemoryJobQueue())
    assert store.findings() == {"receipt_lost"}
    store.open()
    assert store.findings() == set()
    assert store.readable(call.id) == NOTHING and waiting.id


def test_receipts_that_are_not_signed_yet_are_told_of(
    store: BackedUp, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store.serve_commands(monkeypatch)

    def listed(*options: str) -> tuple[str, str]:
        assert main(["receipts", "list", *options]) == 0
        told = capsys.readouterr()
        return told.out, told.err

    assert listed() == ("No receipts: nothing was deleted yet.\n", "")
    call = store.push()
    transcribe(store, call)
    out, err = listed()
    assert out == "No receipts yet.\n" and "1 deletion not finished" in err
    store.add_customer("other")
    assert listed("--customer", "other") == ("No receipts: nothing was deleted yet.\n", "")
    assert "1 deletion not finished" in listed("--call", call.id)[1]
    assert listed("--json") == ("[]\n", "")
    store.finish()
    out, err = listed()
    assert call.id in out or "raw_audio" in out
    assert err == ""
    assert main(["customers", "close", "other", "--yes"]) == 0
    assert "not signed" not in capsys.readouterr().err
