"""`deckname verify` tells how far it is, and reads of the folder for temporary files no more than
may be of the store's making."""

from __future__ import annotations

import io
import os
import re
import sys
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.adapters.memory import StoppedClock
from pipeline.cli import canary as flights
from pipeline.cli.watching import watched
from pipeline.usecases.verification import traces
from pipeline.usecases.verification.files import found
from pipeline.usecases.verification.findings import StorePlaces
from pipeline.usecases.verification.in_temp import temp_files
from pipeline.usecases.verification.traces import in_each
from tests.integration.test_cli import Deckname, deckname
from tests.stores import DiskStore

__all__ = ["deckname"]

NEEDLES = {"known parties": frozenset({b"Brazimfex Quotorlun"})}
SUNG = b"... Brazimfex Quotorlun ..."


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    @property
    def said(self) -> str:
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.getvalue())


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard error from now on; pytest sets its own between a fixture and its test."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("NO_COLOR", raising=False)
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    return shown


@pytest.fixture
def places(tmp_path: Path) -> Iterator[StorePlaces]:
    """Of a store that lies below the folder for temporary files."""
    store = DiskStore.open(tmp_path / "temp" / "store", StoppedClock(datetime.now(UTC)))
    store.push()
    yield replace(store.places, temp=tmp_path / "temp")
    store.close()


def test_a_terminal_is_told_how_far_it_is(
    deckname: Deckname, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert deckname("customers", "add", "acme").status == 0
    shown = terminal(monkeypatch)
    done = deckname("verify", "--temp")
    assert done.out.endswith("Nothing is overdue, orphaned or in clear.\n") and done.status == 0
    assert re.search(r"Verifying [1-9]\d* looked at 0:00:0\d", shown.said), shown.said


def test_a_pipe_is_told_nothing(deckname: Deckname) -> None:
    assert deckname("customers", "add", "acme").status == 0
    assert deckname("verify", "--temp").err == ""


def test_a_terminal_is_told_what_the_canary_does(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = terminal(monkeypatch)
    with watched() as watch:
        watch.tell("Searching for the canary: 7 files, 3 MB")
    assert "Searching for the canary: 7 files, 3 MB" in shown.said


def test_the_search_tells_files_and_bytes(
    places: StorePlaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flights, "SETTLING_SECONDS", 0.0)
    (places.temp or Path()).joinpath("large").write_bytes(bytes(5_000_000))
    told = list[str]()
    site = flights._Site(places, None, told.append)
    flights._search(site, NEEDLES, "after it was erased")
    assert site.found == []
    form = re.compile(r"Searching for the canary after it was erased: (\d+) files, (\d+) MB\Z")
    counts = [tuple(map(int, match.groups())) for line in told if (match := form.match(line))]
    assert len(counts) == len(told) and counts == sorted(counts)
    assert counts[0] == (1, 0) and counts[-1] >= (5, 5)


def test_the_canary_is_searched_in_temporary_files_of_the_stores_time_only(
    places: StorePlaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flights, "SETTLING_SECONDS", 0.0)
    temp = places.temp or Path()
    deep = temp / "a" / "b" / "c" / "d" / "e" / "f"
    deep.mkdir(parents=True)
    for name in ("older", "newer"):
        (deep / name).write_bytes(SUNG)
    os.utime(deep / "older", (0, 0))
    os.mkfifo(temp / "pipe")  # whoever opens it waits for ever
    opened, really = list[str](), Path.open

    def noted(path: Path, *arguments: Any, **options: Any) -> Any:
        opened.append(path.name)
        return really(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", noted)
    site = flights._Site(places, None)
    flights._search(site, NEEDLES, "now")
    assert [finding.place for finding in site.found] == [f"inode {(deep / 'newer').stat().st_ino}"]
    assert opened.count("newer") == 1 and "older" not in opened
    assert opened.count("deckname.db") == 1, "the store's own files are read once"


def test_other_peoples_files_are_left_alone(
    places: StorePlaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    (places.temp or Path()).joinpath("theirs").write_bytes(SUNG)
    assert [file.path.name for file in temp_files(places)] == ["theirs"]
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    assert list(temp_files(places)) == []


def test_a_large_file_is_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "_PIECE", 1 << 16)
    large = tmp_path / "large"
    large.write_bytes(bytes((1 << 24) - 8) + SUNG)
    sizes = list[int]()
    tracemalloc.start()
    try:
        hits = list(in_each([found(tmp_path, large)], NEEDLES, sizes.append))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert hits == [("known parties", large)]
    assert sum(sizes) == large.stat().st_size and max(sizes) == 1 << 16
    assert peak < 1 << 20


def test_a_file_that_grows_as_fast_as_it_is_read_has_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces, "_PIECE", 1 << 16)
    log = tmp_path / "log"
    log.write_bytes(SUNG + bytes(1 << 18))
    sizes = list[int]()

    def grow(size: int) -> None:
        sizes.append(size)
        assert len(sizes) < 100
        with log.open("ab") as end:
            end.write(bytes(size))

    assert list(in_each([found(tmp_path, log)], NEEDLES, grow)) == [("known parties", log)]
    assert sum(sizes) >= 1 << 18
