"""A call made to be looked for: a synthetic recording, unlike any other by its noise, with known
parties, a file name and an idempotency key that occur nowhere else."""

from __future__ import annotations

import io
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import soundfile

from pipeline.usecases.verification.traces import forms

_SYLLABLES = ("bra", "vel", "quo", "zim", "tor", "lun", "fex", "gor", "mip", "sta", "dru", "kel")
_SLICE = 192
"""Samples that are sought of each place of the recording."""
_VARIED = 16
"""Different bytes in a stretch that is sought."""
_SHORTEST = 8
"""Characters of a spoken value that is sought: shorter ones occur by chance."""


@dataclass(frozen=True, slots=True)
class CanaryCall:
    """`known` goes with the push; `needles` are what must be nowhere afterwards."""

    recording: bytes = field(repr=False)
    known: tuple[str, ...] = field(repr=False)
    file_name: str = field(repr=False)
    idempotency_key: str = field(repr=False)
    needles: dict[str, frozenset[bytes]] = field(repr=False)


def make_canary(example: Path) -> CanaryCall:
    """From a WAV of one byte a sample whose script lies beside it as JSON, as in `examples/`."""
    recording = _noisy(example)
    known = (
        _name(),
        f"+49 30 {secrets.randbelow(10**9):09d}",
        f"{secrets.token_hex(8)}@example.org",
    )
    file_name, idempotency_key = secrets.token_hex(12), secrets.token_hex(16)
    script = json.loads(example.with_suffix(".json").read_text("utf-8"))
    spoken = {item["text"] for item in script["pii"] if len(item["text"]) >= _SHORTEST}
    needles = {
        "known parties": frozenset().union(*map(forms, (*known, known[1].replace(" ", "")))),
        "spoken words": frozenset().union(*map(forms, spoken)),
        "recording": _slices(recording),
        "file name": forms(file_name),
        "idempotency key": forms(idempotency_key),
    }
    return CanaryCall(recording, known, f"{file_name}.wav", idempotency_key, needles)


def _noisy(example: Path) -> bytes:
    """The recording with every seventh byte of its samples one step off, where chance says: an
    odd stride reaches both channels."""
    recording = bytearray(example.read_bytes())
    start = recording.index(b"data") + 8
    for at in range(start, len(recording), 7):
        recording[at] ^= secrets.randbits(1)
    return bytes(recording)


def _slices(recording: bytes) -> frozenset[bytes]:
    """Stretches of the recording as it was pushed and as it is decoded, channel by channel."""
    pcm, _ = soundfile.read(io.BytesIO(recording), dtype="int16", always_2d=True)
    found: set[bytes] = set()
    for part in (0.2, 0.4, 0.6, 0.8):
        at = int(len(recording) * part)
        found.add(recording[at : at + 2 * _SLICE])
        at = int(len(pcm) * part)
        for channel in pcm[at : at + _SLICE].T:
            found |= {channel.tobytes(), (channel.astype("<f4") / 32768).tobytes()}
    # Silence looks the same everywhere.
    return frozenset(each for each in found if len(set(each)) > _VARIED)


def _name() -> str:
    first, last = ("".join(secrets.choice(_SYLLABLES) for _ in range(4)) for _ in range(2))
    return f"{first.capitalize()} {last.capitalize()}"
