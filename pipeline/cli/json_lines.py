"""One JSON object a line in, one out, each answered before the next is read.

A line that cannot be answered gets an `error` line in its place and a remark with its number;
neither quotes it. Blank lines are passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from pipeline.cli.console import remark
from pipeline.domain.errors import ConfigurationError, DecknameError, UsageError
from pipeline.domain.privacy import KnownParty

DEFAULT_LANGUAGE = "de"
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]+)*\Z")


@dataclass(frozen=True, slots=True)
class Question:
    """One input line. Offsets in the answer count characters of `text`."""

    text: str = field(repr=False)
    language: str
    known: tuple[KnownParty, ...] = field(repr=False, default=())


def converse(
    lines: BinaryIO, answers: BinaryIO, answer: Callable[[Question], dict[str, Any]]
) -> int:
    """Answer every line of `lines` in order; 1 if any could not be answered, else 0."""
    failed = 0
    # readline returns with the line's end; iterating could wait for a full buffer.
    for number, line in enumerate(iter(lines.readline, b""), start=1):
        if not line.strip():
            continue
        identity, reply, error = _answer(line, answer)
        if error is not None:
            failed = 1
            remark(f"line {number}: {error}")
            reply = {"error": error}
        answers.write(_encoded({"id": identity, **reply}))
        answers.flush()
    return failed


def _answer(
    line: bytes, answer: Callable[[Question], dict[str, Any]]
) -> tuple[Any, dict[str, Any], str | None]:
    identity = None
    try:
        fields = _fields(line)
        identity = _identity(fields)
        return identity, answer(_question(fields)), None
    except ConfigurationError:  # it is about no line, and would be about all of them
        raise
    except DecknameError as error:
        return identity, {}, str(error)
    except Exception as error:
        return identity, {}, f"unforeseen {type(error).__name__}; this line was not answered"


def _fields(line: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        raise UsageError("not UTF-8") from None
    except (ValueError, RecursionError):
        raise UsageError("not JSON") from None
    if not isinstance(fields, dict):
        raise UsageError("not a JSON object")
    return fields


def _identity(fields: dict[str, Any]) -> Any:
    identity = fields.get("id")
    if isinstance(identity, str | int | float | None):
        return identity
    raise UsageError("id is neither a string nor a number")


def _question(fields: dict[str, Any]) -> Question:
    from pipeline.usecases.parse_known import parse_known

    text = fields.get("text")
    if not isinstance(text, str):
        raise UsageError("text is missing or no string")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise UsageError("text holds half a character (a lone surrogate)")
    language = fields.get("lang") or DEFAULT_LANGUAGE
    match = _LANGUAGE.match(language) if isinstance(language, str) else None
    if match is None:
        raise UsageError("lang is no language tag such as de or en")
    return Question(text, match[1].lower(), parse_known(fields.get("known") or []))


def _encoded(reply: dict[str, Any]) -> bytes:
    try:
        return json.dumps(reply, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:  # an id with half a character is given back as it came
        return json.dumps(reply).encode() + b"\n"
