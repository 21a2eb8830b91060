"""After real work every file, blob, key and Redis key is in a class of the deletion concept."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis

from pipeline.adapters.embedded_redis import EmbeddedRedis, connect
from pipeline.adapters.local_secret import local_secret
from pipeline.adapters.log_folder import DailyFile, log_to_files
from pipeline.adapters.memory import StoppedClock
from pipeline.adapters.rq_queue import RqJobQueue
from pipeline.domain.call import Intake
from pipeline.domain.deletion_concept import Kind, classes_of
from pipeline.domain.ids import CallId, new_call_id
from pipeline.logging import configure_logging, log_event
from pipeline.settings import Settings, load_settings
from pipeline.supervisor import ROLES
from pipeline.usecases.clean_up import Leadership, clean_up
from pipeline.usecases.submit_call import submit_call
from tests.builders import ACME
from tests.decks import WAV_HEAD
from tests.stores import DiskStore
from workers.call_worker import CallWorker
from workers.retries import JobFailed

ROLE_NAMES = ["up", *(role.name for role in ROLES)]


def of_one_class(kind: Kind, name: str) -> bool:
    return len(classes_of(kind, name)) == 1


def keys_of(redis: Redis) -> set[str]:
    return {key.decode() for key in redis.scan_iter()}


def test_every_key_in_redis_while_and_after_a_job_runs(redis: Redis, settings: Settings) -> None:
    queue, seen = RqJobQueue(settings), set()
    for _ in range(3):
        queue.ring(new_call_id())
    seen |= keys_of(redis)

    def process(call_id: CallId) -> None:
        seen.update(keys_of(redis))
        if len(seen) % 2:
            raise JobFailed("no_audio", transient=False)

    CallWorker(redis, f"worker-{new_call_id()}", process).work(burst=True)
    seen |= keys_of(redis)
    assert {key.split(":")[1] for key in seen} >= {"job", "queue", "queues", "workers", "wip"}
    assert [key for key in seen if not of_one_class(Kind.REDIS, key)] == []
    assert not of_one_class(Kind.REDIS, "transcript:call_1")


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[None]:
    """Every role of `deckname up` writes a log file."""
    configure_logging(load_settings())
    (tmp_path / "home").mkdir()
    for name in ROLE_NAMES:
        log_to_files(tmp_path / "home" / "logs", name)
    yield
    logging.captureWarnings(False)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, DailyFile):
            handler.close()


def worked(folder: Path) -> None:
    """Push, store, keep under consent, erase, clean up: what a store does in its life."""
    now = datetime.now(UTC)  # that of the log files: those of another time would be dropped
    store = DiskStore.open(folder, StoppedClock(now))
    deck, month = store.deck, timedelta(days=30)
    first, *_ = [store.store(store.push(kept), kept) for kept in (None, month, None)]
    submit_call(Intake(ACME), [WAV_HEAD + b"\0" * 64], deck)
    assert store.calls.erase_call(first.id, "erased_on_request", now)
    clean_up(deck, Leadership("one"))
    local_secret(folder / "keys")
    store.close()


def test_every_file_and_key_after_a_real_run(tmp_path: Path, logged: None) -> None:
    worked(tmp_path)
    log_event(logging.getLogger("pipeline"), "chore_done")  # by the clock of today, unlike the work
    home, keys = tmp_path / "home", tmp_path / "keys"
    with EmbeddedRedis(home), connect(home / "redis" / "redis.sock") as client:
        client.ping()
        files = {path.relative_to(home).as_posix() for path in home.rglob("*") if not path.is_dir()}
    assert {name.split("/")[0] for name in files} >= {"blobs", "logs", "redis", "deckname.db"}
    unknown = []
    for name in files:
        folder, _, inner = name.partition("/")
        kind = {"blobs": Kind.BLOB, "logs": Kind.LOG}.get(folder, Kind.HOME)
        if not of_one_class(kind, name if kind is Kind.HOME else inner):
            unknown.append(name)
    assert unknown == []
    made = {path.relative_to(keys).as_posix() for path in keys.rglob("*") if path.is_file()}
    assert {name.split("/")[0] for name in made} >= {"days", "retained", "ledger", "receipts"}
    assert [name for name in made if not of_one_class(Kind.KEY, name)] == []


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_every_roles_log_is_in_one_class(role: str) -> None:
    assert of_one_class(Kind.LOG, f"{role}-2026-01-31.jsonl")
    assert not of_one_class(Kind.LOG, f"{role}.txt")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (Kind.BLOB, "transcript.txt"),
        (Kind.HOME, "export.zip"),
        (Kind.KEY, "spare/master.pem"),
        (Kind.HOME, "redis/heap.core"),
    ],
)
def test_a_stray_place_would_be_found(kind: Kind, name: str) -> None:
    assert classes_of(kind, name) == ()
