"""The only place that knows real adapters: settings in, a deck of ports out."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from pipeline.domain.errors import ConfigurationError
from pipeline.settings import Settings
from pipeline.usecases.deck import Deck, Policy, Transcriber

if TYPE_CHECKING:
    from pipeline.ports import PiiDetector, Recogniser, SpeechDetector


def bootstrap(settings: Settings) -> Deck:
    """Open the store and join all ports. Heavy models load at their first use.

    Raises `ServiceUnavailable` where the database cannot be opened, `ConfigurationError`.
    """
    from pipeline.adapters.clock import SystemClock
    from pipeline.adapters.database import (
        SqlAuditLog,
        SqlCallRepository,
        SqlConsentRegister,
        SqlDeletionLog,
        open_database,
    )
    from pipeline.adapters.file_ledger import FileLedger
    from pipeline.adapters.folder_store import FolderObjectStore
    from pipeline.adapters.receipt_key import FileReceiptSigner
    from pipeline.adapters.rq_queue import RqJobQueue
    from pipeline.adapters.sealing import FileKeyStore, TinkRecordingVault, TinkTranscriptVault

    os.umask(0o077)
    make_home(settings)
    clock = SystemClock()
    keys = FileKeyStore(settings.keys_folder, clock)
    database = open_database(database_url(settings))
    return Deck(
        policy=policy(settings),
        clock=clock,
        calls=SqlCallRepository(database),
        recordings=TinkRecordingVault(FolderObjectStore(settings.home_folder / "blobs"), keys),
        transcripts=TinkTranscriptVault(keys),
        keys=keys,
        audit=SqlAuditLog(database),
        consents=SqlConsentRegister(database),
        deletions=SqlDeletionLog(database),
        ledger=FileLedger(settings.keys_folder / "ledger"),
        signer=FileReceiptSigner(settings.keys_folder / "receipts"),
        queue=RqJobQueue(settings),
        transcriber=bootstrap_transcriber(settings),
    )


def make_home(settings: Settings) -> None:
    """Make the data folder. Raises `ConfigurationError` where it cannot be one."""
    try:
        settings.home_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigurationError(
            f"DECKNAME_HOME cannot be made ({os.strerror(error.errno or 0)}): name a folder that "
            "this user may write"
        ) from None


def bootstrap_transcriber(settings: Settings) -> Transcriber:
    """What one-off transcription and `detect` need: no store, no Redis."""
    from pipeline.adapters.audio import decoders

    @cache
    def speech_detector() -> SpeechDetector:
        from pipeline.adapters.speech.silero_detector import SileroSpeechDetector

        return SileroSpeechDetector()

    @cache
    def recogniser() -> Recogniser:
        from pipeline.adapters.speech.faster_whisper_recogniser import FasterWhisperRecogniser

        return FasterWhisperRecogniser(
            settings.model,
            settings.device,
            settings.compute_type,
            settings.cpu_threads,
            settings.beam_size,
        )

    @cache
    def detector() -> PiiDetector:
        from pipeline.adapters.presidio import PresidioDetector, load_recognizers

        return PresidioDetector(load_recognizers(settings.recognizers))

    return Transcriber(settings.limits, decoders(), speech_detector, recogniser, detector)


def policy(settings: Settings) -> Policy:
    """The numbers of `settings` that use cases obey."""
    return Policy(
        limits=settings.limits,
        lease=settings.lease,
        renew_every=settings.lease / 4,
        max_attempts=settings.max_attempts,
        ring_after=timedelta(seconds=settings.reconcile_seconds),
    )


def database_url(settings: Settings) -> str:
    """The SQLAlchemy URL of `settings`, or SQLite in the data folder."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    return f"sqlite:///{settings.home_folder / 'deckname.db'}"
