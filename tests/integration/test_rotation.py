"""Keys are rotated under way: killed at each step, beside processes that push and read, and with
rows that nobody can open. Afterwards everything opens, and nothing with the old keys alone."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.adapters.memory import StoppedClock
from pipeline.adapters.sealing import FileKeyStore, TinkTranscriptVault
from pipeline.domain.call import CallStatus, Customer, Sealed
from pipeline.domain.errors import (
    Conflict,
    KeyDestroyed,
    KeyRotated,
    KeysElsewhere,
    NotFound,
    ServiceUnavailable,
    WrongKey,
)
from pipeline.domain.ids import CustomerId
from pipeline.usecases.customers import add_customer, close_customer
from pipeline.usecases.deck import Deck
from pipeline.usecases.rotate_keys import rotate_customer_keys, rotate_master_keys
from tests.builders import ACME, NOON
from tests.decks import disk_deck, memory_deck
from tests.integration.rotating import Filled, assert_all_opens, fill, outcome, push, store

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(NOON)


@pytest.fixture(params=["memory", "disk"])
def deck(request: pytest.FixtureRequest, tmp_path: Path, clock: StoppedClock) -> Deck:
    return memory_deck(clock) if request.param == "memory" else disk_deck(tmp_path, clock)


@pytest.fixture
def on_disk(tmp_path: Path, clock: StoppedClock) -> Deck:
    return disk_deck(tmp_path, clock)


def old_keys_open(deck: Deck, old: Customer, filled: Filled) -> list[str]:
    """What the customer's keys of before the rotation still open."""
    reads: tuple[tuple[str, Callable[..., Sealed]], ...] = (
        ("transcript", deck.calls.transcript),
        ("vault", deck.calls.vault),
    )
    found = []
    for call_id in filled.stored:
        for purpose, read in reads:
            try:
                deck.transcripts.open(old, call_id, purpose, read(call_id))
            except WrongKey:
                continue
            found.append(purpose)
    return found


def test_a_customers_keys_are_replaced(deck: Deck, clock: StoppedClock) -> None:
    filled = fill(deck)
    old = deck.calls.customer(ACME)
    clock.turn(timedelta(days=1))
    done = rotate_customer_keys(ACME, deck, batch=2)
    # Lists, index secret, what the waiting push knew; transcript, vault and quote of each call.
    assert (done.version, done.rewrapped) == (2, 3 + 3 * 3)
    now = deck.calls.customer(ACME)
    assert (now.key_version, now.keys_made_at) == (2, clock.now())
    assert deck.transcripts.key_versions(now) == 1
    assert_all_opens(deck, filled)
    assert old_keys_open(deck, old, filled) == []
    assert deck.audit.verify() > 0
    assert rotate_customer_keys(ACME, deck).version == 3
    assert_all_opens(deck, filled)


def test_master_keys_are_replaced(deck: Deck, clock: StoppedClock) -> None:
    filled = fill(deck)
    add_customer("other", "Other", deck)
    add_customer("gone", "Gone", deck)
    close_customer(CustomerId("gone"), deck)
    before = {key.name: key.fingerprint for key in deck.keys.master_keys()}
    olds = deck.calls.customers()
    clock.turn(timedelta(days=1))
    done = rotate_master_keys(deck)
    assert (done.rewrapped, done.dropped) == (2, 2)
    for key in done.keys:
        assert key.versions == 1 and key.made == clock.now()
        assert key.fingerprint != before[key.name]
    assert_all_opens(deck, filled)
    for old in olds:
        with pytest.raises((WrongKey, KeyDestroyed)):
            deck.transcripts.key_versions(old)
    assert rotate_master_keys(deck).dropped == 2
    assert_all_opens(deck, filled)


