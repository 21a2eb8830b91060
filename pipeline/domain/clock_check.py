"""Whether the clock can be trusted with deletions that nobody can take back."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

TOLERANCE = timedelta(hours=1)
"""How far the clocks of several machines may lie apart."""

LONGEST_PAUSE = timedelta(days=400)
"""A machine may have been switched off for so long; a clock that jumped further is not believed."""


class ClockState(StrEnum):
    """`behind`: more than an hour before the latest moment seen. `ahead`: further after it than
    anybody switches a machine off."""

    RIGHT = "clock_right"
    BEHIND = "clock_behind"
    AHEAD = "clock_ahead"


def judge_clock(seen: datetime | None, now: datetime) -> ClockState:
    """`seen` is the latest moment that was seen before, None at the first time."""
    if seen is None:
        return ClockState.RIGHT
    if now < seen - TOLERANCE:
        return ClockState.BEHIND
    if now > seen + LONGEST_PAUSE:
        return ClockState.AHEAD
    return ClockState.RIGHT
