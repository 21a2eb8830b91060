"""The contract of `ObjectStore`: a folder, a bucket of a real S3 server, memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.adapters.folder_store import FolderObjectStore
from pipeline.adapters.memory import MemoryObjectStore
from pipeline.domain.errors import Conflict, NotFound
from pipeline.ports import ObjectStore

if TYPE_CHECKING:
    from tests.s3_server import S3Server

NAME = "call_" + "0" * 32


@pytest.fixture(params=["memory", "folder", "s3", "s3-versioned"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ObjectStore]:
    if request.param == "memory":
        yield MemoryObjectStore()
    elif request.param == "folder":
        yield FolderObjectStore(tmp_path / "home" / "blobs")
    else:
        yield from _in_bucket(request.getfixturevalue("s3"), request.param == "s3-versioned")


def _in_bucket(s3: S3Server, versioned: bool) -> Iterator[ObjectStore]:
    from tests.s3_server import s3_store

    bucket = s3.new_bucket()
    if versioned:
        s3.versioned(bucket)
    yield s3_store(bucket)
    assert s3.refused == []


def _names(store: ObjectStore) -> list[str]:
    return sorted(name for name, _ in store.list())


def _put(store: ObjectStore, name: str, content: bytes) -> None:
    with store.write(name) as stream:
        stream.write(content)


def test_a_blob_comes_back_as_written(store: ObjectStore) -> None:
    with store.write(NAME) as stream:
        for piece in (b"one", b"", b"two" * 1000, memoryview(b"three")):
            assert stream.write(piece) == len(piece)
    with store.open(NAME) as source:
        assert source.read() == b"one" + b"two" * 1000 + b"three"
    assert _names(store) == [NAME]


def test_an_empty_store_lists_nothing(store: ObjectStore) -> None:
    assert _names(store) == []
    assert store.delete(NAME) is False
    with pytest.raises(NotFound):
        store.open(NAME)


def test_nothing_is_left_of_a_write_that_failed(store: ObjectStore) -> None:
    with pytest.raises(RuntimeError), store.write(NAME) as stream:
        stream.write(b"half")
        raise RuntimeError
    assert _names(store) == []
    _put(store, NAME, b"whole")
    assert _names(store) == [NAME]


def test_a_half_written_blob_is_listed_but_cannot_be_opened(store: ObjectStore) -> None:
    with store.write(NAME) as stream:
        stream.write(b"half")
        assert _names(store) == [NAME + ".part"]
        with pytest.raises(NotFound):
            store.open(NAME)


def test_a_blob_in_the_making_cannot_be_deleted_under_its_writer(store: ObjectStore) -> None:
    with store.write(NAME) as stream:
        stream.write(b"half")
        assert store.delete(NAME + ".part") is False
        assert store.delete(NAME) is False
        stream.write(b"whole")
    with store.open(NAME) as source:
        assert source.read() == b"halfwhole"


def test_a_name_is_written_once(store: ObjectStore) -> None:
    with store.write(NAME) as stream:
        stream.write(b"first")
        with pytest.raises(Conflict), store.write(NAME):
            pass
    with pytest.raises(Conflict), store.write(NAME):
        pass
    with store.open(NAME) as source:
        assert source.read() == b"first"


def test_a_deleted_blob_is_gone(store: ObjectStore) -> None:
    _put(store, NAME, b"x")
    assert store.delete(NAME) is True
    assert store.delete(NAME) is False
    assert _names(store) == []
    with pytest.raises(NotFound):
        store.open(NAME)


def test_times_are_aware(store: ObjectStore) -> None:
    _put(store, NAME, b"x")
    ((_, changed),) = store.list()
    assert changed.tzinfo is not None


def test_a_blob_is_read_from_any_place(store: ObjectStore) -> None:
    content = bytes(range(256)) * 65_000
    _put(store, NAME, content)
    with store.open(NAME) as source:
        assert source.seek(0, 2) == len(content) and source.read(1) == b""
        for start in (len(content) - 3, 0, 4 << 20, (4 << 20) - 1, 9_000_000):
            source.seek(start)
            assert source.read(1000) == content[start : start + 1000]
        source.seek(100)
        assert source.read() == content[100:]


def test_an_empty_blob_is_one(store: ObjectStore) -> None:
    _put(store, NAME, b"")
    assert _names(store) == [NAME]
    with store.open(NAME) as source:
        assert source.read() == b""


def test_a_place_can_be_named_in_a_receipt(store: ObjectStore) -> None:
    assert re.fullmatch(r"[a-z0-9.:/_-]+", store.place)
