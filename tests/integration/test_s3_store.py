"""Blobs on a real S3 server: what goes wrong on the way, and what a bucket may keep."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from pipeline.adapters.memory import MemoryKeyStore, StoppedClock
from pipeline.adapters.s3_store import Answer, S3Client, S3ObjectStore
from pipeline.adapters.s3_store import store as s3_module
from pipeline.adapters.s3_store.client import ATTEMPTS
from pipeline.adapters.s3_store.store import DEAD_SECONDS, WRITER_SECONDS
from pipeline.adapters.s3_store.streams import PART_BYTES
from pipeline.adapters.sealing import TinkRecordingVault
from pipeline.domain.bucket import Bucket, Credentials, bucket_of
from pipeline.domain.errors import (
    ConfigurationError,
    Conflict,
    DecknameError,
    NotFound,
    SealBroken,
    ServiceUnavailable,
    StorageFull,
)
from pipeline.domain.ids import new_call_id
from tests.builders import NOON
from tests.s3_server import ACCESS_KEY, SECRET_KEY, TOKEN, Asked, Fault, S3Server, s3_store

NAME = "call_" + "0" * 32
ROOT = Path(__file__).parents[2]
MIB = 1 << 20
HOUR = timedelta(hours=1)


@pytest.fixture
def bucket(s3: S3Server) -> Bucket:
    return s3.new_bucket()


def names(store: S3ObjectStore) -> list[str]:
    return sorted(name for name, _ in store.list())


def put(store: S3ObjectStore, content: bytes = b"sealed", name: str = NAME) -> None:
    with store.write(name) as stream:
        stream.write(content)


def vault_in(bucket: Bucket, pauses: list[float] | None = None) -> TinkRecordingVault:
    return TinkRecordingVault(s3_store(bucket, pauses), MemoryKeyStore(StoppedClock(NOON)))


def is_part(asked: Asked) -> bool:
    return asked[0] == "PUT" and "partNumber" in asked[2]


def is_completion(asked: Asked) -> bool:
    return asked[0] == "POST" and asked[2].startswith("uploadId")


def is_blob(asked: Asked) -> bool:
    return asked[0] == "GET" and not asked[2] and NAME[:5] in asked[1]


def test_a_blob_lies_below_the_prefix_and_others_stay_out_of_sight(
    s3: S3Server, bucket: Bucket
) -> None:
    s3.admin.put_object(Bucket=bucket.name, Key="others/call_1", Body=b"x")
    s3.admin.put_object(Bucket=bucket.name, Key="calls/Report 7.pdf", Body=b"x")
    store = s3_store(bucket)
    put(store)
    assert names(store) == [NAME]
    assert sorted(s3.keys(bucket)) == ["calls/Report 7.pdf", f"calls/{NAME}", "others/call_1"]
    assert store.delete(NAME) and len(s3.keys(bucket)) == 2


def test_a_bucket_without_a_prefix(s3: S3Server) -> None:
    store = s3_store(s3.new_bucket(""))
    put(store)
    assert names(store) == [NAME] and store.delete(NAME) and names(store) == []


IN_A_PROCESS = """
import os, signal, sys, tracemalloc
from pipeline.adapters.s3_store.streams import PART_BYTES
from pipeline.domain.bucket import Credentials, bucket_of
from tests.s3_server import ACCESS_KEY, SECRET_KEY, s3_store
place, endpoint, name = sys.argv[1:]
bucket = bucket_of(place, endpoint, "eu-central-1", Credentials(ACCESS_KEY, SECRET_KEY))
store = s3_store(bucket)
"""


def in_a_process(program: str, s3: S3Server, bucket: Bucket) -> subprocess.CompletedProcess[str]:
    place = f"s3://{bucket.name}/{bucket.prefix}"
    command = [sys.executable, "-c", IN_A_PROCESS + program, place, s3.endpoint, NAME]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_a_long_recording_goes_in_parts_and_is_never_whole_in_memory(
    s3: S3Server, bucket: Bucket
) -> None:
    write_and_read = """
