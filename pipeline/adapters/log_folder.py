"""Log files: one a role and day, JSON lines, `logs/worker-2026-11-25.jsonl`. See `LogFolder`.

What is in them went through `ContentFreeFilter`, as on standard error. A disk that is full or a
folder that cannot be written takes lines away and stops nobody.
"""

from __future__ import annotations

import json
import logging
import os
import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pipeline.logging import ContentFreeFilter

_NAME = re.compile(r"[a-z]+-(\d{4}-\d{2}-\d{2})\.jsonl\Z")
_REDIS_STAMP = re.compile(rb"\d+:[A-Z] (\d{2} [A-Z][a-z]{2} \d{4}) ")


def log_to_files(folder: Path, role: str) -> None:
    """Write what this process logs to files in `folder`, too; its parent exists or comes into
    being. After `configure_logging`."""
    handler = DailyFile(folder, role)
    handler.addFilter(ContentFreeFilter())
    logging.getLogger().addHandler(handler)


class DailyFile(logging.Handler):
    """Appends to the file of the record's day (UTC). Several processes of one role may share it:
    each line is one `write` at the end of the file."""

    def __init__(self, folder: Path, role: str) -> None:
        super().__init__()
        self._folder, self._role = folder, role
        self._day = ""
        self._descriptor: int | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """One JSON line; nothing where it cannot be written."""
        with suppress(OSError):
            moment = datetime.fromtimestamp(record.created, UTC)
            os.write(self._opened(moment.date().isoformat()), _line(record, moment))

    def close(self) -> None:
        """Close the file of today."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        super().close()

    def _opened(self, day: str) -> int:
        if self._descriptor is None or day != self._day:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None
            # Without its parents: they are made by somebody who knows how private they must be.
            self._folder.mkdir(mode=0o700, exist_ok=True)
            path = self._folder / f"{self._role}-{day}.jsonl"
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._descriptor = os.open(path, flags, 0o600)
            self._day = day
        return self._descriptor


class FileLogFolder:
    """A `LogFolder` over the data folder `home`."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "logs"
        self._redis_log = home / "redis" / "server.log"

    def drop_old(self, now: datetime, keep: timedelta) -> int:
        """See `LogFolder`."""
        today, days = now.astimezone(UTC).date(), keep // timedelta(days=1)
        dropped = 0
        for path in sorted(self._folder.glob("*")):
            day = _day_of(path)
            # A day that is still to come was written by a clock that was wrong.
            if day is not None and not (0 <= (today - day).days + 1 <= days):
                path.unlink(missing_ok=True)
                dropped += 1
        first = _first_day(self._redis_log)
        if first is not None and (today - first).days >= days:
            # The server opens its log anew for every line.
            self._redis_log.unlink(missing_ok=True)
            dropped += 1
        return dropped


def _line(record: logging.LogRecord, moment: datetime) -> bytes:
    entry = {
        "at": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname,
        "event": getattr(record, "event", "message_withheld"),
        **getattr(record, "facts", {}),
    }
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"


def _day_of(path: Path) -> date | None:
    """From the name; for a file of another name the day of its last change. None where it is no
    file, or gone."""
    if found := _NAME.match(path.name):
        with suppress(ValueError):
            return date.fromisoformat(found[1])
    with suppress(OSError):
        if path.is_file() and not path.is_symlink():
            return datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    return None


def _first_day(path: Path) -> date | None:
    """The day of the oldest line of a Redis log; None where there is none."""
    with suppress(OSError, ValueError), path.open("rb") as lines:
        if found := _REDIS_STAMP.match(next(lines, b"")):
            return datetime.strptime(found[1].decode(), "%d %b %Y").replace(tzinfo=UTC).date()
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    return None
