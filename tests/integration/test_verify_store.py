"""`verify_store` finds each kind of sabotage, and nothing in a healthy store."""

from __future__ import annotations

import base64
import json
import os
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis

from pipeline.adapters.database import open_database
from pipeline.adapters.embedded_redis import EmbeddedRedis, connect
from pipeline.adapters.memory import StoppedClock
from pipeline.adapters.rq_queue import RqJobQueue
from pipeline.adapters.sealing import FileKeyStore
from pipeline.domain.audit import AuditEvent
from pipeline.domain.errors import SealBroken, ServiceUnavailable
from pipeline.domain.ids import CallId, new_call_id
from pipeline.domain.recording import SealedRecording
from pipeline.domain.redaction_policy import StoredPolicy
from pipeline.settings import load_settings
from pipeline.usecases.enforce_retention import enforce_retention
from pipeline.usecases.finish_deletions import finish_deletions
from pipeline.usecases.read_transcript import read_transcript
from pipeline.usecases.reap_orphans import reap_orphans
from pipeline.usecases.verification.findings import StorePlaces
from pipeline.usecases.verification.metrics import as_metrics
from pipeline.usecases.verify_store import examine_store, verify_store
from tests.builders import NOON
from tests.stores import AUDIO, DiskStore

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def checks(store: DiskStore, **options: object) -> set[str]:
    findings = verify_store(store.places, store.clock.now(), **options)  # type: ignore[arg-type]
    return {finding.check for finding in findings}


def test_where_nothing_was_stored_nothing_is_found(tmp_path: Path) -> None:
    assert (
        verify_store(StorePlaces.of(tmp_path / "home", tmp_path / "keys"), datetime.now(UTC)) == ()
    )


def test_keys_without_a_database_are_no_clean_store(tmp_path: Path) -> None:
    """A volume that is not mounted must not look like an empty store."""
    places = StorePlaces.of(tmp_path / "home", tmp_path / "keys")
    assert verify_store(places, NOON) == ()
    FileKeyStore(tmp_path / "keys", StoppedClock(NOON)).sealing_key(NOON)
    assert [found.check for found in verify_store(places, NOON)] == ["database_missing"]


def test_a_healthy_store_is_clean(store: DiskStore) -> None:
    received, claimed, broken, stored = (store.push() for _ in range(4))
    store.claim(claimed)
    store.calls.fail(store.claim(broken), "poison", store.clock.now())
    store.recordings.unlink(broken.id)
    store.store(stored)
    store.store(store.push(30 * DAY), 30 * DAY)
    _set_lists(store)
    assert store.recordings.open(received.id, store.calls.recording(received.id)) == AUDIO
    findings = verify_store(
        store.places, store.clock.now(), canaries=["Sonnenschein", "Ahornallee"]
    )
    assert findings == ()


def test_a_store_that_was_not_upgraded_yet_is_verified_as_it_is(store: DiskStore) -> None:
    store.store(store.push())
    store.close()
    for table in (
        *("consent_quotes", "consent_entries", "deletions", "index_secrets", "leases"),
        *("legal_holds", "redaction_policies", "retention_policies", "rights_requests"),
        *("subject_index", "watermarks"),
    ):
        store.sql(f"DROP TABLE {table}")
    store.sql("DROP INDEX ix_calls_living_of_customer")
    store.sql("ALTER TABLE calls DROP COLUMN erased_at")
    store.sql("UPDATE alembic_version SET version_num = '0001'")
    assert checks(store) == set()
    store.sql("UPDATE customers SET closed_at = '2026-01-01 00:00:00.000000'")
    assert checks(store) == {"key_of_closed_customer"}


def test_a_schema_that_lacks_what_it_should_have_is_found(store: DiskStore) -> None:
    store.sql("DROP TABLE legal_holds")
    assert checks(store) == {"schema_incomplete"}


def test_a_healthy_store_stays_clean_while_retention_runs(store: DiskStore) -> None:
    for kept_for in (None, 3 * DAY, 90 * DAY):
        store.store(store.push(kept_for), kept_for)
    store.push()
    for _ in range(14):
        store.clock.turn(8 * DAY)
        enforce_retention(store.deck)
        finish_deletions(store.deck)
        assert checks(store) == set()
    assert store.blob_names() == []
    assert store.keys.day_keys() == ()


