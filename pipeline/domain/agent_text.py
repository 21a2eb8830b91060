"""What the agent said, as the push brings it: an AI agent knows its words before they are heard."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AgentTurn:
    """One turn of the agent; `start` and `end` in seconds of the recording, None where the push
    does not say."""

    text: str = field(repr=False)
    start: float | None = None
    end: float | None = None
