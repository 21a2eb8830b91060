"""Master keys from the environment, from files, and from files that a key service seals; and every
way in which they can be wrong: a clear error, and nothing is destroyed."""

from __future__ import annotations

import base64
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import tink
from tink import aead, proto_keyset_format, secret_key_access
from tink.testing import fake_kms

from pipeline.adapters.folder_store import FolderObjectStore
from pipeline.adapters.memory import StoppedClock
from pipeline.adapters.sealing import (
    FileKeyStore,
    Kms,
    MasterSource,
    TinkRecordingVault,
    TinkTranscriptVault,
)
from pipeline.domain.errors import (
    ConfigurationError,
    KeyDestroyed,
    ServiceUnavailable,
    UsageError,
    WrongKey,
)
from pipeline.domain.keys import KeySource
from pipeline.settings import load_settings
from pipeline.usecases.customers import add_customer
from pipeline.usecases.deck import Deck
from pipeline.usecases.rotate_keys import rotate_master_keys
from tests.builders import NOON
from tests.decks import disk_deck
from tests.integration.rotating import assert_all_opens, fill

ONE, TWO = bytes(range(32)), bytes(range(64, 96))
MASTERS = ("content", "vault")


def deck_of(folder: Path, source: MasterSource) -> Deck:
    clock = StoppedClock(NOON)
    keys = FileKeyStore(folder / "keys", clock, source)
    plain = disk_deck(folder, clock)
    blobs = FolderObjectStore(folder / "home" / "blobs")
    return replace(
        plain,
        keys=keys,
        transcripts=TinkTranscriptVault(keys),
        recordings=TinkRecordingVault(blobs, keys),
    )


def sources(deck: Deck) -> set[KeySource]:
    return {key.source for key in deck.keys.master_keys()}


def kms_uri() -> str:
    handle = tink.new_keyset_handle(aead.aead_key_templates.AES256_GCM)
    clear = proto_keyset_format.serialize(handle, secret_key_access.TOKEN)
    return fake_kms.FAKE_KMS_PREFIX + base64.urlsafe_b64encode(clear).decode().rstrip("=")


@pytest.fixture
def kms() -> Kms:
    fake_kms.register_client()
    return Kms(kms_uri())


def test_both_master_keys_come_from_one_secret_and_no_file_is_made(tmp_path: Path) -> None:
    deck = deck_of(tmp_path, MasterSource(ONE))
    filled = fill(deck)
    content, vault = deck.keys.master_keys()
    assert content.fingerprint != vault.fingerprint
    assert (content.source, content.made) == (KeySource.ENVIRONMENT, None)
    assert not any((tmp_path / "keys" / name).exists() for name in MASTERS)
    assert_all_opens(deck_of(tmp_path, MasterSource(ONE)), filled)
    with pytest.raises(WrongKey):
        assert_all_opens(deck_of(tmp_path, MasterSource(TWO)), filled)
    with pytest.raises(KeyDestroyed, match="no master key"):
        assert_all_opens(deck_of(tmp_path, MasterSource()), filled)


def test_a_secret_is_rotated_while_old_processes_run(tmp_path: Path) -> None:
    before, both = MasterSource(ONE), MasterSource(ONE, TWO)
    filled = fill(deck_of(tmp_path, before))
    with pytest.raises(UsageError, match="DECKNAME_OTHER_MASTER_KEY"):
        rotate_master_keys(deck_of(tmp_path, before))
    deck = deck_of(tmp_path, MasterSource(TWO, ONE))
    assert_all_opens(deck, filled)
    done = rotate_master_keys(deck)
    assert done.rewrapped == 1
    for source in (MasterSource(TWO), both):
        assert_all_opens(deck_of(tmp_path, source), filled)
    with pytest.raises(WrongKey):
        assert_all_opens(deck_of(tmp_path, before), filled)