Sabotage = Callable[[DiskStore], object]


def _blob_outlives_its_key(store: DiskStore) -> None:
    call = store.push()
    store.calls.complete(store.claim(call), store.outcome(call), store.clock.now())
    store.clock.turn(timedelta(seconds=15))


def _blob_of_no_call(store: DiskStore) -> None:
    store.recordings.seal(new_call_id(), store.clock.now(), [AUDIO])
    store.clock.turn(2 * HOUR)


def _cut_upload(store: DiskStore) -> None:
    store.push()
    (store.folder / "home" / "blobs" / f"{new_call_id()}.part").write_bytes(b"(half")
    store.clock.turn(2 * HOUR)


def _key_returns_after_the_transcript(store: DiskStore) -> None:
    call = store.push()
    sealed = store.calls.recording(call.id)
    assert isinstance(sealed, SealedRecording)
    store.calls.complete(store.claim(call), store.outcome(call), store.clock.now())
    store.sql(
        "INSERT INTO audio_keys (call_id, kind, wrapped_key, until, blob, size, day)"
        " VALUES (?, 'day', ?, '2999-01-01 00:00:00.000000', ?, 1, ?)",
        call.id,
        sealed.wrapped_key,
        call.id,
        sealed.day,
    )


def _kept_without_consent(store: DiskStore) -> None:
    store.store(store.push(), 30 * DAY)


def _kept_too_long(store: DiskStore) -> None:
    store.store(store.push(3 * DAY), 30 * DAY)


def _nothing_ran_for_a_month(store: DiskStore) -> None:
    store.push()
    store.clock.turn(31 * DAY)


def _known_parties_stay(store: DiskStore) -> None:
    call = store.store(store.push())
    store.sql("INSERT INTO known_parties VALUES (?, ?, x'00')", call.id, b"\1" + b"x" * 40)


def _transcript_lost(store: DiskStore) -> None:
    call = store.store(store.push())
    store.sql("DELETE FROM transcripts WHERE call_id = ?", call.id)


def _transcript_altered(store: DiskStore) -> None:
    call = store.store(store.push())
    sealed = store.calls.transcript(call.id).ciphertext
    altered = sealed[:-1] + bytes([sealed[-1] ^ 1])
    store.sql("UPDATE transcripts SET ciphertext = ? WHERE call_id = ?", altered, call.id)
    with pytest.raises(SealBroken):
        read_transcript(call.id, store.deck)


def _transcript_in_clear(store: DiskStore) -> None:
    call = store.store(store.push())
    text = b"Frau Sonnenschein wohnt in der Ahornallee 7."
    store.sql("UPDATE transcripts SET ciphertext = ? WHERE call_id = ?", text, call.id)


def _closed_customer_keeps_a_key(store: DiskStore) -> None:
    store.calls.close_customer(store.customer.id, store.clock.now())
    store.sql("UPDATE customers SET wrapped_key = x'01'")


def _lists(store: DiskStore) -> StoredPolicy:
    seal = store.transcripts.seal
    return StoredPolicy(sealed=seal(store.customer, CallId(""), "lists", b"Frau Sonnenschein"))


def _lists_in_clear(store: DiskStore) -> None:
    _set_lists(store)
    text = b"Frau Sonnenschein wohnt in der Ahornallee 7."
    store.sql("UPDATE redaction_policies SET ciphertext = ?", text)


def _set_lists(store: DiskStore) -> None:
    now = store.clock.now()
    store.calls.change_redaction_policy(
        store.customer.id, StoredPolicy(), _lists(store), ("deny",), now
    )


def _lists_outlive_their_customer(store: DiskStore) -> None:
    sealed = _lists(store).sealed
    assert sealed is not None
    store.calls.close_customer(store.customer.id, store.clock.now())
    store.sql(
        "INSERT INTO redaction_policies VALUES (?, TRUE, FALSE, FALSE, ?, ?)",
        store.customer.id,
        sealed.ciphertext,
        sealed.wrapped_key,
    )


