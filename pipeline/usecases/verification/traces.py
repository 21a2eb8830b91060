"""A deep search for what must be nowhere: in the bytes of every file (database with its free pages,
write-ahead log, append-only file, logs) and in every value of Redis, in all the ways it may lie
there."""

from __future__ import annotations

import base64
import json
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.usecases.verification.files import Found, walk
from pipeline.usecases.verification.in_redis import values_of

if TYPE_CHECKING:
    from redis import Redis

Needles = Mapping[str, frozenset[bytes]]
"""Forms of what is sought, by what it is: a code, never the thing itself."""

_PIECE = 8 << 20
_DEFLATED = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_LARGEST = 1 << 20


def forms(text: str) -> frozenset[bytes]:
    """The ways `text` may lie in a file: encodings, Unicode forms, JSON escapes, Base64."""
    texts = {text, text.lower(), text.upper(), unicodedata.normalize("NFD", text)}
    texts |= {json.dumps(each)[1:-1] for each in texts}
    found = {each.encode(code) for each in texts for code in ("utf-8", "utf-16-le")}
    for each in (text, text.lower()):
        with suppress(UnicodeEncodeError):
            found.add(each.encode("latin-1"))
    return frozenset(found | base64_forms(text.encode()))


def base64_forms(raw: bytes) -> set[bytes]:
    """Base64 at each of the three alignments, less the characters that the neighbours touch."""
    shifted = {base64.b64encode(b"\0" * shift + raw)[(0, 2, 3)[shift] : -4] for shift in range(3)}
    return {each for each in shifted if len(each) > 8}


def in_files(folders: Iterable[Path], needles: Needles) -> Iterator[tuple[str, Path]]:
    """What was found, and the file whose name or bytes it is in."""
    return in_each((file for folder in folders for file in walk(folder)), needles)


def in_each(
    files: Iterable[Found], needles: Needles, read: Callable[[int], object] = lambda _: None
) -> Iterator[tuple[str, Path]]:
    """Like `in_files`. `read` is told how many bytes were read, a piece at a time: memory use does
    not depend on the size of a file."""
    overlap = max(len(form) for found in needles.values() for form in found) - 1
    for file in files:
        hits = set(in_bytes(file.relative.encode(), needles))
        if file.regular:
            with suppress(OSError):
                hits |= _in_file(file, needles, overlap, read)
        yield from ((kind, file.path) for kind in sorted(hits))


def in_redis(redis: Redis, needles: Needles) -> Iterator[str]:
    """What was found in any key or value."""
    for key in redis.scan_iter(count=500):
        content = b"\0".join((key, *values_of(redis, key)))
        yield from in_bytes(content + b"\0" + _inflated(content), needles)


def _in_file(
    file: Found, needles: Needles, overlap: int, read: Callable[[int], object]
) -> set[str]:
    hits, rest, left = set[str](), b"", file.size + _PIECE
    with file.path.open("rb") as source:
        # One that grows while it is read, faster than it is read, has an end all the same.
        while left > 0 and (piece := source.read(_PIECE)):
            window = rest + piece
            hits |= set(in_bytes(window, needles))
            if file.path.suffix in (".aof", ".rdb"):  # RQ deflates what it stores
                hits |= set(in_bytes(_inflated(window), needles))
            rest = window[-overlap:] if overlap else b""
            left -= len(piece)
            read(len(piece))
    return hits


def in_bytes(content: bytes, needles: Needles) -> Iterator[str]:
    """What was found in `content`."""
    for kind, found in needles.items():
        if any(form in content for form in found):
            yield kind


def _inflated(content: bytes) -> bytes:
    """What lies deflated in `content`, wherever it begins."""
    found = []
    for match in _DEFLATED.finditer(content):
        with suppress(zlib.error):
            found.append(zlib.decompressobj().decompress(content[match.start() :], _LARGEST))
    return b"\0".join(found)
