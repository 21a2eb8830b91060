"""The process is killed, really, at each point of a call's way; the next one finds all in order.

A day key lies apart from the data, so the last test restores a backup of the data and finds that
it opens nothing.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.adapters.memory import StoppedClock
from pipeline.domain.call import CallStatus
from pipeline.domain.errors import KeyDestroyed, LeaseLost, NotFound
from pipeline.domain.ids import CallId
from pipeline.domain.recording import RetainedKey, SealedRecording
from pipeline.usecases.clean_up import Leadership, clean_up
from pipeline.usecases.enforce_retention import enforce_retention
from pipeline.usecases.finish_deletions import finish_deletions
from pipeline.usecases.reap_orphans import reap_orphans
from pipeline.usecases.replay_ledger import catch_up
from pipeline.usecases.verify_store import verify_store
from tests.builders import LEASE
from tests.databases import KINDS, database_url
from tests.stores import AUDIO, DiskStore

ROOT = Path(__file__).parents[2]

CRASHING = """
import os, signal, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlalchemy import event
from pipeline.adapters.memory import StoppedClock
from pipeline.domain.ids import new_call_id
from pipeline.domain.call import Intake
from tests import builders
from tests.databases import KINDS, database_url
from tests.stores import AUDIO, DiskStore

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

clock = StoppedClock(datetime.fromisoformat(sys.argv[2]))
store = DiskStore.open(Path(sys.argv[1]), clock, sys.argv[4])
point, now = sys.argv[3], store.clock.now()

def upload():
    yield AUDIO
    yield b"x" * (1 << 21)
    die()

def on_statement(words):
    @event.listens_for(store.database.engine, "after_cursor_execute")
    def _(connection, cursor, statement, *rest):
        if statement.startswith(words):
            die()

if point == "while sealing":
    store.recordings.seal(new_call_id(), now, upload())
if point == "after sealing":
    store.recordings.seal(new_call_id(), now, [AUDIO])
    die()
if point == "before the row commits":
    event.listen(store.database.engine, "commit", die)
    store.push()
call = store.push()
print(call.id, flush=True)
if point == "after the row":
    die()
claim = store.claim(call)
outcome = store.outcome(call, timedelta(days=30) if point == "after retaining" else None)
if point == "after retaining":
    die()
if point == "before the end commits":
    event.listen(store.database.engine, "commit", die)
if point == "after the transcript":
    on_statement("INSERT INTO transcripts")
if point == "after the key":
    on_statement("DELETE FROM audio_keys")
if point == "after the audit event":
    on_statement("INSERT INTO audit_log")
if point == "after the end":
    store.database.engine.pool.dispose()
    type(store.database).forget_deleted = die