def test_from_files_to_a_secret_and_back(tmp_path: Path) -> None:
    filled = fill(deck_of(tmp_path, MasterSource()))
    deck = deck_of(tmp_path, MasterSource(ONE))
    assert_all_opens(deck, filled)
    assert rotate_master_keys(deck).dropped == 2
    assert not any((tmp_path / "keys" / name / "master.key").exists() for name in MASTERS)
    assert sources(deck) == {KeySource.ENVIRONMENT}
    assert_all_opens(deck_of(tmp_path, MasterSource(ONE)), filled)

    deck = deck_of(tmp_path, MasterSource(None, ONE))
    rotate_master_keys(deck)
    assert sources(deck) == {KeySource.FILE}
    assert_all_opens(deck_of(tmp_path, MasterSource()), filled)


def test_a_key_service_seals_the_files(tmp_path: Path, kms: Kms) -> None:
    deck = deck_of(tmp_path, MasterSource(kms=kms))
    filled = fill(deck)
    assert sources(deck) == {KeySource.KMS}
    stored = json.loads((tmp_path / "keys" / "content" / "master.key").read_bytes())
    assert stored["kms"] == kms.uri
    with pytest.raises(tink.TinkError):
        proto_keyset_format.parse(base64.b64decode(stored["keyset"]), secret_key_access.TOKEN)
    assert_all_opens(deck_of(tmp_path, MasterSource(kms=kms)), filled)
    with pytest.raises(ConfigurationError, match="DECKNAME_KMS_URI"):
        assert_all_opens(deck_of(tmp_path, MasterSource()), filled)
    assert rotate_master_keys(deck).dropped == 2
    assert_all_opens(deck, filled)


