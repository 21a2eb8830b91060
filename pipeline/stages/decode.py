"""Recording bytes → waveform, in memory, block by block.

The container is told from the first bytes, never from a name, and decoders are handed that format
by force: a playlist or a `concat` script that pretends to be audio is never interpreted.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import BinaryIO

import numpy as np

from pipeline.domain.errors import RecordingRejected
from pipeline.domain.recording import RecordingLimits
from pipeline.ports import AudioDecoder, Waveform
from pipeline.stages.sniff_format import HEAD_BYTES, sniff


def decode(
    recording: bytes | BinaryIO, decoders: Mapping[str, AudioDecoder], limits: RecordingLimits
) -> Waveform:
    """All of `recording` at once, otherwise as `decode_blocks`."""
    blocks = [block.channels for block in decode_blocks(recording, decoders, limits)]
    return Waveform(tuple(np.concatenate(parts) for parts in zip(*blocks, strict=True)))


def decode_blocks(
    recording: bytes | BinaryIO, decoders: Mapping[str, AudioDecoder], limits: RecordingLimits
) -> Iterator[Waveform]:
    """Decode `recording`, bytes or a seekable file, with the decoder of its container (`decoders`
    maps the names that `sniff_format.sniff` gives), `BLOCK_SECONDS` at a time. Raises
    `RecordingRejected` with a reason, also after blocks."""
    source = io.BytesIO(recording) if isinstance(recording, bytes) else recording
    head = source.read(HEAD_BYTES)
    if not head:
        raise RecordingRejected("empty", "the recording is empty (0 bytes)")
    container = sniff(head)
    if container is None or container not in decoders:
        raise RecordingRejected(
            "unknown_format",
            "the recording is not audio that Deckname knows: send WAV, FLAC, MP3, Ogg/Opus, M4A, "
            "AMR or WebM",
        )
    source.seek(0)
    seconds = 0.0
    for block in decoders[container].decode(source, limits):
        seconds += block.duration
        yield block
    if seconds < limits.min_seconds:
        raise RecordingRejected(
            "too_short", f"the recording holds less than {limits.min_seconds:g} seconds of audio"
        )


def check_layout(limits: RecordingLimits, channels: int, sample_rate: int) -> None:
    """Raise `RecordingRejected` where the channel count or the sample rate is out of bounds."""
    if channels < 1:
        raise RecordingRejected("no_audio", "the file holds no audio channel")
    if channels > limits.max_channels:
        raise RecordingRejected(
            "too_many_channels",
            f"the recording has {channels} channels, {limits.max_channels} at most are accepted: "
            "send agent and caller as left and right",
        )
    if not limits.min_sample_rate <= sample_rate <= limits.max_sample_rate:
        raise RecordingRejected(
            "sample_rate",
            f"the sample rate is {sample_rate} Hz, accepted are {limits.min_sample_rate} to "
            f"{limits.max_sample_rate} Hz",
        )


def check_duration(limits: RecordingLimits, seconds: float) -> None:
    """Raise `RecordingRejected` where a recording is longer than accepted."""
    if seconds > limits.max_seconds:
        raise RecordingRejected(
            "too_long",
            f"the recording is longer than {limits.max_seconds:g} seconds: raise "
            "DECKNAME_MAX_CALL_SECONDS or cut it",
        )
