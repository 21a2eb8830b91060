"""A whole store with its command line, for tests that back it up and restore it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.adapters.memory_queue import MemoryJobQueue
from pipeline.bootstrap import bootstrap, bootstrap_backups, bootstrap_restored
from pipeline.domain.backup import Manifest
from pipeline.domain.call import Call, Claim, Intake, Outcome
from pipeline.domain.consent import ConsentClaim, Purpose
from pipeline.domain.errors import DecknameError
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.recording import SealedRecording
from pipeline.settings import Settings, load_settings
from pipeline.usecases.backups import Restored, create_backup, restore_backup
from pipeline.usecases.customers import add_customer
from pipeline.usecases.deck import Deck
from pipeline.usecases.finish_deletions import finish_deletions
from pipeline.usecases.submit_call import submit_call
from pipeline.usecases.verification.findings import StorePlaces
from pipeline.usecases.verify_store import verify_store
from tests.decks import WAV_HEAD

ACME = CustomerId("acme")
SAID = b"Hier ist Martina Keller aus der Ahornallee."
AUDIO = WAV_HEAD + SAID * 2000
KEPT = timedelta(days=20)


@dataclass
class Kept:
    """What can be read of a call."""

    audio: bool
    transcript: bool
    vault: bool


class BackedUp:
    """A store in `folder/home`, its keys in `folder/keys`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings: Settings = load_settings(home=folder / "home", keys=folder / "keys")
        self.deck: Deck
        self.open()

    def serve_commands(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """`main` finds this store."""
        monkeypatch.setenv("DECKNAME_HOME", str(self.home))
        monkeypatch.setenv("DECKNAME_KEYS", str(self.folder / "keys"))

    @property
    def home(self) -> Path:
        return self.settings.home_folder

    def open(self) -> Deck:
        """As the next process would."""
        self.deck = replace(bootstrap(self.settings), queue=MemoryJobQueue())
        return self.deck

    def add_customer(self, customer: str = ACME) -> None:
        add_customer(customer, "Acme Immobilien", self.deck)

    def push(self, kept: bool = False, customer: str = ACME) -> Call:
        claims = (ConsentClaim(Purpose.AUDIO_RETENTION, KEPT),) if kept else ()
        intake = Intake(CustomerId(customer), consents=claims)
        return submit_call(intake, [AUDIO], self.deck)

    def claim(self, call: Call) -> Claim:
        deck = self.deck
        (claim,) = deck.calls.claim([call.id], "w", deck.clock.now(), deck.policy.lease)
        return claim

    def store(self, call: Call, kept: bool = False) -> Call:
        """Transcribed, and all that was to be deleted is."""
        deck, claim = self.deck, self.claim(call)
        owner, retained = deck.calls.customer(call.customer_id), None
        if kept:
            sealed = deck.calls.recording(call.id)
            assert isinstance(sealed, SealedRecording)
            retained = deck.recordings.retain(call.id, sealed, call.received_at + KEPT)
        seal = deck.transcripts.seal
        outcome = Outcome(
            "de",
            2.0,
            seal(owner, call.id, "transcript", SAID),
            seal(owner, call.id, "vault", SAID),
            (("PERSON", 1),),
            retained,
        )
        done = deck.calls.complete(claim, outcome, deck.clock.now())
        self.finish()
        return done

    def finish(self) -> None:
        finish_deletions(self.deck)

    def back_up(self, name: str = "backup") -> Path:
        target = self.folder / name
        self.manifest: Manifest = create_backup(
            target, self.deck, bootstrap_backups(self.settings), (self.home, self.folder / "keys")
        )
        return target

    def restore(self, backup: Path, **options: Any) -> Restored:
        """The old data folder is lost."""
        self.forget()
        shutil.rmtree(self.home, ignore_errors=True)
        done = restore_backup(
            backup,
            self.home,
            bootstrap_backups(self.settings),
            lambda folder: bootstrap_restored(self.settings, folder),
            **options,
        )
        self.open()
        return done

    def restore_aside(self, backup: Path, into: Path) -> Restored:
        """Into another folder, while the store lives."""
        return restore_backup(
            backup,
            into,
            bootstrap_backups(self.settings),
            lambda folder: bootstrap_restored(self.settings, folder, aside=True),
            aside=True,
        )

    def forget(self) -> None:
        """No connection stays open."""
        self.__dict__.pop("deck", None)

    def copy_by_hand(self) -> Path:
        """As somebody does with `sqlite3 .backup` and `cp`."""
        import sqlite3

        target = self.folder / "by-hand"
        target.mkdir()
        with (
            closing(sqlite3.connect(self.home / "deckname.db")) as source,
            closing(sqlite3.connect(target / "deckname.db")) as copy,
        ):
            source.backup(copy)
        if (self.home / "blobs").exists():
            shutil.copytree(self.home / "blobs", target / "blobs")
        return target

    def put_back(self, copy: Path) -> None:
        """And as they put it back."""
        self.forget()
        shutil.rmtree(self.home)
        shutil.copytree(copy, self.home)

    def readable(self, call_id: CallId) -> Kept:
        deck = self.deck
        owner = deck.calls.customer(deck.calls.call(call_id).customer_id)

        def opens(look: Any) -> bool:
            try:
                look()
            except DecknameError:
                return False
            return True

        def sealed(purpose: str) -> Any:
            kept = getattr(deck.calls, purpose)(call_id)
            return deck.transcripts.open(owner, call_id, purpose, kept)

        return Kept(
            opens(lambda: deck.recordings.open(call_id, deck.calls.recording(call_id))),
            opens(lambda: sealed("transcript")),
            opens(lambda: sealed("vault")),
        )

    def findings(self) -> set[str]:
        places = StorePlaces.of(self.home, self.folder / "keys")
        found = verify_store(places, self.deck.clock.now(), canaries=["Martina", "Ahornallee"])
        return {finding.check for finding in found}

    def event_names(self) -> list[str]:
        import sqlite3

        with closing(sqlite3.connect(self.home / "deckname.db")) as rows:
            return [
                name for (name,) in rows.execute("SELECT name FROM audit_log ORDER BY position")
            ]


def by_command(store: BackedUp) -> Callable[[], None]:
    backup = store.back_up()
    return lambda: store.restore(backup) and None


def by_hand(store: BackedUp) -> Callable[[], None]:
    copy = store.copy_by_hand()

    def restore() -> None:
        store.put_back(copy)
        store.open()

    return restore


WAYS = {"command": by_command, "by_hand": by_hand}
"""Each backs the store up; what it returns restores it."""
