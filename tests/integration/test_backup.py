"""A backup that is restored, by the command or by hand, brings nothing back that was deleted."""

from __future__ import annotations

import io
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from pipeline.adapters import file_ledger
from pipeline.adapters.backups import is_cut_short, sealed_backups
from pipeline.adapters.backups.snapshot import snapshot
from pipeline.adapters.sealing.keys import Master
from pipeline.bootstrap import bootstrap, bootstrap_backups, key_store
from pipeline.cli import main
from pipeline.domain.audit import GENESIS
from pipeline.domain.call import CallStatus, Intake
from pipeline.domain.consent import (
    ConsentAct,
    ConsentEntry,
    ConsentSource,
    Purpose,
    in_force,
    taken_back,
)
from pipeline.domain.errors import (
    ConfigurationError,
    Conflict,
    DecknameError,
    SealBroken,
    UsageError,
    WrongKey,
)
from pipeline.domain.ids import CustomerId
from pipeline.domain.ledger import (
    LOST_IN_RESTORE,
    Kind,
    consent_told,
    hold_told,
    mark_told,
    release_told,
)
from pipeline.domain.recording import AudioState
from pipeline.domain.retention_policy import UnsupportedConsent
from pipeline.domain.rights import LegalHold, Mark, Right, new_hold_id
from pipeline.settings import load_settings
from pipeline.supervisor import _only_one
from pipeline.usecases.clean_up import Leadership, clean_up
from pipeline.usecases.customers import close_customer, hash_of, issue_key
from pipeline.usecases.enforce_retention import erase_owed
from pipeline.usecases.erase_subject import erase_subject
from pipeline.usecases.find_subject import Search
from pipeline.usecases.finish_deletions import _finish
from pipeline.usecases.hold_calls import place_hold, release_hold
from pipeline.usecases.record_consent import withdraw_consent
from pipeline.usecases.replay_ledger import catch_up
from pipeline.usecases.retention_policy import set_retention
from pipeline.usecases.rights_requests import close_request, open_request
from pipeline.usecases.rotate_keys import rotate_master_keys
from pipeline.usecases.submit_call import submit_call
from tests.integration.backup_store import ACME, AUDIO, WAYS, BackedUp, Kept

ROOT = Path(__file__).parents[2]
DAY = timedelta(days=1)
NOTHING = Kept(False, False, False)
TEXT_ONLY = Kept(False, True, True)
Way = Callable[[BackedUp], Callable[[], None]]


@pytest.fixture
def store(tmp_path: Path) -> BackedUp:
    opened = BackedUp(tmp_path)
    opened.add_customer()
    return opened


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def backed_up(request: pytest.FixtureRequest, store: BackedUp) -> Callable[[], Callable[[], None]]:
    """Backs the store up; what it returns restores it."""
    return lambda: request.param(store)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def whole(store: BackedUp) -> None:
    store.finish()
    assert store.findings() == set()
    assert store.deck.audit.verify() > 0
    catch_up(store.deck)


def test_what_nobody_deleted_comes_back(
    store: BackedUp, backed_up: Callable[[], Callable[[], None]]
) -> None:
    waiting, stored, kept = store.push(), store.store(store.push()), store.push(kept=True)
    store.store(kept, kept=True)
    restore = backed_up()
    restore()
    assert store.readable(waiting.id) == Kept(True, False, False)
    assert store.readable(stored.id) == TEXT_ONLY
    assert store.readable(kept.id) == Kept(True, True, True)
    deck = store.deck
    assert deck.recordings.open(kept.id, deck.calls.recording(kept.id)) == AUDIO
    assert "receipt_adopted" not in store.event_names()
    whole(store)


def test_a_call_that_was_erased_since_is_erased(
    store: BackedUp, backed_up: Callable[[], Callable[[], None]]
) -> None:
    erased, other = store.store(store.push(True), True), store.store(store.push())
    restore = backed_up()
    store.deck.calls.erase_call(erased.id, "erased_on_request", store.deck.clock.now())
    store.finish()
    before = {receipt.document for receipt in store.deck.deletions.receipts()}
    restore()
    assert store.readable(erased.id) == NOTHING
    assert store.deck.calls.call(erased.id).status is CallStatus.ERASED
    assert store.readable(other.id) == TEXT_ONLY
    # No receipt is new, and none is lost.
    assert {receipt.document for receipt in store.deck.deletions.receipts()} == before
    assert not (store.home / "blobs" / erased.id).exists()
    whole(store)


def test_a_recording_that_was_transcribed_since_stays_closed(
    store: BackedUp, backed_up: Callable[[], Callable[[], None]]
) -> None:
    call = store.push()
    restore = backed_up()
    store.store(call)
    restore()
    assert store.readable(call.id) == NOTHING
    ended = store.deck.calls.call(call.id)
    assert (ended.status, ended.failure) == (CallStatus.FAILED, LOST_IN_RESTORE)
    whole(store)