def test_two_stores_with_one_key_folder_keep_their_master_keys(
    on_disk: Deck, tmp_path: Path, clock: StoppedClock
) -> None:
    """A backup that was restored beside its original must not take the original's keys."""
    on_disk.mark.tie()
    filled = fill(on_disk)
    copy = tmp_path / "copy"
    shutil.copytree(tmp_path / "home", copy / "home")
    (copy / "keys").symlink_to(tmp_path / "keys")
    beside = disk_deck(copy, clock)
    beside.mark.renew()
    before = beside.keys.master_keys()
    for deck in (beside, on_disk):
        with pytest.raises(Conflict, match=r"1 other stores.*--alone"):
            rotate_master_keys(deck)
    assert beside.keys.master_keys() == before
    assert_all_opens(on_disk, filled)
    # The original is gone, says its operator; if it is not, it stops before it does any harm.
    assert rotate_master_keys(beside, alone=True).dropped == 2
    assert_all_opens(beside, filled)
    with pytest.raises(KeysElsewhere):
        on_disk.mark.check()
    assert rotate_master_keys(beside).dropped == 2


def test_the_old_master_keys_open_nothing_any_more(on_disk: Deck, tmp_path: Path) -> None:
    filled = fill(on_disk)
    shutil.copytree(tmp_path / "keys", tmp_path / "old-keys")
    rotate_master_keys(on_disk)
    kept = TinkTranscriptVault(FileKeyStore(tmp_path / "old-keys", on_disk.clock))
    customer = on_disk.calls.customer(ACME)
    for call_id in filled.stored:
        with pytest.raises(WrongKey):
            kept.open(customer, call_id, "transcript", on_disk.calls.transcript(call_id))


def test_what_was_sealed_before_a_rotation_is_not_stored_after_it(deck: Deck) -> None:
    filled = fill(deck)
    call = push(deck)
    stale = outcome(deck, call)
    rotate_customer_keys(ACME, deck)
    with pytest.raises(KeyRotated):
        store(deck, call, stale)
    assert deck.calls.call(call.id).status is CallStatus.PROCESSING
    with pytest.raises(NotFound):
        deck.calls.transcript(call.id)
    assert deck.recordings.open(call.id, deck.calls.recording(call.id))
    for entry, quote in stale.consents:
        with pytest.raises(KeyRotated):
            deck.consents.record(entry, quote)
    assert_all_opens(deck, filled)


def test_a_customer_or_a_row_that_cannot_be_opened_stops_a_rotation(on_disk: Deck) -> None:
    filled = fill(on_disk)
    first, *_ = filled.stored
    (key,) = [
        key
        for key in on_disk.calls.wrapped_keys(ACME)
        if (key.place, key.row) == ("transcripts", first)
    ]
    flipped = key.wrapped[:-1] + bytes([key.wrapped[-1] ^ 1])
    assert on_disk.calls.rewrap_keys(ACME, [(key, flipped)]) == 1
    with pytest.raises(WrongKey, match=first):
        rotate_customer_keys(ACME, on_disk)
    assert on_disk.transcripts.key_versions(on_disk.calls.customer(ACME)) == 2
    # Put right, it goes on.
    (broken,) = [
        key
        for key in on_disk.calls.wrapped_keys(ACME)
        if (key.place, key.row) == ("transcripts", first)
    ]
    on_disk.calls.rewrap_keys(ACME, [(broken, key.wrapped)])
    assert rotate_customer_keys(ACME, on_disk).version == 2
    assert_all_opens(on_disk, filled)


def test_a_wrong_master_key_destroys_nothing(on_disk: Deck, tmp_path: Path) -> None:
    filled = fill(on_disk)
    shutil.copytree(tmp_path / "keys", tmp_path / "right")
    for master in ("content", "vault"):
        path = tmp_path / "keys" / master / "master.key"
        path.unlink()
        FileKeyStore(tmp_path / "elsewhere", on_disk.clock)
    wrong = FileKeyStore(tmp_path / "wrong", on_disk.clock)
    TinkTranscriptVault(wrong).new_customer_keys(ACME)
    for master in ("content", "vault"):
        shutil.copy(tmp_path / "wrong" / master / "master.key", tmp_path / "keys" / master)
    with pytest.raises(WrongKey, match="nothing was changed"):
        rotate_master_keys(on_disk)
    with pytest.raises(ServiceUnavailable):
        add_customer("other", "Other", on_disk)
    for master in ("content", "vault"):
        shutil.copy(tmp_path / "right" / master / "master.key", tmp_path / "keys" / master)
    assert_all_opens(on_disk, filled)


