"""The contract of `RecordingVault` and `TranscriptVault`: on disk, on S3, in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.adapters.folder_store import FolderObjectStore
from pipeline.adapters.memory import MemoryKeyStore, MemoryObjectStore, StoppedClock
from pipeline.adapters.sealing import FileKeyStore, TinkRecordingVault, TinkTranscriptVault
from pipeline.domain.call import Customer, Sealed
from pipeline.domain.errors import Conflict, KeyDestroyed, NotFound, SealBroken
from pipeline.domain.ids import CallId, CustomerId, new_call_id
from pipeline.domain.retention import day_key_end
from pipeline.ports import KeyStore, RecordingVault, TranscriptVault
from tests.builders import NOON, customer

if TYPE_CHECKING:
    from tests.s3_server import S3Server

DAY = "2026-01-31"


@dataclass
class Vaults:
    recordings: RecordingVault
    transcripts: TranscriptVault
    keys: KeyStore
    clock: StoppedClock
    read: Callable[[str], bytes]
    overwrite: Callable[[str, bytes], object]


def _memory(_: Path) -> Vaults:
    clock = StoppedClock(NOON)
    store, keys = MemoryObjectStore(clock), MemoryKeyStore(clock)
    return Vaults(
        TinkRecordingVault(store, keys),
        TinkTranscriptVault(keys),
        keys,
        clock,
        store.blobs.__getitem__,
        store.blobs.__setitem__,
    )


def _disk(folder: Path) -> Vaults:
    clock = StoppedClock(NOON)
    blobs = folder / "home" / "blobs"
    keys = FileKeyStore(folder / "keys", clock)
    return Vaults(
        TinkRecordingVault(FolderObjectStore(blobs), keys),
        TinkTranscriptVault(keys),
        keys,
        clock,
        lambda name: (blobs / name).read_bytes(),
        lambda name, content: (blobs / name).write_bytes(content),
    )


def _s3(folder: Path, s3: S3Server) -> Vaults:
    from tests.s3_server import s3_store

    clock = StoppedClock(NOON)
    bucket = s3.new_bucket()
    keys = FileKeyStore(folder / "keys", clock)
    return Vaults(
        TinkRecordingVault(s3_store(bucket), keys),
        TinkTranscriptVault(keys),
        keys,
        clock,
        partial(s3.read, bucket),
        partial(s3.overwrite, bucket),
    )


@pytest.fixture(params=["memory", "disk", "s3"])
def vaults(request: pytest.FixtureRequest, tmp_path: Path) -> Vaults:
    if request.param == "s3":
        return _s3(tmp_path, request.getfixturevalue("s3"))
    return _memory(tmp_path) if request.param == "memory" else _disk(tmp_path)


@pytest.fixture
def acme(vaults: Vaults) -> Customer:
    return customer(keys=vaults.transcripts.new_customer_keys(customer().id))


AUDIO = bytes(range(256)) * 8192  # 2 MiB: three segments


def test_a_reader_reads_from_any_place(vaults: Vaults) -> None:
    call_id = new_call_id()
    audio = AUDIO + bytes(range(200))
    sealed = vaults.recordings.seal(call_id, NOON, [audio])
    with vaults.recordings.reader(call_id, sealed) as source:
        assert source.seekable() and source.seek(0, 2) == len(audio) and source.read() == b""
        for start in (0, 12, len(audio) - 1, 1 << 20, (1 << 20) - 3, 3, len(audio), 2 << 20):
            assert source.seek(start) == source.tell() == start
            assert source.read(1000) == audio[start : start + 1000]
        source.seek(0)
        assert source.read() == audio
    assert source.closed or source.raw.closed  # type: ignore[attr-defined]


def test_a_reader_that_is_sent_back_and_forth_opens_the_stream_a_few_times_only(
    vaults: Vaults, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.adapters.sealing import seekable

    begun: list[int] = []
    begin = seekable.Borrowed.__init__

    def counted(self: seekable.Borrowed, source: BinaryIO) -> None:
        begun.append(1)
        begin(self, source)

    monkeypatch.setattr(seekable.Borrowed, "__init__", counted)
    call_id = new_call_id()
    sealed = vaults.recordings.seal(call_id, NOON, [AUDIO])
    with vaults.recordings.reader(call_id, sealed) as source:
        for _ in range(50):
            for start in (len(AUDIO) - 5, (1 << 20) + 5):
                source.seek(start)
                assert source.read(5) == AUDIO[start : start + 5]
    assert len(begun) <= seekable.MAX_RESTARTS + 1


def test_a_reader_gives_nothing_out_of_a_blob_that_is_broken_anywhere(vaults: Vaults) -> None:
    call_id = new_call_id()
    sealed = vaults.recordings.seal(call_id, NOON, [AUDIO])
    whole = vaults.read(call_id)
    for broken in (
        whole[:-1],
        whole[: len(whole) // 2],
        whole[:-1] + bytes([whole[-1] ^ 1]),
        b"",
        whole + b"x",
    ):
        vaults.overwrite(call_id, broken)
        with pytest.raises(SealBroken), vaults.recordings.reader(call_id, sealed):
            raise AssertionError("something was given out")
    vaults.overwrite(call_id, whole)
    with vaults.recordings.reader(call_id, sealed) as source:
        assert source.read() == AUDIO


def test_a_blob_that_changes_under_its_reader_is_noticed_whatever_a_decoder_swallows(
    tmp_path: Path,
) -> None:
    vaults = _disk(tmp_path)
    call_id = new_call_id()
    sealed = vaults.recordings.seal(call_id, NOON, [AUDIO])
    whole = vaults.read(call_id)
    for swallowed in (SealBroken, ZeroDivisionError):
        vaults.overwrite(call_id, whole)
        with (
            pytest.raises(SealBroken),
            vaults.recordings.reader(call_id, sealed) as source,
        ):
            vaults.overwrite(call_id, whole[: len(whole) - 9] + b"123456789")
            source.seek(len(AUDIO) - 10)
            with suppress(SealBroken):
                source.read()
            if swallowed is ZeroDivisionError:
                raise swallowed


def test_a_reader_says_what_open_says_of_keys_and_blobs(vaults: Vaults) -> None:
    call_id = new_call_id()
    sealed = vaults.recordings.seal(call_id, NOON, [AUDIO])
    vaults.recordings.unlink(call_id)
    with pytest.raises(NotFound), vaults.recordings.reader(call_id, sealed):
        pass
    vaults.clock.turn(day_key_end(DAY) - NOON)
    with pytest.raises(KeyDestroyed), vaults.recordings.reader(call_id, sealed):
        pass


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(chunks=st.lists(st.binary(max_size=5000), max_size=8), repeat=st.integers(1, 300))
def test_what_was_sealed_opens_whatever_the_chunks(
    vaults: Vaults, chunks: list[bytes], repeat: int
) -> None:
    call_id, content = new_call_id(), b"".join(chunks) * repeat
    sealed = vaults.recordings.seal(call_id, NOON, chunks * repeat)
    assert (sealed.blob, sealed.size, sealed.day) == (call_id, len(content), DAY)
    assert vaults.recordings.open(call_id, sealed) == content


def test_the_blob_holds_nothing_of_the_recording(vaults: Vaults) -> None:
    call_id = new_call_id()
    sealed = vaults.recordings.seal(call_id, NOON, [b"RIFF", b"Frau Sonnenschein" * 100])
    blob = vaults.read(call_id)
    assert b"RIFF" not in blob
    assert b"Sonnenschein" not in blob + sealed.wrapped_key
    assert "wrapped" not in repr(sealed)


@pytest.mark.parametrize("at", [0, 1, 39, 40, 1000, 2**20 - 1, 2**20, -17, -1])
def test_a_flipped_byte_breaks_the_seal(vaults: Vaults, at: int) -> None:
    call_id = new_call_id()
    sealed = vaults.recordings.seal(call_id, NOON, [AUDIO])
    blob = bytearray(vaults.read(call_id))
    blob[at] ^= 1
    vaults.overwrite(call_id, bytes(blob))
    with pytest.raises(SealBroken):
        vaults.recordings.open(call_id, sealed)


@pytest.mark.parametrize("size", [0, 1, 40, 56, 2**20 - 1, 2**20, 2**21, -1])
def test_a_truncated_blob_breaks_the_seal(vaults: Vaults, size: int) -> None:
    call_id = new_call_id()
    sealed = vaults.recordings.seal(call_id, NOON, [AUDIO])
    vaults.overwrite(call_id, vaults.read(call_id)[:size])
    with pytest.raises(SealBroken):
        vaults.recordings.open(call_id, sealed)


def test_a_blob_with_more_behind_it_breaks_the_seal(vaults: Vaults) -> None:
    call_id = new_call_id()
    sealed = vaults.recordings.seal(call_id, NOON, [AUDIO])
    vaults.overwrite(call_id, vaults.read(call_id) + b"x")
    with pytest.raises(SealBroken):
        vaults.recordings.open(call_id, sealed)


def test_a_recording_opens_only_as_its_own_call(vaults: Vaults) -> None:
    mine, other = new_call_id(), new_call_id()
    sealed = vaults.recordings.seal(mine, NOON, [b"mine"])
    theirs = vaults.recordings.seal(other, NOON, [b"theirs"])
    vaults.overwrite(other, vaults.read(mine))
    for recording in (sealed, theirs, replace(sealed, wrapped_key=theirs.wrapped_key)):
        with pytest.raises(SealBroken):
            vaults.recordings.open(other, recording)


def test_a_data_key_is_rewrapped_for_its_own_call_only(vaults: Vaults) -> None:
    sealed = vaults.recordings.seal(new_call_id(), NOON, [b"mine"])
    with pytest.raises(SealBroken):
        vaults.recordings.retain(new_call_id(), sealed, NOON + timedelta(days=90))


def test_a_changed_row_breaks_the_seal(vaults: Vaults) -> None:
    call_id = new_call_id()
    sealed = vaults.recordings.seal(call_id, NOON, [b"x"])
    vaults.clock.turn(timedelta(days=1))
    vaults.recordings.seal(new_call_id(), vaults.clock.now(), [b"y"])
    for wrong in (
        replace(sealed, day="2026-02-01"),
        replace(sealed, wrapped_key=b""),
        replace(sealed, wrapped_key=b"garbage"),
        replace(sealed, wrapped_key=sealed.wrapped_key[:-1]),
    ):
        with pytest.raises(SealBroken):
            vaults.recordings.open(call_id, wrong)


def test_without_its_day_key_a_recording_is_unreadable(vaults: Vaults) -> None:
    call_id = new_call_id()
    sealed = vaults.recordings.seal(call_id, NOON, [b"x"])
    vaults.keys.destroy_due(day_key_end(DAY))
    with pytest.raises(KeyDestroyed):
        vaults.recordings.open(call_id, sealed)


def test_past_the_cap_a_recording_is_unreadable_though_nothing_ran(vaults: Vaults) -> None:
    call_id = new_call_id()
    sealed = vaults.recordings.seal(call_id, NOON, [b"x"])
    vaults.clock.turn(timedelta(days=30))
    assert vaults.keys.day_keys() == (DAY,)
    with pytest.raises(KeyDestroyed):
        vaults.recordings.open(call_id, sealed)
    with pytest.raises(KeyDestroyed):
        vaults.recordings.retain(call_id, sealed, NOON + timedelta(days=90))


def test_a_retained_recording_outlives_its_day_key_until_its_end(vaults: Vaults) -> None:
    call_id, until = new_call_id(), NOON + timedelta(days=90)
    sealed = vaults.recordings.seal(call_id, NOON, [b"kept"])
    retained = vaults.recordings.retain(call_id, sealed, until)
    assert retained.until == until
    assert "wrapped" not in repr(retained)
    vaults.keys.destroy_due(vaults.clock.turn(timedelta(days=60)))
    assert vaults.recordings.open(call_id, retained) == b"kept"
    for wrong in (
        replace(retained, until=until + timedelta(days=1)),
        replace(retained, wrapped_key=sealed.wrapped_key),
    ):
        with pytest.raises(SealBroken):
            vaults.recordings.open(call_id, wrong)
    vaults.clock.turn(timedelta(days=30))
    with pytest.raises(KeyDestroyed):
        vaults.recordings.open(call_id, retained)


def test_a_withdrawn_consent_makes_the_recording_unreadable(vaults: Vaults) -> None:
    call_id = new_call_id()
    sealed = vaults.recordings.seal(call_id, NOON, [b"kept"])
    retained = vaults.recordings.retain(call_id, sealed, NOON + timedelta(days=90))
    assert vaults.recordings.destroy_retained(retained.key_name) is True
    assert vaults.recordings.destroy_retained(retained.key_name) is False
    with pytest.raises(KeyDestroyed):
        vaults.recordings.open(call_id, retained)


def test_an_error_while_sealing_comes_out_and_leaves_nothing(vaults: Vaults) -> None:
    def broken_upload() -> Iterator[bytes]:
        yield AUDIO
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        vaults.recordings.seal(new_call_id(), NOON, broken_upload())
    assert list(vaults.recordings.blobs()) == []


def test_a_call_is_sealed_once(vaults: Vaults) -> None:
    call_id = new_call_id()
    sealed = vaults.recordings.seal(call_id, NOON, [b"first"])
    with pytest.raises(Conflict):
        vaults.recordings.seal(call_id, NOON, [b"second"])
    assert vaults.recordings.open(call_id, sealed) == b"first"


def test_an_unlinked_recording_is_gone(vaults: Vaults) -> None:
    call_id = new_call_id()
    sealed = vaults.recordings.seal(call_id, NOON, [b"x"])
    assert [name for name, _ in vaults.recordings.blobs()] == [call_id]
    assert vaults.recordings.unlink(call_id) is True
    assert vaults.recordings.unlink(call_id) is False
    assert list(vaults.recordings.blobs()) == []
    with pytest.raises(NotFound):
        vaults.recordings.open(call_id, sealed)


def test_an_upload_in_progress_survives_unlinking(vaults: Vaults) -> None:
    call_id = new_call_id()

    def upload() -> Iterator[bytes]:
        yield b"one"
        assert [name for name, _ in vaults.recordings.blobs()] == [call_id]
        assert vaults.recordings.unlink(call_id) is False
        yield b"two"

    sealed = vaults.recordings.seal(call_id, NOON, upload())
    assert vaults.recordings.open(call_id, sealed) == b"onetwo"


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    content=st.binary(max_size=20_000),
    purpose=st.sampled_from(["transcript", "vault", "known", "lists"]),
)
def test_sealed_content_opens(vaults: Vaults, acme: Customer, content: bytes, purpose: str) -> None:
    call_id = new_call_id()
    sealed = vaults.transcripts.seal(acme, call_id, purpose, content)
    assert vaults.transcripts.open(acme, call_id, purpose, sealed) == content
    assert len(content) < 8 or content not in sealed.ciphertext


def test_content_opens_for_its_purpose_call_and_customer_only(
    vaults: Vaults, acme: Customer
) -> None:
    other = customer("other", vaults.transcripts.new_customer_keys(CustomerId("other")))
    call_id = new_call_id()
    sealed = vaults.transcripts.seal(acme, call_id, "vault", b"x")
    for who, which, purpose in (
        (acme, call_id, "known"),
        (acme, call_id, "lists"),
        (acme, call_id, "transcript"),
        (acme, new_call_id(), "vault"),
        (other, call_id, "vault"),
        (replace(acme, id=other.id), call_id, "vault"),
        (replace(acme, wrapped_vault_key=acme.wrapped_key), call_id, "vault"),
    ):
        with pytest.raises(SealBroken):
            vaults.transcripts.open(who, which, purpose, sealed)


def test_a_customers_lists_belong_to_it_and_to_no_call(vaults: Vaults, acme: Customer) -> None:
    other = customer("other", vaults.transcripts.new_customer_keys(CustomerId("other")))
    none = CallId("")
    sealed = vaults.transcripts.seal(acme, none, "lists", b"x")
    assert vaults.transcripts.open(acme, none, "lists", sealed) == b"x"
    for who, which in ((other, none), (acme, new_call_id()), (replace(acme, id=other.id), none)):
        with pytest.raises(SealBroken):
            vaults.transcripts.open(who, which, "lists", sealed)


def test_altered_content_breaks_the_seal(vaults: Vaults, acme: Customer) -> None:
    call_id = new_call_id()
    sealed = vaults.transcripts.seal(acme, call_id, "transcript", b"content")
    flipped = bytes([sealed.ciphertext[0] ^ 1]) + sealed.ciphertext[1:]
    for wrong in (
        Sealed(flipped, sealed.wrapped_key),
        Sealed(sealed.ciphertext[:-1], sealed.wrapped_key),
        Sealed(b"", sealed.wrapped_key),
        Sealed(sealed.ciphertext, sealed.wrapped_key[:-1]),
        Sealed(sealed.ciphertext, b""),
    ):
        with pytest.raises(SealBroken):
            vaults.transcripts.open(acme, call_id, "transcript", wrong)


def test_another_master_key_opens_nothing(vaults: Vaults, acme: Customer, tmp_path: Path) -> None:
    call_id = new_call_id()
    sealed = vaults.transcripts.seal(acme, call_id, "transcript", b"content")
    elsewhere = TinkTranscriptVault(FileKeyStore(tmp_path / "other-keys", vaults.clock))
    with pytest.raises(KeyDestroyed):
        elsewhere.open(acme, call_id, "transcript", sealed)
    elsewhere.new_customer_keys(acme.id)
    with pytest.raises(SealBroken):
        elsewhere.open(acme, call_id, "transcript", sealed)


def test_a_closed_customers_content_is_gone(vaults: Vaults, acme: Customer) -> None:
    call_id = new_call_id()
    sealed = vaults.transcripts.seal(acme, call_id, "transcript", b"content")
    closed = replace(acme, wrapped_key=b"", wrapped_vault_key=b"")
    with pytest.raises(KeyDestroyed):
        vaults.transcripts.open(closed, call_id, "transcript", sealed)
    for purpose in ("vault", "lists"):
        with pytest.raises(KeyDestroyed):
            vaults.transcripts.seal(closed, call_id, purpose, b"content")
