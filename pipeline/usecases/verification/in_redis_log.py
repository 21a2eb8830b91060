"""Redis' append-only file: every command since it was last rewritten, so also what is deleted by
now. RESP arrays, https://redis.io/docs/latest/develop/reference/protocol-spec/."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pipeline.usecases.verification.findings import Finding, Looked
from pipeline.usecases.verification.in_redis import is_known_key, is_member, verify_job_fields

_KEYLESS = frozenset({b"select", b"multi", b"exec", b"ping", b"flushall", b"flushdb"})
_ALL_KEYS = frozenset({b"del", b"unlink", b"rename", b"rpoplpush"})
_MEMBERS = frozenset({b"lpush", b"rpush", b"sadd"})


def verify_redis_log(home: Path, looked: Looked) -> Iterator[Finding]:
    """Commands about keys that are none of ours, or that say more than an id or a code; each kind
    is told of once a file."""
    for path in sorted((home / "redis" / "appendonlydir").glob("*.incr.aof")):
        told: dict[str, Finding] = {}
        try:
            with path.open("rb") as source:
                for command in _commands(source):
                    looked["redis_log_commands"] += 1
                    for finding in _verify(command, f"redis/appendonlydir/{path.name}"):
                        told.setdefault(finding.check, finding)
        except FileNotFoundError:
            continue  # it was rewritten just now
        yield from told.values()


def _verify(command: list[bytes], place: str) -> Iterator[Finding]:
    name, *rest = command[0].lower(), *command[1:]
    if name in _KEYLESS or not rest:
        return
    keys = rest if name in _ALL_KEYS else rest[:1]
    if not all(is_known_key(key.decode("utf-8", "replace")) for key in keys):
        yield Finding("redis_log_unknown", place, "a command is on a key that is none of ours")
        return
    key = rest[0].decode("utf-8", "replace")
    if name in _MEMBERS and not all(map(is_member, rest[1:])):
        yield Finding("redis_log_wordy", place, "it holds an entry that is no call id")
    if name in (b"hset", b"hmset") and key.startswith("rq:job:"):
        fields = dict(zip(rest[1::2], rest[2::2], strict=False))
        for finding in verify_job_fields(key, fields):
            yield Finding("redis_log_wordy", place, finding.detail)


def _commands(source: BinaryIO) -> Iterator[list[bytes]]:
    """Until the end, or a command that is cut there."""
    while line := source.readline():
        if not line.startswith(b"*"):
            continue  # an annotation
        command = []
        for _ in range(int(line[1:])):
            size = source.readline()
            if not size.startswith(b"$"):
                return
            command.append(source.read(int(size[1:])))
            source.readline()
        if command:
            yield command
