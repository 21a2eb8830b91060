"""Sounds without words: line noise, tones of the telephone network, keys, music on hold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from . import features, telephone
from .telephone import RATE

Rng = np.random.Generator
SECONDS = 30.0
# (frequencies in Hz, on and off seconds in turn): dial, ringing and busy tones of several countries
_TONES = (
    ((425,), (1.0, 4.0)), ((425,), (0.48, 0.48)), ((425,), (0.24, 0.24)), ((425,), (30.0, 0.0)),
    ((440, 480), (2.0, 4.0)), ((480, 620), (0.5, 0.5)), ((480, 620), (0.25, 0.25)),
    ((350, 440), (30.0, 0.0)), ((400, 450), (0.4, 0.2, 0.4, 2.0)), ((400,), (0.375, 0.375)),
    ((440,), (1.5, 3.5)), ((950,), (0.33, 0.03)), ((1400,), (0.3, 8.0)), ((1100,), (0.5, 3.0)),
    ((2100,), (3.0, 1.0)), ((1000,), (0.2, 1.8)), ((450,), (1.0, 4.0)), ((425, 450), (1.0, 3.0)),
)  # fmt: skip
_KEYS = tuple((low, high) for low in (697, 770, 852, 941) for high in (1209, 1336, 1477, 1633))
_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9), (0, 3, 5, 7, 10))


def _time(seconds: float = SECONDS) -> np.ndarray:
    return np.arange(round(seconds * RATE)) / RATE


def silence(rng: Rng) -> np.ndarray:
    """Digital silence or next to it."""
    level = rng.choice([0.0, 1e-5, 1e-4])
    return rng.normal(0, 1, len(_time())) * level


def hiss(rng: Rng) -> np.ndarray:
    """Coloured noise, sometimes swelling like breath, wind or traffic."""
    spectrum = np.fft.rfft(rng.normal(0, 1, len(_time())))
    frequency = np.maximum(np.fft.rfftfreq(len(_time()), 1 / RATE), 20)
    spectrum *= frequency ** -rng.uniform(0, 1.2)
    noise = np.fft.irfft(spectrum, len(_time()))
    if rng.random() < 0.3:
        noise *= 0.55 + 0.45 * np.sin(2 * np.pi * rng.uniform(0.1, 2) * _time())
    return noise / np.abs(noise).max()


def hum(rng: Rng) -> np.ndarray:
    """Mains hum with harmonics over a little hiss."""
    base = rng.choice([50.0, 60.0])
    waves = [np.sin(2 * np.pi * base * k * _time()) * rng.uniform(0, 1) / k for k in range(1, 12)]
    return np.sum(waves, axis=0) + hiss(rng) * rng.uniform(0.01, 0.3)


def tone(rng: Rng) -> np.ndarray:
    """Dial, ringing, busy or recording tone."""
    frequencies, cadence = _TONES[rng.integers(len(_TONES))]
    stretch = rng.uniform(0.9, 1.1)
    edges = np.cumsum(np.tile(cadence, 200)) * stretch
    on = np.searchsorted(edges, _time() + rng.uniform(0, sum(cadence)), side="right") % 2 == 0
    drift = rng.uniform(0.98, 1.02)
    return sum(np.sin(2 * np.pi * f * drift * _time()) for f in frequencies) * on


def keys(rng: Rng) -> np.ndarray:
    """Someone presses telephone keys."""
    audio, at = np.zeros(len(_time())), rng.uniform(0, 2)
    while at < SECONDS - 0.5:
        low, high = _KEYS[rng.integers(len(_KEYS))]
        part = _time(rng.uniform(0.08, 0.3))
        start = round(at * RATE)
        audio[start : start + len(part)] = np.sin(2 * np.pi * low * part) + np.sin(
            2 * np.pi * high * part
        )
        at += rng.uniform(0.15, 1.5)
    return audio


def clicks(rng: Rng) -> np.ndarray:
    """Crackle, knocks and handling noise."""
    audio = hiss(rng) * 0.02
    for start in rng.integers(0, len(audio) - 2000, rng.integers(5, 120)):
        length = int(rng.integers(20, 1500))
        burst = rng.normal(0, 1, length) * np.exp(-np.arange(length) / (length / 5))
        audio[start : start + length] += burst * rng.uniform(0.1, 1)
    return audio


def _note(pitch: float, seconds: float, rng: Rng, colour: np.ndarray, decay: float) -> np.ndarray:
    part = _time(seconds)
    frequency = 440 * 2 ** (pitch / 12)
    vibrato = rng.uniform(0, 0.004) * np.sin(2 * np.pi * 5.5 * part)
    wave = sum(
        a * np.sin(2 * np.pi * frequency * k * (part + vibrato / 10))
        for k, a in enumerate(colour, 1)
    )
    return (
        wave
        * np.exp(-part * decay)
        * np.minimum(1, part / 0.01)
        * np.minimum(1, (seconds - part) / 0.02)
    )


def music(rng: Rng) -> np.ndarray:
    """Melody, arpeggio or chords with a bass and sometimes a beat."""
    audio = np.zeros(len(_time()) + RATE * 4)
    scale = _SCALES[rng.integers(len(_SCALES))]
    key, beat = rng.integers(-14, 6), rng.uniform(0.15, 0.7)
    colour = rng.uniform(0, 1, rng.integers(1, 8)) / np.arange(1, 9)[: rng.integers(1, 8)].sum()
    colour[0] = 1
    decay, style, at, step = rng.uniform(0, 6), rng.random(), 0.0, 0
    root = 0
    while at < SECONDS:
        if step % 4 == 0:
            root = int(rng.integers(len(scale)))
        degrees = [root + 2 * (step % 3)] if style < 0.4 else [int(rng.integers(10))]
        if style > 0.75:
            degrees = [root, root + 2, root + 4]
        length = beat * (rng.choice([1, 1, 2, 0.5]) if style < 0.75 else 4)
        for degree in degrees:
            pitch = key + scale[degree % len(scale)] + 12 * (degree // len(scale))
            note = _note(pitch, max(length, 0.1) * rng.uniform(0.8, 1.3), rng, colour, decay)
            start = round(at * RATE)
            audio[start : start + len(note)] += note
        at += length
        step += 1
    audio = audio[: len(_time())]
    if rng.random() < 0.4:
        period = max(round(beat * 2 * RATE), 1)
        strokes = np.exp(-(np.arange(len(audio)) % period) / 600)
        audio += strokes * rng.normal(0, 0.5, len(audio))
    return audio


KINDS: tuple[tuple[Callable[[Rng], np.ndarray], int], ...] = (
    (silence, 2), (hiss, 6), (hum, 3), (tone, 10), (keys, 3), (clicks, 3), (music, 14),
)  # fmt: skip
#: kinds that may also lie under speech
BACKGROUND = ("hiss", "hum", "clicks")


def bank(seed: int, rounds: int = 4) -> tuple[np.ndarray, list[str]]:
    """``(clips, 3000, 80)`` log-mel features and the kind of each clip."""
    rng = np.random.default_rng(seed)
    mels, kinds = [], []
    for make, share in KINDS * rounds:
        for _ in range(share):
            audio = make(rng)
            peak = float(np.abs(audio).max())
            if peak > 0.01:
                audio = audio / peak * 10 ** (rng.uniform(-40, 0) / 20)
            audio = audio.astype(np.float32)
            if rng.random() < 0.75 and peak > 0.01:
                audio = telephone.through_line(audio, RATE, rng)
            mels.append(features.log_mel(audio)[:3000].astype(np.float16))
            kinds.append(make.__name__)
    return np.stack(mels), kinds
