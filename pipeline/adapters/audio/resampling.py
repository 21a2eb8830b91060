"""Blocks of interleaved samples → mono channels at `SAMPLE_RATE`, block by block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import soxr
from numpy.typing import NDArray

from pipeline.ports import BLOCK_SECONDS, SAMPLE_RATE, Waveform


class FrameCount:
    """How many frames came through."""

    def __init__(self) -> None:
        self.frames = 0

    def through(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """`blocks` as they come."""
        for block in blocks:
            self.frames += len(block)
            yield block


def resampled(
    blocks: Iterable[NDArray[np.float32]], channels: int, sample_rate: int
) -> Iterator[Waveform]:
    """Resample `blocks` of shape (frames, channels) as they come; what comes out is
    `BLOCK_SECONDS` long, the last one shorter. Nothing is ever held whole."""
    parts: list[NDArray[np.float32]] = []
    held, whole = 0, BLOCK_SECONDS * SAMPLE_RATE
    for block in _at_our_rate(blocks, channels, sample_rate):
        parts.append(block)
        held += len(block)
        while held >= whole:
            joined = np.concatenate(parts)
            yield _waveform(joined[:whole])
            parts, held = [joined[whole:]], held - whole
    if held:
        yield _waveform(np.concatenate(parts))


def _at_our_rate(
    blocks: Iterable[NDArray[np.float32]], channels: int, sample_rate: int
) -> Iterator[NDArray[np.float32]]:
    if sample_rate == SAMPLE_RATE:
        yield from blocks
        return
    stream = soxr.ResampleStream(sample_rate, SAMPLE_RATE, channels, dtype="float32")
    for block in blocks:
        yield stream.resample_chunk(block).copy()
    yield stream.resample_chunk(np.zeros((0, channels), np.float32), last=True)


def _waveform(block: NDArray[np.float32]) -> Waveform:
    # Float files may hold anything, and one NaN would silence everything behind it.
    clean = np.clip(np.nan_to_num(block, posinf=1.0, neginf=-1.0), -1.0, 1.0)
    columns = np.ascontiguousarray(clean.T, dtype=np.float32)
    return Waveform(tuple(columns))
