"""Many at once on one database, in threads and processes: nothing is done twice or lost."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.adapters.database import Database, SqlAuditLog, SqlCallRepository, open_database
from pipeline.adapters.memory import MemoryLedger
from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Sealed
from pipeline.domain.errors import Conflict
from pipeline.domain.redaction_policy import StoredPolicy
from tests.builders import ACME, LEASE, NOON, call, claim_one, customer, outcome, push
from tests.databases import KINDS, database_url

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database_url(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = open_database(url)
    yield opened
    opened.close()


@pytest.fixture
def calls(database: Database) -> SqlCallRepository:
    repository = SqlCallRepository(database, MemoryLedger())
    repository.add_customer(customer(), "hash")
    return repository


def at_once(*work: Callable[[], object]) -> None:
    start, broken = threading.Barrier(len(work)), []

    def run(one: Callable[[], object]) -> None:
        start.wait()
        try:
            one()
        except Exception as error:
            broken.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken == []


def test_workers_in_threads_never_claim_the_same_call(calls: SqlCallRepository) -> None:
    ids = [push(calls).id for _ in range(24)]
    taken: list[str] = []

    def work() -> None:
        for call_id in ids:
            taken.extend(c.call.id for c in calls.claim([call_id], "w", NOON, LEASE))

    at_once(*[work] * 4)
    assert sorted(taken) == sorted(ids)


def test_whoever_looks_for_work_at_the_same_time_finds_some(calls: SqlCallRepository) -> None:
    """Not those that the other one is about to take, with the rest left waiting."""
    ids = [push(calls).id for _ in range(8)]
    found: list[list[str]] = []

    def work() -> None:
        found.append([c.call.id for c in calls.claim_waiting(2, "w", NOON, LEASE)])

    at_once(*[work] * 4)
    assert [len(each) for each in found] == [2] * 4
    assert sorted(one for each in found for one in each) == sorted(ids)


CLAIMER = """
import sys
from datetime import datetime, timedelta
from pipeline.adapters.database import SqlCallRepository, open_database
from pipeline.adapters.memory import MemoryLedger
calls = SqlCallRepository(open_database(sys.argv[1]), MemoryLedger())
print("ready", flush=True)
sys.stdin.readline()
now = datetime.fromisoformat(sys.argv[2])
while claims := calls.claim_waiting(3, sys.argv[3], now, timedelta(minutes=1)):
    print(*(claim.call.id for claim in claims), flush=True)
"""


def test_two_processes_claim_at_once(url: str, calls: SqlCallRepository) -> None:
    ids = [push(calls).id for _ in range(30)]
    with ExitStack() as stack:
        started = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", CLAIMER, url, NOON.isoformat(), f"worker-{number}"],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for number in range(2)
        ]
        for process in started:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
        taken = "".join(process.communicate("go\n", 60)[0] for process in started).split()
    assert [process.returncode for process in started] == [0, 0]
    assert sorted(taken) == sorted(ids)


def test_the_audit_chain_holds_under_concurrent_writers(database: Database) -> None:
    log = SqlAuditLog(database)

    def write() -> None:
        for _ in range(10):
            log.append(AuditEvent("x", datetime.now(UTC)))

    at_once(*[write] * 4)
    assert log.verify() == 40


def test_those_that_append_and_those_that_renew_never_wait_for_each_other(
    database: Database, calls: SqlCallRepository
) -> None:
    """Rows and the audit log are locked in one order only, or PostgreSQL would end one of two."""
    claims = [claim_one(calls, push(calls).id) for _ in range(4)]

    def renew() -> None:
        for _ in range(10):
            for claim in claims:
                calls.renew(claim, NOON, LEASE)

    def add() -> None:
        for _ in range(10):
            push(calls)

    def rotate(mark: bytes) -> None:
        for number in range(10):
            before = calls.redaction_policy(ACME)
            after = StoredPolicy(sealed=Sealed(mark + bytes([number]), b"key"))
            try:
                calls.change_redaction_policy(ACME, before, after, ("deny",), NOON)
            except Conflict:
                continue

    at_once(renew, add, lambda: rotate(b"a"), lambda: rotate(b"b"), renew)
    assert SqlAuditLog(database).verify() > 24


def test_of_many_changes_at_once_none_is_lost(calls: SqlCallRepository) -> None:
    def add(mark: bytes) -> None:
        while True:
            before = calls.redaction_policy(ACME)
            held = before.sealed.ciphertext if before.sealed else b""
            after = StoredPolicy(sealed=Sealed(held + mark, b"key"))
            try:
                return calls.change_redaction_policy(ACME, before, after, ("deny",), NOON)
            except Conflict:
                continue

    at_once(*(lambda n=n: add(bytes([65 + n])) for n in range(6)))
    sealed = calls.redaction_policy(ACME).sealed
    assert sealed is not None and sorted(sealed.ciphertext) == list(range(65, 71))


def test_two_that_finish_at_once_store_one_transcript(calls: SqlCallRepository) -> None:
    pushed = push(calls, call())
    claim = claim_one(calls, pushed.id)
    answers: list[str] = []

    def finish() -> None:
        try:
            answers.append(str(calls.complete(claim, outcome(), NOON).status))
        except Exception as error:
            answers.append(type(error).__name__)

    at_once(finish, finish)
    assert sorted(answers) == ["LeaseLost", "stored"]


STORER = """
import sys
from datetime import datetime, timedelta
from pipeline.adapters.database import SqlCallRepository, endings, open_database
from pipeline.adapters.memory import MemoryLedger
from tests.builders import outcome
told = endings.announce
def stop(*arguments):
    told(*arguments)  # the last statement before the commit
    print("stored, not committed", flush=True)
    sys.stdin.readline()
endings.announce = stop
calls = SqlCallRepository(open_database(sys.argv[1]), MemoryLedger())
now = datetime.fromisoformat(sys.argv[2])
(claim,) = calls.claim([sys.argv[3]], "worker-1", now, timedelta(minutes=1))
calls.complete(claim, outcome(), now)
"""


def test_whoever_is_killed_while_it_stores_has_stored_nothing(
    url: str, database: Database, calls: SqlCallRepository
) -> None:
    pushed = push(calls)
    killed = subprocess.Popen(
        [sys.executable, "-c", STORER, url, NOON.isoformat(), pushed.id],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "stored, not committed\n"
        assert calls.call(pushed.id).status.value == "processing"
        assert calls.has_audio_key([pushed.id]) == {pushed.id: True}
        killed.kill()
    # Its locks go with it, as soon as the server sees that: nobody waits for the dead.
    end = time.monotonic() + 30
    while not (claims := calls.claim([pushed.id], "worker-2", NOON + 2 * LEASE, 10 * LEASE)):
        assert time.monotonic() < end, "the dead still holds the call"
    (claim,) = claims
    assert claim.token == 2
    assert calls.complete(claim, outcome(), NOON).status.value == "stored"
    assert calls.has_audio_key([pushed.id]) == {pushed.id: False}
    assert SqlAuditLog(database).verify() > 0
