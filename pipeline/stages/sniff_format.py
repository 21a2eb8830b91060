"""Which container a recording claims to be, from its first bytes: what can be decoded at all.

Sources: RFC 2361 (RIFF), RFC 9639 (FLAC), RFC 3533 (Ogg), ISO 11172-3 (MP3 frame header),
ISO 13818-7 (ADTS), ISO 14496-12 (ftyp), RFC 4867 (AMR), Matroska EBML, Apple AIFF and CAF.
"""

from __future__ import annotations

HEAD_BYTES = 16
"""How many first bytes `sniff` wants to see."""

_PREFIXES = (
    (b"fLaC", "flac"),
    (b"OggS", "ogg"),
    (b"ID3", "mp3"),
    (b"#!AMR", "amr"),
    (b".snd", "au"),
    (b"caff", "caf"),
    (b"\x1a\x45\xdf\xa3", "matroska"),
)


def sniff(head: bytes) -> str | None:
    """The container's name, or None where it is none that Deckname knows."""
    for prefix, name in _PREFIXES:
        if head.startswith(prefix):
            return name
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if head[4:8] == b"ftyp":
        return "mp4"
    return _mpeg(head[:3])


def _mpeg(frame: bytes) -> str | None:
    """An MPEG audio frame header: eleven set bits, then fields of which some values do not
    exist. The byte order marks of UTF-16 text fail here (layer I is not accepted)."""
    if len(frame) < 3 or frame[0] != 0xFF or frame[1] & 0xE0 != 0xE0:
        return None
    version, layer = frame[1] >> 3 & 3, frame[1] >> 1 & 3
    if layer == 0:
        return "aac" if version in (2, 3) and frame[2] >> 2 & 15 < 13 else None
    bitrate, rate = frame[2] >> 4, frame[2] >> 2 & 3
    known = layer in (1, 2) and version != 1 and bitrate not in (0, 15) and rate != 3
    return "mp3" if known else None
