"""What is taken in is kept: so a call is refused while it could not be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.adapters.disk_room import FolderDiskRoom
from pipeline.adapters.memory import MemoryRecordingVault
from pipeline.domain.errors import Overloaded
from pipeline.usecases import admit_calls
from pipeline.usecases.admit_calls import Admission
from pipeline.usecases.deck import Deck, Policy
from tests.builders import customer, push
from tests.decks import RoomyDisk, memory_deck

MOST = 2


@pytest.fixture
def disk() -> RoomyDisk:
    return RoomyDisk(1000)


@pytest.fixture
def deck(disk: RoomyDisk) -> Deck:
    made = memory_deck(disk=disk)
    made.calls.add_customer(customer(), "hash-of-acme")
    return replace(made, policy=Policy(most_waiting=MOST, spare_bytes=400))


def test_with_room_and_few_that_wait_a_call_is_taken_in(deck: Deck) -> None:
    push(deck.calls)
    Admission(deck).check(600)


def test_what_would_leave_too_little_of_the_disk_is_put_off(deck: Deck, disk: RoomyDisk) -> None:
    admission = Admission(deck)
    with pytest.raises(Overloaded, match="disk is nearly full: nothing was kept"):
        admission.check(601)
    disk.bytes_free = 399
    with pytest.raises(Overloaded, match="disk"):
        admission.check()
    disk.bytes_free = 400
    admission.check()


def test_a_recording_that_goes_elsewhere_needs_no_room_here(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryRecordingVault, "place", "bucket")
    Admission(deck).check(10_000)


def test_a_recording_that_is_too_large_in_any_case_is_left_to_say_so(deck: Deck) -> None:
    limits = replace(deck.policy.limits, max_bytes=500)
    small = replace(deck, policy=replace(deck.policy, limits=limits))
    Admission(small).check(10_000)


def test_too_many_that_wait_put_it_off_until_fewer_do(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admit_calls, "_COUNT_GOOD_FOR", 0.0)
    admission = Admission(deck)
    waiting = [push(deck.calls) for _ in range(MOST)]
    with pytest.raises(Overloaded, match="too many calls wait already: nothing was kept"):
        admission.check()
    deck.calls.erase_call(waiting[0].id, "erased", deck.clock.now())
    admission.check()


def test_they_are_counted_once_a_second_not_once_a_push(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    monkeypatch.setattr(
        type(deck.calls), "backlog", lambda _, most: counted.append(most) or len(counted)
    )
    admission = Admission(deck)
    for _ in range(3):
        admission.check()
    assert counted == [MOST]


def test_the_room_of_a_folder_is_what_its_disk_has(tmp_path: Path) -> None:
    assert 0 < FolderDiskRoom(tmp_path).free() < 1 << 60
