"""The contract of `ObjectStore`, over a folder and over memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.adapters.folder_store import FolderObjectStore
from pipeline.adapters.memory import MemoryObjectStore
from pipeline.domain.errors import Conflict, NotFound
from pipeline.ports import ObjectStore

NAME = "call_" + "0" * 32


@pytest.fixture(params=["memory", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "memory":
        return MemoryObjectStore()
    return FolderObjectStore(tmp_path / "home" / "blobs")


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