def test_the_service_is_asked_once_for_a_file(
    tmp_path: Path, kms: Kms, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled = fill(deck_of(tmp_path, MasterSource(kms=kms)))
    asked: list[bytes] = []
    real = kms.open

    def counted(sealed: bytes) -> bytes:
        asked.append(sealed)
        return real(sealed)

    monkeypatch.setattr(kms, "open", counted)
    deck = deck_of(tmp_path, MasterSource(kms=kms))
    assert_all_opens(deck, filled)
    assert len(asked) == len(set(asked)) == 2


def test_plain_files_go_to_a_service_and_on_to_another(tmp_path: Path, kms: Kms) -> None:
    filled = fill(deck_of(tmp_path, MasterSource()))
    for service in (kms, Kms(kms_uri())):
        deck = deck_of(tmp_path, MasterSource(kms=service))
        assert_all_opens(deck, filled)
        rotate_master_keys(deck)
        for name in MASTERS:
            stored = json.loads((tmp_path / "keys" / name / "master.key").read_bytes())
            assert stored["kms"] == service.uri
        assert_all_opens(deck, filled)


def test_a_service_that_is_away_makes_everything_wait(
    tmp_path: Path, kms: Kms, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled = fill(deck_of(tmp_path, MasterSource(kms=kms)))

    def away(*_: object) -> bytes:
        raise OSError("connection refused by 10.0.0.7")

    monkeypatch.setattr(kms._aead, "decrypt", away)
    deck = deck_of(tmp_path, MasterSource(kms=kms))
    for ask in (
        lambda: assert_all_opens(deck, filled),
        lambda: rotate_master_keys(deck),
        lambda: add_customer("other", "Other", deck),
    ):
        with pytest.raises(ServiceUnavailable, match="key service") as caught:
            ask()
        assert "10.0.0.7" not in str(caught.value)
    monkeypatch.undo()
    assert_all_opens(deck, filled)


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("aws-kms://arn:aws:kms:eu-central-1:1:key/2", r"tink\[awskms\]"),
        ("gcp-kms://projects/p/locations/l/keyRings/r/cryptoKeys/k", r"tink\[gcpkms\]"),
        ("hcvault://vault.example:8200/transit/keys/deckname", r"tink\[hcvault\]"),
        ("azure-kms://what", "names no key"),
        ("nonsense", "names no key"),
    ],
)
def test_a_service_without_its_client_is_one_clear_line(
    uri: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("boto3", "hvac", "google.cloud.kms_v1", "google.cloud"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigurationError, match=told) as caught:
        Kms(uri)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", MASTERS)
@pytest.mark.parametrize(
    "content", [b"", b"{}", b'{"until": null, "keyset": "????"}', b'{"until":null,"keyset":"AAAA"}']
)
def test_a_damaged_master_key_file_is_no_destroyed_key(
    tmp_path: Path, name: str, content: bytes
) -> None:
    deck = deck_of(tmp_path, MasterSource())
    filled = fill(deck)
    path = tmp_path / "keys" / name / "master.key"
    right = path.read_bytes()
    path.write_bytes(content)
    for ask in (
        lambda: assert_all_opens(deck, filled),
        lambda: rotate_master_keys(deck),
        lambda: deck.keys.master_keys(),
    ):
        with pytest.raises(WrongKey, match="damaged"):
            ask()
    with pytest.raises(ServiceUnavailable):
        add_customer("other", "Other", deck)
    assert path.read_bytes() == content
    path.write_bytes(right)
    assert_all_opens(deck, filled)


def test_a_lost_master_key_is_not_made_anew(tmp_path: Path) -> None:
    deck = deck_of(tmp_path, MasterSource())
    filled = fill(deck)
    (tmp_path / "keys").rename(tmp_path / "unmounted")
    with pytest.raises(ServiceUnavailable, match="DECKNAME_KEYS"):
        add_customer("other", "Other", deck)
    with pytest.raises(KeyDestroyed, match="no master key"):
        rotate_master_keys(deck)
    assert not any((tmp_path / "keys" / name).exists() for name in MASTERS)
    (tmp_path / "keys" / "lock").unlink()
    (tmp_path / "keys" / "masters.lock").unlink()
    (tmp_path / "keys").rmdir()
    (tmp_path / "unmounted").rename(tmp_path / "keys")
    assert_all_opens(deck, filled)


def test_a_folder_that_is_none_makes_everything_wait(tmp_path: Path) -> None:
    deck = deck_of(tmp_path, MasterSource())
    filled = fill(deck)
    (tmp_path / "keys").rename(tmp_path / "elsewhere")
    (tmp_path / "keys").touch()
    with pytest.raises(ServiceUnavailable, match="key folder"):
        assert_all_opens(deck, filled)
    (tmp_path / "keys").unlink()
    (tmp_path / "elsewhere").rename(tmp_path / "keys")
    assert_all_opens(deck, filled)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_makes_everything_wait(tmp_path: Path) -> None:
    deck = deck_of(tmp_path, MasterSource())
    filled = fill(deck)
    (tmp_path / "keys").chmod(0)
    try:
        with pytest.raises(ServiceUnavailable, match="key folder"):
            assert_all_opens(deck, filled)
    finally:
        (tmp_path / "keys").chmod(0o700)
    assert_all_opens(deck, filled)


def test_secrets_are_checked_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    good = base64.b64encode(ONE).decode()
    monkeypatch.setenv("DECKNAME_MASTER_KEY", good)
    loaded = load_settings()
    assert loaded.master_secrets == (ONE, None)
    assert good not in repr(loaded) and good not in str(loaded.model_dump())
    assert repr(MasterSource(ONE, TWO)).count("\\x") == 0
    for bad in ("too short", base64.b64encode(ONE[:31]).decode(), base64.b64encode(b"0" * 32)):
        for name in ("DECKNAME_MASTER_KEY", "DECKNAME_OTHER_MASTER_KEY"):
            monkeypatch.setenv(name, bad if isinstance(bad, str) else bad.decode())
            with pytest.raises(ConfigurationError, match=name) as caught:
                load_settings()
            monkeypatch.setenv(name, good)
            assert str(bad) not in str(caught.value)
