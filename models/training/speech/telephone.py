"""What a telephone line does to speech: band, companding, level, noise."""

from __future__ import annotations

import numpy as np

PHONE_RATE, RATE = 8000, 16000


def resample(
    audio: np.ndarray, rate: int, target: int, band: tuple[float, float] | None = None
) -> np.ndarray:
    """Resample in the frequency domain, optionally through a band-pass (edges in Hz)."""
    if len(audio) == 0:
        return audio
    padded = -(-len(audio) // 2205) * 2205  # short prime factors keep the transform fast
    spectrum = np.fft.rfft(audio, padded)
    if band:
        frequency = np.fft.rfftfreq(padded, 1 / rate)
        low = 1 / (1 + np.exp(-(frequency - band[0]) / 25))
        high = 1 / (1 + np.exp((frequency - band[1]) / 60))
        spectrum *= low * high
    count = round(padded * target / rate)
    result = np.fft.irfft(spectrum[: count // 2 + 1], count) * (count / padded)
    return result[: round(len(audio) * target / rate)].astype(np.float32)


def mu_law(audio: np.ndarray) -> np.ndarray:
    """G.711 mu-law there and back (continuous formula, 8 bits)."""
    code = np.sign(audio) * np.log1p(255 * np.minimum(np.abs(audio), 1)) / np.log(256)
    code = np.round(code * 127) / 127
    return (np.sign(code) * (np.power(256.0, np.abs(code)) - 1) / 255).astype(np.float32)


def a_law(audio: np.ndarray) -> np.ndarray:
    """G.711 A-law there and back (continuous formula, 8 bits)."""
    size, scale = np.minimum(np.abs(audio), 1), 1 + np.log(87.6)
    code = np.where(size < 1 / 87.6, 87.6 * size / scale, (1 + np.log(87.6 * size + 1e-12)) / scale)
    code = np.round(code * 127) / 127
    size = np.where(code < 1 / scale, code * scale / 87.6, np.exp(code * scale - 1) / 87.6)
    return (np.sign(audio) * size).astype(np.float32)


def through_line(audio: np.ndarray, rate: int, rng: np.random.Generator) -> np.ndarray:
    """A 16 kHz recording of ``audio`` after a random telephone line."""
    band = None
    if rng.random() < 0.7:
        band = (rng.uniform(60, 340), rng.uniform(3200, 3900))
    narrow = resample(audio, rate, PHONE_RATE, band)
    narrow *= 10 ** (rng.uniform(-18, 0) / 20) / max(float(np.abs(narrow).max()), 1e-3)
    if (coder := rng.random()) < 0.45:
        narrow = mu_law(narrow)
    elif coder < 0.75:
        narrow = a_law(narrow)
    return resample(narrow, PHONE_RATE, RATE)
