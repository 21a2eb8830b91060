"""A customer is closed whatever its calls are doing, and whenever the process is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.adapters.memory_queue import MemoryJobQueue
from pipeline.cli import main
from pipeline.domain.call import CallStatus
from pipeline.domain.errors import LeaseLost
from pipeline.domain.ids import CallId
from pipeline.domain.rights import Mark
from pipeline.usecases.clean_up import Leadership, clean_up
from pipeline.usecases.hold_calls import place_hold, release_hold
from pipeline.usecases.record_consent import withdraw_consent
from tests.integration.backup_store import ACME, BackedUp, Kept

ROOT = Path(__file__).parents[2]
NOTHING = Kept(False, False, False)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BackedUp:
    monkeypatch.setenv("DECKNAME_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DECKNAME_KEYS", str(tmp_path / "keys"))
    monkeypatch.setattr("pipeline.adapters.rq_queue.RqJobQueue", lambda _: MemoryJobQueue())
    opened = BackedUp(tmp_path)
    opened.add_customer()
    return opened


def _received(store: BackedUp) -> CallId:
    return store.push().id


def _transcribing(store: BackedUp) -> CallId:
    return store.claim(store.push(kept=True)).call.id


def _stored(store: BackedUp) -> CallId:
    return store.store(store.push()).id


def _retained(store: BackedUp) -> CallId:
    return store.store(store.push(kept=True), kept=True).id


def _withdrawn_and_not_unlinked(store: BackedUp) -> CallId:
    from pipeline.domain.consent import ConsentSource, Purpose

    call_id = _retained(store)
    source = ConsentSource.PORTAL
    withdraw_consent(call_id, Purpose.AUDIO_RETENTION, store.deck, source)
    return call_id


def _failed(store: BackedUp) -> CallId:
    claim = store.claim(store.push())
    return store.deck.calls.fail(claim, "no_speech", store.deck.clock.now()).id


def _erased(store: BackedUp) -> CallId:
    call_id = _retained(store)
    store.deck.calls.erase_call(call_id, "erased_on_request", store.deck.clock.now())
    return call_id


def _marked(store: BackedUp) -> CallId:
    call_id = _stored(store)
    for mark in Mark:
        store.deck.calls.mark_call(call_id, mark, store.deck.clock.now())
    return call_id


def _once_held(store: BackedUp) -> CallId:
    call_id = _retained(store)
    hold = place_hold(ACME, call_id, "a claim", "lawyer", store.deck)
    release_hold(hold.id, "lawyer", store.deck)
    return call_id


STATES: tuple[Callable[[BackedUp], CallId], ...] = (
    _received,
    _transcribing,
    _stored,
    _retained,
    _withdrawn_and_not_unlinked,
    _failed,
    _erased,
    _marked,
    _once_held,
)


def closed(store: BackedUp, *call_ids: CallId) -> None:
    """Nothing of the customer is left but its tombstones and receipts."""
    store.open()
    assert not any(step.failed for step in clean_up(store.deck, Leadership("next")))
    deck = store.deck
    assert deck.calls.customer(ACME).closed_at is not None
    assert deck.deletions.pending() == ()
    for call_id in call_ids:
        assert store.readable(call_id) == NOTHING
        assert deck.calls.call(call_id).status is CallStatus.ERASED
    classes = [receipt.body["class"] for receipt in deck.deletions.receipts(limit=1000)]
    assert classes.count("customer") == 1
    assert not list(store.home.glob("blobs/*")) and store.findings() == set()
    assert deck.audit.verify() > 0


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__.strip("_"))
def test_a_customer_is_closed_whatever_its_call_is_doing(
    store: BackedUp, state: Callable[[BackedUp], CallId]
) -> None:
    call_id = state(store)
    assert main(["customers", "close", "acme", "--yes"]) == 0
    assert main(["customers", "close", "acme", "--yes"]) == 1, "that was done"
    closed(store, call_id)


def test_a_customer_without_calls_and_one_with_all_sorts_are_closed(store: BackedUp) -> None:
    store.add_customer("empty")
    assert main(["customers", "close", "empty", "--yes"]) == 0
    call_ids = [state(store) for state in STATES]
    assert main(["customers", "close", "acme", "--yes"]) == 0
    store.open()
    assert {each.closed_at is None for each in store.deck.calls.customers()} == {False}
    assert all(store.readable(call_id) == NOTHING for call_id in call_ids)


def test_a_worker_that_is_at_it_stores_nothing_any_more(store: BackedUp) -> None:
    call = store.push(kept=True)
    claim = store.claim(call)
    assert main(["customers", "close", "acme", "--yes"]) == 0
    for end in (
        lambda: store.deck.calls.renew(claim, store.deck.clock.now(), store.deck.policy.lease),
        lambda: store.deck.calls.fail(claim, "no_speech", store.deck.clock.now()),
    ):
        with pytest.raises(LeaseLost):
            end()
    closed(store, call.id)


@pytest.mark.parametrize("of_call", [True, False])
def test_a_hold_keeps_the_customer_and_all_it_has(
    store: BackedUp, capsys: pytest.CaptureFixture[str], of_call: bool
) -> None:
    call_id = _retained(store)
    held = call_id if of_call else None
    hold = place_hold(ACME, held, "a claim", "lawyer", store.deck)
    assert main(["customers", "close", "acme", "--yes"]) == 1
    assert "a claim" in capsys.readouterr().err
    assert store.readable(call_id) == Kept(True, True, True)
    release_hold(hold.id, "lawyer", store.deck)
    assert main(["customers", "close", "acme", "--yes"]) == 0
    closed(store, call_id)


KILLED = """
import os, signal, sys
from pathlib import Path
from pipeline.usecases.customers import close_customer
from tests.integration.backup_store import ACME, BackedUp
from tests.privacy.power_cut import Power, PowerCut

class Kill(Power):
    def reach(self, point):
        try:
            super().reach(point)
        except PowerCut:
            os.kill(os.getpid(), signal.SIGKILL)

store = BackedUp(Path(sys.argv[1]))
with Kill(sys.argv[2], int(sys.argv[3])).on():
    close_customer(ACME, store.deck)
"""


@pytest.fixture
def killed(store: BackedUp, tmp_path: Path) -> Iterator[Callable[[str, int], None]]:
    def kill(point: str, nth: int) -> None:
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(tmp_path), point, str(nth)],
            cwd=ROOT,
            timeout=240,
        )
        assert done.returncode == -signal.SIGKILL, "the point was never reached"

    yield kill


@pytest.mark.parametrize(
    ("point", "nth", "is_closed"),
    [
        ("tell", 1, False),  # the ledger knows of nothing
        ("told", 1, True),  # nothing was committed; but the ledger knows, and the next start closes
        ("commit", 1, True),
        ("committed", 1, True),  # no blob is unlinked, no receipt is signed
        ("unlink", 1, True),  # of the retention key
        ("unlink", 2, True),
        ("told", 2, True),  # the first receipt is in the ledger, and not in the database
        ("commit", 3, True),
    ],
)
def test_what_a_kill_left_half_closed_is_closed_by_the_next_start(
    store: BackedUp, killed: Callable[[str, int], None], point: str, nth: int, is_closed: bool
) -> None:
    call_ids = [state(store) for state in (_received, _transcribing, _stored, _retained)]
    killed(point, nth)
    assert main(["customers", "close", "acme", "--yes"]) == is_closed
    closed(store, *call_ids)
