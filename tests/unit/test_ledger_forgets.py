"""A deletion ledger whose oldest entries went: the rest is what it was, for readers, writers and
marks, and whoever alters its beginning is found out."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.adapters.file_ledger import BorrowedLedger, FileLedger
from pipeline.adapters.memory import MemoryLedger
from pipeline.domain.deletion import LedgerEntry
from pipeline.domain.errors import KeysElsewhere, SealBroken
from pipeline.domain.ledger import START, LedgerMark
from pipeline.ports import DeletionLedger
from tests.builders import NOON
from tests.unit.test_file_ledger import ROOT, entry

DAY = timedelta(days=1)


def told(number: int) -> LedgerEntry:
    return replace(entry(number, 50 + number), at=NOON + number * DAY)


def filled(ledger: DeletionLedger, count: int = 6) -> list[LedgerMark]:
    """The marks before the first entry and behind each."""
    marks = [ledger.end()]
    for number in range(count):
        ledger.append(told(number))
        marks.append(ledger.end())
    return marks


@pytest.fixture(params=["file", "memory"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> DeletionLedger:
    return FileLedger(tmp_path / "ledger") if request.param == "file" else MemoryLedger()


def test_a_mark_is_found_behind_what_was_told_before_a_moment(ledger: DeletionLedger) -> None:
    assert ledger.start() == ledger.mark_before(NOON) == START
    marks = filled(ledger)
    assert ledger.mark_before(NOON - DAY) == START
    for number in range(6):
        assert ledger.mark_before(NOON + number * DAY) == marks[number + 1]
    assert ledger.mark_before(NOON + 99 * DAY) == marks[-1] == ledger.end()
    ledger.append(replace(told(7), at=NOON))
    assert ledger.mark_before(NOON) == marks[1], "what stands behind younger ones waits for them"


@pytest.mark.parametrize("gone", range(7))
def test_what_is_left_reads_as_before(ledger: DeletionLedger, gone: int) -> None:
    marks = filled(ledger)
    ledger.forget(marks[gone])
    left = [told(number) for number in range(gone, 6)]
    assert ledger.start() == marks[gone] and ledger.end() == marks[-1]
    assert list(ledger.entries()) == left and list(ledger.latest()) == left
    assert ledger.latest(2) == tuple(left[-2:])
    for number, mark in enumerate(marks):
        assert ledger.holds(mark) is (number >= gone)
        assert list(ledger.entries(mark)) == left[max(number - gone, 0) :]
        if number >= gone:
            assert list(ledger.entries(until=mark)) == left[: number - gone]
    ledger.append(told(6))
    assert list(ledger.entries(marks[-1])) == [told(6)]
    assert ledger.mark_before(NOON + 5 * DAY) == marks[-1]


def test_it_forgets_again_and_again(ledger: DeletionLedger) -> None:
    marks = filled(ledger)
    for gone in (2, 2, 1, 4, 6, 3):
        ledger.forget(marks[gone])
    assert ledger.start() == ledger.end() == marks[6] and list(ledger.entries()) == []
    assert ledger.latest() == () and ledger.mark_before(NOON + 99 * DAY) == marks[6]
    ledger.append(told(6))
    assert list(ledger.entries()) == [told(6)]
    ledger.append(told(6))
    assert list(ledger.entries()) == [told(6)]


@pytest.mark.parametrize("strange", ["digest", "position", "behind"])
def test_a_mark_that_it_does_not_hold_takes_nothing(ledger: DeletionLedger, strange: str) -> None:
    marks = filled(ledger)
    ledger.forget(
        {
            "digest": LedgerMark(marks[3].position, marks[2].digest),
            "position": LedgerMark(marks[2].position + 1, marks[2].digest),
            "behind": LedgerMark(marks[6].position + 500, marks[3].digest),
        }[strange]
    )
    assert ledger.start() == START and len(list(ledger.entries())) == 6


def test_a_writer_that_was_there_before_goes_on(tmp_path: Path) -> None:
    writer, other = FileLedger(tmp_path), FileLedger(tmp_path)
    marks = filled(writer)
    other.forget(marks[4])
    writer.append(told(5))  # known: it is still there
    writer.append(told(0))  # forgotten: new again
    assert list(other.entries()) == [told(4), told(5), told(0)]
    other.forget(writer.end())
    for number in range(6, 40):  # longer than it was when the writer looked last
        other.append(told(number))
    writer.append(told(40))
    assert list(other.entries()) == [told(number) for number in range(6, 41)]


def test_a_torn_last_line_goes_and_a_killed_one_s_file_is_written_over(tmp_path: Path) -> None:
    ledger, path = FileLedger(tmp_path), tmp_path / "deletions.jsonl"
    marks = filled(ledger)
    (tmp_path / ".deletions.jsonl.part").write_bytes(b"x" * 100_000)
    path.write_bytes(path.read_bytes() + b'[["del_')
    ledger.forget(marks[3])
    assert list(ledger.entries()) == [told(number) for number in range(3, 6)]
    assert ledger.end() == marks[6] and path.stat().st_mode & 0o077 == 0
    assert [each.name for each in tmp_path.iterdir()] == ["deletions.jsonl"]


@pytest.mark.parametrize(
    ("old", "new"),
    [(b'"start":', b'"start":1'), (b'"check":"', b'"check":"0'), (b"}", b',"more":1}')],
)
def test_an_altered_beginning_is_found(tmp_path: Path, old: bytes, new: bytes) -> None:
    ledger, path = FileLedger(tmp_path), tmp_path / "deletions.jsonl"
    ledger.forget(filled(ledger)[3])
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    for read in (ledger.start, ledger.end, lambda: list(ledger.entries())):
        with pytest.raises(SealBroken, match="altered"):
            read()
    with pytest.raises(SealBroken):
        ledger.append(told(9))


def test_a_line_that_went_from_the_shortened_ledger_is_missed(tmp_path: Path) -> None:
    ledger, path = FileLedger(tmp_path), tmp_path / "deletions.jsonl"
    ledger.forget(filled(ledger)[2])
    lines = path.read_bytes().splitlines(keepends=True)
    for without in ([0, 2, 3, 4], [0, 1, 3, 4], [1, 2, 3, 4]):
        path.write_bytes(b"".join(lines[number] for number in without))
        with pytest.raises(SealBroken):
            list(FileLedger(tmp_path).entries())


def test_nothing_is_forgotten_in_a_ledger_that_is_another_store_s(tmp_path: Path) -> None:
    def elsewhere() -> None:
        raise KeysElsewhere("not this one")

    marks = filled(FileLedger(tmp_path))
    with pytest.raises(KeysElsewhere):
        FileLedger(tmp_path, elsewhere).forget(marks[3])
    BorrowedLedger(tmp_path).forget(marks[3])
    assert FileLedger(tmp_path).start() == START


def test_processes_that_append_while_it_forgets_lose_nothing(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from pipeline.adapters.file_ledger import FileLedger\n"
        "from tests.unit.test_file_ledger import entry\n"
        "ledger = FileLedger(Path(sys.argv[1]))\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "for number in range(60):\n"
        "    ledger.append(entry(f'{sys.argv[2]}-{number}'))\n"
    )
    ledger = FileLedger(tmp_path)
    marks = filled(ledger, 40)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path), str(which)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for which in range(3)
    ]
    for process in started:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.close()
    for mark in marks[1:]:
        ledger.forget(mark)
    assert [process.wait() for process in started] == [0] * 3
    for process in started:
        assert process.stdout is not None
        process.stdout.close()
    assert ledger.start() == marks[-1]
    ids = [each.id for each in FileLedger(tmp_path).entries()]
    assert sorted(ids) == sorted(
        f"del_{which}-{number}" for which in range(3) for number in range(60)
    )


def test_a_file_that_is_taken_away_while_a_writer_waits_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, path, real = FileLedger(tmp_path), tmp_path / "deletions.jsonl", fcntl.flock
    taken = [path]

    def flock(descriptor: int, how: int) -> None:
        real(descriptor, how)
        if taken:
            taken.pop().unlink()

    monkeypatch.setattr(fcntl, "flock", flock)
    ledger.append(told(1))
    assert not taken and list(ledger.entries()) == [told(1)]

    def interrupted(descriptor: int, how: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fcntl, "flock", interrupted)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(KeyboardInterrupt):
        ledger.append(told(2))
    assert len(list(Path("/proc/self/fd").iterdir())) == before, "nothing is left open"
