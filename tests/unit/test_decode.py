"""Decoding: every accepted container, and every way a recording can be wrong."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.audio import decoders
from pipeline.domain.errors import RecordingRejected
from pipeline.domain.recording import RecordingLimits
from pipeline.ports import SAMPLE_RATE, Waveform
from pipeline.stages.decode import decode
from pipeline.stages.sniff_format import sniff

SECONDS = 2.0
LEFT_HZ, RIGHT_HZ = 440.0, 1_000.0


def tones(rate: int, channels: int = 2) -> np.ndarray:
    t = np.arange(int(rate * SECONDS)) / rate
    sides = [0.3 * np.sin(2 * np.pi * hz * t) for hz in (LEFT_HZ, RIGHT_HZ)]
    return np.stack(sides[:channels], axis=1).astype(np.float32)


def by_libsndfile(container: str, subtype: str | None, rate: int = 8_000) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, tones(rate), rate, format=container, subtype=subtype)
    return buffer.getvalue()


def by_libav(container: str, codec: str, rate: int) -> bytes:
    buffer = io.BytesIO()
    samples = np.ascontiguousarray(tones(rate).T)
    with av.open(buffer, "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate)
        stream.layout = "stereo"
        for at in range(0, samples.shape[1], 1024):
            part = np.ascontiguousarray(samples[:, at : at + 1024])
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="stereo")
            frame.rate, frame.pts = rate, at
            for packet in stream.encode(frame):
                out.mux(packet)
        for packet in stream.encode(None):
            out.mux(packet)
    return buffer.getvalue()


ACCEPTED = {
    "wav-pcm": lambda: by_libsndfile("WAV", "PCM_16"),
    "wav-ulaw": lambda: by_libsndfile("WAV", "ULAW"),
    "wav-alaw": lambda: by_libsndfile("WAV", "ALAW"),
    "wav-float": lambda: by_libsndfile("WAV", "FLOAT", 44_100),
    "flac": lambda: by_libsndfile("FLAC", None, 16_000),
    "mp3": lambda: by_libsndfile("MP3", None, 16_000),
    "vorbis": lambda: by_libsndfile("OGG", "VORBIS", 16_000),
    "opus": lambda: by_libsndfile("OGG", "OPUS", 16_000),
    "m4a": lambda: by_libav("ipod", "aac", 16_000),
    "aac": lambda: by_libav("adts", "aac", 16_000),
    "webm": lambda: by_libav("webm", "libopus", 48_000),
}


def read(recording: bytes, limits: RecordingLimits | None = None) -> Waveform:
    return decode(recording, decoders(), limits or RecordingLimits())


def loudest_hz(samples: np.ndarray) -> float:
    middle = samples[SAMPLE_RATE // 2 : SAMPLE_RATE * 3 // 2]
    return float(np.argmax(np.abs(np.fft.rfft(middle))) * SAMPLE_RATE / len(middle))


@pytest.mark.parametrize("name", ACCEPTED)
def test_every_container_gives_both_sides_apart(name: str) -> None:
    waveform = read(ACCEPTED[name]())
    assert len(waveform.channels) == 2
    assert waveform.duration == pytest.approx(SECONDS, abs=0.15)
    left, right = waveform.channels
    assert left.dtype == np.float32
    assert loudest_hz(left) == pytest.approx(LEFT_HZ, abs=3)
    assert loudest_hz(right) == pytest.approx(RIGHT_HZ, abs=3)
    assert np.abs(left).max() == pytest.approx(0.3, abs=0.1)


@pytest.mark.parametrize(
    "name", ["wav-pcm", "wav-ulaw", "flac", "mp3", "vorbis", "opus", "m4a", "aac"]
)
def test_a_recording_cut_in_the_middle_is_refused_not_shortened(name: str) -> None:
    whole = ACCEPTED[name]()
    with pytest.raises(RecordingRejected) as refusal:
        read(whole[: int(len(whole) * 0.6)])
    assert refusal.value.reason in {"truncated", "unknown_format"}


def silent(rate: int, channels: int, seconds: float) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros((int(rate * seconds), channels), np.int16), rate, format="WAV")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("recording", "reason"),
    [
        (b"", "empty"),
        (b"Guten Tag, ich bin ein Text.", "unknown_format"),
        (b"RIFF\x10\x00\x00\x00WAVEkein Ton darin", "truncated"),
        (b"#EXTM3U\nhttp://localhost/a.wav\n", "unknown_format"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "unknown_format"),
        (silent(8_000, 1, 0.0), "too_short"),
        (silent(8_000, 8, 1.0), "too_many_channels"),
        (silent(192_000, 1, 1.0), "sample_rate"),
        (silent(8_000, 1, 3601.0), "too_long"),
    ],
    ids=["empty", "text", "riff-text", "playlist", "concat", "0s", "8ch", "192kHz", "long"],
)
def test_what_cannot_be_a_call_is_refused_with_its_reason(recording: bytes, reason: str) -> None:
    with pytest.raises(RecordingRejected) as refusal:
        read(recording, RecordingLimits(max_seconds=3600.0))
    assert refusal.value.reason == reason
    assert "\n" not in str(refusal.value)


def test_a_stream_that_promises_nothing_is_counted_while_it_is_read() -> None:
    recording = bytearray(silent(8_000, 1, 30.0))
    at = recording.index(b"data") + 4
    recording[at : at + 4] = b"\xff\xff\xff\xff"
    with pytest.raises(RecordingRejected) as refusal:
        read(bytes(recording), RecordingLimits(max_seconds=10.0))
    assert refusal.value.reason == "too_long"


@given(st.binary(min_size=1, max_size=400))
def test_any_bytes_are_audio_or_refused(noise: bytes) -> None:
    try:
        read(noise)
    except RecordingRejected:
        return
    assert sniff(noise) is not None


@given(st.sampled_from(sorted(ACCEPTED)), st.integers(0, 10_000), st.integers(0, 255))
def test_a_flipped_byte_is_audio_or_refused(name: str, at: int, value: int) -> None:
    recording = bytearray(_cached(name))
    recording[at % len(recording)] = value
    try:
        waveform = read(bytes(recording))
    except RecordingRejected:
        return
    assert all(np.isfinite(channel).all() for channel in waveform.channels)


_made: dict[str, bytes] = {}


def _cached(name: str) -> bytes:
    if name not in _made:
        _made[name] = ACCEPTED[name]()
    return _made[name]
