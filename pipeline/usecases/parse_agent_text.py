"""The agent's text as programs write it: a JSON list of turns, or plain text, a turn a line."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import Any

from pipeline.domain.agent_text import AgentTurn
from pipeline.domain.errors import UsageError

MAX_TURNS = 5_000
MAX_CHARACTERS = 100_000


def parse_agent_text(content: bytes) -> tuple[AgentTurn, ...]:
    """The turns in `content`: UTF-8, plain text or a JSON list whose items are strings, or objects
    with `text` and, in seconds of the recording, `start` and `end`; either all turns have a start,
    in order, or none has. Blank turns are dropped. Raises `UsageError`, which never quotes it."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError("the agent's text is not UTF-8") from None
    items = _json(text) if text.lstrip().startswith("[") else text.splitlines()
    if len(items) > MAX_TURNS or len(text) > MAX_CHARACTERS:
        raise UsageError(
            f"the agent's text has more than {MAX_TURNS} turns or {MAX_CHARACTERS} characters"
        )
    turns = tuple(turn for turn in map(_turn, items) if turn.text)
    starts = [turn.start for turn in turns if turn.start is not None]
    if starts and len(starts) < len(turns):
        raise UsageError("some turns of the agent's text have a start and others have none")
    if any(later < earlier for earlier, later in pairwise(starts)):
        raise UsageError("the turns of the agent's text are not in order of time")
    return turns


def _json(text: str) -> list[Any]:
    try:
        items: list[Any] = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError("the agent's text begins with [ and is not JSON") from None
    return items


def _turn(item: Any) -> AgentTurn:
    if isinstance(item, str):
        return AgentTurn(_plain(item))
    if not isinstance(item, dict) or not isinstance(item.get("text"), str):
        raise UsageError('a turn of the agent\'s text is neither a string nor {"text", …}')
    start, end = _seconds(item.get("start")), _seconds(item.get("end"))
    if end is not None and (start is None or end < start):
        raise UsageError("a turn of the agent's text has an end and no start before it")
    return AgentTurn(_plain(item["text"]), start, end)


def _seconds(value: Any) -> float | None:
    if value is None:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value < 0:
        raise UsageError("a time in the agent's text is not a number of seconds")
    return float(value)


def _plain(text: str) -> str:
    """Single spaces, and nothing that steers a terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
