"""Blobs and keys as files: full disks, locks between processes, modes, what lies where."""

from __future__ import annotations

import base64
import errno
import gc
import io
import json
import os
import resource
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.adapters.durable_files import shred, write_durably
from pipeline.adapters.folder_store import FolderObjectStore
from pipeline.adapters.memory import MemoryKeyStore, StoppedClock
from pipeline.adapters.sealing import FileKeyStore, TinkRecordingVault
from pipeline.adapters.sealing.keys import Master
from pipeline.adapters.sealing.primitives import DataKey
from pipeline.domain.errors import NotFound, SealBroken, StorageFull
from pipeline.domain.ids import new_call_id
from pipeline.domain.retention import day_key_end
from pipeline.usecases.reap_orphans import reap_orphans
from tests.builders import NOON
from tests.stores import DiskStore

ROOT = Path(__file__).parents[2]
MIB = 1 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB, where this user may mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("only root can mount a small disk; the next test needs none")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def _chunks(mebibytes: int) -> Iterator[bytes]:
    for _ in range(mebibytes * 16):
        yield os.urandom(MIB // 16)


def test_a_disk_that_fills_up_keeps_nothing_of_the_recording(small_disk: Path) -> None:
    vault = TinkRecordingVault(
        FolderObjectStore(small_disk / "blobs"), MemoryKeyStore(StoppedClock(NOON))
    )
    first = new_call_id()
    sealed = vault.seal(first, NOON, [b"first"])
    with pytest.raises(StorageFull):
        vault.seal(new_call_id(), NOON, _chunks(8))
    assert [path.name for path in (small_disk / "blobs").iterdir()] == [first]
    assert vault.open(first, sealed) == b"first"
    second = new_call_id()
    assert len(vault.open(second, vault.seal(second, NOON, _chunks(2)))) == 2 * MIB


def test_a_disk_without_room_for_a_key_makes_none(small_disk: Path) -> None:
    keys = FileKeyStore(small_disk / "keys", StoppedClock(NOON))
    keys.make_master_key(Master.CONTENT)
    with (small_disk / "ballast").open("wb", buffering=0) as ballast, pytest.raises(OSError):
        while True:
            ballast.write(b"x" * 4096)
    with pytest.raises(StorageFull):
        keys.sealing_key(NOON)
    assert keys.day_keys() == ()
    assert list(small_disk.rglob("*.part")) == []
    (small_disk / "ballast").unlink()
    keys.sealing_key(NOON)


def test_a_file_size_limit_keeps_nothing_of_the_recording(tmp_path: Path) -> None:
    vault = TinkRecordingVault(
        FolderObjectStore(tmp_path / "blobs"), MemoryKeyStore(StoppedClock(NOON))
    )
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * MIB, hard))
    try:
        with pytest.raises(StorageFull) as caught:
            vault.seal(new_call_id(), NOON, _chunks(4))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(tmp_path) not in str(caught.value)
    assert list((tmp_path / "blobs").iterdir()) == []


def test_sealing_needs_no_memory_for_the_recording(tmp_path: Path) -> None:
    vault = TinkRecordingVault(
        FolderObjectStore(tmp_path / "blobs"), MemoryKeyStore(StoppedClock(NOON))
    )
    tracemalloc.start()
    try:
        sealed = vault.seal(new_call_id(), NOON, _chunks(64))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sealed.size == 64 * MIB
    assert peak < 8 * MIB


def test_blobs_and_folders_are_the_owners_only(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        store = DiskStore.open(tmp_path, StoppedClock(NOON))
        call = store.push()
        store.store(store.push(timedelta(days=30)), timedelta(days=30))
        store.close()
    finally:
        os.umask(old)
    assert (tmp_path / "home" / "blobs" / call.id).exists()
    for path in tmp_path.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_no_key_lies_among_the_data(tmp_path: Path) -> None:
    store = DiskStore.open(tmp_path, StoppedClock(NOON))
    store.store(store.push(timedelta(days=30)), timedelta(days=30))
    store.close()
    data = b"".join(p.read_bytes() for p in (tmp_path / "home").rglob("*") if p.is_file())
    keys = [json.loads(path.read_bytes()) for path in (tmp_path / "keys").rglob("*.key")]
    assert len(keys) == 4
    for key in keys:
        keyset = base64.b64decode(key["keyset"])
        # Field 3 of the AesGcmKey message: 32 bytes of key.
        secret = keyset[keyset.index(b"\x1a\x20") + 2 :][:32]
        assert len(secret) == 32
        assert secret not in data
        assert secret[:16] not in data


class Sink(io.BytesIO):
    """Counts what is written, and fails when told."""

    full = False
    writes = 0

    def write(self, chunk: bytes) -> int:  # type: ignore[override]
        self.writes += 1
        if self.full:
            raise OSError(errno.ENOSPC, "full")
        return super().write(chunk)


@pytest.mark.parametrize("full", [True, False])
def test_nothing_is_written_after_sealing_failed(full: bool) -> None:
    """Tink would flush and finish the ciphertext when it is collected; by then the descriptor's
    number may be another file's."""
    sink = Sink()

    def upload() -> Iterator[bytes]:
        yield b"x" * (3 * MIB)
        sink.full = full
        yield b"x" * (3 * MIB)
        raise ConnectionResetError

    with pytest.raises(OSError) as caught:
        DataKey.new_streaming().seal_stream(upload(), sink, b"bound")
    assert isinstance(caught.value, ConnectionResetError) is not full
    assert (caught.value.errno == errno.ENOSPC) is full
    writes, sink.full = sink.writes, False
    del caught
    gc.collect()
    assert sink.writes == writes


HOLD = """
import sys
from pathlib import Path
from pipeline.adapters.folder_store import FolderObjectStore
with FolderObjectStore(Path(sys.argv[1])).write(sys.argv[2]) as stream:
    stream.write(b"half")
    print("writing", flush=True)
    sys.stdin.readline()
    stream.write(b"whole")
"""


@pytest.fixture
def uploader(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    call_id = new_call_id()
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "home" / "blobs"), call_id],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    yield process, call_id
    process.kill()
    process.communicate()