tracemalloc.start()
with store.write(name) as stream:
    for number in range(80):
        stream.write(bytes([number]) * (1 << 20))
with store.open(name) as source:
    assert all(source.read(1 << 20) == bytes([number]) * (1 << 20) for number in range(80))
print(tracemalloc.get_traced_memory()[1])
"""
    done = in_a_process(write_and_read, s3, bucket)
    assert done.returncode == 0, done.stderr
    assert len(list(filter(is_part, s3.asked))) == 80 * MIB // PART_BYTES
    assert int(done.stdout) < 4 * PART_BYTES


def test_more_blobs_than_fit_on_one_page_are_listed(
    s3: S3Server, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    from moto import settings as moto_settings

    monkeypatch.setattr(moto_settings, "get_s3_default_max_keys", lambda: 2)
    s3.versioned(bucket)
    store = s3_store(bucket)
    expected = [f"call_{number}" for number in range(5)]
    for name in expected:
        put(store, name=name)
        s3.overwrite(bucket, name, b"again")
    s3.asked.clear()
    assert names(store) == expected
    assert len([asked for asked in s3.asked if "versions" in asked[2]]) >= 5
    assert store.delete("call_3") and names(store) == [*expected[:3], expected[4]]


# What a bucket keeps


@pytest.mark.parametrize("status", ["Enabled", "Suspended"])
def test_deleting_leaves_no_older_version_and_no_marker(
    s3: S3Server, bucket: Bucket, status: str
) -> None:
    s3.versioned(bucket)
    store = s3_store(bucket)
    put(store)
    s3.overwrite(bucket, NAME, b"another")
    s3.versioned(bucket, status)
    if status == "Enabled":
        s3.admin.delete_object(Bucket=bucket.name, Key=bucket.prefix + NAME)
        assert s3.keys(bucket) == []
        with pytest.raises(NotFound):
            store.open(NAME)
    assert names(store) == [NAME] and len(s3.everything(bucket)) >= 2
    assert store.delete(NAME) is True
    assert s3.everything(bucket) == [] and names(store) == []
    assert store.delete(NAME) is False


def test_a_bucket_that_locks_its_objects_is_refused_before_anything_is_kept(s3: S3Server) -> None:
    bucket = s3.new_bucket(ObjectLockEnabledForBucket=True)
    store = s3_store(bucket)
    with pytest.raises(ConfigurationError, match="object lock") as caught:
        put(store)
    assert "\n" not in str(caught.value) and s3.everything(bucket) == []


def test_a_deletion_that_leaves_something_is_no_deletion(
    s3: S3Server, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.versioned(bucket)
    store = s3_store(bucket)
    put(store)
    monkeypatch.setattr(store, "_gone", lambda *_: None)
    with pytest.raises(ServiceUnavailable, match="still there"):
        store.delete(NAME)


# Half-written blobs


def test_an_upload_whose_writer_died_is_removed_once_it_was_silent_long_enough(
    s3: S3Server, bucket: Bucket
) -> None:
    write_and_die = """
with store.write(name) as stream:
    stream.write(b"x" * (PART_BYTES + 1))
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert in_a_process(write_and_die, s3, bucket).returncode == -signal.SIGKILL
    reaper = s3_store(bucket)
    assert names(reaper) == [NAME + ".part"]
    s3.ahead = timedelta(seconds=DEAD_SECONDS - 60)
    assert reaper.delete(NAME + ".part") is False and reaper.delete(NAME) is False
    s3.ahead = timedelta(seconds=DEAD_SECONDS + 60)
    assert reaper.delete(NAME + ".part") is True
    assert s3.everything(bucket) == [] and names(reaper) == []


def test_a_writer_that_comes_back_to_an_upload_that_was_removed_keeps_nothing(
    s3: S3Server, bucket: Bucket
) -> None:
    with (
        pytest.raises(ServiceUnavailable, match="nothing was kept"),
        s3_store(bucket).write(NAME) as stream,
    ):
        stream.write(b"half")
        s3.ahead = 2 * HOUR
        assert s3_store(bucket).delete(NAME + ".part")
        stream.write(b"x" * PART_BYTES)
    assert s3.everything(bucket) == []


