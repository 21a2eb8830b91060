"""Sealing with Google Tink: data keys seal, wrapping keys wrap them, the key store keeps those."""

from pipeline.adapters.sealing.file_keys import FileKeyStore
from pipeline.adapters.sealing.kms import Kms
from pipeline.adapters.sealing.masters import MasterSource
from pipeline.adapters.sealing.recording_vault import TinkRecordingVault
from pipeline.adapters.sealing.transcript_vault import TinkTranscriptVault

__all__ = ["FileKeyStore", "Kms", "MasterSource", "TinkRecordingVault", "TinkTranscriptVault"]
