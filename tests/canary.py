"""Looks for what must be nowhere: in files of any kind, in Redis, in what programs print."""

from __future__ import annotations

import base64
import json
import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import redis


def forms(needle: str) -> frozenset[bytes]:
    """The ways `needle` may lie in a file: encodings, Unicode forms, JSON escapes, Base64."""
    texts = {needle, needle.lower(), needle.upper(), unicodedata.normalize("NFD", needle)}
    texts |= {json.dumps(text)[1:-1] for text in texts}
    found = {
        text.encode(code)
        for text in texts
        for code in ("utf-8", "utf-16-le", "latin-1")
        if _fits(text, code)
    }
    # Base64 at each of the three alignments, less the characters that the neighbours touch.
    for shift in range(3):
        raw = base64.b64encode(b"\0" * shift + needle.encode())
        found.add(raw[(0, 2, 3)[shift] : -4])
    return frozenset(form for form in found if len(form) > 4)


def _fits(text: str, code: str) -> bool:
    try:
        text.encode(code)
    except UnicodeEncodeError:
        return False
    return True


def in_bytes(content: bytes, needles: Iterable[str]) -> list[str]:
    """Which `needles` are in `content`."""
    return [needle for needle in needles if any(form in content for form in forms(needle))]


def in_files(folders: Iterable[Path], needles: Iterable[str]) -> list[str]:
    """`path: needle` for each hit in a file's name or bytes below `folders`, zlib streams too."""
    needles = list(needles)
    hits = []
    for file in _files(folders):
        raw = _read(file)
        content = file.name.encode() + b"\0" + raw + b"\0" + inflated(raw)
        hits += [f"{file}: {needle}" for needle in in_bytes(content, needles)]
    return hits


def in_redis(url: str, needles: Iterable[str]) -> list[str]:
    """`key: needle` for each hit in a key or its value, whatever its type."""
    needles = list(needles)
    client = redis.Redis.from_url(url)
    hits = []
    for key in client.scan_iter(count=1000):
        content = key + b"\0" + b"\0".join(_values(client, key))
        content += b"\0" + inflated(content)
        hits += [f"{key!r}: {needle}" for needle in in_bytes(content, needles)]
    return hits


def _values(client: redis.Redis, key: bytes) -> Iterator[bytes]:
    kind = client.type(key)
    if kind == b"string":
        yield client.get(key) or b""
    elif kind == b"hash":
        for name, value in client.hgetall(key).items():
            yield name + b"\0" + value
    elif kind == b"list":
        yield from client.lrange(key, 0, -1)
    elif kind == b"set":
        yield from client.smembers(key)
    elif kind == b"zset":
        yield from client.zrange(key, 0, -1)
    elif kind == b"stream":
        yield repr(client.xrange(key)).encode()


def inflated(content: bytes) -> bytes:
    """What lies deflated in `content`, wherever it begins: RQ deflates what it stores."""
    found = []
    for match in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", content):
        stream = zlib.decompressobj()
        with suppress(zlib.error):
            found.append(stream.decompress(content[match.start() :], 1_000_000))
    return b"\0".join(found)


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in folder.rglob("*") if path.is_file())


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:  # a running server may drop a file under our feet
        return b""
