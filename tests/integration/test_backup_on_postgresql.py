"""Backups of a PostgreSQL store: the same file, into either database; nothing deleted returns."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from pipeline.adapters.backups import is_cut_short
from pipeline.adapters.database import PostgresqlCopies, open_database
from pipeline.adapters.database.tables import metadata
from pipeline.bootstrap import bootstrap, bootstrap_to_look
from pipeline.cli.verifying import libpq_url
from pipeline.domain.call import Call
from pipeline.domain.consent import ConsentSource, Purpose
from pipeline.domain.deletion import DataClass, Deletion, HoldCheck, Trigger, new_deletion_id
from pipeline.domain.errors import ConfigurationError, Conflict
from pipeline.domain.ledger import deleted_told
from pipeline.settings import load_settings
from pipeline.usecases.record_consent import withdraw_consent
from pipeline.usecases.replay_ledger import catch_up
from pipeline.usecases.verification.findings import Server, StorePlaces
from pipeline.usecases.verify_store import verify_store
from tests.integration.backup_store import BackedUp, Kept
from tests.postgresql import Fresh, fresh_database


class OnServer(BackedUp):
    """Its rows are on a server, and may move to another one."""

    def __init__(self, folder: Path, url: str | None) -> None:
        self.point_to(folder, url)
        super().__init__(folder)

    def point_to(self, folder: Path, url: str | None) -> None:
        self.url = url
        self.settings = load_settings(
            home=folder / "home",
            keys=folder / "keys",
            database_url=None if url is None else SecretStr(url),
        )

    def open(self) -> Any:
        self.point_to(self.settings.home_folder.parent, self.url)
        return super().open()

    def findings(self) -> set[str]:
        places = StorePlaces.of(self.home, self.folder / "keys")
        if self.url is not None:
            places = StorePlaces(
                places.home, places.keys, Server(libpq_url(self.url)), places.blobs
            )
        found = verify_store(places, self.deck.clock.now(), canaries=["Martina", "Ahornallee"])
        return {finding.check for finding in found}

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        url = self.url or f"sqlite:///{self.home / 'deckname.db'}"
        with closing(open_database(url)) as database, database.read() as connection:
            return {
                table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
                for table in metadata.sorted_tables
            }


@pytest.fixture
def first() -> Iterator[Fresh]:
    with fresh_database() as made:
        yield made


@pytest.fixture
def second() -> Iterator[Fresh]:
    with fresh_database() as made:
        yield made


@pytest.mark.parametrize("way", ["server to server", "file to server", "server to file"])
def test_all_rows_move_and_what_was_deleted_since_stays_deleted(
    tmp_path: Path, first: Fresh, second: Fresh, way: str
) -> None:
    before = None if way.startswith("file") else first.url
    after = None if way.endswith("file") else second.url
    store = OnServer(tmp_path, before)
    store.add_customer()
    waiting, kept, gone = store.push(), store.push(kept=True), store.push()
    store.store(kept, kept=True)
    store.store(gone)
    then = store.rows()
    backup = store.back_up()
    assert store.deck.calls.erase_call(gone.id, "erased_on_request", store.deck.clock.now())
    store.finish()
    store.url = after
    store.point_to(tmp_path, after)
    restored = store.restore(backup)
    assert (restored.manifest.calls, restored.manifest.recordings) == (3, 2)
    assert store.readable(waiting.id) == Kept(True, False, False)
    assert store.readable(kept.id) == Kept(True, True, True)
    assert store.readable(gone.id) == Kept(False, False, False)
    now = store.rows()
    for table in ("customers", "api_keys", "audio_keys", "consent_entries", "retention_policies"):
        assert now[table] == then[table], table
    assert set(then["audit_log"]) <= set(now["audit_log"])
    assert store.deck.audit.verify() >= len(then["audit_log"])
    assert store.findings() == set()
    assert store.store(store.push(), kept=False).status.value == "stored", "numbers go on"
    assert store.findings() == set()


def test_a_server_that_holds_a_store_is_not_written_over(
    tmp_path: Path, first: Fresh, second: Fresh
) -> None:
    store = OnServer(tmp_path, first.url)
    store.add_customer()
    backup = store.back_up()
    before = store.rows()
    with pytest.raises(Conflict, match="holds a store"):
        store.restore(backup)
    store.open()
    assert store.rows() == before


def test_a_restore_that_was_cut_short_is_finished_or_begun_again(
    tmp_path: Path, first: Fresh, second: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = OnServer(tmp_path, first.url)
    store.add_customer()
    waiting = store.push()
    backup = store.back_up()
    store.point_to(tmp_path, second.url)
    store.url = second.url

    class Killed(BaseException):
        """As far as the next process can tell."""

    take_in = PostgresqlCopies.read
    for after_commit in (False, True):

        def read(self: PostgresqlCopies, path: Path, after: bool = after_commit) -> None:
            if after:
                take_in(self, path)
            raise Killed

        with monkeypatch.context() as patched:
            patched.setattr(PostgresqlCopies, "read", read)
            patched.setattr("pipeline.adapters.backups.staging._reap", lambda _: None)
            with pytest.raises(Killed):
                store.restore(backup)
        assert is_cut_short(store.home)
        if after_commit:
            assert len(bootstrap_to_look(store.settings).calls.calls()) == 1
        else:
            for start in (bootstrap, bootstrap_to_look):
                with pytest.raises(ConfigurationError, match="cut short"):
                    start(store.settings)
        assert is_cut_short(store.home), "who looks finishes nothing"
    store.open()
    assert not (store.home / "restoring").exists()
    assert store.readable(waiting.id) == Kept(True, False, False)
    assert store.findings() == set()


def test_rows_of_before_that_are_put_back_at_once_open_nothing_that_ended(
    tmp_path: Path, first: Fresh
) -> None:
    """With the server's own tools, before anything was finished; the next start replays."""
    store = OnServer(tmp_path, first.url)
    store.add_customer()
    store.add_customer("leaving")
    heard, waiting, withdrawn = store.push(), store.push(), store.push(kept=True)
    erased, lost, theirs = store.push(), store.push(), store.push(customer="leaving")
    store.store(withdrawn, kept=True)
    store.store(erased)
    claim = store.claim(lost)
    copies = PostgresqlCopies(lambda: open_database(first.url))
    copies.write(tmp_path / "then.db")
    deck, now = store.deck, store.deck.clock.now()
    deck.calls.fail(store.claim(heard), "recording_rejected", now)
    deck.calls.erase_call(erased.id, "erased_on_request", now)
    withdraw_consent(withdrawn.id, Purpose.AUDIO_RETENTION, deck, ConsentSource.OPERATOR)
    deck.calls.close_customer(theirs.customer_id, now)
    deck.ledger.append(deleted_told(_begun(lost), claim.token))  # killed before the commit
    for table in reversed(metadata.sorted_tables):
        first.alter_rows(f"DELETE FROM {table.name}")
    copies.read(tmp_path / "then.db")
    store.open()
    assert store.readable(waiting.id) == store.readable(lost.id) == Kept(True, False, False)
    assert store.readable(withdrawn.id) == Kept(False, True, True)
    for each in (heard, erased, theirs):
        assert store.readable(each.id) == Kept(False, False, False)
    store.finish()
    assert store.deck.deletions.pending() == () and store.findings() == set()
    assert store.deck.audit.verify() > 0
    assert catch_up(store.deck).entries == 0


def _begun(call: Call) -> Deletion:
    now = call.received_at
    return Deletion(
        new_deletion_id(),
        DataClass.RAW_AUDIO,
        "raw_audio",
        1,
        Trigger.DONE,
        call.customer_id,
        call.id,
        HoldCheck.NOT_APPLICABLE,
        now,
        now,
    )


def test_a_left_over_file_of_sqlite_is_found(tmp_path: Path, first: Fresh) -> None:
    store = OnServer(tmp_path, None)
    store.add_customer()
    backup = store.back_up()
    shutil.copy(store.home / "deckname.db", tmp_path / "old.db")
    store.url = first.url
    store.point_to(tmp_path, first.url)
    store.restore(backup)
    assert store.findings() == set()
    shutil.move(tmp_path / "old.db", store.home / "deckname.db")
    assert store.findings() == {"backup_in_home"}