def test_closed_and_unknown_customers_have_no_keys_to_rotate(deck: Deck) -> None:
    fill(deck)
    close_customer(ACME, deck)
    with pytest.raises(Conflict, match="closed"):
        rotate_customer_keys(ACME, deck)
    with pytest.raises(NotFound):
        rotate_customer_keys(CustomerId("nobody"), deck)


def run_child(folder: Path, what: str, point: str) -> int:
    arguments = [str(folder), NOON.isoformat(), what, point]
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.rotating", *arguments], cwd=ROOT, timeout=240
    )
    return done.returncode


CUSTOMER_POINTS = [
    "calls.replace_customer_keys:0:before",
    "calls.replace_customer_keys:0:after",
    "calls.rewrap_keys:0:before",
    "calls.rewrap_keys:0:after",
    "calls.rewrap_keys:2:after",
    "calls.replace_customer_keys:1:before",
    "calls.replace_customer_keys:1:after",
]
MASTER_POINTS = [
    "keys.begin_master_rotation:0:before",
    "keys.begin_master_rotation:0:after",
    "calls.replace_customer_keys:0:before",
    "calls.replace_customer_keys:0:after",
    "audit.append:0:after",
    "keys.drop_old_masters:0:before",
    "keys.drop_old_masters:0:after",
]


@pytest.mark.parametrize(
    ("what", "point"),
    [
        *(("customer", point) for point in CUSTOMER_POINTS),
        *(("master", point) for point in MASTER_POINTS),
    ],
)
def test_a_rotation_that_is_killed_loses_nothing_and_goes_on(
    tmp_path: Path, on_disk: Deck, what: str, point: str
) -> None:
    filled = fill(on_disk)
    add_customer("other", "Other", on_disk)
    assert run_child(tmp_path, what, point) == -signal.SIGKILL
    assert_all_opens(on_disk, filled)
    store(on_disk, push(on_disk))
    if what == "customer":
        assert rotate_customer_keys(ACME, on_disk, batch=2).version in (2, 3)
        assert on_disk.transcripts.key_versions(on_disk.calls.customer(ACME)) == 1
    else:
        assert all(key.versions == 1 for key in rotate_master_keys(on_disk).keys)
    assert_all_opens(on_disk, filled)
    assert on_disk.audit.verify() > 0


