"""Blocks of interleaved samples → mono channels at `SAMPLE_RATE`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import soxr
from numpy.typing import NDArray

from pipeline.ports import SAMPLE_RATE, Samples, Waveform


def gather(
    blocks: Iterable[NDArray[np.float32]], channels: int, sample_rate: int
) -> tuple[Waveform, int]:
    """Resample `blocks` of shape (frames, channels) as they come, so that the original rate is
    never held whole. Returns the waveform and the number of frames that came in."""
    stream = soxr.ResampleStream(sample_rate, SAMPLE_RATE, channels, dtype="float32")
    parts: list[NDArray[np.float32]] = []
    frames = 0
    for block in blocks:
        frames += len(block)
        parts.append(block if sample_rate == SAMPLE_RATE else stream.resample_chunk(block).copy())
    if sample_rate != SAMPLE_RATE:
        parts.append(stream.resample_chunk(np.zeros((0, channels), np.float32), last=True))
    whole = np.concatenate(parts) if parts else np.zeros((0, channels), np.float32)
    # Float files may hold anything, and one NaN would silence everything behind it.
    np.nan_to_num(whole, copy=False, posinf=1.0, neginf=-1.0)
    np.clip(whole, -1.0, 1.0, out=whole)
    columns: tuple[Samples, ...] = tuple(
        np.ascontiguousarray(whole[:, index], dtype=np.float32) for index in range(channels)
    )
    return Waveform(columns), frames
