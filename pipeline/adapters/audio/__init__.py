"""Audio decoders: libsndfile where it can, FFmpeg's libraries (PyAV) where it cannot."""

from __future__ import annotations

from pipeline.adapters.audio.pyav_decoder import PyAvDecoder
from pipeline.adapters.audio.soundfile_decoder import SoundfileDecoder
from pipeline.ports import AudioDecoder

__all__ = ["PyAvDecoder", "SoundfileDecoder", "decoders"]


def decoders() -> dict[str, AudioDecoder]:
    """The decoder of every container that `stages.sniff_format.sniff` names."""
    libav = PyAvDecoder()
    libsndfile = SoundfileDecoder(fallback=libav)
    by_sndfile = ("wav", "flac", "ogg", "aiff", "au", "caf")
    # libsndfile could decode MP3, but its mpg123 writes to standard error what is wrong with it.
    by_libav = ("mp3", "mp4", "aac", "amr", "matroska")
    return {**dict.fromkeys(by_sndfile, libsndfile), **dict.fromkeys(by_libav, libav)}