def test_a_writer_is_never_slower_than_the_reaper_thinks(s3: S3Server, bucket: Bucket) -> None:
    now = [0.0]
    store = S3ObjectStore(S3Client(bucket), monotonic=lambda: now[0])
    assert WRITER_SECONDS < DEAD_SECONDS
    with pytest.raises(ServiceUnavailable, match="too slowly"), store.write(NAME) as stream:
        stream.write(b"x" * PART_BYTES)
        now[0] = WRITER_SECONDS + 1
        stream.write(b"x" * PART_BYTES)
    assert s3.everything(bucket) == []


def test_a_name_is_written_by_one_writer_wherever_it_is(bucket: Bucket) -> None:
    with s3_store(bucket).write(NAME) as stream:
        with pytest.raises(Conflict):
            put(s3_store(bucket))
        stream.write(b"first")
    with pytest.raises(Conflict):
        put(s3_store(bucket))


# Faults


def test_a_server_that_goes_down_in_the_middle_of_an_upload_keeps_nothing(
    s3: S3Server, bucket: Bucket
) -> None:
    vault, call_id = vault_in(bucket), new_call_id()
    down = Fault("down", times=0)
    s3.faults.append(down)

    def chunks() -> Iterator[bytes]:
        yield bytes(12 * MIB)
        assert len(list(filter(is_part, s3.asked))) == 1
        down.times = float("inf")
        yield bytes(12 * MIB)

    with pytest.raises(ServiceUnavailable, match="cannot be reached"):
        vault.seal(call_id, NOON, chunks())
    down.times = 0
    # It could not be told to forget the half: the reaper does, and nobody sees an object.
    assert s3.keys(bucket) == [] and [name for name, _ in vault.blobs()] == [call_id]
    assert vault.unlink(call_id) is False
    s3.ahead = 2 * HOUR
    assert vault.unlink(call_id) is True and s3.everything(bucket) == []


def test_a_storm_of_503_is_waited_out(s3: S3Server, bucket: Bucket) -> None:
    pauses: list[float] = []
    vault, call_id = vault_in(bucket, pauses), new_call_id()
    audio = bytes(20 * MIB)
    s3.faults += [Fault("busy", is_part, ATTEMPTS - 1), Fault("busy", is_completion, ATTEMPTS - 1)]
    sealed = vault.seal(call_id, NOON, [audio])
    assert len(pauses) == 2 * (ATTEMPTS - 1)
    assert all(0 < early < 2 * late for early, late in pairwise(pauses[:4]))
    assert vault.open(call_id, sealed) == audio


def test_a_storm_of_503_that_does_not_end_ends_the_upload(s3: S3Server, bucket: Bucket) -> None:
    pauses: list[float] = []
    s3.faults.append(Fault("busy", is_part, float("inf")))
    with pytest.raises(ServiceUnavailable, match="503 SlowDown"):
        put(s3_store(bucket, pauses))
    assert len(pauses) == ATTEMPTS - 1 and sum(pauses) < 10
    assert s3.everything(bucket) == []


def test_a_connection_that_is_cut_while_reading_is_taken_up_again(
    s3: S3Server, bucket: Bucket
) -> None:
    vault, audio = vault_in(bucket), bytes(range(256)) * 40_000
    sealed = vault.seal(NAME, NOON, [audio])
    s3.faults += [Fault("cut", is_blob, 2)]
    assert vault.open(NAME, sealed) == audio
    s3.faults += [Fault("cut", is_blob, 2)]
    with vault.reader(NAME, sealed) as source:
        source.seek(5 * MIB)
        assert source.read(3) == audio[5 * MIB : 5 * MIB + 3]
    assert not any(fault.times for fault in s3.faults)


