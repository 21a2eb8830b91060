"""`deckname keys`: what it shows, what it never shows, and how it says that a key is wrong."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path

import pytest

from pipeline.bootstrap import bootstrap
from pipeline.domain.call import Intake
from pipeline.domain.ids import CustomerId
from pipeline.settings import load_settings
from pipeline.usecases.submit_call import submit_call
from tests.decks import WAV_HEAD
from tests.integration.test_cli import Deckname, deckname, one_line

__all__ = ["deckname"]


def listed(deckname: Deckname) -> dict[str, object]:
    done = deckname("keys", "list", "--json")
    assert done.status == 0, done
    found = json.loads(done.out)
    assert isinstance(found, dict)
    return found


def test_everything_is_listed_and_no_key(deckname: Deckname, tmp_path: Path) -> None:
    empty = listed(deckname)
    assert (empty["days"], empty["masters"], empty["customers"]) == ([], [], [])
    assert empty["retention"] == {"count": 0, "next_end": None}
    assert deckname("keys", "list").status == 0

    deckname("customers", "add", "acme")
    deck = bootstrap(load_settings())
    submit_call(Intake(CustomerId("acme")), [WAV_HEAD, b"samples"], deck)
    found = listed(deckname)
    (day,), (customer,) = found["days"], found["customers"]  # type: ignore[misc]
    assert set(day) == {"day", "destroyed_at"}
    assert (customer["customer"], customer["version"], customer["versions"]) == ("acme", 1, 1)
    masters = found["masters"]
    assert [(key["name"], key["source"], key["versions"]) for key in masters] == [  # type: ignore[attr-defined]
        ("content", "file", 1),
        ("vault", "file", 1),
    ]
    assert found["receipts_key"] == deck.signer.key_id
    shown = deckname("keys", "list").out + json.dumps(found)
    for file in (tmp_path / "home-keys").rglob("*.key"):
        assert json.loads(file.read_bytes())["keyset"] not in shown
    assert "acme" in shown and day["day"] in shown and masters[0]["fingerprint"] in shown  # type: ignore[index]


def test_rotations_are_told_and_listed(deckname: Deckname) -> None:
    deckname("customers", "add", "acme")
    before = listed(deckname)
    done = deckname("keys", "rotate", "master")
    assert (done.status, done.out.count("(file)")) == (0, 2)
    assert "1 customers rewrapped, 2 old master keys destroyed" in done.err
    done = deckname("keys", "rotate", "customer", "acme")
    assert (done.status, done.out) == (0, "acme: version 2\n")
    after = listed(deckname)
    assert after["customers"][0]["version"] == 2  # type: ignore[index]
    assert after["masters"] != before["masters"]
    assert "no such customer" in one_line(deckname("keys", "rotate", "customer", "other"), 1)
    deckname("customers", "close", "acme", "--yes")
    assert deckname("keys", "rotate", "master").status == 0


def test_a_secret_is_made_and_works(deckname: Deckname, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, other = (deckname("keys", "secret").out.strip() for _ in range(2))
    assert secret != other and len(base64.b64decode(secret)) == 32
    monkeypatch.setenv("DECKNAME_MASTER_KEY", secret)
    deckname("customers", "add", "acme")
    assert {key["source"] for key in listed(deckname)["masters"]} == {"environment"}  # type: ignore[attr-defined]
    assert "DECKNAME_OTHER_MASTER_KEY" in one_line(deckname("keys", "rotate", "master"), 2)
    monkeypatch.setenv("DECKNAME_OTHER_MASTER_KEY", secret)
    monkeypatch.setenv("DECKNAME_MASTER_KEY", other)
    assert deckname("keys", "rotate", "master").status == 0
    monkeypatch.delenv("DECKNAME_OTHER_MASTER_KEY")
    shown = deckname("keys", "list")
    assert shown.status == 0 and secret not in shown.out and other not in shown.out
    monkeypatch.setenv("DECKNAME_MASTER_KEY", "none")
    assert "DECKNAME_MASTER_KEY" in one_line(deckname("keys", "list"), 2)


def test_wrong_and_lost_keys_are_one_line_and_the_doctor_finds_them(
    deckname: Deckname, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deckname("customers", "add", "acme")
    keys = tmp_path / "home-keys"
    assert "opens" in finding(deckname, "master keys", "ok")
    (keys / "content" / "master.key").write_bytes(b"{}")
    assert "damaged" in one_line(deckname("keys", "list"), 1)
    assert "damaged" in finding(deckname, "master keys", "wrong")
    shutil.rmtree(keys / "content")
    assert "no master key" in one_line(deckname("keys", "list"), 1)
    assert "no master key" in finding(deckname, "master keys", "wrong")
    assert "DECKNAME_KEYS" in one_line(deckname("customers", "add", "other"), 3)
    monkeypatch.setenv("DECKNAME_KMS_URI", "nonsense://key")
    assert "DECKNAME_KMS_URI" in one_line(deckname("keys", "list"), 2)


def finding(deckname: Deckname, subject: str, state: str) -> str:
    found = json.loads(deckname("doctor", "--json").out)
    told = [each["told"] for each in found if (each["subject"], each["state"]) == (subject, state)]
    assert told, found
    return " ".join(told)
