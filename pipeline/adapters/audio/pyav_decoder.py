"""MP3, MP4, AAC, AMR, WebM and whatever libsndfile cannot: FFmpeg's libraries, in memory.

The demuxer is forced to the sniffed container, so that nothing else (playlists, scripts that open
other files or addresses) is ever tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import av
import numpy as np
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from pipeline.adapters.audio.completeness import CUT_SHORT, check_complete
from pipeline.adapters.audio.resampling import FrameCount, resampled
from pipeline.domain.errors import RecordingRejected
from pipeline.domain.recording import RecordingLimits
from pipeline.ports import Waveform
from pipeline.stages.decode import check_duration, check_layout
from pipeline.stages.sniff_format import HEAD_BYTES, sniff


class PyAvDecoder:
    """Decodes the first audio stream of a container."""

    def decode(self, source: BinaryIO, limits: RecordingLimits) -> Iterator[Waveform]:
        """See `ports.AudioDecoder`."""
        check_complete(source)
        name = sniff(source.read(HEAD_BYTES))
        source.seek(0)
        try:
            with av.open(source, mode="r", format=name, metadata_errors="ignore") as container:
                if not container.streams.audio:
                    raise RecordingRejected("no_audio", "the file holds no audio stream")
                yield from self._read(container, limits)
        except (av.error.FFmpegError, ValueError, EOFError):
            raise RecordingRejected("truncated", CUT_SHORT) from None

    def _read(
        self, container: av.container.InputContainer, limits: RecordingLimits
    ) -> Iterator[Waveform]:
        stream = container.streams.audio[0]
        if stream.codec_context is None:  # FFmpeg knows the container, not what is inside
            raise RecordingRejected("unknown_format", "the recording's codec is not known")
        rate, channels = stream.rate, stream.channels
        check_layout(limits, channels, rate)
        promised = (
            float(stream.duration * stream.time_base)
            if stream.duration is not None and stream.time_base is not None
            else 0.0
        )
        check_duration(limits, promised)
        count = FrameCount()
        blocks = count.through(_blocks(container, channels, rate, limits))
        yield from resampled(blocks, channels, rate)
        if count.frames / rate + 0.5 < promised:
            raise RecordingRejected("truncated", CUT_SHORT)


def _blocks(
    container: av.container.InputContainer, channels: int, rate: int, limits: RecordingLimits
) -> Iterator[NDArray[np.float32]]:
    layout = "mono" if channels == 1 else "stereo"
    resampler = AudioResampler(format="flt", layout=layout, rate=rate)
    frames = 0
    for frame in container.decode(audio=0):
        for flat in resampler.resample(frame):
            block = np.asarray(flat.to_ndarray(), dtype=np.float32).reshape(-1, channels)
            frames += len(block)
            check_duration(limits, frames / rate)
            yield block
