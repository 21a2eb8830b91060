"""Recordings, each sealed with a data key of its own that only the day key can unwrap."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import BinaryIO, cast

from pipeline.adapters.sealing.keys import SealingKeys
from pipeline.adapters.sealing.primitives import DataKey, bound_to
from pipeline.adapters.sealing.seekable import PIECE
from pipeline.domain.ids import CallId
from pipeline.domain.recording import RetainedKey, SealedRecording
from pipeline.ports import ObjectStore

_PART = ".part"


class TinkRecordingVault:
    """A `RecordingVault` over any object store; blobs are named by call ids and nothing else."""

    def __init__(self, store: ObjectStore, keys: SealingKeys) -> None:
        self._store = store
        self._keys = keys

    @property
    def place(self) -> str:
        """See `RecordingVault.place`."""
        return self._store.place

    def seal(
        self, call_id: CallId, received_at: datetime, chunks: Iterable[bytes]
    ) -> SealedRecording:
        """See `RecordingVault.seal`. `size` counts the bytes before sealing."""
        day, day_key = self._keys.sealing_key(received_at)
        data_key = DataKey.new_streaming()
        wrapped = day_key.wrap(data_key, _day_bound(call_id, day))
        with self._store.write(call_id) as sink:
            size = data_key.seal_stream(chunks, sink, _content_bound(call_id))
        return SealedRecording(call_id, size, day, wrapped)

    def open(self, call_id: CallId, recording: SealedRecording | RetainedKey) -> bytes:
        """See `RecordingVault.open`."""
        data_key = self._data_key(call_id, recording)
        return data_key.open_stream(self._store.open(call_id), _content_bound(call_id))

    @contextmanager
    def reader(
        self, call_id: CallId, recording: SealedRecording | RetainedKey
    ) -> Iterator[BinaryIO]:
        """See `RecordingVault.reader`."""
        data_key = self._data_key(call_id, recording)
        with (
            self._store.open(call_id) as blob,
            data_key.open_seekable(blob, _content_bound(call_id)) as stream,
        ):
            try:
                yield cast(BinaryIO, io.BufferedReader(stream, PIECE))
            except Exception:
                if stream.error is not None:
                    raise stream.error from None
                raise
            if stream.error is not None:
                raise stream.error

    def retain(self, call_id: CallId, recording: SealedRecording, until: datetime) -> RetainedKey:
        """See `RecordingVault.retain`."""
        data_key = self._data_key(call_id, recording)
        name, key = self._keys.new_retention_key(until)
        return RetainedKey(name, until, key.wrap(data_key, _retained_bound(call_id, name, until)))

    def destroy_retained(self, key_name: str) -> bool:
        """See `RecordingVault.destroy_retained`."""
        return self._keys.destroy_retention_key(key_name)

    def unlink(self, call_id: CallId) -> bool:
        """See `RecordingVault.unlink`. What an upload in progress has written stays."""
        removed = [self._store.delete(name) for name in (call_id, call_id + _PART)]
        return any(removed)

    def blobs(self) -> Iterator[tuple[CallId, datetime]]:
        """See `RecordingVault.blobs`."""
        for name, changed in self._store.list():
            yield CallId(name.removesuffix(_PART)), changed

    def _data_key(self, call_id: CallId, recording: SealedRecording | RetainedKey) -> DataKey:
        if isinstance(recording, SealedRecording):
            key = self._keys.opening_key(recording.day)
            return key.unwrap(recording.wrapped_key, _day_bound(call_id, recording.day))
        key = self._keys.retention_key(recording.key_name)
        bound = _retained_bound(call_id, recording.key_name, recording.until)
        return key.unwrap(recording.wrapped_key, bound)


def _content_bound(call_id: CallId) -> bytes:
    return bound_to("recording", call_id)


def _day_bound(call_id: CallId, day: str) -> bytes:
    return bound_to("recording_key", call_id, day)


def _retained_bound(call_id: CallId, name: str, until: datetime) -> bytes:
    return bound_to("retained_key", call_id, name, until.astimezone(UTC).isoformat())
