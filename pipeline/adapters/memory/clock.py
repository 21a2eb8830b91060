"""A clock that tests turn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


class StoppedClock:
    """A `Clock` that stands still until it is turned."""

    def __init__(self, moment: datetime = _NOON) -> None:
        self._moment = moment

    def now(self) -> datetime:
        """Where it stands."""
        return self._moment

    def turn(self, by: timedelta) -> datetime:
        """Forwards, or backwards where `by` is negative; where it stands then."""
        self._moment += by
        return self._moment