def test_an_upload_in_another_process_outlives_the_reaper(
    tmp_path: Path, uploader: tuple[subprocess.Popen[str], str]
) -> None:
    process, call_id = uploader
    store = DiskStore.open(tmp_path, StoppedClock(NOON))
    store.age_blob(f"{call_id}.part", timedelta(days=400))
    far = store.clock.turn(timedelta(days=365 * 50))
    assert reap_orphans(store.calls, store.recordings, far) == ()
    process.communicate("finish\n")
    assert process.returncode == 0
    with store.blobs.open(call_id) as blob:
        assert blob.read() == b"halfwhole"
    store.close()


def test_what_a_killed_upload_left_is_reaped(
    tmp_path: Path, uploader: tuple[subprocess.Popen[str], str]
) -> None:
    process, call_id = uploader
    process.kill()
    process.wait()
    store = DiskStore.open(tmp_path, StoppedClock(NOON))
    assert store.blob_names() == [f"{call_id}.part"]
    far = store.clock.turn(timedelta(days=365 * 50))
    assert reap_orphans(store.calls, store.recordings, far) == (call_id,)
    assert store.blob_names() == []
    store.close()


def test_names_from_outside_reach_no_other_file(tmp_path: Path) -> None:
    store = FolderObjectStore(tmp_path / "blobs")
    (tmp_path / "secret").write_bytes(b"x")
    for name in ("../secret", "/etc/hostname", "a/b", "", ".", "x.part.part"):
        with pytest.raises(NotFound):
            store.open(name)
        with pytest.raises(NotFound):
            store.delete(name)
        with pytest.raises(NotFound), store.write(name):
            pass
    assert (tmp_path / "secret").exists()


def test_a_key_file_replaced_by_rubbish_breaks_the_seal_and_is_not_overwritten(
    tmp_path: Path,
) -> None:
    keys = FileKeyStore(tmp_path / "keys", StoppedClock(NOON))
    keys.sealing_key(NOON)
    path = tmp_path / "keys" / "days" / "2026-01-31.key"
    for rubbish in (b"", b"[]", b"{}", b'{"until": null, "keyset": "AAAA"}', b"\xff\xfe"):
        path.write_bytes(rubbish)
        with pytest.raises(SealBroken):
            keys.opening_key("2026-01-31")
        with pytest.raises(SealBroken):
            keys.sealing_key(NOON)
        assert path.read_bytes() == rubbish
    assert keys.destroy_due(day_key_end("2026-01-31")) == ("2026-01-31",)


def test_a_rubbish_retention_key_is_destroyed(tmp_path: Path) -> None:
    keys = FileKeyStore(tmp_path / "keys", StoppedClock(NOON))
    name, _ = keys.new_retention_key(NOON + timedelta(days=90))
    (tmp_path / "keys" / "retained" / f"{name}.key").write_bytes(b"rubbish")
    assert keys.destroy_due(NOON) == (name,)


RACE = """
import sys
from pathlib import Path
from pipeline.adapters.memory import StoppedClock
from pipeline.adapters.sealing import FileKeyStore
from pipeline.adapters.sealing.keys import Master
from pipeline.adapters.sealing.primitives import DataKey
clock = StoppedClock()
keys = FileKeyStore(Path(sys.argv[1]), clock)
print("ready", flush=True)
sys.stdin.readline()
for key in (keys.sealing_key(clock.now())[1], *map(keys.make_master_key, Master)):
    print(key.serialise().hex())
"""


def test_processes_that_start_at_once_share_their_keys(tmp_path: Path) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, str(tmp_path / "keys")],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    printed = {process.communicate(timeout=240)[0] for process in started}
    assert len(printed) == 1
    assert len(printed.pop().split()) == 3


def test_shredding_overwrites_before_it_unlinks(tmp_path: Path) -> None:
    path, link = tmp_path / "key", tmp_path / "second-name"
    path.write_bytes(b"secret" * 10)
    link.hardlink_to(path)
    assert shred(path) is True
    assert shred(path) is False
    assert len(link.read_bytes()) == 60
    assert b"secret" not in link.read_bytes()


def test_a_durable_file_is_the_old_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "key"
    write_durably(path, b"old")

    def refuse(_: int) -> None:
        raise OSError(28, "no space")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageFull):
        write_durably(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["key"]


def test_a_blob_is_synced_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[bool, bool]] = []
    real, name = os.fsync, new_call_id()

    def record(descriptor: int) -> None:
        is_folder = Path(f"/proc/self/fd/{descriptor}").resolve().is_dir()
        seen.append((is_folder, (tmp_path / "blobs" / name).exists()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    with FolderObjectStore(tmp_path / "blobs").write(name) as stream:
        stream.write(b"x")
    assert seen == [(False, False), (True, True)]


def test_times_of_blobs_are_the_files(tmp_path: Path) -> None:
    store = FolderObjectStore(tmp_path / "blobs")
    with store.write("a") as stream:
        stream.write(b"x")
    ((_, changed),) = store.list()
    assert abs(changed.timestamp() - time.time()) < 60
