"""A waveform as a WAV file: 16-bit PCM, agent and caller left and right as they were."""

from __future__ import annotations

import io

import numpy as np
import soundfile

from pipeline.ports import SAMPLE_RATE, Waveform


def to_wav(waveform: Waveform) -> bytes:
    """The whole file, in memory."""
    buffer = io.BytesIO()
    frames = np.stack(waveform.channels, axis=1)
    soundfile.write(buffer, frames, SAMPLE_RATE, format="WAV", subtype="PCM_16")
    return buffer.getvalue()
