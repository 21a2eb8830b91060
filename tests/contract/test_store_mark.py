"""The contract of `StoreMark`, and what the one of rows and files does underneath."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.adapters.database import Database, SqlStoreMark, open_database
from pipeline.adapters.memory import MemoryStoreMark, StoppedClock
from pipeline.adapters.store_mark import FileStoreMark, holds_keys
from pipeline.domain.errors import KeysElsewhere, ServiceUnavailable
from pipeline.ports import StoreMark
from tests.builders import NOON
from tests.databases import KINDS, opened


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with opened(request.param, tmp_path) as database:
        yield database


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def of(database: Database, keys: Path) -> FileStoreMark:
    """As a process that has just started sees it."""
    return FileStoreMark(SqlStoreMark(database), keys, StoppedClock(NOON))


@pytest.fixture(params=["memory", "files"])
def mark(request: pytest.FixtureRequest, database: Database, keys: Path) -> StoreMark:
    return MemoryStoreMark() if request.param == "memory" else of(database, keys)


def test_before_they_are_tied_nothing_may_be_done(mark: StoreMark) -> None:
    assert mark.id() is None and not mark.keys_in_use()
    with pytest.raises(KeysElsewhere):
        mark.check()


def test_tied_once_they_stay_tied(mark: StoreMark) -> None:
    mark.tie()
    mark.check()
    store = mark.id()
    assert store is not None and re.fullmatch(r"store_[0-9a-f]{32}", store)
    mark.tie()
    assert mark.id() == store


def test_a_copy_gets_another_mark(mark: StoreMark) -> None:
    mark.tie()
    before = mark.id()
    mark.renew()
    mark.check()
    assert mark.id() not in (before, None)


def test_marks_of_other_stores_are_counted_and_forgotten(mark: StoreMark) -> None:
    assert mark.others() == mark.forget_others() == 0
    mark.tie()
    assert mark.others() == mark.forget_others() == 0
    mark.renew()
    mark.renew()
    assert mark.others() == 2
    assert (mark.forget_others(), mark.others()) == (2, 0)
    mark.check()


def test_the_next_process_finds_the_mark_and_the_folder_keeps_that_of_the_original(
    database: Database, keys: Path, tmp_path: Path
) -> None:
    of(database, keys).tie()
    first = of(database, keys)
    first.check()
    copy = open_database(f"sqlite:///{tmp_path / 'copy' / 'deckname.db'}")
    SqlStoreMark(copy).add(str(first.id()), NOON)
    of(copy, keys).renew()
    first.check()
    of(copy, keys).check()
    assert len({path.name for path in (keys / "stores").iterdir()}) == 2
    assert {path.stat().st_mode & 0o777 for path in (keys / "stores").iterdir()} == {0o600}
    copy.close()


def test_an_empty_or_another_folder_is_elsewhere_until_the_right_one_is_back(
    database: Database, keys: Path, tmp_path: Path
) -> None:
    mark = of(database, keys)
    mark.tie()
    keys.rename(tmp_path / "away")
    for make in (lambda: None, keys.mkdir, lambda: (keys / "stores").mkdir()):
        make()
        with pytest.raises(KeysElsewhere, match="DECKNAME_KEYS"):
            mark.check()
    (keys / "stores" / f"store_{'0' * 32}").touch()
    with pytest.raises(KeysElsewhere):
        of(database, keys).check()
    assert (keys / "stores" / f"store_{'0' * 32}").read_bytes() == b""
    shutil.rmtree(keys)
    (tmp_path / "away").rename(keys)
    mark.check()


def test_tie_says_that_a_folder_put_together_from_copies_is_the_right_one(
    database: Database, keys: Path
) -> None:
    mark = of(database, keys)
    mark.tie()
    store = mark.id()
    shutil.rmtree(keys)
    mark.tie()
    mark.check()
    assert mark.id() == store


def test_a_folder_that_cannot_be_read_is_told(database: Database, keys: Path) -> None:
    mark = of(database, keys)
    mark.tie()
    shutil.rmtree(keys)
    keys.write_bytes(b"")
    for look in (mark.check, mark.tie, mark.others, mark.forget_others):
        with pytest.raises(ServiceUnavailable, match="DECKNAME_KEYS"):
            look()


def test_many_that_start_at_once_agree_on_one_mark(database: Database, keys: Path) -> None:
    marks = [of(database, keys) for _ in range(8)]
    start = threading.Barrier(len(marks))

    def tie(mark: FileStoreMark) -> None:
        start.wait()
        mark.tie()

    threads = [threading.Thread(target=tie, args=(mark,)) for mark in marks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({mark.id() for mark in marks}) == 1
    assert [path.name for path in (keys / "stores").iterdir()] == [marks[0].id()]


def test_two_folders_that_want_one_database_get_one_of_them(
    database: Database, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = of(database, tmp_path / "others")
    monkeypatch.setattr(SqlStoreMark, "read", lambda _: None)  # both looked before either wrote
    of(database, keys).tie()
    late.tie()
    monkeypatch.undo()
    of(database, keys).check()
    with pytest.raises(KeysElsewhere):
        late.check()
    assert list((tmp_path / "others" / "stores").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "used"),
    [
        ("days/2026-01-31.key", True),
        ("retained/ret_0.key", True),
        ("vault/master.key", True),
        ("ledger/deletions.jsonl", True),
        ("receipts/signing.pem", True),
        ("days/.2026-01-31.key.0a.part", False),
        ("days/.half.key", False),
        ("local-access", False),
        ("lock", False),
        ("stores/store_0", False),  # of a start that was killed before the database had it
    ],
)
def test_what_belongs_to_some_database_is_in_use(keys: Path, name: str, used: bool) -> None:
    assert not holds_keys(keys)
    (keys / name).parent.mkdir(parents=True)
    (keys / name).touch()
    assert holds_keys(keys) is used