def test_consent_that_was_withdrawn_since_stays_withdrawn(
    store: BackedUp, backed_up: Callable[[], Callable[[], None]]
) -> None:
    told, cut = (store.store(store.push(True), True) for _ in range(2))
    restore = backed_up()
    deck = store.deck
    for call in (told, cut):
        entry = ConsentEntry(
            ACME,
            call.id,
            Purpose.AUDIO_RETENTION,
            ConsentAct.WITHDRAWN,
            ConsentSource.OPERATOR,
            deck.clock.now(),
        )
        deck.ledger.append(consent_told(entry))
        if call is told:  # as if a crash had kept the other one from being done
            deck.consents.record(entry)
            deck.calls.destroy_audio(call.id, "consent_withdrawn", deck.clock.now())
            store.finish()
    restore()
    store.finish()
    deck = store.deck
    for call in (told, cut):
        entries = deck.consents.of_call(call.id)
        assert not in_force(entries, Purpose.AUDIO_RETENTION, deck.clock.now())
        assert store.readable(call.id) == TEXT_ONLY
        audio = [each.body["class"] for each in deck.deletions.receipts(call_id=call.id)]
        assert audio == ["retained_audio"], "one receipt, not two"
    whole(store)


def test_a_customer_that_was_closed_since_stays_closed(
    store: BackedUp, backed_up: Callable[[], Callable[[], None]]
) -> None:
    store.add_customer("other")
    calls = [store.push(), store.store(store.push()), store.store(store.push(True), True)]
    kept = store.store(store.push(customer="other"))
    restore = backed_up()
    close_customer(ACME, store.deck)
    store.finish()
    restore()
    closed = store.deck.calls.customer(ACME)
    assert closed.closed_at is not None
    assert closed.wrapped_key == closed.wrapped_vault_key == b""
    for call in calls:
        assert store.readable(call.id) == NOTHING
        assert store.deck.calls.call(call.id).audio is AudioState.DESTROYED
    assert store.readable(kept.id) == TEXT_ONLY
    whole(store)


def test_holds_and_marks_come_back_as_they_were(
    store: BackedUp, backed_up: Callable[[], Callable[[], None]]
) -> None:
    released, restricted, lifted, objected = (store.store(store.push()).id for _ in range(4))
    deck = store.deck
    now = deck.clock.now()
    old = LegalHold(new_hold_id(), ACME, released, "Streit mit Keller", "operator", now)
    deck.holds.place(old)
    deck.calls.mark_call(lifted, Mark.RESTRICTION, now)
    restore = backed_up()
    new = LegalHold(new_hold_id(), ACME, objected, "Streit mit Keller", "operator", now)
    deck.ledger.append(release_told(old, deck.clock.now()))
    deck.ledger.append(hold_told(new))
    for kind, call_id in (
        (Kind.LIFT, restricted),
        (Kind.RESTRICT, restricted),
        (Kind.LIFT, lifted),
        (Kind.OBJECT, objected),
    ):
        deck.ledger.append(mark_told(kind, call_id, ACME, deck.clock.now()))
    assert b"Keller" not in (store.folder / "keys/ledger/deletions.jsonl").read_bytes()
    restore()
    deck = store.deck
    assert [hold.id for hold in deck.holds.in_force(deck.clock.now())] == [new.id]
    assert deck.calls.call(restricted).restricted_at is not None
    assert deck.calls.call(lifted).restricted_at is None
    assert deck.calls.call(objected).objected_at is not None
    whole(store)


