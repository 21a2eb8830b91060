"""Cut-off recordings that decoders would silently take for shorter ones."""

from __future__ import annotations

from typing import BinaryIO

from pipeline.domain.errors import RecordingRejected

CUT_SHORT = "the recording is cut short or damaged: send it again, whole"


def check_complete(source: BinaryIO) -> None:
    """Raise `RecordingRejected("truncated")` where a WAV, MP3 or Ogg promises more bytes than
    there are. Leaves `source` at its start."""
    size = source.seek(0, 2)
    source.seek(0)
    head = source.read(12)
    complete = True
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        complete = _wav(source, size)
    elif head[:4] == b"OggS":
        complete = _ogg(source, size)
    elif head[:3] == b"ID3" or head[:1] == b"\xff":
        complete = _mp3(source, size)
    source.seek(0)
    if not complete:
        raise RecordingRejected("truncated", CUT_SHORT)


def _wav(source: BinaryIO, size: int) -> bool:
    """RIFF chunks (Microsoft/IBM 1991): does the data chunk fit?"""
    position = 12
    while position + 8 <= size:
        source.seek(position)
        chunk = source.read(8)
        length = int.from_bytes(chunk[4:], "little")
        if chunk[:4] == b"data":
            # Recorders that stream write 0 or the maximum, because they cannot know.
            return length == 0 or length >= 0x7FFF_FF00 or position + 8 + length <= size
        position += 8 + length + length % 2
    return True


def _ogg(source: BinaryIO, size: int) -> bool:
    """Ogg pages (RFC 3533): is the last page whole? A page is 65,307 bytes at most."""
    tail_at = max(0, size - 65_307)
    source.seek(tail_at)
    tail = source.read()
    page = tail.rfind(b"OggS")
    if page < 0 or page + 27 > len(tail):
        return False
    segments = tail[page + 26]
    lacing = tail[page + 27 : page + 27 + segments]
    return len(lacing) == segments and page + 27 + segments + sum(lacing) <= len(tail)


def _mp3(source: BinaryIO, size: int) -> bool:
    """The Xing/Info header of MP3 (flag 2: stream bytes), where the encoder wrote one."""
    source.seek(0)
    start = 0
    head = source.read(10)
    if head[:3] == b"ID3":  # the tag's length: four bytes of seven bits each
        for byte in head[6:]:
            start = start << 7 | byte & 0x7F
        start += 10
    source.seek(start)
    frame = source.read(256)
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    if at < 0 or len(frame) < at + 16 or not frame[at + 7] & 2:
        return True
    field = at + 8 + (4 if frame[at + 7] & 1 else 0)
    promised = int.from_bytes(frame[field : field + 4], "big")
    # Some encoders count from the frame after the header: 1 % and a frame of slack.
    return size - start >= promised * 0.99 - 1500
