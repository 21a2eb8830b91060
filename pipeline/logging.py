"""Logs without content: constant events, an allow-list of keys, exceptions as type and place.

::

    log = logging.getLogger(__name__)
    log_event(log, "call_stored", call_id=call.id, seconds=3.2)
    2026-11-22T09:00:00.000Z INFO call_stored call_id=call_4f… seconds=3.2

Whatever is no such event (a library's warning, a forgotten f-string, `logger.exception` with a
message) is reduced to where it came from. Libraries are heard from WARNING upwards only.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Protocol, TextIO, TypedDict, Unpack


class Facts(TypedDict, total=False):
    """The only keys that are ever logged: ids, counts, codes, times and places."""

    attempts: int
    call_id: str
    child: str
    code: str
    count: int
    customer_id: str
    destroyed: int
    exit_status: int
    job: str
    failed: int
    host: str
    pid: int
    port: int
    reason: str
    ring: int
    seconds: float
    signal: str
    state: str
    stored: int
    unlinked: int
    version: str
    worker: str


ALLOWED = frozenset(Facts.__annotations__)
_OURS = ("pipeline", "workers", "models")
_EVENT = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+\Z")
_PLAIN = re.compile(r"[A-Za-z0-9_.:/\[\]-]{1,80}\Z")
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_bound: ContextVar[Mapping[str, Any]] = ContextVar("bound_facts", default=_NOTHING)


def log_event(
    logger: logging.Logger, event: str, level: int = logging.INFO, **facts: Unpack[Facts]
) -> None:
    """Log a constant snake_case `event` with its facts."""
    logger.log(level, event, extra=facts, stacklevel=2)


@contextmanager
def bound(**facts: Unpack[Facts]) -> Iterator[None]:
    """Add `facts` to every event of this job; cleared at its end."""
    token = _bound.set({**_bound.get(), **facts})
    try:
        yield
    finally:
        _bound.reset(token)


class ContentFreeFilter(logging.Filter):
    """Rewrites a record so that no formatter can print content; drops libraries' chatter."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to keep `record`, which afterwards has no arguments, exception or stack."""
        if not _is_ours(record) and record.levelno < logging.WARNING:
            return False
        if not getattr(record, "withheld", False):
            _reduce(record)
        return True


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] in _OURS


def _reduce(record: logging.LogRecord) -> None:
    """Rewrite `record` to one event with allowed facts, all of them plain words; also apart, as
    `event` and `facts`, for who writes them in another form."""
    message, fields = record.msg, dict(_bound.get())
    if _is_ours(record) and isinstance(message, str) and not record.args and _EVENT.match(message):
        fields.update({key: getattr(record, key) for key in ALLOWED if hasattr(record, key)})
    else:
        message = "message_withheld"
        fields["place"] = f"{record.name}:{Path(record.pathname).name}:{record.lineno}"
    if record.exc_info and record.exc_info[1] is not None:
        fields.update(describe(record.exc_info[1]))
    record.event, record.facts = message, {key: _shown(fields[key]) for key in sorted(fields)}
    record.msg = " ".join([message, *(f"{key}={_plain(fields[key])}" for key in sorted(fields))])
    record.withheld = True  # another handler's filter must not take it for a foreign message
    record.args = record.exc_info = record.exc_text = record.stack_info = None


def _content_free_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    """A record factory: libraries that bring handlers of their own print nothing either."""
    record = logging.LogRecord(*args, **kwargs)
    if not _is_ours(record):
        _reduce(record)
    return record


def describe(error: BaseException) -> dict[str, str]:
    """Type and place of an exception, without its message: `error` and `raised_at`."""
    facts = {"error": type(error).__name__}
    traceback: TracebackType | None = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is not None:
        name = Path(traceback.tb_frame.f_code.co_filename).name
        facts["raised_at"] = f"{name}:{traceback.tb_lineno}"
    return facts


class Levelled(Protocol):
    """The one setting that logging needs; use cases log too, and know no settings."""

    @property
    def log_level(self) -> str:
        """`DEBUG`, `INFO`, `WARNING` or `ERROR`."""
        ...


def configure_logging(settings: Levelled, stream: TextIO | None = None) -> None:
    """Make the whole process log without content to `stream` (standard error), warnings and
    uncaught exceptions included."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.addFilter(ContentFreeFilter())
    formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s")
    formatter.default_time_format = "%Y-%m-%dT%H:%M:%S"
    formatter.datefmt = formatter.default_time_format
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    logging.setLogRecordFactory(_content_free_record)
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # its report on stderr quotes message and arguments
    sys.excepthook = _uncaught
    sys.unraisablehook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def _uncaught(
    kind: type[BaseException], error: BaseException | None, traceback: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt | SystemExit):
        return
    logging.getLogger(__name__).critical(
        "uncaught_exception", exc_info=(kind, error or kind(), traceback)
    )


def _shown(value: object) -> int | float | str | None:
    """`value` as JSON knows it, a word only if `_plain` lets it pass."""
    return value if value is None or isinstance(value, int | float) else _plain(value)


def _plain(value: object) -> str:
    """`value` if it is a number or one plain word; anything else is withheld."""
    if isinstance(value, float):
        return f"{value:.3f}"
    if value is None or isinstance(value, int):
        return str(value)
    text = str(value) if isinstance(value, str) else ""
    return text if _PLAIN.match(text) else "?"
