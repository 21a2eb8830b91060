"""The data folder: files that nobody expects, copies of the store, audio, old or wordy logs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from pipeline.stages.sniff_format import sniff
from pipeline.usecases.verification.files import Found, head, sings, walk
from pipeline.usecases.verification.findings import (
    Canaries,
    Finding,
    Grace,
    Looked,
    Server,
    StorePlaces,
)

_LOG = re.compile(r"logs/[a-z]+-(\d{4}-\d\d-\d\d)\.jsonl\Z")
_REDIS_LOG = "redis/server.log"
_EXPECTED = re.compile(
    r"(deckname\.db(-wal|-shm|-journal|\.lock)?|deckname\.toml|api-url|\.api-url-\d+|up\.lock"
    rf"|{_LOG.pattern[:-2]}"
    r"|blobs/call_[0-9a-f]{32}(\.part)?"
    r"|redis/(socket(\.new)?|redis\.sock|lock|server\.(conf|log)|temp-[\w.-]+"
    r"|appendonlydir/[\w.-]+))\Z"
)
_COPIES = (
    b"SQLite format 3\0",
    b"PK\3\4",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\0",
    b"(\xb5/\xfd",
    b"7z",
)
_REDIS_COPY = re.compile(r"redis/(dump|temp-[\w.-]+)\.(rdb|aof)\Z")
_SNAPSHOT = "snapshot.db"
_OF_SQLITE = re.compile(r"deckname\.db(-wal|-shm|-journal)?\Z")
_REDIS_MOMENT = re.compile(rb"\d+:[A-Z] (\d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d)")
_PLAIN = re.compile(r"[A-Za-z0-9_.:/\[\]?TZ-]{0,80}\Z")


def verify_home(
    places: StorePlaces, now: datetime, grace: Grace, canaries: Canaries, looked: Looked
) -> Iterator[Finding]:
    """Every file below the data folder."""
    for file in walk(places.home):
        looked["files"] += 1
        with suppress(FileNotFoundError):
            yield from _verify_name(places, file, now, grace)
            if not file.regular:
                continue
            if sniff(head(file.path)) is not None:
                yield Finding("audio_in_clear", _place(file), "a file begins like a recording")
            if canaries and sings(file.path, canaries):
                yield Finding("content_in_clear", _place(file), "a file holds content in clear")
            if file.relative == _REDIS_LOG or _LOG.match(file.relative):
                yield from _verify_log(file, now, grace)


def _verify_name(
    places: StorePlaces, file: Found, now: datetime, grace: Grace
) -> Iterator[Finding]:
    if _REDIS_COPY.match(file.relative):
        # While Redis rewrites its log, such a file lives for moments.
        if now - file.changed > grace.upload or file.path.stem == "dump":
            late = (now - file.changed).total_seconds()
            yield Finding("redis_copy", file.place, "a copy of what Redis held", max(late, 0.0))
    elif file.relative == _SNAPSHOT and now - file.changed <= grace.upload:
        return  # a backup is being made; a killed one's goes with the next start
    elif isinstance(places.database, Server) and _OF_SQLITE.match(file.relative):
        yield Finding("backup_in_home", file.place, "a copy of a store outlives its deletions")
    elif not _EXPECTED.match(file.relative) and not _is_of(places.database, file.path):
        if file.regular and _is_copy(file.path):
            yield Finding("backup_in_home", file.place, "a copy of a store outlives its deletions")
        else:
            yield Finding("stray_file", file.place, "a file lies there that is none of Deckname's")


def _is_copy(path: Path) -> bool:
    begin = head(path, 262)
    return begin.startswith(_COPIES) or begin[257:262] == b"ustar"


def _is_of(database: Path | Server, path: Path) -> bool:
    """The database may have another name than ours."""
    if isinstance(database, Server):
        return False
    return path.parent == database.parent and path.name in {
        database.name + suffix for suffix in ("", "-wal", "-shm", "-journal", ".lock")
    }


def _place(file: Found) -> str:
    return file.relative if _EXPECTED.match(file.relative) else file.place


def _verify_log(file: Found, now: datetime, grace: Grace) -> Iterator[Finding]:
    first = _first_moment(file)
    if first is not None and now - first > grace.logs:
        late = (now - first - grace.logs).total_seconds()
        yield Finding("log_overdue", file.relative, "a log holds lines of too long ago", late)
    if _LOG.match(file.relative):
        with file.path.open("rb") as lines:
            wordless = all(map(_is_event, lines))
        if not wordless:
            detail = "a log line is more than an event and its facts"
            yield Finding("log_wordy", file.relative, detail)


def _first_moment(file: Found) -> datetime | None:
    with suppress(ValueError):
        if named := _LOG.match(file.relative):
            return datetime.fromisoformat(named[1]).replace(tzinfo=UTC)
        with file.path.open("rb") as lines:
            for line in islice(lines, 1):
                if stamp := _REDIS_MOMENT.match(line):
                    told = datetime.strptime(stamp[1].decode(), "%d %b %Y %H:%M:%S")
                    return told.replace(tzinfo=UTC)
    return None


def _is_event(line: bytes) -> bool:
    """Whether it is a JSON object of plain words and numbers; a torn line is the disk's fault."""
    if not line.endswith(b"\n"):
        return True
    try:
        facts = json.loads(line)
    except ValueError:
        return False
    return isinstance(facts, dict) and all(
        not isinstance(value, str) or _PLAIN.match(value) for value in facts.values()
    )