@pytest.mark.parametrize("kind", ["cut", "down", "busy"])
def test_a_server_that_goes_away_while_reading_is_no_broken_seal(
    s3: S3Server, bucket: Bucket, kind: str
) -> None:
    vault = vault_in(bucket)
    sealed = vault.seal(NAME, NOON, [bytes(10 * MIB)])
    away = Fault(kind, lambda asked: is_blob(asked) and len(list(filter(is_blob, s3.asked))) > 1)
    away.times = float("inf")
    s3.faults.append(away)
    s3.asked.clear()
    with pytest.raises(ServiceUnavailable):
        vault.open(NAME, sealed)
    s3.asked.clear()
    with pytest.raises(ServiceUnavailable), vault.reader(NAME, sealed):
        raise AssertionError("something was given out")


def test_a_decoder_that_swallows_a_lost_server_is_found_out(s3: S3Server, bucket: Bucket) -> None:
    vault = vault_in(bucket)
    sealed = vault.seal(NAME, NOON, [bytes(10 * MIB)])
    with pytest.raises(ServiceUnavailable), vault.reader(NAME, sealed) as source:
        s3.faults.append(Fault("down", times=float("inf")))
        source.seek(6 * MIB)
        with pytest.raises(ServiceUnavailable):
            source.read()


def test_a_blob_that_became_shorter_has_a_broken_seal(s3: S3Server, bucket: Bucket) -> None:
    vault = vault_in(bucket)
    sealed = vault.seal(NAME, NOON, [bytes(10 * MIB)])
    whole = s3.read(bucket, NAME)
    with pytest.raises(SealBroken), vault.reader(NAME, sealed) as source:
        s3.overwrite(bucket, NAME, whole[: 2 * MIB])
        source.seek(8 * MIB)
        source.read()


@pytest.mark.parametrize("fault", ["lost", "late_error"])
def test_a_completion_is_asked_for_again(s3: S3Server, bucket: Bucket, fault: str) -> None:
    s3.faults.append(Fault(fault, is_completion))
    put(s3_store(bucket), b"whole")
    assert s3.read(bucket, NAME) == b"whole" and s3.everything(bucket) == [f"calls/{NAME}"]


def test_a_completion_that_nobody_heard_of_leaves_nothing(s3: S3Server, bucket: Bucket) -> None:
    """The server made it an object; its answers were all lost, and the writer knows nothing."""
    s3.faults.append(Fault("lost", is_completion))
    s3.faults.append(Fault("down", is_completion, float("inf")))
    with pytest.raises(ServiceUnavailable):
        put(s3_store(bucket))
    assert len(list(filter(is_completion, s3.asked))) == ATTEMPTS
    assert s3.everything(bucket) == []


def test_a_beginning_whose_answer_was_lost_is_made_again(s3: S3Server, bucket: Bucket) -> None:
    s3.faults.append(Fault("lost", lambda asked: asked[0] == "POST" and asked[2] == "uploads="))
    store = s3_store(bucket)
    put(store, b"whole")
    assert s3.read(bucket, NAME) == b"whole"
    # The server began two: the one that nobody writes goes with the reaper.
    assert store.delete(NAME) and names(store) == [NAME + ".part"]
    s3.ahead = 2 * HOUR
    assert store.delete(NAME + ".part") and s3.everything(bucket) == []


@pytest.mark.parametrize(
    ("status", "code", "error", "told"),
    [
        (403, "AccessDenied", ServiceUnavailable, "refuses these credentials"),
        (403, "RequestTimeTooSkewed", ServiceUnavailable, "clock"),
        (403, "QuotaExceeded", StorageFull, "nothing was kept"),
        (507, "XMinioStorageFull", StorageFull, "nothing was kept"),
        (404, "NoSuchBucket", ServiceUnavailable, "no such bucket"),
        (301, "PermanentRedirect", ServiceUnavailable, "another region"),
        (400, "AuthorizationHeaderMalformed", ServiceUnavailable, "another region"),
        (501, "NotImplemented", ServiceUnavailable, "501 NotImplemented"),
        (404, "anna 0170", ServiceUnavailable, r"\(404\)"),
    ],
)
def test_what_a_server_refuses_is_told_in_one_line_that_quotes_nothing(
    bucket: Bucket,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    code: str,
    error: type[DecknameError],
    told: str,
) -> None:
    body = f"<Error><Code>{code}</Code><Message>anna {SECRET_KEY}</Message></Error>".encode()
    client = S3Client(bucket, [].append)
    answer = Answer(status, {}, body)
    monkeypatch.setattr(client, "_once", lambda *_: answer)
    with pytest.raises(error, match=told) as caught:
        S3ObjectStore(client).open(NAME)
    assert "\n" not in str(caught.value) and caught.value.__suppress_context__ is False
    for secret in ("anna", SECRET_KEY, ACCESS_KEY, bucket.name):
        assert secret not in str(caught.value)


