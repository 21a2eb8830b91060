"""Recordings that bring trouble."""

from __future__ import annotations

import io

import numpy as np
import soundfile

RATE = 16_000


def loud_recording(seconds: float = 2.0) -> bytes:
    """What `gates.Troubled` takes for trouble."""
    return _wav(np.full(int(seconds * RATE), 0.9, np.float32))


def short_recording(seconds: float = 2.0) -> bytes:
    """Noise that no other recording has."""
    quiet = np.random.default_rng().normal(0.0, 0.1, int(seconds * RATE))
    return _wav(quiet.astype(np.float32))


def cut_recording() -> bytes:
    """It promises more than it holds."""
    return short_recording()[:-20_000]


def _wav(samples: np.ndarray) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, RATE, format="WAV", subtype="PCM_16")
    return file.getvalue()