store.calls.complete(claim, outcome, now)
die()
"""


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(datetime.now(UTC))


def crash(store: DiskStore, clock: StoppedClock, point: str) -> CallId | None:
    arguments = str(store.folder), clock.now().isoformat(), point, str(store.url)
    done = subprocess.run(
        [sys.executable, "-c", CRASHING, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=240,
    )
    assert done.returncode == -signal.SIGKILL
    printed = done.stdout.strip()
    return CallId(printed) if printed else None


@pytest.fixture(params=KINDS)
def store(
    request: pytest.FixtureRequest, tmp_path: Path, clock: StoppedClock
) -> Iterator[DiskStore]:
    with database_url(request.param, tmp_path) as url:
        opened = DiskStore.open(tmp_path, clock, url)
        yield opened
        opened.close()


def settle(store: DiskStore, *found: str) -> None:
    """What maintenance does, once everything's grace is over; then the verifier's word."""
    now = store.clock.now()
    reap_orphans(store.calls, store.recordings, now)
    enforce_retention(store.deck)
    finish_deletions(store.deck)
    findings = verify_store(store.places, now, canaries=["Sonnenschein", "Ahornallee"])
    assert {finding.check for finding in findings} == set(found)


@pytest.mark.parametrize("point", ["while sealing", "after sealing", "before the row commits"])
def test_a_push_that_was_never_acknowledged_leaves_nothing(
    store: DiskStore, clock: StoppedClock, point: str
) -> None:
    assert crash(store, clock, point) is None
    assert store.calls.calls() == ()
    assert len(store.blob_names()) == 1
    clock.turn(timedelta(hours=2))
    settle(store)
    assert store.blob_names() == []


@pytest.mark.parametrize(
    "point",
    [
        "after the row",
        "after retaining",
        "after the transcript",
        "after the key",
        "after the audit event",
        "before the end commits",
    ],
)
def test_a_call_whose_worker_died_is_processed_once_by_the_next(
    store: DiskStore, clock: StoppedClock, point: str
) -> None:
    call_id = crash(store, clock, point)
    assert call_id is not None
    with pytest.raises(NotFound):
        store.calls.transcript(call_id)
    assert store.recordings.open(call_id, store.calls.recording(call_id)) == AUDIO
    settle(store)

    now = clock.turn(LEASE)
    assert store.calls.stranded(now, timedelta(seconds=10)) == (call_id,)
    store.store(store.calls.call(call_id))
    assert store.calls.call(call_id).status is CallStatus.STORED
    with pytest.raises(KeyDestroyed):
        store.calls.recording(call_id)
    settle(store)
    assert store.blob_names() == []


def test_a_retention_key_that_was_never_committed_goes_and_its_call_is_kept_anew(
    store: DiskStore, clock: StoppedClock
) -> None:
    call_id, month = crash(store, clock, "after retaining"), timedelta(days=30)
    assert call_id is not None
    [(orphan, _)] = store.keys.retention_keys()
    now = clock.turn(LEASE)
    assert store.calls.stranded(now, timedelta(seconds=10)) == (call_id,)
    store.store(store.calls.call(call_id), month)
    clock.turn(timedelta(hours=3))
    clean_up(store.deck, Leadership("after"))
    kept = store.calls.recording(call_id)
    assert isinstance(kept, RetainedKey) and kept.key_name != orphan
    assert [name for name, _ in store.keys.retention_keys()] == [kept.key_name]
    assert store.recordings.open(call_id, kept) == AUDIO


@pytest.mark.parametrize("point", ["after the end", "before the unlink"])
def test_after_the_commit_the_audio_is_unreadable_though_the_blob_lies_there(
    store: DiskStore, clock: StoppedClock, point: str
) -> None:
    call_id = crash(store, clock, point)
    assert call_id is not None
    assert store.blob_names() == [call_id]
    assert store.calls.call(call_id).status is CallStatus.STORED
    assert store.calls.transcript(call_id)
    with pytest.raises(KeyDestroyed):
        store.calls.recording(call_id)
    assert store.calls.claim([call_id], "worker-2", clock.now() + LEASE, LEASE) == ()
    settle(store)
    assert store.blob_names() == []


def test_an_overrun_worker_cannot_commit_after_the_next_one(
    store: DiskStore, clock: StoppedClock
) -> None:
    call = store.push()
    slow = store.claim(call)
    outcome = store.outcome(call)
    clock.turn(LEASE)
    store.store(call)
    first = store.calls.transcript(call.id)
    with pytest.raises(LeaseLost):
        store.calls.complete(slow, outcome, clock.now())
    assert store.calls.transcript(call.id) == first


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)  # a folder is copied
def test_a_restored_backup_opens_no_audio_past_the_cap(
    store: DiskStore, clock: StoppedClock, tmp_path: Path
) -> None:
    call = store.push()
    sealed = store.calls.recording(call.id)
    assert isinstance(sealed, SealedRecording)
    store.database.forget_deleted()
    shutil.copytree(tmp_path / "home", tmp_path / "backup" / "home")
    store.store(call)
    clock.turn(timedelta(days=30))
    settle(store)

    shutil.copytree(tmp_path / "keys", tmp_path / "backup" / "keys")
    restored = DiskStore.open(tmp_path / "backup", clock)
    assert restored.calls.recording(call.id) == sealed
    assert restored.blob_names() == [call.id]
    with pytest.raises(KeyDestroyed):
        restored.recordings.open(call.id, sealed)
    settle(restored, "receipt_lost", "audit_log_cut")  # nobody told it what the ledger knows
    assert restored.calls.call(call.id).failure == "audio_cap_reached"
    assert restored.blob_names() == []
    catch_up(restored.deck)
    settle(restored)
    restored.close()


def test_withdrawn_consent_survives_a_restored_backup(
    store: DiskStore, clock: StoppedClock, tmp_path: Path
) -> None:
    month = timedelta(days=30)
    call = store.push(month)
    store.store(call, month)
    kept = store.calls.recording(call.id)
    assert store.recordings.open(call.id, kept) == AUDIO
    assert not isinstance(kept, SealedRecording)
    store.recordings.destroy_retained(kept.key_name)
    with pytest.raises(KeyDestroyed):
        store.recordings.open(call.id, kept)