def test_a_server_that_is_not_there_is_told_of_and_nothing_else(
    s3: S3Server, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{free.getsockname()[1]}"
    key = Credentials(ACCESS_KEY, SECRET_KEY, TOKEN)
    store = s3_store(bucket_of("s3://no-bucket/x", endpoint, None, key))
    for use in (lambda: put(store), lambda: store.open(NAME), lambda: list(store.list())):
        with pytest.raises(ServiceUnavailable, match="DECKNAME_S3_ENDPOINT") as caught:
            use()
        assert "\n" not in str(caught.value)
    with pytest.raises(ServiceUnavailable):
        store.delete(NAME)
    told = caplog.text + repr(store) + repr(key) + repr(vars(store))
    assert SECRET_KEY not in told and TOKEN not in told and ACCESS_KEY not in told


def test_an_answer_that_is_no_s3_is_a_service_that_is_missing(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = S3Client(bucket)
    page = Answer(200, {}, b"<html>Welcome<br></html>")
    monkeypatch.setattr(client, "_once", lambda *_: page)
    store = S3ObjectStore(client)
    with pytest.raises(ServiceUnavailable, match="not S3"):
        list(store.list())
    with pytest.raises(ServiceUnavailable, match="parts of a blob"):
        store.open(NAME)


def test_wrong_keys_are_refused_by_the_server(s3: S3Server, bucket: Bucket) -> None:
    wrong = Credentials(ACCESS_KEY, "another")
    store = s3_store(bucket_of(f"s3://{bucket.name}/calls", s3.endpoint, "eu-central-1", wrong))
    with pytest.raises(ServiceUnavailable, match="refuses these credentials"):
        put(store)
    assert s3.refused and s3.everything(bucket) == []


def test_a_key_with_a_token_signs_the_token_too(s3: S3Server, bucket: Bucket) -> None:
    key = Credentials(ACCESS_KEY, SECRET_KEY, TOKEN)
    store = s3_store(bucket_of(f"s3://{bucket.name}/calls", s3.endpoint, "eu-central-1", key))
    put(store)
    assert s3.refused == [] and names(store) == [NAME]


def test_nothing_is_written_to_a_disk(bucket: Bucket) -> None:
    armed, opened, here = [True], list[str](), threading.get_ident()

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        # moto, which does, has threads of its own
        if armed and threading.get_ident() == here and event in ("open", "os.mkdir"):
            flags = arguments[2] if event == "open" else os.O_WRONLY
            if not isinstance(flags, int) or flags & (os.O_WRONLY | os.O_RDWR):
                opened.append(event)

    sys.addaudithook(watch)
    store = s3_store(bucket)
    put(store, bytes(9 * MIB))
    with store.open(NAME) as source:
        assert len(source.read()) == 9 * MIB
    armed.clear()
    assert opened == []


def test_what_the_server_does_not_say_is_not_known(
    s3: S3Server, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = S3Client(bucket)
    asks = (s3_module.locks_objects, s3_module.keeps_versions, s3_module.is_replicated)
    assert [ask(client) for ask in asks] == [False, False, False]
    monkeypatch.setattr(client, "_once", lambda *_: Answer(501, {}, b""))
    assert [ask(client) for ask in asks] == [None, None, None]
    put(s3_store(bucket))
