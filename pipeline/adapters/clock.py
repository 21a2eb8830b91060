"""The clock on the wall."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """A `Clock` that reads the system's time."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)
