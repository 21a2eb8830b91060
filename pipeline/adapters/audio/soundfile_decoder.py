"""WAV (PCM, float, µ-law, A-law, ADPCM), FLAC, Ogg Vorbis/Opus, AIFF, AU, CAF: libsndfile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from pipeline.adapters.audio.completeness import CUT_SHORT, check_complete
from pipeline.adapters.audio.resampling import FrameCount, resampled
from pipeline.domain.errors import RecordingRejected
from pipeline.domain.recording import RecordingLimits
from pipeline.ports import AudioDecoder, Waveform
from pipeline.stages.decode import check_duration, check_layout

_BLOCK_SECONDS = 20
_UNKNOWN_LENGTH = 1 << 40


class SoundfileDecoder:
    """Decodes with libsndfile; what it does not know goes to `fallback`, if there is one."""

    def __init__(self, fallback: AudioDecoder | None = None) -> None:
        self._fallback = fallback

    def decode(self, source: BinaryIO, limits: RecordingLimits) -> Iterator[Waveform]:
        """See `ports.AudioDecoder`."""
        check_complete(source)
        given = False
        try:
            with soundfile.SoundFile(source) as file:
                for block in _read(file, limits):
                    given = True
                    yield block
                return
        except soundfile.LibsndfileError:
            if self._fallback is None or given:  # nobody can take up in the middle
                raise RecordingRejected("truncated", CUT_SHORT) from None
        source.seek(0)
        yield from self._fallback.decode(source, limits)


def _read(file: soundfile.SoundFile, limits: RecordingLimits) -> Iterator[Waveform]:
    check_layout(limits, file.channels, file.samplerate)
    promised = file.frames
    if promised < _UNKNOWN_LENGTH:
        check_duration(limits, promised / file.samplerate)
    count = FrameCount()
    blocks = count.through(_blocks(file, limits))
    yield from resampled(blocks, file.channels, file.samplerate)
    # Two MPEG frames of slack: encoder delay and padding are not always counted alike.
    if promised < _UNKNOWN_LENGTH and count.frames + 2 * 1152 < promised:
        raise RecordingRejected("truncated", CUT_SHORT)


def _blocks(file: soundfile.SoundFile, limits: RecordingLimits) -> Iterator[NDArray[np.float32]]:
    frames = 0
    while True:
        block = file.read(_BLOCK_SECONDS * file.samplerate, dtype="float32", always_2d=True)
        if not len(block):
            return
        frames += len(block)
        check_duration(limits, frames / file.samplerate)
        yield block
