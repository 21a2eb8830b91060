"""What SQLite does underneath: migrations, durability, deletion that leaves no bytes."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from pipeline.adapters.database import Database, SqlAuditLog, SqlCallRepository, open_database
from pipeline.adapters.database.schema import alembic_config
from pipeline.adapters.database.tables import DELETION_CLASSES, metadata
from pipeline.adapters.memory import MemoryLedger
from pipeline.domain.call import Sealed
from pipeline.domain.errors import (
    ConfigurationError,
    ServiceUnavailable,
    StorageFull,
)
from pipeline.domain.recording import SealedRecording
from pipeline.domain.redaction_policy import StoredPolicy
from tests.builders import ACME, NOON, claim_one, customer, outcome, push, recording

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "deckname.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{path}")
    yield opened
    opened.close()


@pytest.fixture
def calls(database: Database) -> SqlCallRepository:
    repository = SqlCallRepository(database, MemoryLedger())
    repository.add_customer(customer(), "hash")
    return repository


def test_every_table_says_what_ends_its_rows() -> None:
    for table in metadata.tables.values():
        assert table.info.get("deletion_class") in DELETION_CLASSES, table.name


def test_the_migrations_make_exactly_the_tables(database: Database) -> None:
    with database.engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_sqlite_is_set_up_for_durability_and_deletion(database: Database) -> None:
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "temp_store": 2,
        "busy_timeout": 30_000,
    }
    for transaction in (database.read, database.write):
        with transaction() as connection:
            for name, value in wanted.items():
                assert connection.exec_driver_sql(f"PRAGMA {name}").scalar() == value, name
    assert database.engine.hide_parameters
    assert not database.engine.echo


def test_the_database_is_private(path: Path, calls: SqlCallRepository) -> None:
    push(calls)
    for file in path.parent.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file.name
    assert path.parent.stat().st_mode & 0o077 == 0


def test_opening_again_keeps_what_is_there(path: Path, calls: SqlCallRepository) -> None:
    pushed = push(calls)
    again = open_database(f"sqlite:///{path}")
    assert SqlCallRepository(again, MemoryLedger()).call(pushed.id) == pushed
    again.close()


def test_processes_that_start_at_once_make_one_schema(path: Path) -> None:
    program = (
        "import sys\n"
        "from pipeline.adapters.database import SqlAuditLog, open_database\n"
        "from pipeline.domain.audit import AuditEvent\n"
        "from datetime import UTC, datetime\n"
        "sys.stdin.readline()\n"
        "database = open_database(sys.argv[1])\n"
        "log = SqlAuditLog(database)\n"
        "for _ in range(5):\n"
        "    log.append(AuditEvent('started', datetime.now(UTC)))\n"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, f"sqlite:///{path}"], cwd=ROOT, stdin=subprocess.PIPE
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.close()
    assert [process.wait(240) for process in started] == [0] * 4
    with closing(open_database(f"sqlite:///{path}")) as database:
        assert SqlAuditLog(database).verify() == 20


def test_a_database_of_a_newer_version_is_left_alone(path: Path, database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match="newer"):
        open_database(f"sqlite:///{path}")


def _upgraded_to(path: Path, revision: str) -> None:
    path.parent.mkdir()
    with closing(create_engine(f"sqlite:///{path}").connect()) as connection:
        with connection.begin():
            command.upgrade(alembic_config(connection), revision)
        connection.engine.dispose()


def test_a_store_of_the_first_tables_is_upgraded_with_all_it_holds(path: Path) -> None:
    _upgraded_to(path, "0001")
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        old.execute(
            "INSERT INTO customers VALUES"
            " ('acme', 'Acme Immobilien', ?, NULL, x'6b31', x'6b32', x'00')",
            (NOON.replace(tzinfo=None).isoformat(" ", "microseconds"),),
        )
        old.execute("INSERT INTO api_keys VALUES ('acme', 'hash')")
    with closing(open_database(f"sqlite:///{path}")) as database:
        calls = SqlCallRepository(database, MemoryLedger())
        assert calls.customers() == (customer(),)
        assert calls.customer_by_key("hash") == customer()
        assert calls.redaction_policy(ACME) == StoredPolicy()
        pushed = push(calls)
        after = StoredPolicy(keep_vault=False, sealed=Sealed(b"lists", b"key"))
        calls.change_redaction_policy(ACME, StoredPolicy(), after, ("keep_vault",), NOON)
        assert calls.redaction_policy(ACME) == after
        assert calls.complete(claim_one(calls, pushed.id), outcome(), NOON).id == pushed.id


def test_the_audit_log_tells_by_which_rules_older_calls_came_in(path: Path) -> None:
    _upgraded_to(path, "0005")
    moment = NOON.replace(tzinfo=None).isoformat(" ", "microseconds")
    told = [  # version 1 are the defaults; a restore gave two rules the version 4
        *((2, "keep"), (3, "destroy"), (4, "keep"), (4, "destroy"), (5, "keep"), (5, "keep")),
    ]
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        for name in ("acme", "other"):
            old.execute(
                "INSERT INTO customers (id, name, created_at, wrapped_key, wrapped_vault_key, salt)"
                " VALUES (?, ?, ?, x'6b31', x'6b32', x'00')",
                (name, name, moment),
            )
        for position, (version, unsupported) in enumerate(told, 1):
            facts = json.dumps({"unsupported": unsupported, "version": version})
            old.execute(
                "INSERT INTO audit_log (position, name, at, customer_id, facts, previous, hash)"
                " VALUES (?, 'retention_changed', ?, 'acme', ?, ?, ?)",
                (position, moment, facts, f"{position - 1:064}", f"{position:064}"),
            )
        for number, (name, version) in enumerate(
            [*(("acme", version) for version in range(1, 6)), ("other", 2)]
        ):
            old.execute(
                "INSERT INTO calls (id, customer_id, status, received_at, queued_at, layout,"
                " attempts, token, rules_version)"
                " VALUES (?, ?, 'received', ?, ?, 'agent_left', 0, 0, ?)",
                (f"call_{number:032}", name, moment, moment, version),
            )
    with closing(open_database(f"sqlite:///{path}")) as database:
        found = SqlCallRepository(database, MemoryLedger()).calls(limit=10)
    kept = {(each.customer_id, each.rules_version): each.unsupported for each in found}
    keeping = {rule for rule, unsupported in kept.items() if unsupported == "keep"}
    assert len(kept) == 6 and keeping == {("acme", 2), ("acme", 5)}


def test_erasures_that_a_hold_stood_against_are_owed_from_now_on(path: Path) -> None:
    """Those of requests by number or name, and only of calls that had come by then."""
    _upgraded_to(path, "0006")

    def text(days: int) -> str:
        moment = (NOON + timedelta(days=days)).replace(tzinfo=None)
        return moment.isoformat(" ", "microseconds")

    theirs, others = "ab" * 32, "cd" * 32
    calls = [  # customer, day it came, whose, whether it was erased
        *(("acme", 0, theirs, False), ("acme", 1, theirs, True), ("acme", 9, theirs, False)),
        *(("acme", 0, others, False), ("other", 0, theirs, False)),
    ]
    requests = [
        *(("acme", "erase", theirs, 6, "partly_held"), ("acme", "erase", theirs, 5, "legal_hold")),
        *(("acme", "erase", None, 5, "legal_hold"), ("acme", "erase", others, 5, "done")),
        *(("other", "export", theirs, 5, "legal_hold"), ("other", "erase", theirs, None, None)),
    ]
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        for name in ("acme", "other"):
            old.execute(
                "INSERT INTO customers (id, name, created_at, wrapped_key, wrapped_vault_key, salt)"
                " VALUES (?, ?, ?, x'6b31', x'6b32', x'00')",
                (name, name, text(0)),
            )
        for number, (name, day, token, gone) in enumerate(calls):
            call_id = f"call_{number:032}"
            old.execute(
                "INSERT INTO calls (id, customer_id, status, received_at, queued_at, layout,"
                " attempts, token, erased_at) VALUES (?, ?, 'stored', ?, ?, 'agent_left', 1, 1, ?)",
                (call_id, name, text(day), text(day), text(2) if gone else None),
            )
            old.execute("INSERT INTO subject_index VALUES (?, ?, ?)", (call_id, token, name))
        for number, (name, right, token, day, outcome) in enumerate(requests):
            closed = None if day is None else text(day)
            old.execute(
                "INSERT INTO rights_requests VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?)",
                (f"req_{number:032}", name, right, text(0), text(28), token, closed, outcome),
            )
    with closing(open_database(f"sqlite:///{path}")) as database:
        repository = SqlCallRepository(database, MemoryLedger())
        found = {call.id: call.erasure_owed_at for call in repository.calls(limit=10)}
    owed = {call_id: since for call_id, since in found.items() if since is not None}
    assert owed == {f"call_{0:032}": NOON + timedelta(days=5)}


@pytest.mark.parametrize("ending", ["change", "close"])
def test_lists_that_were_replaced_are_in_no_file_any_more(
    path: Path, calls: SqlCallRepository, ending: str
) -> None:
    before = StoredPolicy(sealed=Sealed(b"lists-with-names-on-them", b"key-of-the-lists"))
    calls.change_redaction_policy(ACME, StoredPolicy(), before, ("deny",), NOON)
    assert b"key-of-the-lists" in _bytes_under(path.parent)
    if ending == "change":
        calls.change_redaction_policy(ACME, before, StoredPolicy(), ("deny",), NOON)
    else:
        calls.close_customer(ACME, NOON)
    for gone in (b"key-of-the-lists", b"lists-with-names-on-them"):
        assert gone not in _bytes_under(path.parent)


@pytest.mark.parametrize(
    "url", ["nonsense", "oracle+nodriver://x", "sqlite://", "sqlite:///:memory:"]
)
def test_a_url_that_cannot_work_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigurationError, match="DECKNAME_DATABASE_URL"):
        open_database(url)


def _bytes_under(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


@pytest.mark.parametrize("ending", ["complete", "fail", "destroy", "close"])
def test_a_destroyed_key_is_in_no_file_any_more(
    path: Path, calls: SqlCallRepository, ending: str
) -> None:
    for _ in range(20):
        push(calls)
    pushed = push(calls)
    wrapped = recording(pushed).wrapped_key
    claim = claim_one(calls, pushed.id)
    assert wrapped in _bytes_under(path.parent)
    if ending == "complete":
        calls.complete(claim, outcome(), NOON)
    elif ending == "fail":
        calls.fail(claim, "poison", NOON)
    elif ending == "destroy":
        calls.destroy_audio(pushed.id, "consent_withdrawn", NOON)
    else:
        calls.close_customer(pushed.customer_id, NOON)
    assert wrapped not in _bytes_under(path.parent)


def test_a_reader_in_the_way_delays_only_the_checkpoint(
    path: Path, database: Database, calls: SqlCallRepository
) -> None:
    pushed = push(calls)
    claim = claim_one(calls, pushed.id)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM audio_keys").fetchall()
        calls.complete(claim, outcome(), NOON)
        assert database.forget_deleted() is False
        reader.execute("COMMIT")
    assert database.forget_deleted() is True
    assert recording(pushed).wrapped_key not in _bytes_under(path.parent)


def test_idempotency_keys_are_not_stored(path: Path, calls: SqlCallRepository) -> None:
    push(calls, idempotency_key="Sonnenschein-0301234567")
    assert b"Sonnenschein" not in _bytes_under(path.parent)


def test_a_full_disk_changes_nothing(database: Database, calls: SqlCallRepository) -> None:
    pushed = push(calls)
    claim = claim_one(calls, pushed.id)
    with database.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    # The limit belongs to a connection: all of the pool must have it.
    database.engine.dispose()
    from sqlalchemy import event

    @event.listens_for(database.engine, "connect")
    def _limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")

    big = outcome()
    big = type(big)(
        big.language,
        big.duration,
        type(big.transcript)(b"x" * 10_000_000, b"key"),
        big.vault,
        big.pseudonym_counts,
    )
    with pytest.raises(StorageFull):
        calls.complete(claim, big, NOON)
    assert isinstance(calls.recording(pushed.id), SealedRecording)
    assert calls.complete(claim, outcome(), NOON).id == pushed.id


def test_a_locked_database_is_unavailable_and_says_nothing_of_rows(
    monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    monkeypatch.setattr("pipeline.adapters.database.engine.BUSY_TIMEOUT_MS", 50)
    with closing(open_database(f"sqlite:///{path}")) as database:
        calls = SqlCallRepository(database, MemoryLedger())
        with closing(sqlite3.connect(path, isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            with pytest.raises(ServiceUnavailable) as caught:
                calls.add_customer(customer(), "secret-hash")
            assert "secret-hash" not in str(caught.value)
            assert "Acme" not in repr(caught.value)
            assert calls.customers() == ()
            writer.execute("ROLLBACK")
        calls.add_customer(customer(), "secret-hash")


def test_a_damaged_database_is_unavailable(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 1000)
    with pytest.raises(ServiceUnavailable):
        open_database(f"sqlite:///{path}")
