"""The deletion ledger as a file: many writers, torn and altered lines, its end at any length."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.adapters.file_ledger import BorrowedLedger, FileLedger
from pipeline.adapters.memory import MemoryLedger
from pipeline.domain.deletion import LedgerEntry
from pipeline.domain.errors import SealBroken
from pipeline.domain.ids import CallId
from pipeline.domain.ledger import START, Kind, LedgerMark, outcome_told
from pipeline.ports import DeletionLedger
from tests.builders import ACME, NOON

ROOT = Path(__file__).parents[2]


def entry(number: int | str, size: int = 1) -> LedgerEntry:
    facts: dict[str, str | int | None] = {"until": None, "note": "x" * size, "count": 3}
    return LedgerEntry(f"del_{number}", "receipt", NOON, ACME, CallId("call_1"), facts)


@pytest.fixture(params=["file", "memory"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> DeletionLedger:
    return FileLedger(tmp_path / "ledger") if request.param == "file" else MemoryLedger()


def test_entries_come_back_in_their_order_and_once(ledger: DeletionLedger) -> None:
    assert list(ledger.entries()) == [] and ledger.latest() == ()
    told = [entry(number) for number in range(5)]
    for each in (*told, *told):
        ledger.append(each)
    assert list(ledger.entries()) == told
    assert ledger.latest(2) == tuple(told[3:])
    assert ledger.latest(5) == ledger.latest(64) == tuple(told)


def test_many_are_told_at_once(ledger: DeletionLedger) -> None:
    ledger.append()
    assert list(ledger.entries()) == []
    told = [entry(number) for number in range(5)]
    ledger.append(*told[:2])
    ledger.append(*told, lasting=False)
    assert list(ledger.entries()) == told
    assert ledger.holds(ledger.end())


def test_what_was_undone_may_be_told_again(ledger: DeletionLedger) -> None:
    first, other = entry(1), entry(2)
    undone, done = (outcome_told(kind, first) for kind in (Kind.UNDONE, Kind.COMMITTED))
    ledger.append(first)
    ledger.append(undone, lasting=False)
    ledger.append(other, outcome_told(Kind.UNDONE, entry(3)))
    ledger.append(first)
    ledger.append(first)
    told = [first, undone, other, outcome_told(Kind.UNDONE, entry(3)), first]
    assert list(ledger.entries()) == told
    ledger.append(undone)
    ledger.append(done)
    ledger.append(first, other)
    assert list(ledger.entries()) == [*told, undone, done], "it was committed after all"
    ledger.append(undone)
    ledger.forget(ledger.mark_before(NOON))
    ledger.append(first, other)
    assert list(ledger.entries()) == [first, other]


def test_what_a_transaction_waits_for_is_told_without_reading_it_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FileLedger(tmp_path).append(entry(1), entry(2))
    path, writer = tmp_path / "deletions.jsonl", FileLedger(tmp_path)
    path.write_bytes(path.read_bytes() + b'["torn')
    begun = replace(entry(3), id="gone_3", kind="deleted")
    with monkeypatch.context() as patched:
        patched.setattr(FileLedger, "_catch_up", None)
        writer.append(begun)
        writer.append(replace(begun, id="done_3", kind="committed"), lasting=False)
    writer.append(entry(2), entry(4))
    ids = [each.id for each in FileLedger(tmp_path).entries()]
    assert ids == ["del_1", "del_2", "gone_3", "done_3", "del_4"]
    path.write_bytes(path.read_bytes() + b"{}\n")
    with pytest.raises(SealBroken):
        writer.append(replace(begun, id="gone_5"))


def test_what_was_not_told_to_last_lasts_once_its_end_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, synced = FileLedger(tmp_path), list[int]()
    ledger.append(entry(1))
    monkeypatch.setattr("os.fsync", synced.append)
    ledger.append(entry(2), lasting=False)
    assert synced == []
    ledger.end()
    assert len(synced) == 1
    ledger.append(entry(3))
    assert len(synced) == 2


def test_a_borrowed_ledger_is_told_nothing(tmp_path: Path) -> None:
    FileLedger(tmp_path).append(entry(1))
    borrowed = BorrowedLedger(tmp_path)
    borrowed.append(entry(2))
    assert list(borrowed.entries()) == [entry(1)]


def test_a_stretch_between_two_marks_is_read(ledger: DeletionLedger) -> None:
    assert ledger.end() == START and ledger.holds(START)
    marks, told = [START], [entry(number) for number in range(5)]
    for each in told:
        ledger.append(each)
        marks.append(ledger.end())
    assert all(ledger.holds(mark) for mark in marks)
    for start in range(6):
        assert list(ledger.entries(marks[start])) == told[start:]
        for end in range(start, 6):
            assert list(ledger.entries(marks[start], marks[end])) == told[start:end]
    for strange in (
        LedgerMark(marks[2].position, marks[3].digest),
        LedgerMark(marks[5].position + 9, marks[5].digest),
        LedgerMark(marks[1].position, marks[2].digest),
    ):
        assert not ledger.holds(strange)


def test_a_mark_shows_whether_what_lies_before_it_was_exchanged(tmp_path: Path) -> None:
    ledger, path = FileLedger(tmp_path), tmp_path / "deletions.jsonl"
    for number in range(3):
        ledger.append(entry(number))
    mark, content = ledger.end(), path.read_bytes()
    assert mark.position == len(content)
    ledger.append(entry(3))
    path.write_bytes(path.read_bytes()[:-7])
    assert ledger.end() == mark and ledger.holds(mark), "a torn line is none"
    _, *rest = content.splitlines(keepends=True)
    path.write_bytes(b"".join(rest))
    assert not ledger.holds(mark)
    other = FileLedger(tmp_path / "other")
    for number in (7, 8, 9):
        other.append(entry(number))
    assert other.end().position == mark.position and not other.holds(mark)
    path.write_bytes(content + b"x" * 200_000)
    assert ledger.end() == mark
    path.write_bytes(b"x" * 200_000)
    assert ledger.end() == START
    path.write_bytes(b"[]\n")
    with pytest.raises(SealBroken):
        ledger.end()


@pytest.mark.parametrize("size", [1, 900, 70_000])
def test_the_end_is_read_whatever_lines_are_like(tmp_path: Path, size: int) -> None:
    ledger = FileLedger(tmp_path)
    told = [entry(number, size + number) for number in range(9)]
    for each in told:
        ledger.append(each)
    for limit in range(1, 12):
        assert ledger.latest(limit) == tuple(told[-limit:])


def test_a_torn_last_line_is_dropped(tmp_path: Path) -> None:
    first, path = FileLedger(tmp_path), tmp_path / "deletions.jsonl"
    first.append(entry(1))
    whole = path.read_bytes()
    first.append(entry(2))
    torn = path.read_bytes()[:-7]
    path.write_bytes(torn)
    for ledger in (FileLedger(tmp_path), first):
        assert list(ledger.entries()) == list(ledger.latest()) == [entry(1)]
    for ledger in (FileLedger(tmp_path), first):
        path.write_bytes(torn)
        ledger.append(entry(3))
        assert list(FileLedger(tmp_path).entries()) == [entry(1), entry(3)]
    path.write_bytes(whole[:5])
    assert FileLedger(tmp_path).latest() == ()
    FileLedger(tmp_path).append(entry(4))
    assert list(FileLedger(tmp_path).entries()) == [entry(4)]


@pytest.mark.parametrize("number", range(4))
def test_an_altered_line_is_found(tmp_path: Path, number: int) -> None:
    ledger, path = FileLedger(tmp_path), tmp_path / "deletions.jsonl"
    for each in range(4):
        ledger.append(entry(each))
    lines = path.read_bytes().splitlines(keepends=True)
    altered = lines.copy()
    altered[number] = altered[number].replace(b"acme", b"acne")
    cut = [line for at, line in enumerate(lines) if at != number]
    broken = lines.copy()
    broken[number] = b"{}\n"
    for content in (altered, broken, cut if number < 3 else altered):
        path.write_bytes(b"".join(content))
        for read in (lambda: list(FileLedger(tmp_path).entries()), FileLedger(tmp_path).latest):
            with pytest.raises(SealBroken):
                read()
        with pytest.raises(SealBroken):
            FileLedger(tmp_path).append(entry(9))
        assert path.read_bytes() == b"".join(content)


def test_a_copy_of_before_may_be_put_back_under_a_writer(tmp_path: Path) -> None:
    ledger, path = FileLedger(tmp_path), tmp_path / "deletions.jsonl"
    ledger.append(entry(1))
    older = path.read_bytes()
    ledger.append(entry(2))
    path.write_bytes(older)
    ledger.append(entry(3))
    ledger.append(entry(2))
    assert list(ledger.entries()) == [entry(1), entry(3), entry(2)]


def test_processes_that_append_at_once_lose_nothing(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from pipeline.adapters.file_ledger import FileLedger\n"
        "from tests.unit.test_file_ledger import entry\n"
        "ledger = FileLedger(Path(sys.argv[1]))\n"
        "sys.stdin.readline()\n"
        "for number in range(40):\n"
        "    ledger.append(entry(f'{sys.argv[2]}-{number}'))\n"
        "    ledger.append(entry(f'shared-{number}'))\n"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path), str(which)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
        )
        for which in range(4)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.close()
    assert [process.wait() for process in started] == [0] * 4
    ids = [each.id for each in FileLedger(tmp_path).entries()]
    assert len(ids) == len(set(ids)) == 5 * 40
    assert (tmp_path / "deletions.jsonl").stat().st_mode & 0o077 == 0