def test_a_kill_between_the_two_master_keys_rotates_both(
    tmp_path: Path, on_disk: Deck, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.adapters.sealing import key_files

    filled = fill(on_disk)
    before = {key.name: key.fingerprint for key in on_disk.keys.master_keys()}
    clock.turn(timedelta(days=1))
    write, done = key_files.write, []

    def once(path: Path, key: key_files.KeyFile) -> None:
        if done:
            raise KeyboardInterrupt
        write(path, key)
        done.append(path)

    monkeypatch.setattr(key_files, "write", once)
    with pytest.raises(KeyboardInterrupt):
        on_disk.keys.begin_master_rotation()
    monkeypatch.undo()
    assert_all_opens(on_disk, filled)
    after = {key.name: key.fingerprint for key in rotate_master_keys(on_disk).keys}
    assert all(before[name] != after[name] for name in ("content", "vault"))
    assert_all_opens(on_disk, filled)


BESIDE = """
import sys
from datetime import datetime
from pathlib import Path
from pipeline.adapters.memory import StoppedClock
from tests.decks import disk_deck
from tests.integration.rotating import assert_all_opens, fill, push, store, Filled, KNOWN
from pipeline.domain.redaction_policy import ListName
from pipeline.domain.privacy import EntityType, KnownParty
from pipeline.usecases.redaction_policy import add_values, remove_values
from pipeline.domain.ids import CustomerId

folder, now, stop = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), Path(sys.argv[3])
deck = disk_deck(folder, StoppedClock(now))
filled = fill(deck, 2)
print("filled", flush=True)
rounds = 0
while not stop.exists():
    call = push(deck)
    store(deck, call)
    filled = Filled((*filled.stored, call.id), filled.waiting, filled.index)
    extra = [KnownParty(EntityType.PERSON, f"Name Nummer{rounds}")]
    add_values(CustomerId("acme"), ListName.DENY, extra, deck)
    remove_values(CustomerId("acme"), ListName.DENY, [extra[0].value], deck)
    assert_all_opens(deck, filled)
    rounds += 1
print("rounds", rounds, *filled.stored, filled.waiting, filled.index.hex(), flush=True)
"""


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that pushes, stores, changes lists and reads, all the time."""
    arguments = [str(tmp_path), NOON.isoformat(), str(tmp_path / "stop")]
    with subprocess.Popen(
        [sys.executable, "-c", BESIDE, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as child:
        yield child
        child.kill()


def test_others_push_and_read_during_rotations(
    tmp_path: Path, clock: StoppedClock, beside: subprocess.Popen[str]
) -> None:
    assert beside.stdout is not None
    assert beside.stdout.readline().strip() == "filled"
    deck = disk_deck(tmp_path, clock)
    for _ in range(15):
        rotate_customer_keys(ACME, deck, batch=3)
        rotate_master_keys(deck)
    (tmp_path / "stop").touch()
    said = beside.stdout.readline().split()
    assert beside.wait(60) == 0
    _, rounds, *calls, index = said
    assert int(rounds) > 0
    filled = Filled(tuple(calls[:-1]), calls[-1], bytes.fromhex(index))  # type: ignore[arg-type]
    assert_all_opens(deck, filled)
    customer = deck.calls.customer(ACME)
    assert (customer.key_version, deck.transcripts.key_versions(customer)) == (16, 1)
    assert deck.audit.verify() > 0


class Crash(Exception):
    pass


class Fuse:
    """Counts calls of the ports it stands before; blows at one."""

    def __init__(self, left: int) -> None:
        self.left = left

    def before(self, port: object) -> object:
        fuse = self

        class Fused:
            def __getattr__(self, name: str) -> object:
                found = getattr(port, name)
                if not callable(found):
                    return found

                def call(*arguments: object, **named: object) -> object:
                    fuse.left -= 1
                    if fuse.left < 0:
                        raise Crash
                    return found(*arguments, **named)

                return call

        return Fused()


steps = st.lists(
    st.tuples(st.sampled_from(["customer", "master", "store", "lists"]), st.integers(0, 40)),
    max_size=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
def test_whatever_crashes_everything_opens(history: list[tuple[str, int]]) -> None:
    clock = StoppedClock(datetime(2026, 1, 31, 12, tzinfo=UTC))
    deck = memory_deck(clock)
    filled = fill(deck, 2)
    for what, left in history:
        clock.turn(timedelta(minutes=1))
        fuse = Fuse(left)
        doomed = replace(
            deck,
            calls=fuse.before(deck.calls),
            keys=fuse.before(deck.keys),
            audit=fuse.before(deck.audit),
            transcripts=fuse.before(deck.transcripts),
        )
        try:
            if what == "customer":
                rotate_customer_keys(ACME, doomed, batch=2)
            elif what == "master":
                rotate_master_keys(doomed)
            else:
                call = store(deck, push(deck))
                filled = replace(filled, stored=(*filled.stored, call.id))
        except Crash:
            pass
        assert_all_opens(deck, filled)
    old = deck.calls.customer(ACME)
    while deck.transcripts.key_versions(deck.calls.customer(ACME)) > 1:
        rotate_customer_keys(ACME, deck)
    rotate_customer_keys(ACME, deck)
    rotate_master_keys(deck)
    assert_all_opens(deck, filled)
    assert old != deck.calls.customer(ACME)
    assert all(key.versions == 1 for key in deck.keys.master_keys())
