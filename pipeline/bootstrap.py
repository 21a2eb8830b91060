"""The only place that knows real adapters: settings in, a deck of ports out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.domain.backup import DATABASE, RECORDINGS
from pipeline.domain.errors import (
    ConfigurationError,
    KeyDestroyed,
    KeysElsewhere,
    SealBroken,
    TransientError,
)
from pipeline.domain.ids import CustomerId
from pipeline.domain.machine import Plan, Wanted, plan_for
from pipeline.settings import Settings
from pipeline.usecases.deck import Deck, Policy, Transcriber

if TYPE_CHECKING:
    from pipeline.adapters.database import Database, PostgresqlCopies
    from pipeline.adapters.sealing import FileKeyStore
    from pipeline.adapters.store_mark import FileStoreMark
    from pipeline.ports import (
        Backups,
        Clock,
        DeletionLedger,
        JobQueue,
        ObjectStore,
        PiiDetector,
        Recogniser,
        SpeechDetector,
        StoreMark,
    )


def bootstrap(settings: Settings, catching_up: bool = True, checking: bool = True) -> Deck:
    """Open the store and join all ports. Heavy models load at their first use. What the deletion
    ledger knows and a restored database does not, is deleted first. Without `checking` the key
    folder may be that of another store: for whoever says that it is the right one.

    Raises `ServiceUnavailable` where the database cannot be opened; `KeysElsewhere` where the key
    folder is not that of the database; `ConfigurationError`, also
    where the ledger is missing; `SealBroken` where ledger or audit log were altered or cut.
    """
    from pipeline.adapters.backups import reap_snapshot, reap_staging
    from pipeline.adapters.database import open_database
    from pipeline.adapters.rq_queue import RqJobQueue
    from pipeline.usecases.replay_ledger import catch_up
    from pipeline.usecases.tie_keys import check_keys

    os.umask(0o077)
    make_home(settings)
    home = settings.home_folder
    _finish_placing(settings)
    reap_snapshot(home)
    reap_staging(home)
    if checking:
        refuse_new_database(settings)
    database = open_database(database_url(settings), owner_url(settings))
    deck = _joined(settings, database, home, RqJobQueue(settings))
    if checking:
        check_keys(deck)
    if catching_up:
        catch_up(deck)
    return deck


def bootstrap_to_look(settings: Settings) -> Deck:
    """Open the store that is there as it is: nothing is made, upgraded, tied to its keys or done
    again. Raises as `bootstrap`, and `UpgradeDue`."""
    from pipeline.adapters.backups import is_cut_short
    from pipeline.adapters.database import open_database
    from pipeline.adapters.rq_queue import RqJobQueue

    if is_cut_short(settings.home_folder):
        _require_rows(settings, upgrading=False)
    refuse_new_database(settings)
    database = open_database(database_url(settings), upgrading=False)
    deck = _joined(settings, database, settings.home_folder, RqJobQueue(settings))
    if deck.mark.id() is not None:
        deck.mark.check()
        deck.signer.require()
    return deck


def _finish_placing(settings: Settings) -> None:
    """A restore that was killed once the server had taken its rows in leaves the rest to us. Raises
    `ConfigurationError` where one was killed before that, or runs."""
    from pipeline.adapters.backups import end_placing, is_cut_short

    if is_cut_short(settings.home_folder):
        _require_rows(settings)
        end_placing(settings.home_folder)


def _require_rows(settings: Settings, *, upgrading: bool = True) -> None:
    """Raises `ConfigurationError` where no server has the rows of the store."""
    server = server_copies(settings, upgrading=upgrading)
    if server is None or server.is_empty():
        raise ConfigurationError(
            "a restore runs in this data folder or was cut short: wait for it, or run `deckname"
            " backup restore` again; there is no store here yet"
        )


def bootstrap_backups(settings: Settings) -> Backups:
    """What backs up the store of `settings`, and restores into any data folder."""
    from pipeline.adapters.backups import SealedBackups
    from pipeline.adapters.clock import SystemClock

    database = server_copies(settings) or Path(database_url(settings).removeprefix("sqlite:///"))
    return SealedBackups(settings.home_folder, database, key_store(settings, SystemClock()))


def server_copies(settings: Settings, *, upgrading: bool = True) -> PostgresqlCopies | None:
    """What copies rows out of a database that is no file; None where it is one."""
    from pipeline.adapters.database import PostgresqlCopies, open_database

    url = database_url(settings)
    if url.startswith("sqlite"):
        return None
    owner = owner_url(settings)
    return PostgresqlCopies(lambda: open_database(url, owner, upgrading=upgrading))


@contextmanager
def bootstrap_restored(settings: Settings, folder: Path, aside: bool = False) -> Iterator[Deck]:
    """The deck of a restored store that is not in its place yet: SQLite and blobs in `folder`,
    the keys, ledger and Redis of `settings`. Where it is restored `aside` they serve another store:
    then there is no Redis, and the ledger is told nothing. Nothing is caught up with. Where the
    blobs are in a bucket they stayed there. Raises `ConfigurationError`."""
    from pipeline.adapters.database import open_database
    from pipeline.adapters.memory_queue import MemoryJobQueue
    from pipeline.adapters.rq_queue import RqJobQueue

    own = settings.redis_url is None  # ours lies in the data folder: it has no jobs of the backup
    queue = MemoryJobQueue() if own or aside else RqJobQueue(settings)
    _check_restorable(settings, folder, aside)
    database = open_database(f"sqlite:///{folder / DATABASE}")
    try:
        deck = _joined(settings, database, folder, queue, borrowed=aside)
        # The copy gets a mark of its own: the store that was backed up may still live.
        deck.mark.renew()
        yield deck
        database.forget_deleted()
    finally:
        database.close()


def _check_restorable(settings: Settings, folder: Path, aside: bool) -> None:
    if settings.bucket is not None and aside:
        raise ConfigurationError(
            "two stores cannot share a bucket, each would remove what the other has: unset"
            " DECKNAME_BLOBS to restore --into another folder; nothing was restored"
        )
    if settings.bucket is not None and (folder / RECORDINGS).exists():
        raise ConfigurationError(
            "the backup holds recordings, and DECKNAME_BLOBS names a bucket: unset it, restore, and"
            " move them as docs/how-to/s3.md says; nothing was restored"
        )


def _joined(
    settings: Settings, database: Database, home: Path, queue: JobQueue, borrowed: bool = False
) -> Deck:
    from pipeline.adapters.clock import SystemClock
    from pipeline.adapters.database import SqlEvidence, SqlLedgerReplay
    from pipeline.adapters.disk_room import FolderDiskRoom
    from pipeline.adapters.file_ledger import BorrowedLedger, FileLedger
    from pipeline.adapters.log_folder import FileLogFolder
    from pipeline.adapters.receipt_key import FileReceiptSigner
    from pipeline.adapters.sealing import TinkRecordingVault, TinkTranscriptVault
    from pipeline.adapters.second_key import FileSecondKey

    clock = SystemClock()
    mark = store_mark(settings, database, clock)
    keys = key_store(settings, clock, mark)
    told = BorrowedLedger if borrowed else FileLedger
    ledger = told(settings.keys_folder / "ledger", mark.check)
    replay = SqlLedgerReplay(database)
    deck = Deck(
        policy=policy(settings),
        clock=clock,
        recordings=TinkRecordingVault(object_store(settings, home), keys),
        transcripts=TinkTranscriptVault(keys),
        keys=keys,
        mark=mark,
        ledger=ledger,
        # They look at what all customers have together, whomever a deck was narrowed to.
        evidence=SqlEvidence(database),
        replay=replay,
        signer=FileReceiptSigner(
            settings.keys_folder / "receipts",
            mark.check,
            lambda: replay.last_receipt() is not None,
        ),
        second_key=FileSecondKey(settings.keys_folder / "erasure", mark.check),
        logs=FileLogFolder(settings.home_folder),
        disk=FolderDiskRoom(settings.home_folder),
        queue=queue,
        transcriber=bootstrap_transcriber(settings, settings.workers),
        **_of_database(database, ledger),
    )
    return replace(
        deck,
        narrowed=lambda customer_id: replace(
            deck, **_of_database(database.of(customer_id), ledger)
        ),
    )


def _of_database(database: Database, ledger: DeletionLedger) -> dict[str, Any]:
    """The ports that are tables of one customer, or of all."""
    from pipeline.adapters.database import (
        SqlAuditLog,
        SqlCallRepository,
        SqlConsentRegister,
        SqlDeletionLog,
        SqlLeaderLease,
        SqlLegalHolds,
        SqlRightsRequests,
        SqlStoreCensus,
        SqlSubjectIndex,
        SqlWatermarks,
    )

    return {
        "calls": SqlCallRepository(database, ledger),
        "audit": SqlAuditLog(database),
        "consents": SqlConsentRegister(database),
        "deletions": SqlDeletionLog(database),
        "census": SqlStoreCensus(database),
        "holds": SqlLegalHolds(database),
        "subjects": SqlSubjectIndex(database),
        "rights": SqlRightsRequests(database),
        "leases": SqlLeaderLease(database),
        "watermarks": SqlWatermarks(database),
    }


def object_store(settings: Settings, home: Path) -> ObjectStore:
    """Where the blobs of `settings` lie: in a bucket, or in the data folder `home`."""
    from pipeline.adapters.folder_store import FolderObjectStore

    if settings.bucket is not None:
        from pipeline.adapters.s3_store import S3Client, S3ObjectStore

        return S3ObjectStore(S3Client(settings.bucket))
    return FolderObjectStore(home / RECORDINGS)


def store_mark(settings: Settings, database: Database, clock: Clock) -> FileStoreMark:
    """What ties `database` to the key folder of `settings`."""
    from pipeline.adapters.database import SqlStoreMark
    from pipeline.adapters.store_mark import FileStoreMark

    return FileStoreMark(SqlStoreMark(database), settings.keys_folder, clock)


def refuse_new_database(settings: Settings) -> None:
    """Before SQLite makes an empty file where the data folder is not mounted. Raises
    `KeysElsewhere`."""
    from pipeline.adapters.store_mark import holds_keys
    from pipeline.usecases.tie_keys import DATABASE_ELSEWHERE

    # In this order: whoever starts at the same time makes the database first, then keys.
    if holds_keys(settings.keys_folder) and not has_database(settings):
        raise KeysElsewhere(DATABASE_ELSEWHERE)


def has_database(settings: Settings) -> bool:
    """Whether there is one already. A server is believed to have it."""
    return settings.database_url is not None or (settings.home_folder / DATABASE).exists()


def key_store(settings: Settings, clock: Clock, mark: StoreMark | None = None) -> FileKeyStore:
    """The keys of `settings`; with `mark` in the folder of that store only. Raises
    `ConfigurationError`."""
    from pipeline.adapters.sealing import FileKeyStore, Kms, MasterSource

    kms = Kms(settings.kms_uri) if settings.kms_uri else None
    source = MasterSource(*settings.master_secrets, kms)
    return FileKeyStore(settings.keys_folder, clock, source, mark)


def master_opener(settings: Settings) -> Callable[[str, bytes, bytes], bool | None]:
    """For the verifier: whether the master keys of `settings` open a customer's two keys; None
    where nobody can tell now. It raises `ConfigurationError` where they are set wrongly. Nothing is
    made, and no key is handed out."""
    from pipeline.adapters.clock import SystemClock
    from pipeline.adapters.sealing import TinkTranscriptVault
    from pipeline.adapters.sealing.key_files import LOCK
    from pipeline.domain.call import Customer

    clock = SystemClock()

    @cache  # a key service is asked once
    def keys() -> TinkTranscriptVault:
        return TinkTranscriptVault(key_store(settings, clock))

    def opens(customer_id: str, content: bytes, vault: bytes) -> bool | None:
        if not (settings.keys_folder / LOCK).exists():  # it would be made
            return None
        owner = Customer(CustomerId(customer_id), "", clock.now(), content, vault)
        try:
            keys().key_versions(owner)
        except TransientError:
            return None
        except (SealBroken, KeyDestroyed):
            return False
        return True

    return opens


def make_home(settings: Settings) -> None:
    """Make the data folder. Raises `ConfigurationError` where it cannot be one."""
    try:
        settings.home_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigurationError(
            f"DECKNAME_HOME cannot be made ({os.strerror(error.errno or 0)}): name a folder that "
            "this user may write"
        ) from None


def machine_plan(settings: Settings, workers: int | None = None) -> Plan:
    """How many workers, threads and rows in a batch this machine is good for as it is now, where
    `settings` leave it open; `workers` of them where the caller knows."""
    from models.catalog import ModelNotHere, local_folder
    from pipeline.adapters.machine import this_machine

    size = 0
    with suppress(ModelNotHere, OSError):
        folder = local_folder(settings.model)
        size = 0 if folder is None else (folder / "model.bin").stat().st_size
    wanted = Wanted(
        settings.workers if workers is None else workers, settings.cpu_threads, settings.batch_size
    )
    return plan_for(this_machine(settings.device), size, wanted)


def bootstrap_transcriber(settings: Settings, workers: int = 1) -> Transcriber:
    """What one-off transcription and `detect` need: no store, no Redis. The machine is shared with
    so many `workers`; 0 for as many as it is good for."""
    from pipeline.adapters.audio import decoders

    @cache
    def speech_detector() -> SpeechDetector:
        from pipeline.adapters.speech.silero_detector import SileroSpeechDetector

        return SileroSpeechDetector()

    @cache
    def recogniser() -> Recogniser:
        from pipeline.adapters.speech.faster_whisper_recogniser import FasterWhisperRecogniser

        plan = machine_plan(settings, workers)
        return FasterWhisperRecogniser(
            settings.model,
            settings.device,
            settings.compute_type,
            plan.threads,
            settings.beam_size,
            plan.batch,
        )

    @cache
    def detector() -> PiiDetector:
        from pipeline.adapters.presidio import PresidioDetector, load_recognizers

        return PresidioDetector(load_recognizers(settings.recognizers))

    return Transcriber(settings.limits, decoders(), speech_detector, recogniser, detector)


def policy(settings: Settings) -> Policy:
    """What of `settings` use cases obey."""
    return Policy(
        limits=settings.limits,
        lease=settings.lease,
        renew_every=settings.lease / 4,
        max_attempts=settings.max_attempts,
        ring_after=timedelta(seconds=settings.reconcile_seconds),
        keep_logs=settings.keep_logs,
        keep_evidence=settings.keep_evidence,
        most_waiting=settings.max_waiting_calls,
        spare_bytes=settings.spare_bytes,
        zone=settings.zone,
    )


def owner_url(settings: Settings) -> str | None:
    """The URL of the role that owns the tables, where that is another one."""
    url = settings.database_owner_url
    return None if url is None else url.get_secret_value()


def database_url(settings: Settings) -> str:
    """The SQLAlchemy URL of `settings`, or SQLite in the data folder."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    return f"sqlite:///{settings.home_folder / 'deckname.db'}"
