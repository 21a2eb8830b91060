"""A master key that is not the store's, or is lost: whoever would work with it says so in one line
with what to do, before anything is made of it; and with the right one everything goes on."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tink.testing import fake_kms

from pipeline.adapters.memory import StoppedClock
from pipeline.adapters.sealing import FileKeyStore, MasterSource, TinkTranscriptVault
from pipeline.bootstrap import bootstrap, master_opener
from pipeline.domain.call import Customer, Intake
from pipeline.domain.errors import ConfigurationError, ServiceUnavailable, WrongMasterKey
from pipeline.domain.ids import CustomerId
from pipeline.settings import load_settings
from pipeline.usecases.customers import add_customer, close_customer
from pipeline.usecases.rotate_keys import rotate_customer_keys
from pipeline.usecases.submit_call import submit_call
from pipeline.usecases.tie_keys import check_masters
from pipeline.usecases.verification.findings import Looked
from pipeline.usecases.verification.in_masters import verify_masters
from tests.builders import ACME, NOON
from tests.decks import WAV_HEAD, disk_deck
from tests.integration.test_cli import Deckname, deckname, one_line
from tests.integration.test_master_sources import kms_uri

__all__ = ["deckname"]

Change = Callable[[Path, pytest.MonkeyPatch, Deckname], None]
WRONG, LOST = "is not the one", "there is no master key"


def _another_file(name: str) -> Change:
    def change(keys: Path, _: pytest.MonkeyPatch, __: Deckname) -> None:
        FileKeyStore(keys.parent / "elsewhere", StoppedClock(NOON)).make_master_key(name)  # type: ignore[arg-type]
        shutil.copy(keys.parent / "elsewhere" / name / "master.key", keys / name / "master.key")

    return change


def _lost_file(keys: Path, _: pytest.MonkeyPatch, __: Deckname) -> None:
    shutil.rmtree(keys / "content")


def _another_secret(_: Path, monkeypatch: pytest.MonkeyPatch, deckname: Deckname) -> None:
    monkeypatch.setenv("DECKNAME_MASTER_KEY", deckname("keys", "secret").out.strip())


def _no_secret(_: Path, monkeypatch: pytest.MonkeyPatch, __: Deckname) -> None:
    monkeypatch.delenv("DECKNAME_MASTER_KEY")


CASES = {
    "another content key": (False, _another_file("content"), WRONG),
    "another vault key": (False, _another_file("vault"), WRONG),
    "a lost file": (False, _lost_file, LOST),
    "another secret": (True, _another_secret, WRONG),
    "no secret": (True, _no_secret, LOST),
}


@pytest.mark.parametrize(("secret", "change", "told"), CASES.values(), ids=CASES)
def test_everybody_who_would_use_it_says_so_and_changes_nothing(
    deckname: Deckname,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    secret: bool,
    change: Change,
    told: str,
) -> None:
    if secret:
        _another_secret(tmp_path, monkeypatch, deckname)
    deckname("customers", "add", "acme")
    call = submit_call(Intake(ACME), [WAV_HEAD], bootstrap(load_settings()))
    keys, backup = tmp_path / "home-keys", tmp_path / "backup"
    assert deckname("verify").status == 0
    with monkeypatch.context() as changed:
        shutil.copytree(keys, tmp_path / "right")
        change(keys, changed, deckname)
        wrong = files(keys)
        assert told in one_line(deckname("keys", "list"), 1)
        assert told in one_line(deckname("backup", "create", str(backup)), 1)
        assert not backup.exists()
        assert "DECKNAME_KEYS" in one_line(deckname("customers", "add", "other"), 3)
        doctor = json.loads(deckname("doctor", "--json").out)
        (said,) = [each["told"] for each in doctor if each["subject"] == "master keys"]
        assert told in said and "DECKNAME_MASTER_KEY" in said
        found = json.loads(deckname("verify", "--json").out)["findings"]
        assert [each["check"] for each in found] == ["master_key_wrong"]
        for module in (["pipeline.opening"], ["workers.main", "worker"]):
            run = subprocess.run(
                [sys.executable, "-m", *module], capture_output=True, text=True, timeout=120
            )
            assert run.returncode == 1 and "Traceback" not in run.stderr
            (line,) = [each for each in run.stderr.splitlines() if each.startswith("deckname: ")]
            assert told in line and "DECKNAME_MASTER_KEY" in line
        assert files(keys) == wrong, "no master key was made"
        assert deckname("maintenance", "run").status == 0, "what is due is deleted all the same"
        assert deckname("erase", call.id, "--customer", "acme").status == 0
    for name in ("content", "vault"):
        shutil.rmtree(keys / name, ignore_errors=True)
        if (tmp_path / "right" / name).exists():
            shutil.copytree(tmp_path / "right" / name, keys / name)
    assert deckname("keys", "list").status == deckname("verify").status == 0
    assert deckname("backup", "create", str(backup)).status == 0


def files(folder: Path) -> dict[str, bytes]:
    """The master keys that lie there."""
    return {str(each): each.read_bytes() for each in folder.glob("*/master.key")}


def test_one_customer_that_opens_is_proof_enough(tmp_path: Path) -> None:
    """A damaged row is no wrong master key; closed customers prove nothing."""
    deck = disk_deck(tmp_path, StoppedClock(NOON))
    check_masters(deck)
    for name in ("acme", "bravo", "closed"):
        add_customer(name, name, deck)
    close_customer(CustomerId("closed"), deck)
    database = tmp_path / "home" / "deckname.db"
    settings = load_settings(home=tmp_path / "home", keys=tmp_path / "keys")
    damage(database, "acme")
    check_masters(deck)
    looked = Looked()
    (found,) = verify_masters(database, master_opener(settings), looked)
    assert (found.check, found.place) == ("customer_key_wrong", "customer acme")
    assert looked["customer_keys"] == 2
    damage(database, "bravo")
    with pytest.raises(WrongMasterKey):
        check_masters(deck)
    (found,) = verify_masters(database, master_opener(settings), looked)
    assert found.check == "master_key_wrong"


def damage(database: Path, customer: str) -> None:
    with closing(sqlite3.connect(database)) as rows, rows:
        rows.execute("UPDATE customers SET wrapped_vault_key = x'00' WHERE id = ?", (customer,))


def test_a_rotation_while_we_look_is_no_wrong_key(tmp_path: Path) -> None:
    """The row is read before the key, and one of them may be new: a newer row decides."""
    deck = disk_deck(tmp_path, StoppedClock(NOON))
    add_customer("acme", "Acme", deck)
    database, asked = tmp_path / "home" / "deckname.db", list[bytes]()

    def opens(_: str, content: bytes, __: bytes) -> bool:
        asked.append(content)
        if len(asked) == 1:
            rotate_customer_keys(ACME, deck)
        return len(asked) > 1

    assert verify_masters(database, opens, Looked()) == ()
    assert len(set(asked)) == 2


def test_what_nobody_can_tell_is_no_finding(tmp_path: Path) -> None:
    deck = disk_deck(tmp_path, StoppedClock(NOON))
    add_customer("acme", "Acme", deck)
    settings = load_settings(home=tmp_path / "home", keys=tmp_path / "keys")
    database = tmp_path / "home" / "deckname.db"
    assert verify_masters(database, lambda *_: None, Looked()) == ()
    assert verify_masters(tmp_path / "nothing.db", master_opener(settings), Looked()) == ()
    shutil.move(tmp_path / "keys", tmp_path / "away")
    assert verify_masters(database, master_opener(settings), Looked()) == ()
    assert not (tmp_path / "keys").exists(), "whoever looks makes no folder"


def test_files_that_a_key_service_sealed_and_no_setting_names_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deckname: Deckname
) -> None:
    """What `keys list` refuses to work with, `verify` does not pass over."""
    fake_kms.register_client()
    monkeypatch.setenv("DECKNAME_KMS_URI", kms_uri())
    assert deckname("customers", "add", "acme").status == 0
    clean = json.loads(deckname("verify", "--json").out)
    assert clean["findings"] == [] and clean["looked_at"]["customer_keys"] == 1
    monkeypatch.delenv("DECKNAME_KMS_URI")
    assert "DECKNAME_KMS_URI" in one_line(deckname("keys", "list"), 2)
    run = deckname("verify", "--json")
    report = json.loads(run.out)
    (found,) = report["findings"]
    assert (run.status, found["check"], found["place"]) == (1, "master_key_wrong", "master keys")
    assert found["detail"].endswith("set DECKNAME_KMS_URI")
    assert report["looked_at"]["customer_keys"] == 0
    monkeypatch.setenv("DECKNAME_KMS_URI", "azure-kms://what")
    (found,) = json.loads(deckname("verify", "--json").out)["findings"]
    assert found["check"] == "master_key_wrong" and "names no key" in found["detail"]


def test_only_customers_of_which_somebody_can_tell_are_counted(tmp_path: Path) -> None:
    deck = disk_deck(tmp_path, StoppedClock(NOON))
    for name in ("acme", "bravo", "charlie"):
        add_customer(name, name, deck)
    database = tmp_path / "home" / "deckname.db"
    answers: dict[str, bool | None] = {"acme": True, "bravo": None, "charlie": False}
    looked = Looked()
    (found,) = verify_masters(database, lambda customer, *_: answers[customer], looked)
    assert (found.check, found.place) == ("customer_key_wrong", "customer charlie")
    assert looked["customer_keys"] == 2
    away = Looked()
    assert verify_masters(database, lambda *_: None, away) == ()
    assert dict(away) == {"customer_keys": 0}


def test_a_key_service_that_is_away_is_no_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deck = disk_deck(tmp_path, StoppedClock(NOON))
    add_customer("acme", "Acme", deck)
    opens = master_opener(load_settings(home=tmp_path / "home", keys=tmp_path / "keys"))

    def away(*_: object) -> int:
        raise ServiceUnavailable("away")

    with monkeypatch.context() as changed:
        changed.setattr(TinkTranscriptVault, "key_versions", away)
        assert opens("acme", b"", b"") is None
    assert opens("acme", b"", b"") is False


def test_a_key_service_that_is_away_hinders_no_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deck = disk_deck(tmp_path, StoppedClock(NOON))
    add_customer("acme", "Acme", deck)

    def raising(error: Exception) -> Callable[[Customer], int]:
        def ask(_: Customer) -> int:
            raise error

        return ask

    monkeypatch.setattr(deck.transcripts, "key_versions", raising(ServiceUnavailable("away")))
    check_masters(deck)
    monkeypatch.setattr(deck.transcripts, "key_versions", raising(ConfigurationError("no URI")))
    with pytest.raises(ConfigurationError):
        check_masters(deck)


def test_a_push_for_a_wrong_master_key_waits_and_says_why(tmp_path: Path) -> None:
    deck = disk_deck(tmp_path, StoppedClock(NOON))
    add_customer("acme", "Acme", deck)
    other = TinkTranscriptVault(
        FileKeyStore(tmp_path / "keys", deck.clock, MasterSource(b"s" * 32))
    )
    assert other.key_versions(deck.calls.customer(ACME)) == 1, "files open beside a secret"
    shutil.rmtree(tmp_path / "keys" / "content")
    with pytest.raises(WrongMasterKey, match=r"content master key.*DECKNAME_OTHER_MASTER_KEY"):
        other.key_versions(deck.calls.customer(ACME))
