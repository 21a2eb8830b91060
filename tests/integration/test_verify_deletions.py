"""`verify_store` finds deletions without an end, receipts that prove nothing, consent that was
passed over and content that outlived its rule; and it shares no code with what deletes."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.adapters.database.tables import DELETION_CLASSES, metadata
from pipeline.adapters.memory import StoppedClock
from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Call
from pipeline.domain.ids import CustomerId
from pipeline.domain.ledger import Kind, hold_told, mark_told, outcome_told, remade_told
from pipeline.domain.rights import Right
from pipeline.usecases.find_subject import Search
from pipeline.usecases.finish_deletions import finish_deletions
from pipeline.usecases.hold_calls import place_hold, release_hold
from pipeline.usecases.mark_subject import (
    lift_restriction,
    object_subject,
    owe_erasure,
    restrict_subject,
)
from pipeline.usecases.replay_ledger import catch_up
from pipeline.usecases.rights_requests import close_request, open_request
from pipeline.usecases.verification.in_database import TABLES
from pipeline.usecases.verification.ledger import read_ledger
from pipeline.usecases.verification.row_checks import CHECKS
from pipeline.usecases.verify_store import examine_store, verify_store
from tests import builders
from tests.stores import DiskStore

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SEALED = b"\1" + b"x" * 40
ROOT = Path(__file__).parents[2]


def checks(store: DiskStore) -> set[str]:
    return {finding.check for finding in verify_store(store.places, store.clock.now())}


def stored(store: DiskStore, kept_for: timedelta | None = None) -> Call:
    call = store.store(store.push(kept_for), kept_for)
    finish_deletions(store.deck)
    return call


def erased(store: DiskStore) -> Call:
    call = stored(store)
    store.calls.erase_call(call.id, "erased_on_request", store.clock.now())
    finish_deletions(store.deck)
    return call


def text(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def ledger(store: DiskStore) -> Path:
    return store.folder / "keys" / "ledger" / "deletions.jsonl"


def said(store: DiskStore, call: Call, act: str, until: datetime | None = None) -> None:
    store.sql(
        "INSERT INTO consent_entries (customer_id, call_id, purpose, act, source, at, until)"
        " VALUES (?, ?, 'audio_retention', ?, 'spoken', ?, ?)",
        call.customer_id,
        call.id,
        act,
        text(store.clock.now()),
        None if until is None else text(until),
    )


def test_deletions_with_their_receipts_are_clean(store: DiskStore) -> None:
    stored(store), erased(store)
    call = stored(store, 30 * DAY)
    store.calls.close_customer(store.customer.id, store.clock.now())
    finish_deletions(store.deck)
    store.recordings.unlink(call.id)
    store.clock.turn(DAY)
    report = examine_store(store.places, store.clock.now())
    assert report.findings == () and report.oldest_overdue_seconds == 0
    assert report.looked_at["receipts"] == 5
    # Each was told when it began, too, and of the two that a worker ended the commit.
    assert report.looked_at["ledger_lines"] == 5 + 5 + 2
    assert (report.looked_at["calls"], report.looked_at["customers"]) == (3, 1)


Sabotage = Callable[[DiskStore], object]


def _receipt_never_made(store: DiskStore) -> None:
    store.store(store.push())
    store.clock.turn(10 * MINUTE)


def _signature_of_nobody(store: DiskStore) -> None:
    stored(store)
    store.sql("UPDATE deletions SET signature = ?", bytes(64))


def _one_byte_of_a_receipt(store: DiskStore) -> None:
    stored(store)
    store.sql("UPDATE deletions SET document = replace(document, ':\"done\"', ':\"dome\"')")


def _receipt_of_another(store: DiskStore) -> None:
    stored(store), stored(store)
    store.sql(
        "UPDATE deletions SET (document, signature) ="
        " (SELECT document, signature FROM deletions ORDER BY id LIMIT 1)"
    )


def _key_pair_lost(store: DiskStore) -> None:
    stored(store)
    (store.folder / "keys" / "receipts" / "signing.pem").unlink()


def _another_key_pair(store: DiskStore) -> None:
    _key_pair_lost(store)
    assert store.deck.signer.key_id


def _digest_not_chained(store: DiskStore) -> None:
    stored(store)
    (receipt,) = store.deck.deletions.receipts()
    store.sql("UPDATE audit_log SET facts = replace(facts, ?, ?)", receipt.digest, "0" * 64)


def _words_in_a_receipt(store: DiskStore) -> None:
    store.store(store.push())
    place = {"where": "provider", "method": "provider_deleted", "done": "2026-01-01T00:00:00+00:00"}
    place["answer"] = "Frau Sonnenschein"
    store.sql("UPDATE deletions SET places = ?", json.dumps([place]))
    finish_deletions(store.deck)


def _place_left_undone(store: DiskStore) -> None:
    store.store(store.push())
    place = {"where": "provider", "method": "provider_deleted", "done": None, "answer": None}
    store.sql("UPDATE deletions SET places = ?", json.dumps([place]))
    finish_deletions(store.deck)


def _deletion_forgotten(store: DiskStore) -> None:
    stored(store)
    call = store.store(store.push())
    store.sql("DELETE FROM deletions WHERE call_id = ?", call.id)


def _receipt_removed(store: DiskStore) -> None:
    call = stored(store)
    store.sql("DELETE FROM deletions WHERE call_id = ?", call.id)


def _erasure_forgotten(store: DiskStore) -> None:
    call = stored(store)
    store.calls.erase_call(call.id, "erased_on_request", store.clock.now())
    store.sql("DELETE FROM deletions WHERE data_class = 'transcript'")


def _older_backup(store: DiskStore) -> None:
    stored(store)
    call = stored(store)
    position = "SELECT min(position) FROM audit_log WHERE call_id = ?"
    store.sql(f"DELETE FROM audit_log WHERE position >= ({position})", call.id)
    for table in ("deletions", "transcripts", "vaults"):
        store.sql(f"DELETE FROM {table} WHERE call_id = ?", call.id)
    store.sql("DELETE FROM outbox WHERE call_id = ?", call.id)
    store.sql("DELETE FROM calls WHERE id = ?", call.id)


def _audit_tail_cut(store: DiskStore) -> None:
    stored(store)
    store.sql("DELETE FROM audit_log WHERE name = 'deletion_receipt'")


def _ledger_lost(store: DiskStore) -> None:
    stored(store)
    ledger(store).unlink()


def _ledger_cut(store: DiskStore) -> None:
    stored(store), stored(store)
    *rest, _ = ledger(store).read_bytes().splitlines(keepends=True)
    ledger(store).write_bytes(b"".join(rest))


def _ledger_cut_before_the_mark(store: DiskStore) -> None:
    """No receipt is missing: the database remembers that there was more."""
    stored(store)
    entry = mark_told(
        Kind.LIFT_OBJECTION, builders.call().id, CustomerId("acme"), store.clock.now()
    )
    whole = ledger(store).read_bytes()
    store.deck.ledger.append(entry)
    catch_up(store.deck)
    assert checks(store) == set()
    ledger(store).write_bytes(whole)


def _ledger_altered(store: DiskStore) -> None:
    stored(store), stored(store)
    ledger(store).write_bytes(ledger(store).read_bytes().replace(b"acme", b"acne", 1))


def _ledger_forged(store: DiskStore) -> None:
    """With a whole chain: it needs no key."""
    stored(store)
    *rest, last = ledger(store).read_bytes().splitlines(keepends=True)
    (body, _), (_, before) = json.loads(last), json.loads(rest[-1])
    body[5]["document"] = body[5]["document"].replace('"trigger":"done"', '"trigger":"cap"')
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(f"{before}\n{canonical}".encode()).hexdigest()
    ledger(store).write_bytes(b"".join(rest) + json.dumps([body, digest]).encode() + b"\n")


def _content_comes_back(table: str, values: str) -> Sabotage:
    def sabotage(store: DiskStore) -> None:
        call = erased(store)
        store.sql(f"INSERT INTO {table} VALUES ({values})".replace(":call", f"'{call.id}'"))

    sabotage.__name__ = f"_{table}_come_back"
    return sabotage


_SEAL = f"x'{SEALED.hex()}', x'00'"
_ROWS = {
    "transcripts": f":call, {_SEAL}, '{{}}', '2026-01-01 00:00:00.000000'",
    "vaults": f":call, {_SEAL}",
    "consent_claims": ":call, 0, 'audio_retention', 1",
    "consent_quotes": f"1, :call, {_SEAL}",
    "subject_index": f":call, '{'0' * 64}', 'acme'",
}


def _more_than_a_tombstone(store: DiskStore) -> None:
    store.sql("UPDATE calls SET language = 'de' WHERE id = ?", erased(store).id)


def _content_of_closed_customer(store: DiskStore) -> None:
    call = stored(store)
    store.calls.close_customer(store.customer.id, store.clock.now())
    finish_deletions(store.deck)
    store.sql("INSERT INTO vaults VALUES (?, ?, x'00')", call.id, SEALED)


def _index_key_of_closed_customer(store: DiskStore) -> None:
    store.calls.close_customer(store.customer.id, store.clock.now())
    store.sql("INSERT INTO index_secrets VALUES ('acme', ?, x'00')", SEALED)


def _rules_of_closed_customer(store: DiskStore) -> None:
    store.calls.close_customer(store.customer.id, store.clock.now())
    store.sql("INSERT INTO retention_policies VALUES ('acme', 1, 'destroy', 2)")


def _past_its_promise(store: DiskStore) -> Call:
    call = stored(store)
    until = text(store.clock.now() + DAY)
    store.sql("UPDATE calls SET transcript_until = ? WHERE id = ?", until, call.id)
    store.clock.turn(DAY + 5 * MINUTE)
    return call


def _past_the_customers_rule(store: DiskStore) -> None:
    stored(store)
    store.sql("INSERT INTO retention_policies VALUES ('acme', 86400, 'destroy', 2)")
    store.clock.turn(DAY + 6 * MINUTE)


def _voice_note_past_six_months(store: DiskStore) -> None:
    stored(store)
    store.sql("UPDATE calls SET origin = 'messenger'")
    store.clock.turn(183 * DAY + 6 * MINUTE)
    store.keys.destroy_due(store.clock.now())


def _voice_note_kept_for_a_year(store: DiskStore) -> None:
    stored(store, 365 * DAY)
    store.sql("UPDATE calls SET origin = 'messenger'")


def _hold_is_over(store: DiskStore) -> None:
    call = _past_its_promise(store)
    _hold(store, call, until=store.clock.now() - 5 * MINUTE)


def _owed(store: DiskStore) -> Call:
    call = stored(store)
    owed = text(store.clock.now())
    store.sql("UPDATE calls SET erasure_owed_at = ? WHERE id = ?", owed, call.id)
    store.clock.turn(5 * MINUTE)
    return call


def _owed_after_its_hold(store: DiskStore) -> None:
    call = _owed(store)
    _hold(store, call, until=store.clock.now() - 5 * MINUTE)


def _waited(store: DiskStore, query: str, *values: object) -> None:
    """What the ledger was told is long committed, and then somebody meddles."""
    store.sql(query, *values)
    store.clock.turn(6 * MINUTE)


def _debt_lost(store: DiskStore) -> None:
    call = stored(store)
    place_hold(store.customer.id, call.id, "HGB", "lawyer", store.deck)
    owe_erasure(store.calls.call(call.id), store.deck, {})
    _waited(store, "UPDATE calls SET erasure_owed_at = NULL")


def _restriction_back(store: DiskStore) -> None:
    search = Search(store.customer.id, call_ids=(stored(store).id,))
    restrict_subject(search, store.deck, "operator")
    since = store.clock.now()
    store.clock.turn(MINUTE)
    lift_restriction(search, store.deck, "operator")
    _waited(store, "UPDATE calls SET restricted_at = ?", text(since))


def _hold_lost(store: DiskStore) -> None:
    for until in (None, store.clock.now() + DAY, store.clock.now() + MINUTE):
        place_hold(store.customer.id, stored(store).id, "HGB", "lawyer", store.deck, until)
    _waited(store, "DELETE FROM legal_holds")


def _release_lost(store: DiskStore) -> None:
    hold = place_hold(store.customer.id, None, "HGB", "lawyer", store.deck)
    release_hold(hold.id, "lawyer", store.deck)
    _waited(store, "UPDATE legal_holds SET released_at = NULL")


def _request_lost(store: DiskStore) -> None:
    open_request(store.customer.id, Right.ACCESS, store.deck)
    _waited(store, "DELETE FROM rights_requests")


def _answer_lost(store: DiskStore) -> None:
    request = open_request(store.customer.id, Right.ACCESS, store.deck)
    close_request(request.id, "done", store.deck)
    _waited(store, "UPDATE rights_requests SET closed_at = NULL")


def _owed_and_audio_kept(store: DiskStore) -> None:
    """Under a hold, which keeps no audio."""
    call = stored(store, 300 * DAY)
    _hold(store, call)
    store.sql("UPDATE calls SET erasure_owed_at = ?", text(store.clock.now()))
    store.clock.turn(timedelta(seconds=15))


def _owed_by_a_clock_ahead_and_audio_kept(store: DiskStore) -> None:
    _owed_and_audio_kept(store)
    store.sql("UPDATE calls SET erasure_owed_at = ?", text(store.clock.now() + DAY))


def _kept_against(act: str) -> Sabotage:
    def sabotage(store: DiskStore) -> None:
        said(store, stored(store, 30 * DAY), act)
        store.clock.turn(timedelta(seconds=15))

    sabotage.__name__ = f"_kept_although_{act}"
    return sabotage


def _quote_in_clear(store: DiskStore) -> None:
    said(store, call := stored(store), "refused")
    store.sql("INSERT INTO consent_quotes VALUES (1, ?, 'Nein, bitte nicht.', x'00')", call.id)


def _index_key_in_clear(store: DiskStore) -> None:
    store.sql("INSERT INTO index_secrets VALUES ('acme', 'secret', x'00')")


def _number_in_the_index(store: DiskStore) -> None:
    call = stored(store)
    store.sql("INSERT INTO subject_index VALUES (?, '+49 30 123456', 'acme')", call.id)


def _idempotency_key_in_clear(store: DiskStore) -> None:
    call = stored(store)
    store.sql("UPDATE calls SET idempotency_hash = 'Sonnenschein' WHERE id = ?", call.id)


def _words_in_the_audit_log(store: DiskStore) -> None:
    store.audit.append(
        AuditEvent("note", store.clock.now(), facts={"text": "Frau Sonnenschein rief an"})
    )


def _number_in_the_audit_log(store: DiskStore) -> None:
    store.audit.append(AuditEvent("note", store.clock.now(), facts={"to": "+4930123456"}))


def _table_of_somebody(store: DiskStore) -> None:
    store.sql("CREATE TABLE notes (text TEXT)")


def _trigger_that_copies(store: DiskStore) -> None:
    body = "BEGIN SELECT 1; END"
    if store.database.engine.url.get_backend_name() != "sqlite":
        store.sql(
            "CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN RETURN NEW; END $$"
        )
        body = "FOR EACH ROW EXECUTE FUNCTION noted()"
    store.sql(f"CREATE TRIGGER copy AFTER INSERT ON transcripts {body}")


def _copy_of_a_day_key(store: DiskStore) -> None:
    store.push()
    key = next((store.folder / "keys" / "days").iterdir())
    copy = key.with_suffix(".bak")
    copy.write_bytes(key.read_bytes())
    copy.chmod(0o600)


def _copy_of_the_database(store: DiskStore) -> None:
    home = store.folder / "home"
    database = home / "deckname.db"
    copied = database.read_bytes() if database.exists() else b"SQLite format 3\0" + bytes(512)
    (home / "before-upgrade").write_bytes(copied)


def _tarball(store: DiskStore) -> None:
    (store.folder / "home" / "backup.tgz").write_bytes(b"\x1f\x8b" + b"\0" * 99)


def _redis_snapshot(store: DiskStore) -> None:
    (store.folder / "home" / "redis").mkdir()
    (store.folder / "home" / "redis" / "dump.rdb").write_bytes(b"REDIS0011")


def _log(store: DiskStore, name: str, content: str) -> None:
    path = store.folder / "home" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)


def _old_log(store: DiskStore) -> None:
    day = (store.clock.now() - 15 * DAY).date()
    _log(store, f"logs/worker-{day}.jsonl", '{"event":"call_stored"}\n')


def _old_redis_log(store: DiskStore) -> None:
    moment = (store.clock.now() - 15 * DAY).strftime("%d %b %Y %H:%M:%S.000")
    _log(store, "redis/server.log", f"7:M {moment} * Ready to accept connections\n")


def _words_in_a_log(store: DiskStore) -> None:
    day = store.clock.now().date()
    line = '{"event":"note","text":"Frau Sonnenschein rief an"}\n'
    _log(store, f"logs/worker-{day}.jsonl", '{"event":"call_stored"}\n' + line)


@pytest.mark.parametrize(
    ("sabotage", "expected"),
    [
        (_debt_lost, {"mark_lost"}),
        (_restriction_back, {"mark_lost"}),
        (_hold_lost, {"hold_lost"}),
        (_release_lost, {"hold_lost"}),
        (_request_lost, {"request_lost"}),
        (_answer_lost, {"request_lost"}),
        (_receipt_never_made, {"deletion_unfinished"}),
        (_signature_of_nobody, {"receipt_signature_invalid"}),
        (_one_byte_of_a_receipt, {"receipt_signature_invalid", "receipt_not_chained"}),
        (_receipt_of_another, {"receipt_invalid"}),
        (_key_pair_lost, {"receipt_key_missing"}),
        (_another_key_pair, {"receipt_signature_invalid"}),
        (_digest_not_chained, {"receipt_not_chained", "audit_chain_broken"}),
        (_words_in_a_receipt, {"receipt_wordy"}),
        (_place_left_undone, {"receipt_incomplete"}),
        (_deletion_forgotten, {"audio_without_receipt", "receipt_lost"}),
        (_receipt_removed, {"audio_without_receipt", "receipt_lost"}),
        (_erasure_forgotten, {"erasure_without_receipt", "receipt_lost"}),
        (_older_backup, {"receipt_lost", "audit_log_cut"}),
        (_audit_tail_cut, {"receipt_not_chained", "audit_log_cut"}),
        (_ledger_lost, {"receipt_not_in_ledger"}),
        (_ledger_cut, {"receipt_not_in_ledger"}),
        (_ledger_cut_before_the_mark, {"ledger_cut"}),
        (_ledger_altered, {"ledger_broken"}),
        (_ledger_forged, {"ledger_receipt_invalid"}),
        *((_content_comes_back(*row), {"content_of_erased_call"}) for row in _ROWS.items()),
        (
            _content_comes_back("known_parties", f":call, {_SEAL}"),
            {"content_of_erased_call", "known_parties_of_ended_call"},
        ),
        (_more_than_a_tombstone, {"content_of_erased_call"}),
        (
            _content_of_closed_customer,
            {"content_of_closed_customer", "content_of_erased_call"},
        ),
        (_index_key_of_closed_customer, {"key_of_closed_customer"}),
        (_rules_of_closed_customer, {"policy_of_closed_customer"}),
        (_past_its_promise, {"transcript_overdue"}),
        (_past_the_customers_rule, {"transcript_overdue"}),
        (_voice_note_past_six_months, {"transcript_overdue"}),
        (_voice_note_kept_for_a_year, {"retained_beyond_consent"}),
        (_hold_is_over, {"transcript_overdue"}),
        (_owed, {"erasure_overdue"}),
        (_owed_after_its_hold, {"erasure_overdue"}),
        (_owed_and_audio_kept, {"retained_against_erasure"}),
        (_owed_by_a_clock_ahead_and_audio_kept, {"retained_against_erasure"}),
        (_kept_against("refused"), {"retained_against_consent"}),
        (_kept_against("withdrawn"), {"retained_against_consent"}),
        (_kept_against("unsupported"), {"retained_against_consent"}),
        (_quote_in_clear, {"content_unsealed"}),
        (_index_key_in_clear, {"content_unsealed"}),
        (_number_in_the_index, {"hash_in_clear"}),
        (_idempotency_key_in_clear, {"hash_in_clear"}),
        (_words_in_the_audit_log, {"audit_wordy"}),
        (_number_in_the_audit_log, {"audit_wordy"}),
        (_table_of_somebody, {"table_unknown"}),
        (_trigger_that_copies, {"table_unknown"}),
        (_copy_of_a_day_key, {"key_file_unknown"}),
        (_copy_of_the_database, {"backup_in_home"}),
        (_tarball, {"backup_in_home"}),
        (_redis_snapshot, {"redis_copy"}),
        (_old_log, {"log_overdue"}),
        (_old_redis_log, {"log_overdue"}),
        (_words_in_a_log, {"log_wordy"}),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_sabotage_is_found(store: DiskStore, sabotage: Sabotage, expected: set[str]) -> None:
    sabotage(store)
    findings = verify_store(store.places, store.clock.now())
    assert {finding.check for finding in findings} == expected
    assert "onnenschein" not in repr(findings) and "123456" not in repr(findings)


def _hold(
    store: DiskStore,
    call: Call | None = None,
    until: datetime | None = None,
    released: datetime | None = None,
) -> None:
    store.sql(
        "INSERT INTO legal_holds VALUES ('hold_1', 'acme', ?, 'tax audit', 'operator', ?, ?, ?)",
        None if call is None else call.id,
        text(store.clock.now()),
        None if until is None else text(until),
        None if released is None else text(released),
    )


def test_a_hold_or_a_restriction_keeps_what_is_overdue(store: DiskStore) -> None:
    call = _past_its_promise(store)
    _hold(store, call)
    assert checks(store) == set()
    store.sql("UPDATE legal_holds SET call_id = NULL")
    assert checks(store) == set()
    store.sql("UPDATE legal_holds SET call_id = 'call_of_another', released_at = NULL")
    assert checks(store) == {"transcript_overdue"}
    store.sql("UPDATE calls SET restricted_at = '2026-01-01 00:00:00.000000'")
    assert checks(store) == set()


def test_an_erasure_is_owed_as_soon_as_no_hold_stands_against_it(store: DiskStore) -> None:
    call = _owed(store)
    _hold(store, call)
    store.clock.turn(DAY)
    assert checks(store) == set()
    store.sql("UPDATE legal_holds SET call_id = NULL")
    assert checks(store) == set()
    store.sql("UPDATE legal_holds SET released_at = ?", text(store.clock.now()))
    assert checks(store) == set(), "maintenance has its time to follow"
    store.clock.turn(7 * MINUTE)
    (found,) = verify_store(store.places, store.clock.now())
    assert (found.check, found.place) == ("erasure_overdue", call.id)
    assert found.overdue_seconds == 7 * 60, "since the hold ended, not since somebody asked"
    store.audit.append(
        AuditEvent("done_again", store.clock.now(), call.id, call.customer_id, {"kind": "owe"})
    )
    assert checks(store) == set(), "a restore did it again just now"
    store.clock.turn(5 * MINUTE)
    assert checks(store) == {"erasure_overdue"}


def test_a_restriction_keeps_what_is_to_be_erased(store: DiskStore) -> None:
    call = _owed(store)
    assert checks(store) == {"erasure_overdue"}
    store.sql("UPDATE calls SET restricted_at = ?", text(store.clock.now()))
    assert checks(store) == set()
    store.sql("UPDATE calls SET restricted_at = NULL")
    now = store.clock.now()
    store.audit.append(AuditEvent("restriction_lifted", now, call.id, call.customer_id))
    assert checks(store) == set(), "maintenance has its time to follow"
    store.clock.turn(5 * MINUTE)
    assert checks(store) == {"erasure_overdue"}


def test_audio_of_a_call_to_be_erased_has_the_time_of_its_transaction(store: DiskStore) -> None:
    call = stored(store, 300 * DAY)
    _hold(store, call)
    store.sql("UPDATE calls SET erasure_owed_at = ?", text(store.clock.now()))
    assert checks(store) == set()
    store.clock.turn(timedelta(seconds=15))
    assert checks(store) == {"retained_against_erasure"}
    now, facts = store.clock.now(), {"kind": "owe"}
    store.audit.append(AuditEvent("done_again", now, call.id, call.customer_id, facts))
    assert checks(store) == set(), "a restore did it again just now"
    store.clock.turn(5 * MINUTE)
    assert checks(store) == {"retained_against_erasure"}


def test_holds_are_found_by_their_index(tmp_path: Path) -> None:
    """With one question for both kinds, every hold of a customer was looked at for every call."""
    store = DiskStore.open(tmp_path, StoppedClock(datetime.now(UTC)))
    held = ("erasure_overdue", "transcript_overdue")
    queries = {each.check: each.query for each in CHECKS["sqlite"] if each.check in held}
    assert set(queries) == set(held)
    with closing(sqlite3.connect(store.places.database)) as rows:
        for query in queries.values():
            moments = dict.fromkeys(("due", "now"), "2026-01-01")
            plan = [row[3] for row in rows.execute(f"EXPLAIN QUERY PLAN {query}", moments)]
            looks = [step for step in plan if step.startswith(("SEARCH h ", "SCAN h"))]
            assert len(looks) >= 2
            assert all("(customer_id=? AND call_id=?)" in step for step in looks), looks
    store.close()


def test_what_was_released_just_now_is_left_to_maintenance(store: DiskStore) -> None:
    call = _past_its_promise(store)
    _hold(store, call, released=store.clock.now())
    assert checks(store) == set()
    store.clock.turn(5 * MINUTE)
    assert checks(store) == {"transcript_overdue"}
    store.audit.append(AuditEvent("retention_changed", store.clock.now(), None, "acme"))
    store.sql("UPDATE calls SET transcript_until = NULL")
    store.sql("INSERT INTO retention_policies VALUES ('acme', 1, 'destroy', 2)")
    assert checks(store) == set()
    store.clock.turn(5 * MINUTE)
    assert checks(store) == {"transcript_overdue"}


def _event(name: str, **facts: str) -> Callable[[DiskStore, Call], object]:
    def tell(store: DiskStore, call: Call) -> None:
        now = store.clock.now()
        store.audit.append(AuditEvent(name, now, call.id, call.customer_id, facts))

    return tell


def _event_to_come(store: DiskStore, call: Call) -> None:
    moment = store.clock.now() + MINUTE
    store.audit.append(AuditEvent("restriction_lifted", moment, call.id, call.customer_id))


def _release_to_come(store: DiskStore, call: Call) -> None:
    _hold(store, call, released=store.clock.now() + MINUTE)


def _stored_in_time_to_come(store: DiskStore, call: Call) -> None:
    store.sql("UPDATE transcripts SET stored_at = ?", text(store.clock.now() + MINUTE))


@pytest.mark.parametrize(
    ("told", "excused"),
    [
        (_event("restriction_lifted"), True),
        (_event("done_again", kind="lift"), True),
        (_event("done_again", kind="release"), True),
        (_event("done_again", kind="object"), False),
        (_event("subject_exported"), False),
        (_event("audio_released"), False),
        (_event("vault_rectified"), False),
        (_event_to_come, False),
        (_release_to_come, False),
        (_stored_in_time_to_come, False),
    ],
)
def test_only_what_moves_an_end_gives_maintenance_time(
    store: DiskStore, told: Callable[[DiskStore, Call], object], excused: bool
) -> None:
    call = _past_its_promise(store)
    told(store, call)
    assert checks(store) == (set() if excused else {"transcript_overdue"})
    store.clock.turn(10 * MINUTE)
    assert checks(store) == {"transcript_overdue"}


@pytest.mark.parametrize(
    "facts",
    ['{"kind": "lift"', "lift", '"kind": "lift"', '{"kind": ["lift"]}', '{"a": {"kind": "lift"}}'],
)
def test_an_entry_that_cannot_be_read_gives_maintenance_no_time(
    store: DiskStore, facts: str
) -> None:
    call = _past_its_promise(store)
    _event("done_again", kind="lift")(store, call)
    store.sql("UPDATE audit_log SET facts = ? WHERE name = 'done_again'", facts)
    assert checks(store) >= {"transcript_overdue", "audit_chain_broken"}


@pytest.mark.parametrize(
    "facts", ['{"a":1,"kind":"lift","z":"b:c"}', '{"kind": "lift", "n": -1.5e3, "o": null}']
)
def test_facts_are_read_however_they_are_written(store: DiskStore, facts: str) -> None:
    call = _past_its_promise(store)
    _event("done_again", kind="object")(store, call)
    store.sql("UPDATE audit_log SET facts = ? WHERE name = 'done_again'", facts)
    assert checks(store) == {"audit_chain_broken"}


def test_a_hold_on_a_customer_that_a_restore_releases_gives_maintenance_time(
    store: DiskStore,
) -> None:
    _past_its_promise(store)
    kind = {"kind": "release"}
    store.audit.append(AuditEvent("done_again", store.clock.now(), None, "acme", kind))
    assert checks(store) == set()
    store.clock.turn(5 * MINUTE)
    assert checks(store) == {"transcript_overdue"}


def test_a_transcript_that_was_made_after_its_end_is_left_to_maintenance(store: DiskStore) -> None:
    call = store.push()
    store.sql("UPDATE calls SET transcript_until = ?", text(store.clock.now() + DAY))
    store.clock.turn(2 * DAY)
    store.store(call)
    finish_deletions(store.deck)
    assert checks(store) == set()
    store.clock.turn(5 * MINUTE)
    assert checks(store) == {"transcript_overdue"}


def test_the_last_word_of_consent_counts(store: DiskStore) -> None:
    call = stored(store, 30 * DAY)
    said(store, call, "withdrawn")
    assert checks(store) == set()  # whoever withdrew just now is being obeyed
    store.clock.turn(MINUTE)
    assert checks(store) == {"retained_against_consent"}
    said(store, call, "given", store.clock.now() + 30 * DAY)
    store.clock.turn(MINUTE)
    assert checks(store) == set()


def test_an_unsupported_flag_may_be_kept_by_policy(store: DiskStore) -> None:
    call = stored(store, 30 * DAY)
    said(store, call, "unsupported")
    store.sql("INSERT INTO retention_policies VALUES ('acme', NULL, 'keep', 2)")
    store.sql("UPDATE calls SET unsupported = 'keep', rules_version = 2")
    store.clock.turn(MINUTE)
    assert checks(store) == set()
    store.sql("UPDATE retention_policies SET version = 3")  # the same rule about something else
    assert checks(store) == set()
    store.sql("UPDATE calls SET unsupported = 'destroy'")
    assert checks(store) == {"retained_against_consent"}  # another rule held when it came in
    store.sql("UPDATE calls SET unsupported = 'keep'")
    store.sql("UPDATE retention_policies SET unsupported = 'destroy'")
    assert checks(store) == {"retained_against_consent"}  # today's rule is stricter
    store.audit.append(AuditEvent("retention_changed", store.clock.now(), None, "acme"))
    assert checks(store) == set()  # and was set just now
    store.clock.turn(5 * MINUTE)
    assert checks(store) == {"retained_against_consent"}


def test_consent_in_the_register_alone_lets_audio_be_kept(store: DiskStore) -> None:
    call = stored(store, 30 * DAY)
    store.sql("DELETE FROM consent_claims")
    assert checks(store) == set()  # the flag is in the register, too
    store.sql("DELETE FROM consent_entries")
    assert checks(store) == {"retained_without_consent"}
    said(store, call, "given", store.clock.now() + 10 * DAY)
    assert checks(store) == {"retained_beyond_consent"}
    said(store, call, "given", store.clock.now() + 40 * DAY)
    assert checks(store) == set()


def test_a_crash_between_ledger_and_commit_is_no_lie(store: DiskStore) -> None:
    stored(store)
    store.store(store.push())
    deck = store.deck

    class Died(Exception):
        pass

    append = type(deck.ledger).append

    def append_and_die(self: object, entry: object) -> None:
        append(self, entry)  # type: ignore[arg-type]
        raise Died

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(deck.ledger), "append", append_and_die)
        with pytest.raises(Died):
            finish_deletions(deck)
    assert checks(store) == set()
    finish_deletions(store.deck)
    store.audit.append(AuditEvent("note", store.clock.now()))
    assert checks(store) == set()


def test_a_receipt_that_is_made_while_the_verifier_walks_is_no_lie(
    store: DiskStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(store)
    before = read_ledger(ledger(store))
    stored(store)
    monkeypatch.setattr("pipeline.usecases.verify_store.read_ledger", lambda _: before)
    assert checks(store) == set()


def test_a_torn_last_line_of_the_ledger_is_being_written(store: DiskStore) -> None:
    stored(store)
    with ledger(store).open("ab") as lines:
        lines.write(b'[["del_')
    assert checks(store) == set()


def test_how_long_the_oldest_is_overdue(store: DiskStore) -> None:
    store.store(store.push())
    store.clock.turn(9 * MINUTE)
    assert examine_store(store.places, store.clock.now()).oldest_overdue_seconds == 0
    store.clock.turn(MINUTE)
    assert examine_store(store.places, store.clock.now()).oldest_overdue_seconds == 600


def test_every_table_has_a_class_in_the_verifiers_own_list() -> None:
    declared = {name: str(table.info["deletion_class"]) for name, table in metadata.tables.items()}
    assert {**declared, "alembic_version": "operation"} == dict(TABLES)
    assert set(TABLES.values()) <= DELETION_CLASSES


ALLOWED = {"pipeline.domain.bucket", "pipeline.domain.errors", "pipeline.stages.sniff_format"}
"""A bucket is a value that says where blobs lie, as settings do; errors are what a caller catches;
the sniffer reads first bytes. None of them deletes anything."""
PARTS = [
    *sorted((ROOT / "pipeline" / "usecases" / "verification").glob("*.py")),
    ROOT / "pipeline" / "usecases" / "verify_store.py",
]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.stem)
def test_it_shares_no_code_with_what_deletes(part: Path) -> None:
    for node in ast.walk(ast.parse(part.read_text("utf-8"))):
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            modules = [node.module or ""]
        for module in modules:
            if module.partition(".")[0] in ("pipeline", "workers", "models"):
                own = module.startswith("pipeline.usecases.verification")
                assert own or module in ALLOWED, module


def test_not_even_indirectly() -> None:
    code = (
        "import sys, pipeline.usecases.verify_store as v, pipeline.usecases.verification.traces;"
        "print(*(name for name in sys.modules if name.startswith(('pipeline', 'sqlalchemy', 'tink',"
        " 'rq'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {
        name for name in done.stdout.split() if not name.startswith("pipeline.usecases.verif")
    }
    assert loaded <= ALLOWED | {
        *("pipeline", "pipeline.domain", "pipeline.stages", "pipeline.usecases"),
        "pipeline.domain.privacy",  # the errors count types of PII
    }


def test_the_document_names_every_check() -> None:
    named = set()
    for part in (*PARTS, ROOT / "pipeline" / "cli" / "canary.py"):
        for node in ast.walk(ast.parse(part.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                first = node.args[0] if node.args else None
                if node.func.id in ("Finding", "RowCheck") and isinstance(first, ast.Constant):
                    named.add(first.value)
    named |= {check.check for check in CHECKS["sqlite"]}
    page = (ROOT / "docs" / "how-to" / "verify.md").read_text("utf-8")
    table = page[page.index("| check |") :]
    listed = {
        code
        for row in table.splitlines()
        if row.startswith("| `")
        for code in re.findall(r"`([a-z_]+)`", row.split("|")[1])
    }
    assert listed == named


def test_what_ended_or_never_was_may_be_missing(store: DiskStore) -> None:
    """Told and undone; of strangers; ended, and removed since; a correction that is lost."""
    deck, owner = store.deck, store.customer.id
    call = stored(store)
    search = Search(owner, call_ids=(call.id,))
    restrict_subject(search, deck, "operator")
    lift = mark_told(Kind.LIFT, call.id, owner, store.clock.now())
    deck.ledger.append(lift, outcome_told(Kind.UNDONE, lift))
    object_subject(search, deck, "operator")
    (told,) = (each for each in deck.ledger.entries() if each.kind == Kind.OBJECT)
    deck.ledger.append(outcome_told(Kind.UNDONE, told), outcome_told(Kind.COMMITTED, told))
    deck.ledger.append(
        mark_told(Kind.RESTRICT, builders.call().id, owner, store.clock.now()),
        mark_told(Kind.RESTRICT, erased(store).id, owner, store.clock.now()),
        mark_told(Kind.RESTRICT, call.id, CustomerId("stranger"), store.clock.now()),
    )
    place_hold(owner, call.id, "HGB", "lawyer", deck, store.clock.now() + MINUTE)
    hold_of_a_stranger = place_hold(owner, call.id, "HGB", "lawyer", deck)
    deck.ledger.append(
        hold_told(replace(hold_of_a_stranger, id="hold_x", call_id=builders.call().id))
    )
    hold = place_hold(owner, None, "HGB", "lawyer", deck)
    release_hold(hold.id, "lawyer", deck)
    store.sql("DELETE FROM legal_holds WHERE id <> ?", hold_of_a_stranger.id)
    for right in (Right.RECTIFY, Right.ACCESS):
        close_request(open_request(owner, right, deck).id, "done", deck, 1)
    store.sql("DELETE FROM rights_requests WHERE \"right\" = 'access'")
    store.sql("UPDATE rights_requests SET closed_at = NULL WHERE \"right\" = 'rectify'")
    store.clock.turn(6 * MINUTE)
    open_request(owner, Right.ACCESS, deck)
    assert checks(store) == set()
    deck.ledger.append(mark_told(Kind.LIFT, call.id, owner, store.clock.now()))
    assert checks(store) == set(), "it may be about to be committed"
    store.clock.turn(6 * MINUTE)
    assert checks(store) == {"mark_lost"}


def test_a_ledger_that_was_made_anew_need_not_hold_the_mark(store: DiskStore) -> None:
    _ledger_cut_before_the_mark(store)
    store.clock.turn(MINUTE)
    store.deck.ledger.append(remade_told(store.clock.now()))
    assert checks(store) == set()
    store.clock.turn(MINUTE)
    catch_up(store.deck)
    assert checks(store) == set()


def test_a_mark_among_lines_that_were_forgotten_cannot_be_looked_for(store: DiskStore) -> None:
    stored(store)
    catch_up(store.deck)
    reached = store.deck.replay.replayed_to()
    assert reached is not None
    entry = mark_told(
        Kind.LIFT_OBJECTION, builders.call().id, CustomerId("acme"), store.clock.now()
    )
    store.deck.ledger.append(entry)
    store.deck.ledger.forget(reached[0])
    assert "ledger_cut" not in checks(store)
    store.deck.ledger.forget(store.deck.ledger.end())
    assert "ledger_cut" not in checks(store)
    store.deck.ledger.append(
        mark_told(Kind.LIFT_OBJECTION, builders.call().id, CustomerId("acme"), store.clock.now())
    )
    store.deck.replay.mark(store.deck.ledger.end(), 0, store.clock.now())
    assert "ledger_cut" not in checks(store)
    cut = ledger(store).read_bytes().splitlines(keepends=True)[:1]
    ledger(store).write_bytes(b"".join(cut))
    assert "ledger_cut" in checks(store)
