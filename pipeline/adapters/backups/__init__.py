"""Backups: one sealed file with a snapshot of the database and the recordings that have a key."""

from pipeline.adapters.backups.sealed_backups import SealedBackups
from pipeline.adapters.backups.snapshot import reap_snapshot
from pipeline.adapters.backups.staging import end_placing, is_cut_short, reap_staging

__all__ = ["SealedBackups", "end_placing", "is_cut_short", "reap_snapshot", "reap_staging"]
