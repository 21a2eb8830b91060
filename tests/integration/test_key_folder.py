"""A key folder that is not mounted, or another store's: no command makes, destroys or signs."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.adapters.memory import StoppedClock
from pipeline.adapters.memory_queue import MemoryJobQueue
from pipeline.bootstrap import bootstrap
from pipeline.domain.call import Intake
from pipeline.domain.errors import KeysElsewhere
from pipeline.domain.ids import CustomerId
from pipeline.domain.recording import SealedRecording
from pipeline.settings import load_settings
from pipeline.usecases.clean_up import REAP_KEYS, Leadership, clean_up
from pipeline.usecases.deck import Deck
from pipeline.usecases.finish_deletions import finish_deletions
from pipeline.usecases.submit_call import submit_call
from pipeline.usecases.verification.findings import StorePlaces
from pipeline.usecases.verify_store import verify_store
from tests.decks import WAV_HEAD
from tests.integration.test_cli import Deckname, deckname, one_line

__all__ = ["deckname"]

ACME = CustomerId("acme")
MONTHS = timedelta(days=90)


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "home-keys"


@pytest.fixture
def store(deckname: Deckname) -> Deck:
    """With a customer, a call, and a receipt."""
    assert deckname("customers", "add", ACME).status == 0
    deck = replace(bootstrap(load_settings()), queue=MemoryJobQueue())
    kept, gone = (submit_call(Intake(ACME), [WAV_HEAD, b"samples"], deck).id for _ in range(2))
    deck.calls.erase_call(gone, "erased_on_request", deck.clock.now())
    clean_up(deck, Leadership("test"))
    assert deck.calls.has_audio_key([kept])[kept] and deck.deletions.pending() == ()
    return deck


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def finding(deckname: Deckname, subject: str) -> tuple[str, str]:
    done = deckname("doctor", "--json")
    (found,) = [each for each in json.loads(done.out) if each["subject"] == subject]
    assert done.status == 1
    return found["state"], found["told"]


def checks(deck: Deck, tmp_path: Path) -> set[str]:
    places = StorePlaces.of(tmp_path / "home", tmp_path / "home-keys")
    return {each.check for each in verify_store(places, deck.clock.now())}


COMMANDS = (
    ("customers", "add", "other"),
    ("customers", "close", ACME, "--yes"),
    ("keys", "issue", ACME),
    ("keys", "erasure"),
    ("keys", "rotate", "master"),
    ("keys", "rotate", "customer", ACME),
    ("keys", "list"),
    ("maintenance", "run"),
    ("receipts", "public-key"),
    ("backup", "remake-ledger", "--yes"),
)


@pytest.mark.parametrize("mounted", ["nothing", "an empty folder", "another store's"])
def test_what_is_not_the_stores_is_left_alone_and_told(
    deckname: Deckname, store: Deck, keys: Path, tmp_path: Path, mounted: str
) -> None:
    keys.rename(tmp_path / "away")
    if mounted == "an empty folder":
        keys.mkdir(mode=0o700)
    elif mounted == "another store's":
        other = load_settings(home=tmp_path / "other", keys=tmp_path / "other-keys")
        bootstrap(other).keys.make_master_key("content")  # type: ignore[attr-defined]
        shutil.copytree(tmp_path / "other-keys", keys)
    before = files(keys)
    for command in COMMANDS:
        told = one_line(deckname(*command), 3)
        assert "not this store's" in told and "kept" in told, command
    assert "not this store's" in one_line(deckname("backup", "create", str(tmp_path / "backup")), 3)
    assert not (tmp_path / "backup").exists()
    state, told = finding(deckname, "key folder")
    assert state == "wrong" and str(keys) in told and "mounted" in told
    assert "keys_elsewhere" in checks(store, tmp_path)
    assert files(keys) == before
    shutil.rmtree(keys, ignore_errors=True)
    (tmp_path / "away").rename(keys)
    assert deckname("keys", "list").status == 0
    assert checks(store, tmp_path) == set()


def test_a_mount_that_is_lost_while_a_process_runs_gets_no_keys(
    store: Deck, keys: Path, tmp_path: Path
) -> None:
    calls = [each for each in store.calls.calls() if each.erased_at is None]
    store.calls.erase_call(calls[0].id, "erased_on_request", store.clock.now())
    assert store.signer.sign(b"document"), "the key is in memory"
    waiting = len(store.deletions.pending())
    keys.rename(tmp_path / "away")
    keys.mkdir(mode=0o700)
    for act in (
        lambda: submit_call(Intake(ACME), [WAV_HEAD, b"samples"], store),
        lambda: store.signer.sign(b"document"),
        lambda: store.second_key.replace("digest"),
    ):
        with pytest.raises(KeysElsewhere):
            act()
    failed = {each.name: each.failed for each in clean_up(store, Leadership("test"))}
    assert failed["enforce_retention"] == "keys_elsewhere"
    assert set(files(keys)) <= {"lock"} and len(store.deletions.pending()) == waiting > 0
    shutil.rmtree(keys)
    (tmp_path / "away").rename(keys)
    clean_up(store, Leadership("test"))
    assert store.deletions.pending() == () and checks(store, tmp_path) == set()


def test_a_store_of_an_older_deckname_is_tied_at_its_first_start(
    deckname: Deckname, store: Deck, keys: Path, tmp_path: Path
) -> None:
    shutil.rmtree(keys / "stores")
    with closing(sqlite3.connect(tmp_path / "home" / "deckname.db")) as rows:
        rows.execute("DELETE FROM store_mark")
        rows.commit()
    assert deckname("keys", "list").status == 0
    assert len(list((keys / "stores").iterdir())) == 1
    assert checks(store, tmp_path) == set()


def test_a_lost_database_is_told_and_leaves_no_empty_one(
    deckname: Deckname, store: Deck, keys: Path, tmp_path: Path
) -> None:
    backup = str(tmp_path / "backup")
    assert deckname("backup", "create", backup).status == 0
    before = files(keys)
    (tmp_path / "home").rename(tmp_path / "lost")
    told = one_line(deckname("customers", "list"), 3)
    assert "DECKNAME_HOME" in told and "backup restore" in told
    state, told = finding(deckname, "key folder")
    assert state == "wrong" and "DECKNAME_HOME" in told
    assert not (tmp_path / "home" / "deckname.db").exists() and files(keys) == before
    assert deckname("backup", "restore", backup).status == 0
    assert deckname("customers", "list").status == 0
    assert checks(store, tmp_path) == set()


def test_a_new_store_begins_beside_old_keys_when_the_operator_says_so(
    deckname: Deckname, store: Deck, tmp_path: Path
) -> None:
    (tmp_path / "home").rename(tmp_path / "lost")
    assert "--yes" in one_line(deckname("keys", "adopt"), 2)
    assert "--yes" not in one_line(deckname("customers", "list"), 3)
    assert deckname("keys", "adopt", "--yes").status == 0
    assert deckname("customers", "add", "anew").status == 0


def test_keys_put_together_from_copies_are_adopted_or_come_with_a_restore(
    deckname: Deckname, store: Deck, keys: Path, tmp_path: Path
) -> None:
    backup = str(tmp_path / "backup")
    assert deckname("backup", "create", backup).status == 0
    for way in ("adopted", "restored"):
        shutil.rmtree(keys / "stores")
        assert "keys adopt" in one_line(deckname("customers", "list"), 3)
        if way == "adopted":
            assert deckname("keys", "adopt", "--yes").status == 0
        else:
            shutil.rmtree(tmp_path / "home")
            assert deckname("backup", "restore", backup).status == 0
        assert deckname("customers", "list").status == 0


def retained(deck: Deck) -> str:
    """A retention key of a call that a worker did not live to commit."""
    call_id = next(each.id for each in deck.calls.calls() if each.erased_at is None)
    sealed = deck.calls.recording(call_id)
    assert isinstance(sealed, SealedRecording)
    return deck.recordings.retain(call_id, sealed, deck.clock.now() + MONTHS).key_name


def later(deck: Deck) -> Deck:
    """Tomorrow."""
    clock = StoppedClock(deck.clock.now() + timedelta(days=1))
    return replace(deck, clock=clock)


def reaped(deck: Deck) -> int:
    return next(
        each.count
        for each in clean_up(later(deck), Leadership("test"))
        if each.name == REAP_KEYS.name
    )


def test_a_wrong_database_destroys_no_key_of_another(
    deckname: Deckname, store: Deck, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = keys / "retained" / f"{retained(store)}.key"
    monkeypatch.setenv("DECKNAME_DATABASE_URL", f"sqlite:///{tmp_path / 'wrong' / 'other.db'}")
    assert "DECKNAME_DATABASE_URL" in one_line(deckname("maintenance", "run"), 3)
    assert key.exists()
    # Not even where somebody insists that the keys are the other database's.
    assert deckname("keys", "adopt", "--yes").status == 0
    assert reaped(bootstrap(load_settings())) == 0
    assert key.exists()
    monkeypatch.delenv("DECKNAME_DATABASE_URL")
    assert reaped(bootstrap(load_settings())) == 1
    assert not key.exists()


def test_a_restored_copy_beside_its_original_destroys_no_key_of_it(
    deckname: Deckname, store: Deck, keys: Path, tmp_path: Path
) -> None:
    backup, copy = str(tmp_path / "backup"), tmp_path / "copy"
    assert deckname("backup", "create", backup).status == 0
    key = keys / "retained" / f"{retained(store)}.key"
    assert deckname("backup", "restore", backup, "--into", str(copy)).status == 0
    restored = bootstrap(load_settings(home=copy, keys=keys))
    assert restored.mark.id() != store.mark.id()
    assert reaped(restored) == 0 and key.exists()
    assert reaped(store) == 1 and not key.exists()


def test_a_lost_signing_key_is_told_and_replaced_only_when_the_operator_says_so(
    deckname: Deckname, store: Deck, keys: Path, tmp_path: Path
) -> None:
    assert "nothing was changed" in one_line(deckname("keys", "signing"), 1)
    path, public = keys / "receipts" / "signing.pem", store.signer.public_key()
    (tmp_path / "copy.pem").write_bytes(path.read_bytes())
    path.unlink()
    for command in (("customers", "list"), ("keys", "list"), ("maintenance", "run")):
        told = one_line(deckname(*command), 3)
        assert "signing.pem" in told and "keys signing" in told
    assert finding(deckname, "key folder")[0] == "wrong"
    assert not path.exists() and checks(store, tmp_path) == {"receipt_key_missing"}
    # A process that runs makes none either, and signs once the copy is back.
    running = replace(bootstrap_without_checks(), queue=MemoryJobQueue())
    (call,) = [each for each in running.calls.calls() if each.erased_at is None]
    running.calls.erase_call(call.id, "erased_on_request", running.clock.now())
    assert finish_deletions(running) == ()
    with pytest.raises(KeysElsewhere, match=r"signing\.pem"):
        running.signer.sign(b"document")
    assert not path.exists() and running.deletions.pending() != ()
    (tmp_path / "copy.pem").rename(path)
    path.chmod(0o600)
    finish_deletions(running)
    assert running.deletions.pending() == () and checks(store, tmp_path) == set()
    # No copy is left: a new key, and the public one of before for the receipts that it signed.
    path.unlink()
    done = deckname("keys", "signing")
    assert done.status == 0 and "before.pem" in done.err
    assert checks(store, tmp_path) == {"receipt_signature_invalid"}
    (keys / "receipts" / "before.pem").write_bytes(public)
    (keys / "receipts" / "before.pem").chmod(0o600)
    assert checks(store, tmp_path) == set()
    assert deckname("keys", "list").out.count(done.out.strip()) == 1


def bootstrap_without_checks() -> Deck:
    return bootstrap(load_settings(), catching_up=False, checking=False)


@pytest.mark.parametrize("place", ["ledger", "ledger/deletions.jsonl"])
def test_something_else_in_the_place_of_the_ledger_is_one_line(
    deckname: Deckname, store: Deck, keys: Path, place: str
) -> None:
    shutil.rmtree(keys / "ledger")
    if place == "ledger":
        (keys / place).write_bytes(b"")
    else:
        (keys / place).mkdir(parents=True)
    for command in (
        ("customers", "list"),
        ("maintenance", "run"),
        ("backup", "remake-ledger", "--yes"),
    ):
        assert "ledger/deletions.jsonl" in one_line(deckname(*command), 3)
    assert "ledger" in one_line(deckname("verify"), 3)
    assert "ledger" in finding(deckname, "database")[1]


def test_the_doctor_looks_and_changes_nothing(
    deckname: Deckname, store: Deck, keys: Path, tmp_path: Path
) -> None:
    """Not even of a store that an older Deckname left."""
    home = tmp_path / "home"

    def subjects() -> dict[str, list[tuple[str, str]]]:
        found: dict[str, list[tuple[str, str]]] = {}
        for each in json.loads(deckname("doctor", "--json").out):
            found.setdefault(each["subject"], []).append((each["state"], each["told"]))
        return found

    def everything() -> dict[str, object]:
        with closing(sqlite3.connect(home / "deckname.db")) as rows:
            return {"dump": "\n".join(rows.iterdump()), "keys": files(keys)}

    path = keys / "receipts" / "signing.pem"
    store.calls._database.close()  # type: ignore[attr-defined]
    with closing(sqlite3.connect(home / "deckname.db", isolation_level=None)) as rows:
        rows.execute("DELETE FROM store_mark")
    path.rename(tmp_path / "signing.pem")
    before = everything()
    told = subjects()
    assert "not tied" in told["database"][1][1] and told["master keys"][0][0] == "note"
    assert everything() == before
    with closing(sqlite3.connect(home / "deckname.db", isolation_level=None)) as rows:
        rows.execute("DROP INDEX ix_calls_erasure_owed_at")
        rows.execute("DROP INDEX ix_legal_holds_customer_id_call_id")
        rows.execute("ALTER TABLE calls DROP COLUMN erasure_owed_at")
        rows.execute("UPDATE alembic_version SET version_num = '0006'")
    before = everything()
    ((state, upgrade),) = subjects()["database"]
    assert state == "note" and "0006" in upgrade and "next start" in upgrade
    assert everything() == before
    (tmp_path / "signing.pem").rename(path)
    assert deckname("customers", "list").status == 0
    assert [state for state, _ in subjects()["database"]] == ["ok"]


def test_the_doctor_tells_of_what_the_next_start_does_again(
    deckname: Deckname, store: Deck, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "home" / "deckname.db")) as rows:
        rows.execute("VACUUM INTO ?", (str(tmp_path / "older.db"),))
    (call,) = [each for each in store.calls.calls() if each.erased_at is None]
    store.calls.erase_call(call.id, "erased_on_request", store.clock.now())
    clean_up(store, Leadership("test"))
    store.calls._database.close()  # type: ignore[attr-defined]
    for name in ("deckname.db", "deckname.db-wal", "deckname.db-shm"):
        (tmp_path / "home" / name).unlink(missing_ok=True)
    (tmp_path / "older.db").rename(tmp_path / "home" / "deckname.db")
    for _ in range(2):  # it looks, and does nothing of it
        found = json.loads(deckname("doctor", "--json").out)
        told = [each["told"] for each in found if each["subject"] == "database"]
        assert len(told) == 2 and "does 2 entries again" in told[1]
