"""Log-mel features as faster-whisper computes them, in parts that can be mixed."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from faster_whisper.feature_extractor import FeatureExtractor

from .telephone import RATE

HOP, WINDOW, BANDS = 160, 400, 80
FRAMES_PER_SECOND = RATE // HOP
FLOOR = -10.0


@cache
def _filters() -> torch.Tensor:
    return torch.from_numpy(np.asarray(FeatureExtractor(feature_size=BANDS).mel_filters)).float()


def log_mel(audio: np.ndarray) -> np.ndarray:
    """``(frames, 80)`` log10 mel power of 16 kHz audio, not yet limited to the loudest frame."""
    signal = torch.from_numpy(np.ascontiguousarray(audio, np.float32))
    signal = torch.nn.functional.pad(signal, (0, HOP))
    spectrum = torch.stft(
        signal, WINDOW, HOP, window=torch.hann_window(WINDOW), return_complex=True
    )
    power = spectrum[..., :-1].abs() ** 2
    return (_filters() @ power).clamp(min=10**FLOOR).log10().T.numpy()


def normalise(mel: torch.Tensor, peak: torch.Tensor) -> torch.Tensor:
    """Whisper's scaling, given the loudest value of the whole recording."""
    return (torch.maximum(mel, peak - 8.0) + 4.0) / 4.0
