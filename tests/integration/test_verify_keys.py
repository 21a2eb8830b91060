"""`verify_store` compares retention keys with the rows that name them: one that no row names can
open what a blob or a backup still holds."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.adapters.memory import StoppedClock
from pipeline.adapters.sealing import FileKeyStore
from pipeline.domain.consent import ConsentSource, Purpose
from pipeline.usecases.clean_up import REAP_KEYS
from pipeline.usecases.finish_deletions import finish_deletions
from pipeline.usecases.record_consent import withdraw_consent
from pipeline.usecases.verification.findings import Finding
from pipeline.usecases.verify_store import verify_store
from tests.stores import DiskStore

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
GRACE = 2 * HOUR + timedelta(minutes=5)
CHECK = "key_without_recording"


def findings(store: DiskStore) -> list[Finding]:
    return list(verify_store(store.places, store.clock.now()))


def checks(store: DiskStore) -> list[str]:
    return [finding.check for finding in findings(store)]


def retained(store: DiskStore) -> list[Path]:
    return sorted((store.folder / "keys" / "retained").glob("ret_*.key"))


def test_a_withdrawn_key_that_is_put_back_is_found(store: DiskStore) -> None:
    call = store.store(store.push(90 * DAY), 90 * DAY)
    (key,) = retained(store)
    copy = store.folder / key.name
    shutil.copy2(key, copy)
    store.clock.turn(DAY)
    assert checks(store) == []
    withdraw_consent(call.id, Purpose.AUDIO_RETENTION, store.deck, ConsentSource.OPERATOR)
    assert retained(store) == [] and checks(store) == []
    shutil.copy2(copy, key)
    (found,) = findings(store)
    assert (found.check, found.place) == (CHECK, key.stem)
    assert found.overdue_seconds == DAY.total_seconds()
    assert REAP_KEYS.do(store.deck) == 1
    assert checks(store) == []


def test_a_key_whose_worker_died_is_found_once_maintenance_had_its_time(store: DiskStore) -> None:
    (name, _), named = store.keys.new_retention_key(store.clock.now() + 90 * DAY), store.push(DAY)
    store.store(named, DAY)
    store.clock.turn(GRACE - SECOND)
    assert checks(store) == []
    store.clock.turn(SECOND)
    assert [(found.check, found.place) for found in findings(store)] == [(CHECK, name)]


def test_a_key_whose_deletion_is_under_way_is_that_deletions(store: DiskStore) -> None:
    call = store.store(store.push(90 * DAY), 90 * DAY)
    store.clock.turn(DAY)
    store.calls.destroy_audio(call.id, "consent_withdrawn", store.clock.now())
    assert len(retained(store)) == 1
    assert CHECK not in checks(store)
    finish_deletions(store.deck)
    assert retained(store) == [] and checks(store) == []


def test_keys_of_another_store_in_the_folder_are_none_of_this_ones(store: DiskStore) -> None:
    deck = store.deck
    deck.mark.tie()
    own, other = (_marked(store, mark) for mark in (deck.mark.id(), f"store_{'a' * 32}"))
    nobodys = _marked(store, None)
    store.clock.turn(GRACE)
    assert {found.place for found in findings(store)} == {own, other, nobodys}
    (store.folder / "keys" / "stores" / f"store_{'a' * 32}").touch(mode=0o600)
    assert {found.place for found in findings(store)} == {own}


def _marked(store: DiskStore, mark: str | None) -> str:
    name, _ = store.keys.new_retention_key(store.clock.now() + 90 * DAY)
    path = store.folder / "keys" / "retained" / f"{name}.key"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"store": mark}))
    return name


@pytest.mark.parametrize("made", [None, 7, "yesterday", "2026-01-01T00:00:00"])
def test_a_key_that_does_not_say_when_it_was_made_is_as_old_as_its_file(
    store: DiskStore, made: object
) -> None:
    name, _ = store.keys.new_retention_key(store.clock.now() + 90 * DAY)
    path = store.folder / "keys" / "retained" / f"{name}.key"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"made": made}))
    assert checks(store) == []
    store.clock.turn(GRACE + timedelta(minutes=1))
    assert checks(store) == [CHECK]


def test_a_key_that_cannot_be_read_is_overdue_and_told_once(store: DiskStore) -> None:
    store.keys.new_retention_key(store.clock.now() + 90 * DAY)
    retained(store)[0].write_text("[]")
    store.clock.turn(DAY)
    assert checks(store) == ["key_overdue"]


def test_without_a_row_to_ask_the_missing_database_is_told(tmp_path: Path) -> None:
    clock = StoppedClock(datetime.now(UTC))
    opened = DiskStore.open(tmp_path, clock)
    FileKeyStore(tmp_path / "keys", clock).new_retention_key(clock.now() + 90 * DAY)
    opened.close()
    for file in (tmp_path / "home").glob("deckname.db*"):
        file.unlink()
    clock.turn(DAY)
    found = verify_store(opened.places, clock.now())
    assert [each.check for each in found] == ["database_missing"]
