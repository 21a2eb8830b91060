"""The contract of `KeyStore` and of the sealing keys behind it, over files and over memory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol, cast

import pytest

from pipeline.adapters.memory import MemoryKeyStore, StoppedClock
from pipeline.adapters.sealing import FileKeyStore
from pipeline.adapters.sealing.keys import Master, SealingKeys
from pipeline.adapters.sealing.primitives import DataKey, WrappingKey
from pipeline.domain.errors import KeyDestroyed, KeysElsewhere, SealBroken, WrongKey
from pipeline.domain.retention import AUDIO_CAP, day_key_end
from pipeline.ports import KeyStore, StoreMark
from tests.builders import NOON

SECOND = timedelta(seconds=1)
DAY = "2026-01-31"


class Keys(KeyStore, SealingKeys, Protocol):
    pass


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(NOON)


@pytest.fixture(params=["memory", "files"])
def keys(request: pytest.FixtureRequest, tmp_path: Path, clock: StoppedClock) -> Keys:
    if request.param == "memory":
        return MemoryKeyStore(clock)
    return FileKeyStore(tmp_path / "keys", clock)


def _same(one: WrappingKey, other: WrappingKey) -> bool:
    wrapped = one.wrap(DataKey.new(), b"x")
    try:
        other.unwrap(wrapped, b"x")
    except SealBroken:
        return False
    return True


def test_one_key_a_day(keys: Keys, clock: StoppedClock) -> None:
    day, first = keys.sealing_key(NOON)
    assert day == DAY
    assert _same(first, keys.sealing_key(NOON + timedelta(hours=11))[1])
    assert _same(first, keys.opening_key(DAY))
    now = clock.turn(timedelta(days=1))
    assert not _same(first, keys.sealing_key(now)[1])
    assert keys.day_keys() == (DAY, "2026-02-01")


def test_a_recording_from_the_future_gets_no_key_that_outlives_the_cap(
    keys: Keys, clock: StoppedClock
) -> None:
    day, _ = keys.sealing_key(NOON + timedelta(days=400))
    assert day == DAY


def test_a_recording_from_long_ago_gets_no_key(keys: Keys) -> None:
    with pytest.raises(KeyDestroyed):
        keys.sealing_key(NOON - AUDIO_CAP - timedelta(days=1))
    assert keys.day_keys() == ()


def test_opening_never_makes_a_key(keys: Keys) -> None:
    for missing in (DAY, "no day", "../content/master"):
        with pytest.raises(KeyDestroyed):
            keys.opening_key(missing)
    for name in ("ret_" + "0" * 32, "../days/" + DAY):
        with pytest.raises(KeyDestroyed):
            keys.retention_key(name)
    for master in Master:
        with pytest.raises(KeyDestroyed):
            keys.master_key(master)
    assert keys.day_keys() == ()


def test_a_day_key_past_its_end_is_refused_before_anybody_destroyed_it(
    keys: Keys, clock: StoppedClock
) -> None:
    keys.sealing_key(NOON)
    end = day_key_end(DAY)
    clock.turn(end - SECOND - NOON)
    keys.opening_key(DAY)
    clock.turn(SECOND)
    with pytest.raises(KeyDestroyed):
        keys.opening_key(DAY)
    assert keys.day_keys() == (DAY,)


def test_due_day_keys_are_destroyed_and_no_others(keys: Keys, clock: StoppedClock) -> None:
    keys.sealing_key(NOON)
    keys.sealing_key(clock.turn(timedelta(days=1)))
    end = day_key_end(DAY)
    assert keys.destroy_due(end - SECOND) == ()
    assert keys.destroy_due(end) == (DAY,)
    assert keys.destroy_due(end) == ()
    assert keys.day_keys() == ("2026-02-01",)
    with pytest.raises(KeyDestroyed):
        keys.opening_key(DAY)


def test_a_retention_key_lives_until_its_end(keys: Keys, clock: StoppedClock) -> None:
    until = NOON + timedelta(days=90)
    name, made = keys.new_retention_key(until)
    other, _ = keys.new_retention_key(until + SECOND)
    assert name != other
    assert _same(made, keys.retention_key(name))
    assert keys.destroy_due(until - SECOND) == ()
    clock.turn(until - NOON)
    with pytest.raises(KeyDestroyed):
        keys.retention_key(name)
    assert keys.destroy_due(until) == (name,)
    keys.retention_key(other)


def test_a_withdrawn_retention_key_is_gone_at_once(keys: Keys) -> None:
    name, _ = keys.new_retention_key(NOON + timedelta(days=90))
    keys.sealing_key(NOON)
    assert keys.destroy_retention_key(name) is True
    assert keys.destroy_retention_key(name) is False
    with pytest.raises(KeyDestroyed):
        keys.retention_key(name)
    assert keys.day_keys() == (DAY,)


def test_the_ends_of_retention_keys_are_told_in_order(keys: Keys) -> None:
    assert keys.retention_ends() == ()
    ends = [NOON + timedelta(days=days) for days in (90, 30, 60)]
    names = [keys.new_retention_key(end)[0] for end in ends]
    assert keys.retention_ends() == tuple(sorted(ends))
    keys.destroy_retention_key(names[1])
    assert keys.retention_ends() == (ends[2], ends[0])


def test_retention_keys_are_told_with_the_moment_they_were_made(
    keys: Keys, clock: StoppedClock
) -> None:
    assert keys.retention_keys() == ()
    keys.sealing_key(NOON)
    first, _ = keys.new_retention_key(NOON + timedelta(days=90))
    second, _ = keys.new_retention_key(clock.turn(SECOND) + timedelta(days=30))
    assert dict(keys.retention_keys()) == {first: NOON, second: NOON + SECOND}
    keys.destroy_retention_key(first)
    assert keys.retention_keys() == ((second, NOON + SECOND),)


def test_a_stray_file_among_the_retention_keys_is_none(tmp_path: Path, clock: StoppedClock) -> None:
    keys = FileKeyStore(tmp_path / "keys", clock)
    name, _ = keys.new_retention_key(NOON + timedelta(days=90))
    (tmp_path / "keys" / "retained" / "copy.key").write_bytes(b"{}")
    damaged, _ = keys.new_retention_key(NOON + timedelta(days=90))
    (tmp_path / "keys" / "retained" / f"{damaged}.key").write_bytes(b"{}")
    assert [each for each, _ in keys.retention_keys()] == [name]


@dataclass
class Mark:
    """A `StoreMark` of the store `name`, whose key folder is mounted or not."""

    name: str
    mounted: bool = True

    def id(self) -> str:
        return self.name

    def check(self) -> None:
        if not self.mounted:
            raise KeysElsewhere("not mounted")


def test_a_store_is_told_its_own_retention_keys_only(tmp_path: Path, clock: StoppedClock) -> None:
    one, other = (
        FileKeyStore(tmp_path / "keys", clock, mark=cast(StoreMark, Mark(name)))
        for name in ("store_1", "store_2")
    )
    older = FileKeyStore(tmp_path / "keys", clock)
    names = [each.new_retention_key(NOON + timedelta(days=90))[0] for each in (one, other, older)]
    told = [[name for name, _ in each.retention_keys()] for each in (one, other, older)]
    assert told == [[name] for name in names]
    assert len(one.retention_ends()) == 3
    assert one.retention_key(names[1]) is not None, "opening needs the name only"


def test_in_another_folder_nothing_is_made_or_destroyed(
    tmp_path: Path, clock: StoppedClock
) -> None:
    folder, mark = tmp_path / "keys", Mark("store_1")
    keys = FileKeyStore(folder, clock, mark=cast(StoreMark, mark))
    keys.sealing_key(NOON)
    name, _ = keys.new_retention_key(NOON + SECOND)
    keys.make_master_key(Master.CONTENT)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    mark.mounted = False
    for act in (
        lambda: keys.sealing_key(NOON),
        lambda: keys.new_retention_key(NOON),
        lambda: keys.destroy_retention_key(name),
        lambda: keys.make_master_key(Master.VAULT),
        keys.begin_master_rotation,
        keys.drop_old_masters,
        lambda: keys.destroy_due(NOON + timedelta(days=90)),
    ):
        with pytest.raises(KeysElsewhere):
            act()
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_master_keys_are_told_without_a_key(keys: Keys, clock: StoppedClock) -> None:
    assert keys.master_keys() == ()
    for master in Master:
        keys.make_master_key(master)
    told = keys.master_keys()
    assert [(key.name, key.versions, key.made) for key in told] == [
        ("content", 1, NOON),
        ("vault", 1, NOON),
    ]
    assert len({key.fingerprint for key in told}) == 2
    assert all(re.fullmatch("[0-9a-f]{16}", key.fingerprint) for key in told)


def test_a_new_master_key_wraps_and_the_old_one_opens_until_it_is_dropped(
    keys: Keys, clock: StoppedClock
) -> None:
    old = {master: keys.make_master_key(master) for master in Master}
    wrapped = {master: key.wrap(DataKey.new(), b"x") for master, key in old.items()}
    now = clock.turn(timedelta(days=400))
    keys.begin_master_rotation()
    for master, key in old.items():
        new = keys.master_key(master)
        new.unwrap(wrapped[master], b"x")
        assert not new.wrapped(wrapped[master])
        with pytest.raises(WrongKey):
            key.unwrap(new.wrap(DataKey.new(), b"x"), b"x")
    told = keys.master_keys()
    assert {(key.versions, key.made) for key in told} == {(2, now)}
    keys.begin_master_rotation()  # one is under way: it is to be finished
    assert keys.master_keys() == told
    with keys.masters(exclusive=True):
        assert keys.drop_old_masters() == 2
        assert keys.drop_old_masters() == 0
    for master in Master:
        with pytest.raises(WrongKey):
            keys.master_key(master).unwrap(wrapped[master], b"x")
    assert [key.fingerprint for key in keys.master_keys()] == [key.fingerprint for key in told]


def test_masters_are_made_once_and_differ(keys: Keys) -> None:
    content, vault = (keys.make_master_key(master) for master in Master)
    assert not _same(content, vault)
    assert _same(content, keys.make_master_key(Master.CONTENT))
    assert _same(vault, keys.master_key(Master.VAULT))
