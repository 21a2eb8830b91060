"""`verify_store` finds evidence that outlived its time, believes a log and a ledger that were
pruned, and finds what somebody changed in them all the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.adapters.memory import StoppedClock
from pipeline.bootstrap import bootstrap_backups, bootstrap_restored
from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Call
from pipeline.domain.deletion_concept import EVIDENCE_YEARS, evidence_period
from pipeline.domain.errors import Conflict
from pipeline.domain.rights import LegalHold, Right, RightsRequest, new_hold_id
from pipeline.settings import load_settings
from pipeline.usecases.backups import restore_backup
from pipeline.usecases.customers import close_customer
from pipeline.usecases.deck import Deck
from pipeline.usecases.finish_deletions import finish_deletions
from pipeline.usecases.prune_evidence import prune_evidence
from pipeline.usecases.verification.evidence import CHECKS
from pipeline.usecases.verification.findings import Grace
from pipeline.usecases.verification.rows import snapshot
from pipeline.usecases.verify_store import Finding, verify_store
from tests.builders import ACME
from tests.integration.backup_store import BackedUp
from tests.stores import DiskStore

DAY = timedelta(days=1)
LIFE = evidence_period(EVIDENCE_YEARS)
OVERDUE = LIFE + 3 * DAY


def findings(store: DiskStore, **grace: timedelta) -> tuple[Finding, ...]:
    return verify_store(store.places, store.clock.now(), grace=Grace(**grace))


def checks(store: DiskStore) -> set[str]:
    return {finding.check for finding in findings(store)}


def stored(store: DiskStore) -> Call:
    done = store.store(store.push())
    finish_deletions(store.deck)
    return done


def erased(store: DiskStore) -> Call:
    done = stored(store)
    store.calls.erase_call(done.id, "erased_on_request", store.clock.now())
    finish_deletions(store.deck)
    return done


def pruned(store: DiskStore, deck: Deck | None = None) -> int:
    removed, deck = 0, deck or store.deck
    while count := prune_evidence(deck, 500):
        removed += count
    return removed


def days_pass(store: DiskStore, by: timedelta) -> None:
    """Day keys that are of no use any more go as they do in life."""
    store.clock.turn(by)
    store.keys.destroy_due(store.clock.now())


def text(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _tombstone(store: DiskStore) -> str:
    return erased(store).id


def _closed_customer(store: DiskStore) -> str:
    close_customer(ACME, store.deck)
    finish_deletions(store.deck)
    return ACME


def _hold(store: DiskStore) -> str:
    hold = LegalHold(new_hold_id(), ACME, None, "a claim", "operator", store.clock.now())
    store.deck.holds.place(hold)
    store.deck.holds.release(hold.id, "operator", store.clock.now())
    return hold.id


def _lapsed_hold(store: DiskStore) -> str:
    now = store.clock.now()
    hold = LegalHold(new_hold_id(), ACME, None, "a claim", "operator", now, now)
    store.deck.holds.place(hold)
    return hold.id


def _request(store: DiskStore) -> str:
    now = store.clock.now()
    asked = RightsRequest("req_" + "1" * 32, ACME, Right.EXPORT, now, now + 30 * DAY, 1)
    store.deck.rights.open(asked, now)
    store.deck.rights.close(asked.id, "done", 1, now)
    return asked.id


def _entry_about_nothing(store: DiskStore) -> str:
    store.audit.append(AuditEvent("keys_destroyed", store.clock.now()))
    return f"entry {store.audit.verify()}"


def _entry_about_what_is_gone(store: DiskStore) -> str:
    store.audit.append(AuditEvent("call_shown", store.clock.now(), "call_" + "7" * 32, ACME))
    return f"entry {store.audit.verify()}"


def _stray_receipt(store: DiskStore) -> str:
    """As if its call had never been here."""
    call = erased(store)
    [first, *_] = store.deck.deletions.receipts(call_id=call.id)
    store.sql("DELETE FROM calls WHERE id = ?", call.id)
    return first.id


def _ledger_line(store: DiskStore) -> str:
    erased(store)
    return "line 1"


@pytest.mark.parametrize(
    "overdue",
    [
        _tombstone,
        _closed_customer,
        _hold,
        _lapsed_hold,
        _request,
        _entry_about_nothing,
        _entry_about_what_is_gone,
        _stray_receipt,
        _ledger_line,
    ],
)
def test_what_outlives_its_time_is_found(
    store: DiskStore, overdue: Callable[[DiskStore], str]
) -> None:
    place = overdue(store)
    days_pass(store, LIFE + DAY)
    assert "evidence_overdue" not in checks(store), "maintenance comes once a day"
    days_pass(store, 2 * DAY)
    found = {each.place: each for each in findings(store) if each.check == "evidence_overdue"}
    assert found[place].overdue_seconds == pytest.approx(3 * 86400, abs=1)
    longer = findings(store, evidence=evidence_period(10))
    assert not [each for each in longer if each.check == "evidence_overdue"]
    pruned(store)
    assert "evidence_overdue" not in checks(store)


@pytest.mark.parametrize(("years", "found"), [(3, True), (10, False)])
def test_the_command_asks_for_the_years_that_are_set(
    tmp_path: Path, years: int, found: bool
) -> None:
    from pipeline.cli.verifying import inspect

    store = DiskStore.open(tmp_path, StoppedClock(datetime.now(UTC) - OVERDUE))
    erased(store)
    store.close()
    folders = {"home": tmp_path / "home", "keys": tmp_path / "keys"}
    report = inspect(load_settings(**folders, evidence_years=years))
    assert ("evidence_overdue" in {each.check for each in report.findings}) is found


def test_every_query_can_be_read(store: DiskStore) -> None:
    now = text(store.clock.now())
    wanted = {"over": now, "life": 1.0}
    with snapshot(store.places.database) as rows:
        assert rows is not None
        queries = CHECKS[rows.kind]
        assert [check.detail for check in queries] == [each.detail for each in CHECKS["sqlite"]]
        assert len(queries) == 6 and {check.check for check in queries} == {"evidence_overdue"}
        for check in queries:
            assert rows.reads(check.query, wanted), check.detail
            assert list(rows.execute(check.query, wanted)) == [], check.detail


def test_a_store_is_clean_before_and_after_every_step_of_pruning(store: DiskStore) -> None:
    stored(store), erased(store)
    days_pass(store, LIFE + DAY)
    later = stored(store)
    seen: list[str] = []
    deck = store.deck

    class Watched:
        """An adapter after each of whose steps the verifier looks."""

        def __init__(self, adapter: Any) -> None:
            self._adapter = adapter

        def __getattr__(self, name: str) -> Any:
            def step(*arguments: Any) -> Any:
                done = getattr(self._adapter, name)(*arguments)
                if name == "forget" or name.startswith("prune_"):
                    seen.append(name)
                    assert findings(store) == (), name
                return done

            return step

    watched: Any = replace(deck, evidence=Watched(deck.evidence), ledger=Watched(deck.ledger))
    assert findings(store) == ()
    assert pruned(store, watched) > 0
    assert {"forget", "prune_log", "prune_calls"} <= set(seen)
    assert checks(store) == set()
    close_customer(ACME, store.deck)
    finish_deletions(store.deck)
    days_pass(store, LIFE + DAY)
    assert pruned(store, watched) > 0 and store.calls.customers() == ()
    assert checks(store) == set() and later.id not in str(store.deck.ledger.latest())


def _pruned_store(store: DiskStore) -> int:
    """A living call, an erased one, three years; then another. The position of the anchor."""
    stored(store), erased(store)
    days_pass(store, OVERDUE)
    assert pruned(store) > 0
    stored(store)
    assert checks(store) == set()
    rows = store.deck.audit._database  # type: ignore[attr-defined]
    with rows.read() as connection:
        query = "SELECT facts FROM audit_log WHERE name = 'audit_pruned'"
        return int(json.loads(connection.exec_driver_sql(query).scalar())["to"])


def ledger(store: DiskStore) -> Path:
    return store.folder / "keys" / "ledger" / "deletions.jsonl"


@pytest.mark.parametrize(
    ("query", "check"),
    [
        ("DELETE FROM audit_log WHERE position = 1", "audit_chain_broken"),
        ("UPDATE audit_log SET name = 'x' WHERE position = 1", "audit_chain_broken"),
        ("DELETE FROM audit_log WHERE position = :anchor + 2", "audit_chain_broken"),
        ("UPDATE audit_log SET name = 'x' WHERE position > :anchor", "audit_chain_broken"),
        ("UPDATE audit_log SET facts = '{}' WHERE name = 'audit_pruned'", "audit_chain_broken"),
        (
            "UPDATE audit_log SET facts = replace(facts, '\"to\": ', '\"to\": 1')"
            " WHERE name = 'audit_pruned'",
            "audit_chain_broken",
        ),
        ("DELETE FROM audit_log WHERE name = 'audit_pruned'", "audit_chain_broken"),
        ("UPDATE deletions SET signature = x'00'", "receipt_signature_invalid"),
    ],
)
def test_what_is_changed_in_a_pruned_store_is_found(
    store: DiskStore, query: str, check: str
) -> None:
    anchor = _pruned_store(store)
    store.sql(query.replace(":anchor", str(anchor)))
    assert check in checks(store)


def test_an_entry_put_before_the_anchor_is_found(store: DiskStore) -> None:
    _pruned_store(store)
    rows = store.deck.audit._database  # type: ignore[attr-defined]
    with rows.read() as connection:
        taken = set(connection.exec_driver_sql("SELECT position FROM audit_log").scalars())
    free = min(set(range(1, max(taken))) - taken)
    store.sql(
        "INSERT INTO audit_log SELECT ?, name, at, call_id, customer_id, facts, 'a', 'b'"
        " FROM audit_log WHERE position = 1",
        free,
    )
    assert "audit_chain_broken" in checks(store)


@pytest.mark.parametrize("line", [0, 1])
def test_a_line_that_went_from_a_shortened_ledger_is_found(store: DiskStore, line: int) -> None:
    _pruned_store(store)
    lines = ledger(store).read_bytes().splitlines(keepends=True)
    ledger(store).write_bytes(b"".join(each for at, each in enumerate(lines) if at != line))
    assert "ledger_broken" in checks(store)


def test_a_beginning_that_was_put_there_hides_no_young_receipt(store: DiskStore) -> None:
    """Whoever can write the file can forge its first line, too: what is younger than evidence
    lives must be there all the same."""
    from pipeline.adapters.file_ledger import FileLedger

    stored(store)
    forged = FileLedger(ledger(store).parent)
    forged.forget(forged.end())
    assert checks(store) & {"receipt_not_in_ledger"}


def test_a_receipt_that_is_young_must_be_in_a_pruned_log(store: DiskStore) -> None:
    _pruned_store(store)
    deck = store.deck
    young = erased(store)
    store.clock.turn(DAY)
    assert deck.evidence.prune_log(store.clock.now() - DAY / 2, store.clock.now(), 1000) > 0
    named = {each.place for each in findings(store) if each.check == "receipt_not_chained"}
    assert named == {each.id for each in deck.deletions.receipts(call_id=young.id)}


class TestBackups:
    """`BackedUp` has the system's clock: the restored store's is turned."""

    def restore(self, store: BackedUp, backup: Path, by: timedelta) -> None:
        from contextlib import contextmanager

        @contextmanager
        def opened(folder: Path) -> Iterator[Deck]:
            with bootstrap_restored(store.settings, folder) as deck:
                yield replace(deck, clock=StoppedClock(datetime.now(UTC) + by))

        import shutil

        store.forget()
        shutil.rmtree(store.home)
        restore_backup(backup, store.home, bootstrap_backups(store.settings), opened)

    def test_one_that_is_older_than_the_ledger_reaches_is_refused(self, tmp_path: Path) -> None:
        store = BackedUp(tmp_path)
        store.add_customer()
        call = store.store(store.push())
        backup = store.back_up()
        with pytest.raises(Conflict, match="the backup is older than evidence is kept") as refused:
            self.restore(store, backup, LIFE + DAY)
        assert "\n" not in str(refused.value) and "nothing was restored" in str(refused.value)
        assert not (store.home / "deckname.db").exists()
        store.home.mkdir(exist_ok=True)
        self.restore(store, backup, LIFE - DAY)
        store.open()
        assert store.readable(call.id).transcript

    def test_a_copy_put_back_by_hand_is_refused_by_the_ledger(self, tmp_path: Path) -> None:
        store = BackedUp(tmp_path)
        store.add_customer()
        first = store.store(store.push())
        store.open()
        copy = store.copy_by_hand()
        store.deck.calls.erase_call(first.id, "erased_on_request", store.deck.clock.now())
        store.finish()
        store.open()
        later = replace(store.deck, clock=StoppedClock(datetime.now(UTC) + LIFE + DAY))
        assert prune_evidence(later, 500) > 0
        store.put_back(copy)
        with pytest.raises(Conflict, match="older than what the deletion ledger remembers"):
            store.open()
