"""What PostgreSQL does underneath: rows of one customer only, rights, sessions that end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import insert, text, update
from sqlalchemy.exc import DBAPIError

from pipeline.adapters.database import (
    Database,
    SqlAuditLog,
    SqlCallRepository,
    SqlConsentRegister,
    SqlLegalHolds,
    SqlRightsRequests,
    SqlSubjectIndex,
    open_database,
    postgresql,
)
from pipeline.adapters.database.tables import calls as calls_table
from pipeline.adapters.database.tables import metadata, transcripts
from pipeline.adapters.memory import MemoryLedger, StoppedClock
from pipeline.adapters.memory_queue import MemoryJobQueue
from pipeline.bootstrap import bootstrap, bootstrap_to_look
from pipeline.cli.doctor import examine
from pipeline.domain.audit import Anchor, AuditEvent, anchor_event
from pipeline.domain.call import Call, Intake, Sealed
from pipeline.domain.consent import ConsentAct, ConsentClaim, ConsentEntry, ConsentSource, Purpose
from pipeline.domain.errors import (
    ConfigurationError,
    KeysElsewhere,
    NotFound,
    SealBroken,
    ServiceUnavailable,
    UpgradeDue,
)
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.redaction_policy import StoredPolicy
from pipeline.domain.retention_policy import RetentionPolicy, UnsupportedConsent
from pipeline.domain.rights import (
    LegalHold,
    Right,
    RightsRequest,
    new_hold_id,
    new_request_id,
    one_month_after,
)
from pipeline.settings import load_settings
from pipeline.usecases.customers import add_customer
from pipeline.usecases.finish_deletions import finish_deletions
from pipeline.usecases.replay_ledger import catch_up
from pipeline.usecases.submit_call import submit_call
from pipeline.usecases.tie_keys import renew_signing_key
from pipeline.usecases.verify_store import verify_store
from pipeline.web.app import create_app
from tests.builders import ACME, LEASE, NOON, call, claim_one, customer, outcome, push, recording
from tests.decks import WAV_HEAD
from tests.postgresql import OWNER, USER, Fresh, bare_database, fresh_database, own_server
from tests.stores import DiskStore

ROOT = Path(__file__).parents[2]
OTHER = CustomerId("other")
COMMON = {"alembic_version", "leases", "store_mark", "watermarks"}
OF_CUSTOMERS = sorted(set(metadata.tables) - COMMON)


@pytest.fixture
def fresh() -> Iterator[Fresh]:
    with fresh_database() as made:
        yield made


@pytest.fixture
def database(fresh: Fresh) -> Iterator[Database]:
    with closing(open_database(fresh.url)) as opened:
        yield opened


@pytest.fixture
def calls(database: Database) -> SqlCallRepository:
    repository = SqlCallRepository(database, MemoryLedger())
    for owner in (ACME, OTHER):
        repository.add_customer(customer(owner), f"hash-of-{owner}")
    return repository


def _fill(database: Database, owner: CustomerId) -> CallId:
    """Rows in every table that tells of a customer."""
    calls, sealed = SqlCallRepository(database, MemoryLedger()), Sealed(b"sealed", b"key")
    claims = (ConsentClaim(Purpose.AUDIO_RETENTION, None),)
    waiting = replace(call(owner), consents=claims)
    calls.add_call(waiting, Intake(owner), recording(waiting), sealed)
    done = push(calls, call(owner))
    stored = replace(outcome(), index=("f" * 64,))
    calls.complete(claim_one(calls, done.id), stored, NOON)
    spoken = ConsentEntry(
        owner, done.id, Purpose.MODEL_TRAINING, ConsentAct.GIVEN, ConsentSource.SPOKEN, NOON
    )
    SqlConsentRegister(database).record(spoken, sealed)
    SqlLegalHolds(database).place(
        LegalHold(new_hold_id(), owner, done.id, "tax law", "legal", NOON, None)
    )
    due = one_month_after(NOON, UTC)
    asked = RightsRequest(new_request_id(), owner, Right.ERASE, NOON, due, 1, "f" * 64)
    SqlRightsRequests(database).open(asked, NOON)
    SqlSubjectIndex(database).keep_secret(owner, sealed)
    lists = StoredPolicy(sealed=sealed)
    calls.change_redaction_policy(owner, StoredPolicy(), lists, ("deny",), NOON)
    rule = RetentionPolicy(unsupported=UnsupportedConsent.KEEP)
    calls.change_retention_policy(owner, RetentionPolicy(), rule, NOON)
    return done.id


def _owners(database: Database, table: str) -> set[str]:
    """Whose rows a hand-written query finds."""
    if table == "customers":
        query = "SELECT id FROM customers"
    elif "customer_id" in metadata.tables[table].c:
        query = f"SELECT customer_id FROM {table}"
    else:
        query = (
            f"SELECT coalesce(calls.customer_id, 'nobody') FROM {table}"
            " LEFT JOIN calls ON calls.id = call_id"
        )
    with database.read() as connection:
        return set(connection.scalars(text(query)))


def test_a_customers_transaction_sees_no_other_customers_row_in_any_table(
    database: Database, calls: SqlCallRepository
) -> None:
    for owner in (ACME, OTHER):
        _fill(database, owner)
    for table in OF_CUSTOMERS:
        assert _owners(database, table) - {None} == {ACME, OTHER}, table
        for owner in (ACME, OTHER):
            assert _owners(database.of(owner), table) == {owner}, table


def test_whoever_says_nothing_sees_nothing(
    fresh: Fresh, database: Database, calls: SqlCallRepository
) -> None:
    _fill(database, ACME)
    for role in (USER, OWNER):
        with fresh.connected(role) as connection:
            for table in OF_CUSTOMERS:
                found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
                assert found == (0,), (role, table)


def test_a_customers_transaction_changes_no_other_customers_row(
    database: Database, calls: SqlCallRepository
) -> None:
    theirs = _fill(database, OTHER)
    with database.of(ACME).write() as connection:
        changed = connection.execute(update(calls_table).values(priority=9))
        assert changed.rowcount == 0
        assert connection.execute(text("DELETE FROM transcripts")).rowcount == 0
    for statement in (
        insert(transcripts).values(
            call_id=theirs, ciphertext=b"x", wrapped_key=b"x", pseudonym_counts="{}", stored_at=NOON
        ),
        text("INSERT INTO api_keys VALUES ('other', 'a key that acme knows')"),
        text("UPDATE customers SET id = 'other'"),
    ):
        with (
            pytest.raises(ServiceUnavailable, match="InsufficientPrivilege"),
            database.of(ACME).write() as connection,
        ):
            connection.execute(statement)
    with pytest.raises(NotFound):
        SqlCallRepository(database.of(ACME), MemoryLedger()).erase_call(
            theirs, "erased_on_request", NOON
        )
    assert calls.transcript(theirs)


def test_customers_that_take_turns_append_to_one_chain(
    database: Database, calls: SqlCallRepository
) -> None:
    for number in range(6):
        owner = (ACME, OTHER)[number % 2]
        own = SqlCallRepository(database.of(owner), MemoryLedger())
        pushed = push(own, call(owner))
        assert own.calls() == tuple(own.calls(owner)) and pushed.id in {c.id for c in own.calls()}
    assert SqlAuditLog(database).verify() == 8
    with pytest.raises(ServiceUnavailable, match="InsufficientPrivilege"):
        SqlAuditLog(database.of(ACME)).append(AuditEvent("x", NOON, None, OTHER))


def test_a_pooled_connection_forgets_for_whom_it_was(
    database: Database, calls: SqlCallRepository
) -> None:
    SqlCallRepository(database.of(ACME), MemoryLedger()).customers()
    with database.engine.connect() as connection:
        query = text("SELECT current_setting('deckname.customer', true)")
        assert connection.scalar(query) in (None, "")
        assert connection.scalar(text("SELECT count(*) FROM customers")) == 0


def test_evidence_is_appended_and_never_changed(
    fresh: Fresh, database: Database, calls: SqlCallRepository
) -> None:
    _fill(database, ACME)
    for table in postgresql.APPEND_ONLY:
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET customer_id = NULL"):
            with (
                fresh.connected(USER) as connection,
                pytest.raises(psycopg.errors.InsufficientPrivilege),
            ):
                connection.execute(statement)


def _consented(calls: SqlCallRepository, owner: CustomerId) -> CallId:
    claims = (ConsentClaim(Purpose.AUDIO_RETENTION, None),)
    return push(calls, replace(call(owner), consents=claims)).id


def test_evidence_goes_behind_an_anchor_and_consents_with_their_call(
    database: Database, calls: SqlCallRepository
) -> None:
    living, ended = _consented(calls, ACME), _consented(calls, OTHER)
    calls.close_customer(OTHER, NOON)
    with (
        pytest.raises(ServiceUnavailable, match="InsufficientPrivilege"),
        database.write() as connection,
    ):
        postgresql.drop_entries(connection, [1])
    log = SqlAuditLog(database)
    entries = log.verify()
    log.append(anchor_event(Anchor(), 0, NOON))
    with database.write() as connection:
        postgresql.drop_entries(connection, [1, entries + 1])
        assert connection.scalar(text("SELECT count(*) FROM audit_log")) == entries
        assert connection.scalar(text("SELECT min(position) FROM audit_log")) == 2
        postgresql.drop_consents(connection, [living, ended])
        assert connection.scalars(text("SELECT call_id FROM consent_entries")).all() == [living]
    with pytest.raises(SealBroken):
        log.verify()


def test_what_is_removed_for_one_customer_is_nobody_elses(
    database: Database, calls: SqlCallRepository
) -> None:
    theirs = _consented(calls, OTHER)
    calls.close_customer(OTHER, NOON)
    with database.of(ACME).write() as connection:
        postgresql.drop_consents(connection, [theirs])
    assert _owners(database, "consent_entries") == {OTHER}
    SqlAuditLog(database).append(anchor_event(Anchor(), 0, NOON))
    with (
        pytest.raises(ServiceUnavailable, match="InsufficientPrivilege"),
        database.of(ACME).write() as connection,
    ):
        postgresql.drop_entries(connection, [1])


@pytest.mark.parametrize("rights", ["SUPERUSER", "BYPASSRLS"])
def test_a_role_that_sees_everything_is_refused(fresh: Fresh, rights: str) -> None:
    fresh.server.run(f"CREATE ROLE mighty LOGIN {rights}")
    try:
        for upgrading in (True, False):
            with pytest.raises(ConfigurationError, match="role of its own"):
                open_database(fresh.server.url(fresh.name, "mighty"), upgrading=upgrading)
    finally:
        fresh.server.run("DROP ROLE mighty")


def test_the_owner_makes_the_tables_and_the_user_may_use_them() -> None:
    with bare_database() as bare:
        with pytest.raises(ConfigurationError, match="OWNER_URL"):
            open_database(bare.url)
        for _ in range(2):  # granted anew at each start
            with closing(open_database(bare.url, bare.owner_url)) as database:
                assert SqlCallRepository(database, MemoryLedger()).customers() == ()
        with closing(open_database(bare.url)) as database:
            SqlCallRepository(database, MemoryLedger()).add_customer(customer(), "hash")


def test_whoever_only_looks_makes_no_tables_and_upgrades_none(fresh: Fresh) -> None:
    with bare_database() as bare:
        for owner_url in (None, bare.owner_url):
            with pytest.raises(UpgradeDue, match="no tables yet"):
                open_database(bare.url, owner_url, upgrading=False)
        with bare.connected() as connection:
            made = connection.execute(
                "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
            ).fetchone()
        assert made == (0,)
    fresh.alter("UPDATE alembic_version SET version_num = '0006'")
    with pytest.raises(UpgradeDue, match="0006"):
        open_database(fresh.url, fresh.owner_url, upgrading=False)
    fresh.alter("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match="newer"):
        open_database(fresh.url, upgrading=False)


def test_an_old_schema_is_upgraded_by_its_owner_only(fresh: Fresh) -> None:
    fresh.alter("UPDATE alembic_version SET version_num = '9999'")
    for owner_url in (None, fresh.owner_url):
        with pytest.raises(ConfigurationError, match=r"newer|OWNER_URL"):
            open_database(fresh.url, owner_url)


def test_one_role_for_everything_is_bound_by_its_own_policies() -> None:
    with bare_database() as bare, closing(open_database(bare.owner_url)) as database:
        calls = SqlCallRepository(database, MemoryLedger())
        for owner in (ACME, OTHER):
            calls.add_customer(customer(owner), f"hash-{owner}")
            push(SqlCallRepository(database.of(owner), MemoryLedger()), call(owner))
        assert _owners(database.of(ACME), "calls") == {ACME}
        assert _owners(database, "calls") == {ACME, OTHER}


def test_the_migrations_make_exactly_the_tables(fresh: Fresh, database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_connection_that_died_is_replaced(fresh: Fresh, calls: SqlCallRepository) -> None:
    assert len(calls.customers()) == 2
    with fresh.connected() as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert ended.rowcount > 0
    assert len(calls.customers()) == 2


def test_nobody_waits_for_ever_for_a_lock(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(postgresql._SESSION, "lock_timeout", "50ms")
    with (
        closing(open_database(fresh.url)) as waiting,
        closing(open_database(fresh.url)) as holding,
        holding.write(),
    ):
        with pytest.raises(ServiceUnavailable, match="busy") as caught:
            SqlCallRepository(waiting, MemoryLedger()).add_customer(customer(), "secret-hash")
        assert "secret-hash" not in str(caught.value) and "Acme" not in repr(caught.value)
        assert SqlCallRepository(waiting, MemoryLedger()).customers() == (), (
            "readers wait for nobody"
        )


def test_a_full_disk_and_a_dead_server_are_told_apart(fresh: Fresh) -> None:
    from pipeline.adapters.database.engine import _translated
    from pipeline.domain.errors import StorageFull

    full = DBAPIError("INSERT", {}, psycopg.errors.DiskFull())
    assert isinstance(_translated(full), StorageFull)
    nowhere = fresh.url.replace(str(fresh.server.folder), str(fresh.server.folder / "none"))
    with pytest.raises(ServiceUnavailable, match="does not answer"):
        open_database(nowhere)


@pytest.mark.parametrize("url", ["postgresql://x@/y", "postgresql+psycopg2://x@/y"])
def test_another_driver_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigurationError, match="psycopg"):
        open_database(url)


def test_sessions_are_set_up(database: Database) -> None:
    wanted = {
        "lock_timeout": "30s",
        "statement_timeout": "1min",
        "idle_in_transaction_session_timeout": "1min",
        "synchronous_commit": "on",
        "application_name": "deckname",
    }
    with database.write() as connection:
        for name, value in wanted.items():
            assert connection.scalar(text(f"SHOW {name}")) == value, name
        assert connection.scalar(text("SHOW transaction_isolation")) == "read committed"
    with database.read() as connection:
        assert connection.scalar(text("SHOW transaction_isolation")) == "repeatable read"
        assert connection.scalar(text("SHOW transaction_read_only")) == "on"


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE transcripts NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE calls DISABLE ROW LEVEL SECURITY",
        "DROP POLICY of_one_customer ON vaults",
        "CREATE POLICY too ON calls USING (true)",
        "ALTER POLICY of_one_customer ON calls USING (true)",
    ],
)
def test_the_verifier_finds_row_security_that_is_off(
    fresh: Fresh, tmp_path: Path, statement: str
) -> None:
    store = DiskStore.open(tmp_path, StoppedClock(), fresh.url)
    now = store.clock.now()
    assert verify_store(store.places, now) == ()
    fresh.alter(statement)
    assert {each.check for each in verify_store(store.places, now)} == {"row_security_off"}
    store.close()


def test_the_verifier_finds_copies_in_other_schemas(fresh: Fresh, tmp_path: Path) -> None:
    store = DiskStore.open(tmp_path, StoppedClock(), fresh.url)
    fresh.alter("CREATE SCHEMA attic")
    fresh.alter("CREATE TABLE attic.calls AS SELECT * FROM calls")
    fresh.alter("CREATE PUBLICATION leak FOR ALL TABLES")
    found = [each.check for each in verify_store(store.places, store.clock.now())]
    assert found == ["table_unknown"] * 2
    store.close()


@pytest.mark.parametrize("column", ["failure", "lease_owner"])
def test_the_verifier_finds_content_in_clear(fresh: Fresh, tmp_path: Path, column: str) -> None:
    store = DiskStore.open(tmp_path, StoppedClock(), fresh.url)
    store.push()
    now, canaries = store.clock.now(), ["Sonnenschein", "Ahornallee"]
    assert verify_store(store.places, now, canaries=canaries) == ()
    fresh.alter_rows(f"UPDATE calls SET {column} = 'Frau Sonnenschein'")
    (found,) = verify_store(store.places, now, canaries=canaries)
    assert (found.check, found.place) == ("content_in_clear", "table calls")
    fresh.alter_rows("UPDATE calls SET failure = NULL, lease_owner = NULL")
    fresh.alter_rows("UPDATE audio_keys SET wrapped_key = %s", [b"\1" + b"Ahornallee" * 4])
    (found,) = verify_store(store.places, now, canaries=canaries)
    assert (found.check, found.place) == ("content_in_clear", "table audio_keys")
    store.close()


def test_the_verifier_tells_a_server_that_does_not_answer(tmp_path: Path, fresh: Fresh) -> None:
    from pipeline.usecases.verify_store import Server

    store = DiskStore.open(tmp_path, StoppedClock(), fresh.url)
    places = replace(store.places, database=Server("postgresql://nobody@/x?host=/nowhere"))
    with pytest.raises(ServiceUnavailable, match="not verified") as caught:
        verify_store(places, NOON)
    assert "nowhere" not in str(caught.value)
    store.close()


def test_a_lease_is_renewed_while_evidence_is_written(
    database: Database, calls: SqlCallRepository
) -> None:
    """A worker keeps its calls however long somebody else writes."""
    claim = claim_one(calls, push(calls).id)
    with database.write():
        assert calls.renew(claim, NOON, LEASE).token == claim.token


def test_the_doctor_tells_what_kind_of_server_it_is(fresh: Fresh, tmp_path: Path) -> None:
    told = {}
    for role, url in (("user", fresh.url), ("owner", fresh.owner_url)):
        settings = load_settings(
            home=tmp_path / "home", keys=tmp_path / "keys", database_url=SecretStr(url)
        )
        bootstrap(settings)
        told[role] = [each for each in examine(settings) if each.subject == "database"]
    states = {role: [each.state for each in found] for role, found in told.items()}
    # The server of the tests forgets what it was told when the power fails.
    assert states == {"user": ["ok", "ok", "wrong"], "owner": ["ok", "ok", "note", "wrong"]}
    assert "fsync" in told["user"][-1].told and "OWNER_URL" in told["owner"][2].told


def test_the_doctor_only_looks_at_a_server(fresh: Fresh, tmp_path: Path) -> None:
    def told(url: str, owner_url: str | None = None) -> list[tuple[str, str]]:
        settings = load_settings(
            home=tmp_path / "home",
            keys=tmp_path / "keys",
            database_url=SecretStr(url),
            database_owner_url=None if owner_url is None else SecretStr(owner_url),
        )
        found = [each for each in examine(settings) if each.subject in ("database", "master keys")]
        return [(each.state, each.told) for each in found]

    with bare_database() as bare:
        states = told(bare.url, bare.owner_url)
        assert [state for state, _ in states] == ["note", "note"]
        assert all("no tables yet" in words for _, words in states)
        with bare.connected() as connection:
            made = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
            assert connection.execute(made).fetchone() == (0,)
    assert [state for state, _ in told(fresh.url)] == ["ok", "note", "ok", "wrong", "note"]
    assert not (tmp_path / "home").exists() and not (tmp_path / "keys").exists()
    with closing(open_database(fresh.url)) as database:
        assert SqlAuditLog(database).verify() == 0, "nothing was tied"


def test_a_customers_deck_tells_the_ledger_of_all(fresh: Fresh, tmp_path: Path) -> None:
    settings = load_settings(
        home=tmp_path / "home", keys=tmp_path / "keys", database_url=SecretStr(fresh.url)
    )
    deck = replace(bootstrap(settings), queue=MemoryJobQueue())
    for owner in (ACME, OTHER):
        add_customer(owner, owner, deck)
    mine, theirs = (
        submit_call(Intake(each), [WAV_HEAD + bytes(64)], deck) for each in (ACME, OTHER)
    )
    own = deck.of(ACME)
    with pytest.raises(NotFound):
        own.calls.destroy_audio(theirs.id, "audio_cap_reached", NOON)
    own.calls.destroy_audio(mine.id, "audio_cap_reached", NOON)
    assert [entry.call_id for entry in deck.ledger.entries()] == [mine.id]
    (receipt,) = finish_deletions(replace(own, queue=MemoryJobQueue()))
    assert receipt.body["call"] == mine.id
    assert own.replay.last_receipt() == deck.replay.last_receipt() == receipt
    assert own.replay.has_in_audit(receipt) and deck.audit.verify() > 0
    assert catch_up(bootstrap(settings)).entries == 0


def test_a_lost_signing_key_is_replaced_when_the_operator_says_so(
    fresh: Fresh, tmp_path: Path
) -> None:
    settings = load_settings(
        home=tmp_path / "home", keys=tmp_path / "keys", database_url=SecretStr(fresh.url)
    )
    deck = replace(bootstrap(settings), queue=MemoryJobQueue())
    add_customer(ACME, "Acme", deck)
    first, second = (submit_call(Intake(ACME), [WAV_HEAD + bytes(64)], deck) for _ in range(2))
    deck.calls.destroy_audio(first.id, "audio_cap_reached", NOON)
    finish_deletions(deck)
    before = deck.signer.key_id
    (tmp_path / "keys" / "receipts" / "signing.pem").unlink()
    for start in (bootstrap, bootstrap_to_look):
        with pytest.raises(KeysElsewhere, match="keys signing"):
            start(settings)
    opened = bootstrap(settings, catching_up=False, checking=False)
    running = replace(opened, queue=MemoryJobQueue())
    running.calls.destroy_audio(second.id, "audio_cap_reached", NOON)
    assert finish_deletions(running) == (), "it is asked inside the transaction that would sign"
    renew_signing_key(running)
    again = replace(bootstrap(settings), queue=MemoryJobQueue())
    assert len(finish_deletions(again)) == 1 and again.signer.key_id != before


def test_the_api_would_show_no_other_customers_call_if_it_forgot_to_ask_whose_it_is(
    fresh: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(
        home=tmp_path / "home", keys=tmp_path / "keys", database_url=SecretStr(fresh.url)
    )
    deck = replace(bootstrap(settings), queue=MemoryJobQueue())
    keys = {owner: add_customer(owner, owner, deck)[1] for owner in (ACME, OTHER)}
    theirs = submit_call(Intake(OTHER), [WAV_HEAD + bytes(64)], deck)
    careful = SqlCallRepository.call

    def careless(self: SqlCallRepository, call_id: CallId, _: CustomerId | None = None) -> Call:
        return careful(self, call_id)

    monkeypatch.setattr(SqlCallRepository, "call", careless)
    assert deck.calls.call(theirs.id, ACME) == theirs
    with TestClient(create_app(deck)) as client:
        for owner, status in ((ACME, 404), (OTHER, 200)):
            answer = client.get(
                f"/v1/calls/{theirs.id}", headers={"Authorization": f"Bearer {keys[owner]}"}
            )
            assert answer.status_code == status


def test_after_a_crash_of_the_server_all_that_was_acknowledged_is_there() -> None:
    server = own_server()
    try:
        server.run(f"CREATE DATABASE deckname OWNER {OWNER}")
        url, owner_url = server.url("deckname"), server.url("deckname", OWNER)
        with closing(open_database(url, owner_url)) as database:
            calls = SqlCallRepository(database, MemoryLedger())
            calls.add_customer(customer(), "hash")
            pushed, open_call = push(calls), push(calls)
            claim = claim_one(calls, pushed.id)
            with pytest.raises(ServiceUnavailable), database.write() as connection:
                connection.execute(update(calls_table).values(priority=9))
                server.crash()
            for _ in range(2):
                with pytest.raises(ServiceUnavailable):
                    push(calls)
            server.start()
            assert calls.complete(claim, outcome(), NOON).status.value == "stored"
            assert calls.call(open_call.id) == open_call
            assert SqlAuditLog(database).verify() == 4, "a customer, two pushes, one end"
    finally:
        server.remove()


def test_the_roles_of_the_manual_suffice() -> None:
    page = (ROOT / "docs" / "how-to" / "postgresql.md").read_text("utf-8")
    (sql,) = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    statements = [each.strip() for each in sql.split(";") if each.strip()]
    roles = [each for each in statements if each.startswith("CREATE ROLE")]
    assert [each.split()[2] for each in roles] == [OWNER, USER], "those of the tests"
    server = own_server()
    try:
        server.run(*(each for each in statements if each not in roles))
        with closing(open_database(server.url("deckname"), server.url("deckname", OWNER))):
            pass
        with closing(open_database(server.url("deckname"))) as database:
            SqlCallRepository(database, MemoryLedger()).add_customer(customer(), "hash")
        server.run("CREATE ROLE other LOGIN")
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            server.connect("deckname", "other")
    finally:
        server.remove()