def test_what_is_owed_and_asked_for_since_comes_back(
    store: BackedUp,
    backed_up: Callable[[], Callable[[], None]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An erasure that a hold stood against, and requests whose clock runs; and the same again."""
    held, erased = (store.store(store.push()).id for _ in range(2))
    before = open_request(ACME, Right.OBJECT, store.deck)
    restore = backed_up()
    deck = store.deck
    hold = place_hold(ACME, held, "§ 147 AO, Streit mit Keller", "lawyer", deck)
    for call_id in (held, erased):
        erase_subject(Search(ACME, call_ids=(call_id,)), deck, "operator")
    letter = open_request(ACME, Right.ACCESS, deck, deck.clock.now() - 20 * DAY)
    close_request(before.id, "refused", deck)
    asked = deck.rights.requests()
    assert b"Keller" not in (store.folder / "keys/ledger/deletions.jsonl").read_bytes()
    for _ in range(2):
        restore()
        deck = store.deck
        assert deck.rights.requests() == asked
        assert deck.rights.requests(open_only=True) == (letter,)
        assert deck.calls.owing(ACME) == (held,)
        assert erase_owed(deck) == 0, "the hold is back as well"
        (back,) = deck.holds.in_force(deck.clock.now())
        assert back.id == hold.id and back.reason.startswith("AO § 147 (taken over")
        whole(store)
    release_hold(hold.id, "lawyer", store.deck)
    restore()
    assert clean_up(store.deck, Leadership("next"))
    assert store.deck.calls.call(held).status is CallStatus.ERASED
    whole(store)


def test_a_request_whose_correction_went_with_the_restore_is_open_again(
    store: BackedUp,
    backed_up: Callable[[], Callable[[], None]],
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = open_request(ACME, Right.RECTIFY, store.deck)
    restore = backed_up()
    after = open_request(ACME, Right.RECTIFY, store.deck)
    for each in (before, after):
        close_request(each.id, "done", store.deck, 1)
    restore()
    said = [*(record.message for record in caplog.records), capsys.readouterr().err]
    assert any("corrections_lost" in each or after.id in each for each in said)
    assert set(store.deck.rights.requests(open_only=True)) == {before, after}
    whole(store)


def test_deletions_that_were_pending_in_the_backup_are_finished(
    store: BackedUp, backed_up: Callable[[], Callable[[], None]]
) -> None:
    told, untold = (store.store(store.push(True), True) for _ in range(2))
    deck = store.deck
    for call in (told, untold):
        deck.calls.destroy_audio(call.id, "consent_withdrawn", deck.clock.now())
    restore = backed_up()
    store.deck.recordings.unlink(told.id)
    (first, second) = (each for each in deck.deletions.pending())
    _finish(first if first.call_id == told.id else second, deck)
    (receipt,) = deck.deletions.receipts(call_id=told.id)
    restore()
    store.finish()
    deck = store.deck
    assert deck.deletions.pending() == ()
    assert deck.deletions.receipts(call_id=told.id) == (receipt,)
    assert len(deck.deletions.receipts(call_id=untold.id)) == 1
    assert not list(store.home.glob("blobs/*"))
    whole(store)


def test_customers_that_the_backup_does_not_know_hinder_nothing(
    store: BackedUp, backed_up: Callable[[], Callable[[], None]], caplog: pytest.LogCaptureFixture
) -> None:
    erased = store.store(store.push())
    restore = backed_up()
    store.deck.calls.erase_call(erased.id, "erased_on_request", store.deck.clock.now())
    store.finish()
    store.add_customer("newcomer")
    for _ in range(3):
        store.store(store.push(customer="newcomer"))
    open_request(CustomerId("newcomer"), Right.ERASE, store.deck)
    restore()
    assert "requests_of_strangers" in [record.message for record in caplog.records]
    assert store.readable(erased.id) == NOTHING
    replays = store.event_names().count("ledger_replayed")
    store.open()
    assert store.event_names().count("ledger_replayed") == replays == 1
    store.add_customer("newcomer")
    store.store(store.push(customer="newcomer"))
    whole(store)


def test_a_backup_is_restored_twice(store: BackedUp) -> None:
    call = store.store(store.push())
    backup = store.back_up()
    store.deck.calls.erase_call(call.id, "erased_on_request", store.deck.clock.now())
    store.finish()
    assert store.restore(backup).replayed.entries == 1
    second = store.back_up("second")
    assert store.restore(backup).replayed.entries == 1
    assert store.restore(second).replayed.entries == 0
    assert store.readable(call.id) == NOTHING
    whole(store)


def test_nothing_in_a_backup_can_be_read_without_the_keys(store: BackedUp, tmp_path: Path) -> None:
    store.store(store.push(True), True)
    store.push()
    backup = store.back_up().read_bytes()
    assert store.manifest.recordings == 2 and store.manifest.calls == 2
    for word in (b"Martina", b"Ahornallee", b"Acme", b"SQLite format", b"RIFF", b"deckname.db"):
        assert word not in backup
    for key in (tmp_path / "keys").rglob("*"):
        if key.is_file() and key.stat().st_size:
            assert key.read_bytes() not in backup
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0
    other = BackedUp(tmp_path / "other")
    with pytest.raises(ConfigurationError, match="DECKNAME_KEYS"):
        other.restore(tmp_path / "backup")
    other.open()
    other.add_customer()
    with pytest.raises(WrongKey):
        other.restore(tmp_path / "backup")
    assert not (other.home / "deckname.db").exists()


def test_the_unsealed_content_of_a_backup_holds_no_key(store: BackedUp, tmp_path: Path) -> None:
    store.store(store.push(True), True)
    store.push()
    with bootstrap_backups(store.settings).unpacked(store.back_up(), tmp_path / "empty") as found:
        folder, _ = found
        inside = {file.relative_to(folder).as_posix() for file in folder.rglob("*")}
        content = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    assert {name.partition("/")[0] for name in inside} == {"deckname.db", "blobs"}
    for key in (tmp_path / "keys").rglob("*"):
        if key.is_file() and key.stat().st_size:
            assert key.read_bytes() not in content
    assert b"Martina" not in content
    assert names_in(tmp_path / "empty") == ["up.lock"]


@pytest.mark.parametrize("share", [0.0, 0.001, 0.2, 0.5, 0.9, 0.9999, 1.0])
def test_an_altered_or_cut_backup_restores_nothing(
    store: BackedUp, tmp_path: Path, share: float
) -> None:
    store.push()
    store.store(store.push())
    backup = store.back_up()
    content = backup.read_bytes()
    at = min(int(len(content) * share), len(content) - 1)
    flipped = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    for broken in (flipped, content[:at], content + b"\0"):
        backup.write_bytes(broken)
        with pytest.raises(SealBroken):
            store.restore(backup)
        assert not store.home.exists() or names_in(store.home) == ["up.lock"]
    backup.write_bytes(content)
    store.restore(backup)
    whole(store)


def test_a_data_folder_in_use_is_left_alone(store: BackedUp) -> None:
    call = store.store(store.push())
    backup = store.back_up()
    backups = bootstrap_backups(store.settings)
    with pytest.raises(Conflict, match="not empty"), backups.unpacked(backup, store.home):
        pass
    empty = store.folder / "empty"
    empty.mkdir()
    with (
        _only_one(empty),
        pytest.raises(Conflict, match="deckname up"),
        backups.unpacked(backup, empty),
    ):
        pass
    assert store.readable(call.id) == TEXT_ONLY
    with backups.unpacked(backup, empty), pytest.raises(Conflict), _only_one(empty):
        pass


def test_a_backup_goes_to_no_wrong_place(store: BackedUp, tmp_path: Path) -> None:
    backup = store.back_up()
    content = backup.read_bytes()
    with pytest.raises(Conflict):
        store.back_up()
    assert backup.read_bytes() == content
    for name in ("home/backup", "keys/backup", "nowhere/backup"):
        with pytest.raises(UsageError):
            store.back_up(name)
    assert names_in(tmp_path) == ["backup", "home", "keys"]
    assert store.findings() == set()


def test_another_file_of_sqlite_is_not_restored_to(store: BackedUp, tmp_path: Path) -> None:
    """A PostgreSQL is: see `test_backup_on_postgresql`."""
    backup = store.back_up()
    url = SecretStr(f"sqlite:///{tmp_path}/other.db")
    elsewhere = load_settings(home=store.home, keys=tmp_path / "keys", database_url=url)
    backups = bootstrap_backups(elsewhere)
    with (
        pytest.raises(ConfigurationError, match="DECKNAME_DATABASE_URL"),
        backups.unpacked(backup, tmp_path / "empty"),
    ):
        pass
    with pytest.raises(UsageError, match="nothing to back up"):
        backups.create(tmp_path / "another", store.deck.clock.now())
    assert names_in(tmp_path) == ["backup", "home", "keys"]


CREATE = """
import sys, time
from pathlib import Path
from pipeline.adapters.backups import sealed_backups
from pipeline.bootstrap import bootstrap_backups, bootstrap
from pipeline.settings import load_settings
settings = load_settings(home=Path(sys.argv[1], 'home'), keys=Path(sys.argv[1], 'keys'))
backups = bootstrap_backups(settings)
"""
IN_CREATE = """
def slow(copy):
    print('half', flush=True); time.sleep(60)
sealed_backups.counted = slow
backups.create(Path(sys.argv[1], 'backup'), bootstrap(settings).clock.now())
"""
IN_RESTORE = """
with backups.unpacked(Path(sys.argv[1], 'backup'), settings.home_folder) as (folder, _):
    print('half', flush=True); time.sleep(60)
"""
IN_PLACING = """
from pipeline.adapters.backups import staging
real = Path.rename
def stopping(self, target):
    if self.name == 'deckname.db':
        print('half', flush=True); time.sleep(60)
    return real(self, target)
Path.rename = stopping
with backups.unpacked(Path(sys.argv[1], 'backup'), settings.home_folder) as (folder, _):
    backups.place(folder)
"""


KILLED_IN_REPLAY = """
import os, signal, sys
from pathlib import Path
from pipeline.adapters.database import replay
from pipeline.bootstrap import bootstrap
from pipeline.domain.ledger import Kind
from pipeline.settings import load_settings
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
replay._AGAIN.update({kind: die for kind in replay._AGAIN if kind != Kind.RECEIPT})
bootstrap(load_settings(home=Path(sys.argv[1], 'home'), keys=Path(sys.argv[1], 'keys')))
"""


def killed_half_way(program: str, folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", CREATE + program, str(folder)], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"half\n"
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


def test_a_killed_backup_leaves_nothing_half(store: BackedUp, tmp_path: Path) -> None:
    store.push()
    killed_half_way(IN_CREATE, tmp_path)
    assert names_in(tmp_path) == ["home", "keys"]
    assert (store.home / "snapshot.db").exists()
    assert store.findings() == set()
    store.open()
    assert not (store.home / "snapshot.db").exists()
    killed_half_way(IN_CREATE, tmp_path)
    store.back_up()
    assert not (store.home / "snapshot.db").exists()


@pytest.mark.parametrize("program", [IN_RESTORE, IN_PLACING])
def test_a_killed_restore_leaves_no_store(store: BackedUp, tmp_path: Path, program: str) -> None:
    waiting, stored = store.push(), store.store(store.push())
    backup = store.back_up()
    store.put_back(tmp_path / "keys" / "days")  # anything: the store is lost
    shutil.rmtree(store.home)
    killed_half_way(program, tmp_path)
    assert is_cut_short(store.home)
    with pytest.raises(ConfigurationError, match="restore"):
        bootstrap(store.settings)
    assert not (store.home / "deckname.db").exists()
    store.forget()
    backups = bootstrap_backups(store.settings)
    with backups.unpacked(backup, store.home) as (folder, _):
        backups.place(folder)
    store.open()
    assert store.readable(waiting.id) == Kept(True, False, False)
    assert store.readable(stored.id) == TEXT_ONLY
    whole(store)


def test_two_backups_at_once_do_not_mix(store: BackedUp) -> None:
    store.push()
    with snapshot(store.home / "deckname.db", store.home), pytest.raises(Conflict):
        store.back_up()
    assert not (store.folder / "backup").exists()
    store.back_up()


def test_a_call_that_ends_while_it_is_backed_up_is_not_half_there(store: BackedUp) -> None:
    ending, staying = store.push(), store.push()
    store.deck.recordings.unlink(ending.id)
    done = store.restore(store.back_up())
    assert (done.lost, done.manifest.recordings) == (1, 1)
    ended = store.deck.calls.call(ending.id)
    assert (ended.status, ended.failure) == (CallStatus.FAILED, LOST_IN_RESTORE)
    assert store.readable(staying.id) == Kept(True, False, False)
    whole(store)


def test_a_backup_is_consistent_while_others_write(store: BackedUp) -> None:
    """Sizes are much larger than what stays in memory, and rows change all the time."""
    stop = threading.Event()
    calls = [store.push() for _ in range(5)]

    def write() -> None:
        while not stop.is_set():
            store.deck.calls.mark_call(calls[0].id, Mark.RESTRICTION, None)
            store.push()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        backup = store.back_up()
    finally:
        stop.set()
        writer.join()
    manifest = store.manifest
    done = store.restore(backup)
    assert done.lost == 0 and manifest.calls == manifest.recordings
    assert len(store.deck.calls.calls(limit=100_000)) == manifest.calls
    whole(store)


def test_a_large_backup_needs_little_memory(store: BackedUp, tmp_path: Path) -> None:
    program = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from pipeline.bootstrap import bootstrap_backups, bootstrap\n"
        "from pipeline.settings import load_settings\n"
        "settings = load_settings(home=Path(sys.argv[1], 'home'), keys=Path(sys.argv[1], 'keys'))\n"
        "backups, now = bootstrap_backups(settings), bootstrap(settings).clock.now()\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "backups.create(Path(sys.argv[1], 'backup'), now)\n"
        "with backups.unpacked(Path(sys.argv[1], 'backup'), Path(sys.argv[1], 'new')): pass\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    chunks = (AUDIO[:12], *(os.urandom(1 << 20) for _ in range(200)))
    submit_call(Intake(ACME), chunks, store.deck)
    run = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, capture_output=True, check=True
    )
    assert int(run.stdout) < 48 * 1024, "KiB"


def test_a_lost_ledger_is_told_and_has_a_way_out(store: BackedUp, tmp_path: Path) -> None:
    erased, other = store.store(store.push()), store.store(store.push())
    backup = store.back_up()
    store.deck.calls.erase_call(erased.id, "erased_on_request", store.deck.clock.now())
    store.finish()
    ledger = tmp_path / "keys" / "ledger" / "deletions.jsonl"
    kept = ledger.read_bytes()
    ledger.unlink()
    with pytest.raises(ConfigurationError, match=r"ledger is missing.*remake-ledger"):
        store.open()
    with pytest.raises(ConfigurationError, match=r"ledger is missing.*--without-ledger"):
        store.restore(backup)
    assert names_in(store.home) == ["up.lock"]
    # With the ledger put back the erasure holds; without it nobody can know of it.
    ledger.write_bytes(kept)
    store.restore(backup)
    assert store.readable(erased.id) == NOTHING
    ledger.unlink()
    store.restore(backup, without_ledger=True)
    assert store.readable(erased.id) == TEXT_ONLY
    assert store.readable(other.id) == TEXT_ONLY
    assert "ledger_remade" in store.event_names()
    kinds = [entry.kind for entry in store.deck.ledger.entries()]
    assert kinds == [Kind.REMADE, Kind.RECEIPT, Kind.RECEIPT, Kind.API_KEY]
    whole(store)


def test_a_ledger_that_was_cut_is_told(store: BackedUp, tmp_path: Path) -> None:
    for _ in range(3):
        store.store(store.push())
    ledger = tmp_path / "keys" / "ledger" / "deletions.jsonl"
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(b"".join(lines[:-1]))
    with pytest.raises(ConfigurationError, match="was cut"):
        store.open()
    ledger.write_bytes(b"".join(lines).replace(b"raw_audio", b"raw_audia", 1))
    with pytest.raises(SealBroken):
        store.open()
    ledger.write_bytes(b"".join(lines))
    store.open()
    whole(store)


def test_an_older_copy_of_the_ledger_is_told_at_every_entry(
    store: BackedUp,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It lacks a rule and a hold: no receipt, and few entries."""
    store.serve_commands(monkeypatch)
    call = store.store(store.push())
    ledger = tmp_path / "keys" / "ledger" / "deletions.jsonl"
    older = ledger.read_bytes()
    set_retention(ACME, store.deck, transcripts="30d")
    place_hold(ACME, call.id, "Betriebsprüfung", "legal", store.deck)
    told = ledger.read_bytes()
    assert main(["maintenance", "run"]) == 0
    backup = store.back_up()
    whole(store)
    ledger.write_bytes(older)
    with pytest.raises(ConfigurationError, match="older copy"):
        store.open()
    capsys.readouterr()
    assert main(["maintenance", "run"]) == 2 and "older copy" in capsys.readouterr().err
    assert main(["doctor"]) == 1 and "older copy" in " ".join(capsys.readouterr().out.split())
    assert main(["verify"]) == 1 and capsys.readouterr().out.startswith("ledger_cut")
    # A process that runs meets it within a minute.
    steps = {step.name: step for step in clean_up(store.deck, Leadership("living"))}
    assert steps["note_ledger"].failed == "configuration"
    assert main(["backup", "create", str(tmp_path / "later")]) == 2
    with pytest.raises(ConfigurationError, match=r"older copy.*--without-ledger"):
        store.restore(backup)
    ledger.write_bytes(told)
    store.restore(backup)
    whole(store)


def test_an_altered_ledger_has_a_way_out(
    store: BackedUp,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As docs/how-to/back-up-and-restore.md says, command by command."""
    store.serve_commands(monkeypatch)
    erased, other = store.store(store.push()), store.store(store.push())
    backup = store.back_up()
    store.deck.calls.erase_call(erased.id, "erased_on_request", store.deck.clock.now())
    store.finish()
    set_retention(ACME, store.deck, transcripts="30d")
    ledger = tmp_path / "keys" / "ledger" / "deletions.jsonl"
    first, *rest = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(b"".join([first.replace(b"raw_audio", b"raw_audia"), *rest]))
    assert main(["verify"]) == 1 and "ledger_broken" in capsys.readouterr().out
    # What is there is not written on, and not thrown away either.
    assert main(["backup", "remake-ledger", "--yes"]) == 1
    assert "move the file out" in capsys.readouterr().err
    ledger.rename(tmp_path / "altered")
    assert main(["calls"]) == 2 and "remake-ledger" in capsys.readouterr().err
    assert main(["backup", "remake-ledger", "--yes"]) == 0
    capsys.readouterr()
    assert main(["verify"]) == 0, capsys.readouterr().out
    assert main(["calls"]) == 0
    whole(store)
    store.restore(backup)
    assert store.readable(erased.id) == NOTHING and store.readable(other.id) == TEXT_ONLY
    assert store.deck.calls.retention_policy(ACME).transcripts == 30 * DAY
    whole(store)


def test_an_audit_log_that_was_cut_is_told(store: BackedUp) -> None:
    for _ in range(3):
        store.store(store.push())
    with closing(sqlite3.connect(store.home / "deckname.db")) as rows:
        (last,) = rows.execute("SELECT max(position) FROM audit_log").fetchone()
        rows.execute("DELETE FROM audit_log WHERE position = ?", (last,))
        rows.commit()
    assert store.deck.audit.verify() == last - 1, "the chain itself does not show it"
    with pytest.raises(SealBroken, match="audit log was cut"):
        store.open()


def test_a_replay_that_was_killed_goes_on(store: BackedUp) -> None:
    calls = [store.store(store.push()) for _ in range(4)]
    copy = store.copy_by_hand()
    for call in calls:
        store.deck.calls.erase_call(call.id, "erased_on_request", store.deck.clock.now())
    store.finish()
    store.put_back(copy)
    half = bootstrap(store.settings, catching_up=False)
    for entry in half.replay.unknown(half.ledger.latest())[:2]:
        half.replay.apply(entry, half.clock.now(), half.recordings.destroy_retained)
    del half
    store.open()
    assert all(store.readable(call.id) == NOTHING for call in calls)
    whole(store)


def test_a_replay_that_was_killed_between_receipts_and_marks_begins_again(
    store: BackedUp, tmp_path: Path
) -> None:
    """By then the end of the ledger is known: far more than a start looks at anyway."""
    restricted, objected = (store.store(store.push()).id for _ in range(2))
    withdrawn = store.store(store.push(True), True).id
    erased = [store.push().id for _ in range(40)]
    copy, deck = store.copy_by_hand(), store.deck
    for kind, call_id in ((Kind.RESTRICT, restricted), (Kind.OBJECT, objected)):
        deck.ledger.append(mark_told(kind, call_id, ACME, deck.clock.now()))
    withdraw_consent(withdrawn, Purpose.AUDIO_RETENTION, deck, ConsentSource.OPERATOR)
    for call_id in erased:
        deck.calls.erase_call(call_id, "erased_on_request", deck.clock.now())
    store.finish()
    kinds = {entry.kind for entry in deck.ledger.latest(64)}
    assert kinds == {Kind.RECEIPT}
    store.put_back(copy)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_IN_REPLAY, str(tmp_path)], cwd=ROOT, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    half = bootstrap(store.settings, catching_up=False)
    assert half.replay.unknown(half.ledger.latest(64)) == () and not half.deletions.pending()
    assert half.calls.call(restricted).restricted_at is None
    del half
    store.open()
    deck = store.deck
    assert deck.calls.call(restricted).restricted_at is not None
    assert deck.calls.call(objected).objected_at is not None
    assert taken_back(deck.consents.of_call(withdrawn), Purpose.AUDIO_RETENTION)
    assert all(store.readable(call_id) == NOTHING for call_id in erased)
    assert store.readable(withdrawn) == TEXT_ONLY
    whole(store)


@pytest.mark.parametrize("kind", [Kind.RESTRICT, Kind.OBJECT])
def test_a_mark_from_before_many_known_entries_is_not_lost(store: BackedUp, kind: Kind) -> None:
    """Deletions had begun when the copy was made: it knows them, though not their receipts."""
    call = store.store(store.push())
    for _ in range(70):
        store.deck.calls.destroy_audio(store.push().id, "consent_refused", store.deck.clock.now())
    copy = store.copy_by_hand()
    store.deck.ledger.append(mark_told(kind, call.id, ACME, store.deck.clock.now()))
    store.finish()
    store.put_back(copy)
    store.open()
    marked = store.deck.calls.call(call.id)
    assert (marked.restricted_at or marked.objected_at) is not None
    whole(store)


def test_rules_and_keys_of_after_the_backup_hold(
    store: BackedUp, backed_up: Callable[[], Callable[[], None]]
) -> None:
    store.add_customer("other")
    set_retention(ACME, store.deck, "90d", UnsupportedConsent.KEEP)
    old = issue_key(ACME, store.deck)
    call = store.store(store.push())
    restore = backed_up()
    set_retention(ACME, store.deck, "30d", UnsupportedConsent.DESTROY)
    set_retention(CustomerId("other"), store.deck, "7d")
    set_retention(CustomerId("other"), store.deck, "contract")
    new = issue_key(ACME, store.deck)
    restore()
    calls = store.deck.calls
    assert calls.customer_by_key(hash_of(old)) is None
    assert calls.customer_by_key(hash_of(new)) == calls.customer(ACME)
    held = calls.retention_policy(ACME)
    assert (held.transcripts, held.unsupported) == (30 * DAY, UnsupportedConsent.DESTROY)
    assert calls.retention_policy(CustomerId("other")).transcripts is None
    assert [due for _, due in calls.expired(call.received_at + 31 * DAY, 9)] == [
        call.received_at + 30 * DAY
    ]
    ledger = (store.folder / "keys/ledger/deletions.jsonl").read_text()
    assert old not in ledger and new not in ledger and "Acme" not in ledger
    whole(store)


def test_a_restore_aside_leaves_the_living_store_alone(store: BackedUp, tmp_path: Path) -> None:
    pending, told, withdrawn = (store.store(store.push(True), True).id for _ in range(3))
    ending, erased = store.push().id, store.store(store.push()).id
    deck = store.deck
    deck.calls.destroy_audio(pending, "consent_withdrawn", deck.clock.now())
    deck.calls.destroy_audio(told, "consent_withdrawn", deck.clock.now())
    deck.recordings.unlink(ending)
    backup = store.back_up()
    deck.calls.erase_call(erased, "erased_on_request", deck.clock.now())
    for deletion in deck.deletions.pending():
        if deletion.call_id in (told, erased):
            _finish(deletion, deck)
    entry = ConsentEntry(
        ACME,
        withdrawn,
        Purpose.AUDIO_RETENTION,
        ConsentAct.WITHDRAWN,
        ConsentSource.OPERATOR,
        deck.clock.now(),
    )
    deck.ledger.append(consent_told(entry))  # and its process was killed here
    before = kept_in(tmp_path / "keys")
    done = store.restore_aside(backup, tmp_path / "aside")
    assert kept_in(tmp_path / "keys") == before
    assert done.lost == 1
    assert [each.call_id for each in deck.deletions.pending()] == [pending]
    # At its first start, with the other store gone, what is left is finished.
    store.home.rename(tmp_path / "gone")
    (tmp_path / "aside").rename(store.home)
    store.open()
    assert {each.call_id for each in store.deck.deletions.pending()} == {
        pending,
        withdrawn,
        ending,
    }
    store.finish()
    assert store.readable(erased) == NOTHING
    for call_id in (pending, told, withdrawn):
        assert store.readable(call_id) == TEXT_ONLY
        assert len(store.deck.deletions.receipts(call_id=call_id)) == 1
    assert store.deck.calls.call(ending).failure == LOST_IN_RESTORE
    assert store.findings() == set()


def kept_in(keys: Path) -> dict[str, bytes]:
    """Every key and the ledger; a store that is restored leaves its mark in `stores` only."""
    return {
        path.relative_to(keys).as_posix(): path.read_bytes()
        for path in keys.rglob("*")
        if path.is_file() and path.parent.name != "stores"
    }


def test_a_backup_of_before_a_rotation_names_the_master_key_it_needs(
    store: BackedUp, tmp_path: Path
) -> None:
    call = store.store(store.push())
    backup, keys = store.back_up(), tmp_path / "keys"
    wanted = store.deck.keys.master_keys()[0].fingerprint
    shutil.copytree(keys, tmp_path / "then")
    rotate_master_keys(store.deck)
    present = store.deck.keys.master_keys()[0].fingerprint
    with pytest.raises(WrongKey, match=f"{wanted}.*has {present}.*nothing was restored"):
        store.restore(backup)
    assert not store.home.exists()
    shutil.copy(tmp_path / "then/content/master.key", keys / "content/master.key")
    with pytest.raises(WrongKey, match=r"`vault`.*nothing was restored"):
        store.restore(backup)
    assert names_in(store.home) == ["up.lock"]
    shutil.copy(tmp_path / "then/vault/master.key", keys / "vault/master.key")
    store.restore(backup)
    assert store.readable(call.id) == TEXT_ONLY
    whole(store)


def test_a_backup_of_the_first_format_is_still_restored(store: BackedUp) -> None:
    call = store.store(store.push())
    backup = store.back_up()
    keys = key_store(store.settings, store.deck.clock)
    master, content = keys.master_key(Master.CONTENT), io.BytesIO(backup.read_bytes())
    name = content.readline().split()[-1].decode()
    wrapped = content.read(int.from_bytes(content.read(4), "big"))
    key = master.unwrap(wrapped, sealed_backups._key_bound(name))
    plain = key.open_stream(content, sealed_backups._bound(wrapped))
    first = master.wrap(key, sealed_backups._key_bound(None))
    with backup.open("wb") as sink:
        sink.write(b"deckname/backup/1\n" + len(first).to_bytes(4, "big") + first)
        key.seal_stream([plain], sink, sealed_backups._bound(first))
    store.restore(backup)
    assert store.readable(call.id) == TEXT_ONLY
    rotate_master_keys(store.deck, alone=True)
    with pytest.raises(WrongKey, match="another content master key"):
        store.restore(backup)


def test_a_command_that_replays_says_so(
    store: BackedUp, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store.serve_commands(monkeypatch)
    call = store.store(store.push())
    copy = store.copy_by_hand()
    store.deck.calls.erase_call(call.id, "erased_on_request", store.deck.clock.now())
    store.finish()
    store.put_back(copy)
    assert main(["calls"]) == 0
    assert "WARNING ledger_replayed count=1 unlinked=1" in capsys.readouterr().err
    assert main(["calls"]) == 0
    assert "ledger_replayed" not in capsys.readouterr().err


def test_the_commands_tell_what_they_did(
    store: BackedUp,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store.serve_commands(monkeypatch)
    call = store.store(store.push())
    backup, into = str(tmp_path / "backup"), str(tmp_path / "restored")
    assert main(["backup", "create", backup]) == 0
    assert "1 calls" in capsys.readouterr().err
    assert main(["backup", "create", backup]) == 1
    store.deck.calls.erase_call(call.id, "erased_on_request", store.deck.clock.now())
    store.finish()
    capsys.readouterr()
    assert main(["backup", "restore", backup]) == 1
    told = capsys.readouterr().err
    assert told.startswith("deckname: ") and told.count("\n") == 1 and "--into" in told
    assert main(["backup", "restore", backup, "--into", into, "--json"]) == 0
    assert '"deleted_again": 1' in capsys.readouterr().out
    assert (Path(into) / "deckname.db").exists()
    assert main(["backup", "restore", backup, "--into", f"{into}2", "--without-ledger"]) == 2
    assert "DECKNAME_HOME" in capsys.readouterr().err and not Path(f"{into}2").exists()
    assert main(["backup", "restore", backup, "--into", f"{into}3"]) == 0
    assert "keys and ledger are as they were" in capsys.readouterr().err
    assert names_in(Path(into)) == ["deckname.db", "up.lock"]
    assert main(["backup", "remake-ledger"]) == 2
    assert main(["backup", "remake-ledger", "--yes"]) == 0


def test_errors_quote_nothing(store: BackedUp, tmp_path: Path) -> None:
    with pytest.raises(DecknameError) as told:
        store.restore(tmp_path / "Martina Keller")
    assert "Martina" not in str(told.value)
    assert CustomerId("acme") == ACME


def test_a_start_costs_little_however_long_the_ledger_is(store: BackedUp) -> None:
    """100,000 deletions: the ledger has 90 MB."""
    store.store(store.push())
    (first,) = (each for each in store.deck.ledger.entries() if each.kind == Kind.RECEIPT)
    path, last, ids = store.folder / "keys" / "ledger" / "deletions.jsonl", GENESIS, []
    with path.open("wb") as lines:
        for number in range(100_000):
            ids.append(f"del_{number:032d}")
            line = file_ledger._line(replace(first, id=ids[-1]), last)
            last = file_ledger._digest(line)
            lines.write(line)
    with closing(sqlite3.connect(store.home / "deckname.db")) as rows:
        columns = [row[1] for row in rows.execute("PRAGMA table_info(deletions)")][1:]
        copied = ", ".join(columns)
        rows.executemany(
            f"INSERT INTO deletions (id, {copied}) SELECT ?, {copied} FROM deletions WHERE id = ?",
            ((each, first.id) for each in ids),
        )
        rows.execute("DELETE FROM deletions WHERE id = ?", (first.id,))
        rows.execute("UPDATE deletions SET done_at = '2026-01-31 12:00:00.' || substr(id, -6)")
        rows.commit()
    store.forget()
    deck = bootstrap(store.settings, catching_up=False)
    took = []
    for _ in range(5):
        began = time.perf_counter()
        assert catch_up(deck).entries == 0
        took.append(time.perf_counter() - began)
    assert min(took) < 0.1, "seconds"
