"""A whole store on disk, for tests that look at files and rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from pipeline.adapters.database import Database, SqlAuditLog, SqlCallRepository, open_database
from pipeline.adapters.file_ledger import FileLedger
from pipeline.adapters.folder_store import FolderObjectStore
from pipeline.adapters.memory import StoppedClock
from pipeline.adapters.sealing import FileKeyStore, TinkRecordingVault, TinkTranscriptVault
from pipeline.cli.verifying import libpq_url
from pipeline.domain.call import Call, Claim, Customer, Intake, Outcome
from pipeline.domain.consent import ConsentClaim, Purpose
from pipeline.domain.ids import CallId
from pipeline.domain.recording import RetainedKey, SealedRecording
from pipeline.usecases.deck import Deck
from pipeline.usecases.verification.findings import Server, StorePlaces
from tests import builders
from tests.databases import tamper
from tests.decks import disk_deck

AUDIO = b"RIFF\0\0\0\0WAVE" + b"Frau Sonnenschein wohnt in der Ahornallee 7. " * 50


@dataclass
class DiskStore:
    """Real adapters in `folder`, with a clock that stands still."""

    folder: Path
    clock: StoppedClock
    database: Database
    calls: SqlCallRepository
    audit: SqlAuditLog
    keys: FileKeyStore
    blobs: FolderObjectStore
    recordings: TinkRecordingVault
    transcripts: TinkTranscriptVault
    customer: Customer
    url: str | None = None

    @classmethod
    def open(cls, folder: Path, clock: StoppedClock, url: str | None = None) -> DiskStore:
        """SQLite in `folder`, or the database of `url`."""
        home = folder / "home"
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        database = open_database(url or f"sqlite:///{home / 'deckname.db'}")
        keys = FileKeyStore(folder / "keys", clock)
        blobs = FolderObjectStore(home / "blobs")
        transcripts = TinkTranscriptVault(keys)
        calls = SqlCallRepository(database, FileLedger(folder / "keys" / "ledger"))
        if not calls.customers():
            wrapped = transcripts.new_customer_keys(builders.ACME)
            calls.add_customer(builders.customer(keys=wrapped), "hash-of-acme")
        return cls(
            folder,
            clock,
            database,
            calls,
            SqlAuditLog(database),
            keys,
            blobs,
            TinkRecordingVault(blobs, keys),
            transcripts,
            calls.customer(builders.ACME),
            url,
        )

    @property
    def deck(self) -> Deck:
        """The same store with all ports."""
        return disk_deck(self.folder, self.clock, self.url)

    @property
    def places(self) -> StorePlaces:
        places = StorePlaces.of(self.folder / "home", self.folder / "keys")
        if self.url is None or self.url.startswith("sqlite"):
            return places
        return replace(places, database=Server(libpq_url(self.url)))

    def push(self, kept_for: timedelta | None = None, audio: bytes = AUDIO) -> Call:
        claims = (ConsentClaim(Purpose.AUDIO_RETENTION, kept_for),) if kept_for else ()
        call = builders.call(received_at=self.clock.now(), consents=claims)
        sealed = self.recordings.seal(call.id, call.received_at, [audio])
        return self.calls.add_call(call, Intake(call.customer_id), sealed, None)

    def claim(self, call: Call) -> Claim:
        return builders.claim_one(self.calls, call.id, self.clock.now())

    def outcome(self, call: Call, kept_for: timedelta | None = None) -> Outcome:
        retained: RetainedKey | None = None
        if kept_for:
            sealed = self.calls.recording(call.id)
            assert isinstance(sealed, SealedRecording)
            retained = self.recordings.retain(call.id, sealed, call.received_at + kept_for)
        seal = self.transcripts.seal
        return Outcome(
            "de",
            3.5,
            seal(self.customer, call.id, "transcript", b"[PERSON_1] wohnt in [ADDRESS_1]."),
            seal(self.customer, call.id, "vault", b"Frau Sonnenschein, Ahornallee 7"),
            (("PERSON", 1),),
            retained,
        )

    def store(self, call: Call, kept_for: timedelta | None = None) -> Call:
        done = self.calls.complete(self.claim(call), self.outcome(call, kept_for), self.clock.now())
        if not kept_for:
            self.recordings.unlink(call.id)
        return done

    def sql(self, query: str, *values: object) -> None:
        """As somebody would who has the file and no respect."""
        tamper(self.database, query, *values)

    def blob_names(self) -> list[str]:
        return sorted(name for name, _ in self.blobs.list())

    def age_blob(self, call_id: CallId | str, by: timedelta) -> None:
        import os

        path = self.folder / "home" / "blobs" / call_id
        moment = path.stat().st_mtime - by.total_seconds()
        os.utime(path, (moment, moment))

    def close(self) -> None:
        self.database.close()