def _altered_audit(store: DiskStore) -> None:
    store.audit.append(AuditEvent("audio_destroyed", store.clock.now(), "call_1"))
    store.sql("UPDATE audit_log SET call_id = 'call_2' WHERE call_id = 'call_1'")


def _cut_audit(store: DiskStore) -> None:
    store.push()
    store.sql("DELETE FROM audit_log WHERE position = 1")


def _unsealed_blob(store: DiskStore) -> None:
    call = store.push()
    (store.folder / "home" / "blobs" / call.id).write_bytes(AUDIO)


def _lost_blob(store: DiskStore) -> None:
    store.recordings.unlink(store.push().id)


def _open_key_file(store: DiskStore) -> None:
    store.push()
    next((store.folder / "keys" / "days").iterdir()).chmod(0o644)


def _open_key_folder(store: DiskStore) -> None:
    store.push()
    (store.folder / "keys").chmod(0o755)


def _stray_file(store: DiskStore) -> None:
    (store.folder / "home" / "Anruf Sonnenschein.txt").write_text("nothing")


def _stray_audio(store: DiskStore) -> None:
    (store.folder / "home" / "redis").mkdir()
    (store.folder / "home" / "redis" / "temp-1.rdb").write_bytes(AUDIO)


@pytest.mark.parametrize(
    ("sabotage", "expected"),
    [
        (_blob_outlives_its_key, {"blob_without_key"}),
        (_blob_of_no_call, {"blob_without_key"}),
        (_cut_upload, {"blob_half_written"}),
        (
            _key_returns_after_the_transcript,
            {"audio_key_beside_transcript", "audio_key_of_ended_call"},
        ),
        (_kept_without_consent, {"retained_without_consent"}),
        (_kept_too_long, {"retained_beyond_consent"}),
        (_nothing_ran_for_a_month, {"audio_overdue", "key_overdue"}),
        (_known_parties_stay, {"known_parties_of_ended_call"}),
        (_transcript_lost, {"stored_without_transcript"}),
        (_transcript_in_clear, {"content_unsealed"}),
        (_transcript_altered, {"content_damaged"}),
        (_closed_customer_keeps_a_key, {"key_of_closed_customer"}),
        (_lists_in_clear, {"content_unsealed"}),
        (_lists_outlive_their_customer, {"policy_of_closed_customer"}),
        (_altered_audit, {"audit_chain_broken"}),
        (_cut_audit, {"audit_chain_broken"}),
        (_unsealed_blob, {"blob_unsealed", "audio_in_clear"}),
        (_lost_blob, {"recording_missing"}),
        (_open_key_file, {"key_readable_by_others"}),
        (_open_key_folder, {"key_readable_by_others"}),
        (_stray_file, {"stray_file"}),
        (_stray_audio, {"audio_in_clear"}),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_sabotage_is_found(store: DiskStore, sabotage: Sabotage, expected: set[str]) -> None:
    sabotage(store)
    assert checks(store) == expected


@pytest.mark.parametrize("sabotage", [_stray_file, _transcript_in_clear, _unsealed_blob])
def test_canaries_are_found_and_findings_quote_nothing(
    store: DiskStore, sabotage: Sabotage
) -> None:
    sabotage(store)
    (store.folder / "home" / "note").write_text("x" * (1 << 20) + "Ahornallee" + "x" * 99)
    findings = verify_store(store.places, store.clock.now(), canaries=["Ahornallee"])
    assert "content_in_clear" in {finding.check for finding in findings}
    assert "Sonnenschein" not in repr(findings)
    assert "Ahornallee" not in repr(findings)


def test_a_young_blob_and_a_running_upload_are_no_orphans(store: DiskStore) -> None:
    store.recordings.seal(new_call_id(), store.clock.now(), [AUDIO])
    with store.blobs.write(new_call_id()) as stream:
        stream.write(b"(half")
        assert checks(store) == set()
        name = next(name for name in store.blob_names() if name.endswith(".part"))
        store.age_blob(name, 9 * HOUR)
        assert checks(store) == set()


def test_a_blob_without_any_database_is_an_orphan(store: DiskStore) -> None:
    store.push()
    places = replace(store.places, database=store.folder / "home" / "elsewhere.db")
    found = verify_store(places, store.clock.now() + 2 * HOUR)
    assert {finding.check for finding in found} == {"blob_without_key", "database_missing"}


def test_a_database_of_another_name_is_not_stray(tmp_path: Path) -> None:
    path = tmp_path / "home" / "elsewhere.db"
    with closing(open_database(f"sqlite:///{path}")):
        places = replace(StorePlaces.of(tmp_path / "home", tmp_path / "keys"), database=path)
        assert verify_store(places, datetime.now(UTC)) == ()


def test_a_file_that_is_no_database_is_an_error_and_not_an_answer(store: DiskStore) -> None:
    path = store.folder / "home" / "elsewhere.db"
    path.write_bytes(b"Frau Sonnenschein" * 1000)
    with pytest.raises(ServiceUnavailable, match="cannot be read"):
        verify_store(replace(store.places, database=path), store.clock.now())


def test_the_verifier_changes_nothing(store: DiskStore) -> None:
    store.store(store.push())
    store.push()
    _cut_upload(store)
    store.close()

    def state() -> dict[str, bytes]:
        files = (path for path in store.folder.rglob("*") if path.is_file())
        return {str(p): p.read_bytes() for p in files if not p.name.endswith(("-shm", "-wal"))}

    before = state()
    verify_store(store.places, store.clock.now(), canaries=["Ahornallee"])
    assert state() == before


def test_what_the_reaper_leaves_is_clean(store: DiskStore) -> None:
    _blob_outlives_its_key(store)
    assert checks(store) == {"blob_without_key"}
    assert len(reap_orphans(store.calls, store.recordings, store.clock.now())) == 1
    assert checks(store) == set()
    finish_deletions(store.deck)
    _cut_upload(store)
    _blob_of_no_call(store)
    assert checks(store) == {"blob_without_key", "blob_half_written"}
    assert len(reap_orphans(store.calls, store.recordings, store.clock.now())) == 2
    assert checks(store) == set()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def redis(server: EmbeddedRedis) -> Iterator[Redis]:
    with connect(server.socket) as client:
        client.flushall()
        yield client


def test_doorbells_are_clean_and_so_is_redis_own_folder(
    store: DiskStore, server: EmbeddedRedis, redis: Redis
) -> None:
    queue = RqJobQueue(load_settings(home=server.socket.parent.parent))
    for _ in range(3):
        queue.ring(new_call_id())
    assert len(list(redis.scan_iter())) == 5
    assert checks(store, redis=redis, canaries=["Sonnenschein"]) == set()
    places = replace(store.places, home=server.socket.parent.parent)
    assert verify_store(places, store.clock.now(), redis=redis) == ()


def _job(redis: Redis, call_id: CallId, data: object, **fields: object) -> None:
    packed = zlib.compress(json.dumps(data).encode())
    job = {"data": packed, "description": "call", "meta": "{}", **fields}
    redis.hset(f"rq:job:{call_id}", mapping=job)  # type: ignore[arg-type]


def _key_with_a_name(redis: Redis, call_id: CallId) -> None:
    redis.set("call:sonnenschein", "1")


def _file_name_as_argument(redis: Redis, call_id: CallId) -> None:
    _job(redis, call_id, ["workers.jobs.process_call", None, [call_id, "anruf.wav"], {}])


def _named_argument(redis: Redis, call_id: CallId) -> None:
    _job(redis, call_id, ["workers.jobs.process_call", None, [call_id], {"file": "anruf.wav"}])


def _pickled(redis: Redis, call_id: CallId) -> None:
    redis.hset(f"rq:job:{call_id}", mapping={"data": b"\x80\x04K\x01.", "description": "call"})


def _description(redis: Redis, call_id: CallId) -> None:
    fine = ["workers.jobs.process_call", None, [call_id], {}]
    _job(redis, call_id, fine, description="process_call('call')")


def _exception_text(redis: Redis, call_id: CallId) -> None:
    fine = ["workers.jobs.process_call", None, [call_id], {}]
    _job(redis, call_id, fine, exc_info=zlib.compress(b"ValueError: Frau Sonnenschein"))


def _sentence_in_known_key(redis: Redis, call_id: CallId) -> None:
    redis.set("rq:suspended", "Frau Sonnenschein rief an")


def _hash_in_known_key(redis: Redis, call_id: CallId) -> None:
    redis.hset("rq:queue:calls", mapping={"caller": "Sonnenschein"})


def _number_in_queue(redis: Redis, call_id: CallId) -> None:
    redis.rpush("rq:queue:calls", "+49 30 1234567")


@pytest.mark.parametrize(
    ("leak", "expected"),
    [
        (_key_with_a_name, "redis_key_unknown"),
        (_file_name_as_argument, "redis_job_arguments"),
        (_named_argument, "redis_job_arguments"),
        (_pickled, "redis_job_arguments"),
        (_description, "redis_job_wordy"),
        (_exception_text, "redis_job_wordy"),
        (_number_in_queue, "redis_member_unknown"),
        (_sentence_in_known_key, "redis_member_unknown"),
        (_hash_in_known_key, "redis_member_unknown"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_leak_into_redis_is_found(
    store: DiskStore, redis: Redis, leak: Callable[[Redis, CallId], None], expected: str
) -> None:
    leak(redis, new_call_id())
    findings = verify_store(store.places, store.clock.now(), redis=redis)
    assert {finding.check for finding in findings} == {expected}
    assert "onnenschein" not in repr(findings)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        ("failed", set()),
        ("Moved to FailedJobRegistry, due to AbandonedJobError, at 2026-11-25 15:18:10", set()),
        ("failed: Frau Sonnenschein", {"redis_result_wordy"}),
        ("Traceback\nworkers.retries.JobFailed: Sonnenschein", {"redis_result_wordy"}),
    ],
)
def test_of_a_failure_only_the_code_may_be_left(
    store: DiskStore, redis: Redis, failure: str, expected: set[str]
) -> None:
    packed = base64.b64encode(zlib.compress(failure.encode()))
    redis.xadd(f"rq:results:{new_call_id()}", {"type": "2", "exc_string": packed})
    assert checks(store, redis=redis) == expected


def test_what_a_worker_left_that_died_of_its_pop_is_known(store: DiskStore, redis: Redis) -> None:
    call_id = new_call_id()
    redis.rpush("rq:queue:calls:intermediate", call_id)
    redis.set(f"rq:queue:calls:intermediate:first_seen:{call_id}", "1795619844.445542")
    assert checks(store, redis=redis) == set()


def test_a_stream_is_found(store: DiskStore, redis: Redis) -> None:
    redis.xadd("rq:queue:calls", {"to": "+49 30 1234567"})
    assert checks(store, redis=redis) == {"redis_stream"}


def _append_only_file(redis: Redis, store: DiskStore, home: Path) -> set[str]:
    """What is found in the append-only file once Redis itself has forgotten everything."""
    redis.flushall()
    places = replace(store.places, home=home, database=store.places.database)
    return {finding.check for finding in verify_store(places, store.clock.now(), redis=redis)}


def _key_with_a_name_for_a_moment(redis: Redis, call_id: CallId) -> None:
    redis.set("call:sonnenschein", "1")
    redis.delete("call:sonnenschein")


@pytest.mark.parametrize(
    ("leak", "expected"),
    [
        (_key_with_a_name_for_a_moment, {"redis_log_unknown"}),
        (_number_in_queue, {"redis_log_wordy"}),
        (_file_name_as_argument, {"redis_log_wordy"}),
        (_exception_text, {"redis_log_wordy"}),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_redis_forgot_is_found_in_its_log(
    store: DiskStore,
    tmp_path: Path,
    leak: Callable[[Redis, CallId], None],
    expected: set[str],
) -> None:
    with EmbeddedRedis(tmp_path / "other") as server, connect(server.socket) as client:
        RqJobQueue(load_settings(home=tmp_path / "other")).ring(new_call_id())
        assert _append_only_file(client, store, tmp_path / "other") == set()
        leak(client, new_call_id())
        assert _append_only_file(client, store, tmp_path / "other") == expected


def test_a_cut_redis_log_is_read_as_far_as_it_goes(store: DiskStore) -> None:
    folder = store.folder / "home" / "redis" / "appendonlydir"
    folder.mkdir(parents=True)
    (folder / "appendonly.aof.1.incr.aof").write_bytes(
        b"#TS:1\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n"
    )
    assert checks(store) == set()


def test_canaries_are_found_in_deflated_values(store: DiskStore, redis: Redis) -> None:
    _exception_text(redis, new_call_id())
    assert "content_in_clear" in checks(store, redis=redis, canaries=["Sonnenschein"])


def test_an_unreachable_redis_is_an_error_and_not_an_answer(store: DiskStore) -> None:
    with pytest.raises(ServiceUnavailable):
        verify_store(store.places, store.clock.now(), redis=connect(Path("/nowhere/redis.sock")))


def test_key_files_left_half_written_are_found(store: DiskStore) -> None:
    store.push()
    part = store.folder / "keys" / "days" / ".2026-01-01.key.ab.part"
    part.write_bytes(b"{")
    part.chmod(0o600)
    os.utime(part, (0, 0))
    assert checks(store) == {"key_half_written"}
    store.keys.destroy_due(store.clock.now())
    assert checks(store) == set()


@pytest.fixture
def temp(tmp_path: Path) -> Path:
    (tmp_path / "temp" / "job").mkdir(parents=True)
    return tmp_path / "temp"


def test_audio_in_the_folder_for_temporary_files_is_found(store: DiskStore, temp: Path) -> None:
    store.push()
    store.deck.mark.tie()
    places = replace(store.places, temp=temp)
    (temp / "notes").write_text("nothing")
    (temp / "job" / "pipe").symlink_to("/nowhere")
    old = temp / "music.wav"
    old.write_bytes(AUDIO)
    os.utime(old, (0, 0))  # older than the store: somebody's music
    assert verify_store(places, store.clock.now()) == ()
    (temp / "job" / "decoded").write_bytes(AUDIO)
    (finding,) = verify_store(places, store.clock.now())
    assert finding.check == "audio_in_temp" and "decoded" not in repr(finding)
    found = verify_store(places, store.clock.now(), canaries=["Ahornallee"])
    assert {finding.check for finding in found} == {"audio_in_temp", "content_in_temp"}


def test_the_stores_own_folders_and_other_peoples_files_are_left_alone(
    store: DiskStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The data folder may lie below the one for temporary files, as here."""
    (store.folder / "decoded").write_bytes(AUDIO)
    places = replace(store.places, temp=store.folder)
    (finding,) = verify_store(places, store.clock.now())
    assert finding.check == "audio_in_temp"
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    assert verify_store(places, store.clock.now()) == ()


def test_the_metrics_are_prometheus_text(store: DiskStore) -> None:
    clean = as_metrics(examine_store(store.places, store.clock.now()), store.clock.now())
    assert 'deckname_verify_findings{check="none"} 0\n' in clean
    assert "\ndeckname_verify_oldest_overdue_seconds 0.000\n" in clean
    _receiptless(store)
    text = as_metrics(examine_store(store.places, store.clock.now()), store.clock.now())
    assert 'deckname_verify_findings{check="deletion_unfinished"} 1\n' in text
    assert "\ndeckname_verify_oldest_overdue_seconds 1200.000\n" in text
    assert 'deckname_verify_looked_at{kind="calls"} 1\n' in text
    sample = re.compile(r'(# (HELP|TYPE) .+|[a-z_]+(\{[a-z]+="[a-z_]+"\})? [0-9.]+)\Z')
    assert all(sample.match(line) for line in text.splitlines())


def _receiptless(store: DiskStore) -> None:
    store.store(store.push())
    store.clock.turn(timedelta(minutes=20))
